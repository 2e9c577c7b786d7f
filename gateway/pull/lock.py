"""One run at a time in a folder: the kernel lets go of the lock when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from gateway.pull.faults import TryLater
from gateway.pull.place import Modes, disk_faults, make_folders

LOCK_NAME = ".jakelu-pull.lock"


@contextmanager
def only_run(out: Path, modes: Modes) -> Generator[None]:
    """Hold the folder's lock. Raises TryLater while another run holds it, and DiskFault."""
    with disk_faults():
        make_folders(out, modes.folder)
        descriptor = os.open(out / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TryLater(
                f"Another run is at work in {out}; this one has fetched nothing."
            ) from None
        yield
    finally:
        os.close(descriptor)
