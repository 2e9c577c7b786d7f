"""A Delta Sharing profile (version 1): where the shares are, and a new access key for them, in a file."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.durable import sync
from gateway.errors import KeyFault
from gateway.identity.key_desk import Made
from gateway.model.days import utc_text
from gateway.surfaces.delta_sharing.names import FOLDER


@dataclass(frozen=True, slots=True)
class Profile:
    """An open file for one key."""

    descriptor: int

    def write(self, made: Made, *, public_url: str) -> None:
        """The secret, once; on the disk when this returns. Raises OSError."""
        profile = {
            "shareCredentialsVersion": 1,
            "endpoint": f"{public_url.rstrip('/')}{FOLDER}",
            "bearerToken": made.secret,
            "expirationTime": utc_text(made.key.expires_at),
        }
        with os.fdopen(os.dup(self.descriptor), "w", encoding="utf-8") as file:
            json.dump(profile, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def write_into(path: Path) -> Generator[Profile]:
    """Make the file before the key, for its owner alone; a key that nobody could read is not made.

    When no key comes of it, the file goes again. Raises KeyFault: a file that is there stays as it is.
    """
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        raise KeyFault(f"{path} exists already; name a new file for the profile.") from None
    except OSError as fault:
        raise KeyFault(f"{path} cannot be written ({fault.strerror}); name another file.") from None
    try:
        os.fchmod(descriptor, 0o600)  # whatever the umask
        yield Profile(descriptor)
        sync(path.parent)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
    finally:
        os.close(descriptor)
