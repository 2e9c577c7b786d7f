"""Writing what must be there after the machine has lost its power."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

# Of the disk: with less, the next write of a database may be its last.
_ROOM_BYTES = 1 << 20


def sync(path: Path) -> None:
    """fsync a file's content, or the names in a folder. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def has_room(folder: Path) -> bool:
    """Whether the disk of a folder has room for what is written next. Raises OSError."""
    return shutil.disk_usage(folder).free >= _ROOM_BYTES
