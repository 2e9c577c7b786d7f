"""The journal's signing key in a file: Ed25519 in PEM (PKCS #8), which only its owner may read."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.adapters.private_file import read_private_file
from gateway.errors import KeyFault


class FileNoteSigner:
    """The NoteSigner port. Never printed or pickled."""

    __slots__ = ("_key",)

    def __init__(self, path: Path) -> None:
        """Raises KeyFault."""
        try:
            key = load_pem_private_key(read_private_file(path), password=None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyFault(
                f"{path.name} is no Ed25519 key in PEM; make one with `jakelu journal key`."
            )
        self._key = key

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def __repr__(self) -> str:
        return "FileNoteSigner()"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not pickled")
