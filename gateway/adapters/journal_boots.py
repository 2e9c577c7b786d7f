"""Which processes of this machine write a journal: one locked file per boot.

`<journal>.boots/<boot_id>` is held by an exclusive flock for as long as its process lives; the
kernel releases it at death, however it dies. A lock, unlike a process number, is never reused.
(A child made by fork without exec holds it too: such a boot is taken for living too long, never
for dead too early.)
`recovery` in the same folder is held while somebody enters or recovers, so that no boot is born
between the look at the living and the closing of the dead; `signing` is held by the one process that
signs checkpoints. Local disks only, like SQLite's WAL.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.errors import JournalUnavailable

_GATE = "recovery"
_LEAD = "signing"
_OURS = frozenset({_GATE, _LEAD})
_PAUSE_SECONDS = 0.02


class BootLocks:
    """The boots of one journal. timeout_seconds: how long to wait for somebody else's recovery.

    Every method raises OSError when the folder cannot be used.
    """

    def __init__(self, folder: Path, *, timeout_seconds: float) -> None:
        self._folder = folder
        self._timeout_seconds = timeout_seconds
        self._held: list[int] = []

    def enter(self, boot_id: str) -> None:
        """Hold the boot's lock until `close`. Raises JournalUnavailable."""
        with self._gate():
            descriptor = _open(self._folder / boot_id)
            self._held.append(descriptor)
            if not _is_locked_by_us(descriptor):
                raise JournalUnavailable("The boot id is in use by another process.")

    @contextmanager
    def recovering(self) -> Generator[frozenset[str]]:
        """The living boots; the files of the dead are removed when the recovery has succeeded."""
        with self._gate():
            boots = {path.name: path for path in self._folder.iterdir() if path.name not in _OURS}
            living = frozenset(name for name, path in boots.items() if _is_living(path))
            yield living
            for name in boots.keys() - living:
                boots[name].unlink(missing_ok=True)

    @contextmanager
    def leading(self) -> Generator[bool]:
        """Whether we hold the lock of whoever signs; nobody waits for it."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = _open(self._folder / _LEAD)
        try:
            yield _is_locked_by_us(descriptor)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        while self._held:
            os.close(self._held.pop())

    @contextmanager
    def _gate(self) -> Generator[None]:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = _open(self._folder / _GATE)
        try:
            self._wait_for(descriptor)
            yield
        finally:
            os.close(descriptor)

    def _wait_for(self, descriptor: int) -> None:
        deadline = time.monotonic() + self._timeout_seconds
        while not _is_locked_by_us(descriptor):
            if time.monotonic() >= deadline:
                raise JournalUnavailable("Another process recovers the journal.")
            time.sleep(_PAUSE_SECONDS)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _is_locked_by_us(descriptor: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _is_living(path: Path) -> bool:
    """Whether a process holds the file; our own holding counts, since this is another description."""
    descriptor = _open(path)
    try:
        return not _is_locked_by_us(descriptor)
    finally:
        os.close(descriptor)
