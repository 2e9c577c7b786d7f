"""Files that only their owner may read: databases that are made, and secrets that are given."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gateway.adapters.durable import sync
from gateway.errors import KeyFault


def create_private_file(path: Path) -> None:
    """An empty file with mode 0600; an existing one is narrowed to that. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
        return
    os.close(descriptor)
    sync(path.parent)


def read_private_file(path: Path, *, most_bytes: int = 16 * 1024) -> bytes:
    """The content of a plain file of ours that nobody else can read. Raises KeyFault."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        raise KeyFault(f"{path.name} is missing or unreadable.") from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise KeyFault(f"{path.name} is not a plain file.")
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise KeyFault(
                f"{path.name} is open to others; give it to the service's user, with mode 600."
            )
        return os.read(descriptor, most_bytes)
    finally:
        os.close(descriptor)
