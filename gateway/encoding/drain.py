"""Where PyArrow writes to, so that what it wrote can be sent at once."""

from __future__ import annotations


class Drain:
    """A sink that gives away what was written since the last look."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, content: bytes) -> None:
        self._parts.append(bytes(content))

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        self.closed = True

    def drained(self) -> bytes:
        content = b"".join(self._parts)
        self._parts.clear()
        return content
