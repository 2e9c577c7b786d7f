"""Something that is gathered and written once a period, from a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Periodic:
    """Only `start` makes the thread; `close` ends it and writes the rest. write: raises nothing."""

    def __init__(self, write: Callable[[], None], *, name: str, period_seconds: float) -> None:
        self._write = write
        self._name = name
        self._period_seconds = period_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._write()

    def _run(self) -> None:
        while not self._stopping.wait(self._period_seconds):
            self._write()
