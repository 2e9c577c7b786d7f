"""The publish road's keys as files that only their owner can read: the embedded default.

    pseudonym-root.key     32 random bytes; once lost, no pseudonym can be made again
    pseudonym-epoch        the current epoch as text, e.g. 2026
    release-signing.key    Ed25519 private key, PEM (PKCS #8)

`K_epoch = HKDF(root, "v1|epoch|2026")`, `K_domain = HKDF(K_epoch, "v1|area|family|purpose|2026")`:
HKDF-SHA-256 (RFC 5869) without salt, since the root is uniformly random already.
"""

from __future__ import annotations

import base64
import os
import re
import stat
from pathlib import Path
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.errors import KeyFault
from gateway.ports import PseudonymDomain, Signature
from gateway.protection.pseudonym import domain_info
from gateway.releases.manifest import key_id

ROOT_FILE = "pseudonym-root.key"
EPOCH_FILE = "pseudonym-epoch"
SIGNING_FILE = "release-signing.key"

KEY_BYTES = 32
_LIMIT_BYTES = 10_000
_EPOCH = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,31}")


class FileKeys:
    """`KeyRing` over a folder of key files, read once. Never printed, never pickled."""

    __slots__ = ("_epoch", "_epoch_key", "_signing_key")

    def __init__(self, keys_dir: Path) -> None:
        """Read the keys. Raises KeyFault when one is missing, malformed or open to others."""
        _check_folder(keys_dir)
        root = _read_secret(keys_dir / ROOT_FILE)
        if len(root) != KEY_BYTES:
            raise KeyFault(f"{ROOT_FILE} does not hold {KEY_BYTES} bytes.")
        self._epoch = checked_epoch(_read_secret(keys_dir / EPOCH_FILE).decode("ascii", "replace"))
        self._epoch_key = _derived(root, f"v1|epoch|{self._epoch}".encode())
        self._signing_key = _signing_key(_read_secret(keys_dir / SIGNING_FILE))

    def epoch(self) -> str:
        """The current pseudonym epoch, e.g. `2026`."""
        return self._epoch

    def domain_key(self, domain: PseudonymDomain) -> bytes:
        """32 bytes that belong to one recipient area, product family and purpose in this epoch.

        Raises KeyFault when two domains could share one text.
        """
        return _derived(self._epoch_key, domain_info(domain, self._epoch))

    def sign(self, message: bytes) -> Signature:
        """An Ed25519 signature over a manifest's canonical bytes."""
        return Signature(
            key_id(self.public_key), base64.b64encode(self._signing_key.sign(message)).decode()
        )

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self._signing_key.public_key()

    def __repr__(self) -> str:
        return f"FileKeys(epoch={self._epoch!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not pickled")


def checked_epoch(text: str) -> str:
    """The epoch's text without surrounding space. Raises KeyFault."""
    epoch = text.strip()
    if _EPOCH.fullmatch(epoch) is None:
        raise KeyFault(f"{EPOCH_FILE} must hold a word like 2026.")
    return epoch


def _derived(key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)


def _signing_key(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise KeyFault(f"{SIGNING_FILE} is not an unencrypted PEM private key.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFault(f"{SIGNING_FILE} is not an Ed25519 key.")
    return key


def _check_folder(keys_dir: Path) -> None:
    try:
        found = keys_dir.lstat()
    except OSError as error:
        raise KeyFault("The keys folder is missing or unreadable.") from error
    if not stat.S_ISDIR(found.st_mode):
        raise KeyFault("The keys folder is not a folder.")
    _check_owner(found, "The keys folder", allowed=0o700)


def _read_secret(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise KeyFault(f"{path.name} is missing, unreadable or a link.") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise KeyFault(f"{path.name} is not a plain file.")
        _check_owner(found, path.name, allowed=0o600)
        return os.read(descriptor, _LIMIT_BYTES)
    finally:
        os.close(descriptor)


def _check_owner(found: os.stat_result, name: str, *, allowed: int) -> None:
    if found.st_uid != os.geteuid():
        raise KeyFault(f"{name} belongs to another user than the one that publishes.")
    if stat.S_IMODE(found.st_mode) & ~allowed:
        raise KeyFault(f"{name} is open to others: its mode may be {allowed:o} at most.")
