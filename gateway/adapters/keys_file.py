"""The publish road's keys as files that only their owner can read: the embedded default.

    pseudonym-root.key     32 random bytes; once lost, no pseudonym can be made again
    pseudonym-root-2.key   the root made after a compromise, and so on
    pseudonym-epoch        the register of epochs (`keys_epochs`), the last one is current
    release-signing.key    Ed25519 private key, PEM (PKCS #8)

Only the current epoch's root is read at start. An earlier one is read when an earlier epoch is asked
for; where it has been destroyed, that epoch's keys are gone for good.
"""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.adapters.keys_derivation import domain_key, epoch_key
from gateway.adapters.keys_epochs import EpochRegister, StartedEpoch, parse_register
from gateway.adapters.keys_private_file import check_private_folder, read_private, replace_private
from gateway.errors import KeyFault
from gateway.ports import PseudonymDomain, Signature
from gateway.releases.manifest import key_id

ROOT_FILE = "pseudonym-root.key"
EPOCH_FILE = "pseudonym-epoch"
SIGNING_FILE = "release-signing.key"

KEY_BYTES = 32


class FileKeys:
    """`KeyRing` and `RotatingKeys` over a folder of key files. Never printed, never pickled."""

    __slots__ = ("_epoch_keys", "_folder", "_register", "_signing_key")

    def __init__(self, keys_dir: Path) -> None:
        """Read the keys. Raises KeyFault when one is missing, malformed or open to others."""
        check_private_folder(keys_dir)
        self._folder = keys_dir
        self._register = _read_register(keys_dir)
        self._epoch_keys: dict[str, bytes] = {}
        self._key_of(self._register.current)
        self._signing_key = signing_key(read_private(keys_dir / SIGNING_FILE), SIGNING_FILE)

    def epoch(self) -> str:
        """The current pseudonym epoch, e.g. `2026`."""
        return self._register.current.name

    def epochs(self) -> tuple[str, ...]:
        """Every epoch that was ever started, oldest first."""
        return self._register.names

    def domain_key(self, domain: PseudonymDomain, *, epoch: str | None = None) -> bytes:
        """32 bytes that belong to one recipient area, product family, purpose and epoch.

        epoch: None means the current one. Raises KeyFault when two domains could share one text,
        when there was no such epoch, and when its root is gone.
        """
        started = self._register.current if epoch is None else self._register.find(epoch)
        return domain_key(self._key_of(started), domain, started.name)

    def sign(self, message: bytes) -> Signature:
        """An Ed25519 signature over a manifest's canonical bytes."""
        value = base64.b64encode(self._signing_key.sign(message)).decode()
        return Signature(key_id(self.public_key), value)

    def start_epoch(self, epoch: str, *, new_root: bool) -> None:
        """Begin an epoch. The register's rename is the moment; before it nothing has changed.

        new_root: the epoch hangs on a root made now. Raises EpochUsed, KeyFault.
        """
        with _only_writer(self._folder):
            before = _read_register(self._folder)
            root = before.current.root + (1 if new_root else 0)
            register = before.with_started(epoch, root=root)
            try:
                _remove_drafts(self._folder)
                if new_root:
                    # A file of this number can only be left by a rotation that was killed: no
                    # epoch has ever hung on it, and nobody knows who has seen it since.
                    replace_private(self._folder / root_file(root), secrets.token_bytes(KEY_BYTES))
                replace_private(self._folder / EPOCH_FILE, register.text().encode())
            except OSError as error:
                raise KeyFault(f"The keys cannot be written: {error.strerror}.") from error
        self._register = register

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self._signing_key.public_key()

    def _key_of(self, started: StartedEpoch) -> bytes:
        if started.name not in self._epoch_keys:
            name = root_file(started.root)
            root = read_private(self._folder / name)
            if len(root) != KEY_BYTES:
                raise KeyFault(f"{name} does not hold {KEY_BYTES} bytes.")
            self._epoch_keys[started.name] = epoch_key(root, started.name)
        return self._epoch_keys[started.name]

    def __repr__(self) -> str:
        return f"FileKeys(epoch={self.epoch()!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not pickled")


def root_file(number: int) -> str:
    """The name of a root's file; the first root has no number."""
    return ROOT_FILE if number == 1 else f"pseudonym-root-{number}.key"


def signing_key(pem: bytes, name: str, *, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    """An Ed25519 private key from PEM (PKCS #8). name: for the message. Raises KeyFault."""
    try:
        key = load_pem_private_key(pem, password=passphrase)
    except (ValueError, TypeError) as error:
        encrypted = "an unencrypted" if passphrase is None else "that passphrase's"
        raise KeyFault(f"{name} is not {encrypted} PEM private key.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFault(f"{name} is not an Ed25519 key.")
    return key


def _read_register(keys_dir: Path) -> EpochRegister:
    text = read_private(keys_dir / EPOCH_FILE).decode("ascii", "replace")
    return parse_register(text.strip(), where=EPOCH_FILE)


def _remove_drafts(folder: Path) -> None:
    """What killed writers left: perhaps copies of a root, which could not be destroyed then."""
    for draft in folder.glob(".pseudonym-*"):
        draft.unlink(missing_ok=True)


@contextmanager
def _only_writer(folder: Path) -> Generator[None]:
    """One rotation at a time, over all processes. Raises KeyFault."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except OSError as error:
        raise KeyFault("The keys folder is missing or unreadable.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
