"""Files that hold a secret: their owner alone may read them, and a write is whole or not there."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from gateway.adapters.durable import sync
from gateway.errors import KeyFault

LIMIT_BYTES = 10_000


def read_private(path: Path) -> bytes:
    """The content of a plain file of ours with mode 0600 or stricter, at most LIMIT_BYTES of it.

    Raises KeyFault when it is missing, a link, another user's or open to others.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise KeyFault(f"{path.name} is missing, unreadable or a link.") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise KeyFault(f"{path.name} is not a plain file.")
        _check_owner(found, path.name, allowed=0o600)
        return os.read(descriptor, LIMIT_BYTES)
    finally:
        os.close(descriptor)


def check_private_folder(folder: Path) -> None:
    """Raises KeyFault unless it is a folder of ours with mode 0700 or stricter."""
    try:
        found = folder.lstat()
    except OSError as error:
        raise KeyFault("The keys folder is missing or unreadable.") from error
    if not stat.S_ISDIR(found.st_mode):
        raise KeyFault("The keys folder is not a folder.")
    _check_owner(found, "The keys folder", allowed=0o700)


def create_private(path: Path, content: bytes) -> bool:
    """Give a new file its content in one step; whether it was new: a hard link never replaces.

    Raises OSError.
    """
    if path.exists():
        return False
    draft = durable_draft(path, content)
    try:
        path.hardlink_to(draft)
    except FileExistsError:  # another process was first, and its file is the file
        return False
    finally:
        draft.unlink()
    sync(path.parent)
    return True


def replace_private(path: Path, content: bytes) -> None:
    """Write, fsync, rename: killed at any moment, the old content or the new is there.

    Raises OSError.
    """
    draft = durable_draft(path, content)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync(path.parent)


def durable_draft(path: Path, content: bytes) -> Path:
    """A new file beside `path`, mode 0600 from its first moment. Raises OSError."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(descriptor, "wb") as draft:
        draft.write(content)
        draft.flush()
        os.fsync(draft.fileno())
    return Path(name)


def _check_owner(found: os.stat_result, name: str, *, allowed: int) -> None:
    if found.st_uid != os.geteuid():
        raise KeyFault(f"{name} belongs to another user than the one that publishes.")
    if stat.S_IMODE(found.st_mode) & ~allowed:
        raise KeyFault(f"{name} is open to others: its mode may be {allowed:o} at most.")
