"""Making the key files of a new installation; nothing that exists is ever replaced."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gateway.adapters.keys_file import (
    EPOCH_FILE,
    KEY_BYTES,
    ROOT_FILE,
    SIGNING_FILE,
    FileKeys,
    checked_epoch,
)
from gateway.errors import KeyFault
from gateway.releases.manifest import key_id, parse_public_keys


def create_keys(keys_dir: Path, *, epoch: str, public_key_path: Path) -> FileKeys:
    """The keys of a folder, after making those that are missing, and their public half.

    Running it twice, or twice at once, gives one set of keys. `public_key_path` keeps the public
    keys that it has (older releases are verified with them) and gets ours. Raises KeyFault.
    """
    checked_epoch(epoch)
    try:
        keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _create(keys_dir / ROOT_FILE, secrets.token_bytes(KEY_BYTES))
        _create(keys_dir / EPOCH_FILE, f"{epoch}\n".encode())
        _create(keys_dir / SIGNING_FILE, _new_signing_key())
        keys = FileKeys(keys_dir)
        _publish_key(keys, public_key_path)
    except OSError as error:
        raise KeyFault(f"The keys cannot be written: {error.strerror}.") from error
    return keys


def _new_signing_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def _create(path: Path, content: bytes) -> None:
    """Give a file its content in one step, unless it exists: a hard link refuses to replace."""
    if path.exists():
        return
    draft = _durable_draft(path, content)
    try:
        path.hardlink_to(draft)
    except FileExistsError:  # another process was first, and its key is the key
        return
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _publish_key(keys: FileKeys, path: Path) -> None:
    known = path.read_bytes() if path.exists() else b""
    if known and key_id(keys.public_key) in parse_public_keys(known):
        return
    ours = keys.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _durable_draft(path, known + ours)
    draft.chmod(0o644)
    draft.replace(path)
    _sync_folder(path.parent)


def _durable_draft(path: Path, content: bytes) -> Path:
    """A new file beside `path`, mode 0600 from its first moment."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(descriptor, "wb") as draft:
        draft.write(content)
        draft.flush()
        os.fsync(draft.fileno())
    return Path(name)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
