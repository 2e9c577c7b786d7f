"""Making the key files of a new installation; nothing that exists is ever replaced."""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gateway.adapters.durable import sync
from gateway.adapters.keys_epochs import first_register
from gateway.adapters.keys_file import EPOCH_FILE, KEY_BYTES, ROOT_FILE, SIGNING_FILE, FileKeys
from gateway.adapters.keys_private_file import create_private, durable_draft
from gateway.errors import KeyFault
from gateway.releases.manifest import key_id, parse_public_keys


def create_keys(keys_dir: Path, *, epoch: str, public_key_path: Path) -> FileKeys:
    """The keys of a folder, after making those that are missing, and their public half.

    Running it twice, or twice at once, gives one set of keys. `public_key_path` keeps the public
    keys that it has (older releases are verified with them) and gets ours. Raises KeyFault.
    """
    register = first_register(epoch)
    try:
        keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        create_private(keys_dir / ROOT_FILE, secrets.token_bytes(KEY_BYTES))
        create_private(keys_dir / EPOCH_FILE, register.text().encode())
        create_private(keys_dir / SIGNING_FILE, _new_signing_key())
        keys = FileKeys(keys_dir)
        publish_key(keys.public_key, public_key_path)
    except OSError as error:
        raise KeyFault(f"The keys cannot be written: {error.strerror}.") from error
    return keys


def _new_signing_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def publish_key(key: Ed25519PublicKey, path: Path) -> None:
    """Add a public key to the file that releases are verified with, unless it is there.

    Raises KeyFault when the file holds something that is no key; OSError.
    """
    known = path.read_bytes() if path.exists() else b""
    if known and key_id(key) in parse_public_keys(known):
        return
    ours = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = durable_draft(path, known + ours)
    draft.chmod(0o644)
    draft.replace(path)
    sync(path.parent)
