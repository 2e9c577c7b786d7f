"""Parts of files that a client fetches side by side: so many at once, the others in a line for each client.

Readers of Parquet (pyarrow, DuckDB, fsspec) fetch many ranges of a file at the same time and take a 429 for an error, so
they wait here, where waiting costs no thread. All parts of a client make one line, whatever address each of them has.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.errors import TooManyExtracts

AT_ONCE = 8
WAITING_MAX = 128
RETRY_SECONDS = 5


@dataclass(slots=True)
class _Line:
    """parts: that run or wait."""

    parts: int = 0
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))


class PartLines:
    """The lines of this process. Used in the event loop alone."""

    def __init__(self) -> None:
        self._lines: dict[bytes, _Line] = {}

    @asynccontextmanager
    async def turn(self, client: bytes, *, wait_seconds: float) -> AsyncGenerator[None]:
        """While a part is fetched. Raises TooManyExtracts when the line is too long, or does not move."""
        line = self._lines.setdefault(client, _Line())
        if line.parts >= AT_ONCE + WAITING_MAX:
            raise _too_many()
        line.parts += 1
        try:
            try:
                async with asyncio.timeout(wait_seconds):
                    await line.turns.acquire()
            except TimeoutError:
                raise _too_many() from None
            try:
                yield
            finally:
                line.turns.release()
        finally:
            line.parts -= 1
            if not line.parts:
                del self._lines[client]


def _too_many() -> TooManyExtracts:
    return TooManyExtracts(
        f"A client may fetch {AT_ONCE} ranges at once while {WAITING_MAX} wait a moment for their turn. Fetch fewer "
        "side by side, or the whole file.",
        retry_after_seconds=RETRY_SECONDS,
    )
