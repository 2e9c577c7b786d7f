"""Secrets in files: the owner alone may read them, or they are refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gateway.pull.faults import ConfigFault

LIMIT_BYTES = 16_384


def read_secret(path: Path) -> bytes:
    """The content of a plain file with mode 0600 or stricter. Raises ConfigFault.

    Asked of the open file, so that what was checked is what is read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise ConfigFault(f"{path} cannot be read: {error.strerror}.") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ConfigFault(f"{path} is not a plain file.")
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise ConfigFault(f"{path} can be read by others; run chmod 600 on it.")
        content = os.read(descriptor, LIMIT_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > LIMIT_BYTES:
        raise ConfigFault(f"{path} is larger than a key or a token can be.")
    return content


def read_secret_line(path: Path) -> str:
    """A secret of one line, without the line feed at its end. Raises ConfigFault."""
    return one_line(read_secret(path).decode("utf-8", "replace"), where=str(path))


def one_line(text: str, *, where: str) -> str:
    """Visible ASCII on one line: what a header can carry. Raises ConfigFault."""
    line = text.strip()
    if not line or not line.isascii() or not line.isprintable() or " " in line:
        raise ConfigFault(f"{where} does not hold one token or key on a single line.")
    return line
