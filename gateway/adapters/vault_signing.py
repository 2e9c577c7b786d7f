"""An Ed25519 key in Vault that signs."""

from __future__ import annotations

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.adapters.vault_transit import Transit, latest_version
from gateway.errors import KeyFault


class VaultSigningKey:
    """Its newest version, read once: one process signs with one key. The NoteSigner port is a part of it."""

    __slots__ = ("_found", "_name", "_transit")

    def __init__(self, transit: Transit, name: str) -> None:
        """Nothing is sent yet."""
        self._transit = transit
        self._name = name
        self._found: tuple[int, Ed25519PublicKey] | None = None

    @property
    def public(self) -> Ed25519PublicKey:
        """Raises KeyFault."""
        return self._key()[1]

    def public_key(self) -> bytes:
        """Raises KeyFault."""
        return self.public.public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """64 bytes, checked here before they are believed. Raises KeyFault."""
        version, public = self._key()
        value = self._transit.sign(self._name, message, version=version)
        try:
            public.verify(value, message)
        except InvalidSignature:
            raise KeyFault("Vault's signature is not one of its own key.") from None
        return value

    def _key(self) -> tuple[int, Ed25519PublicKey]:
        if self._found is None:
            found = self._transit.checked(self._name, "ed25519")
            version = latest_version(found)
            try:
                raw = base64.b64decode(found["keys"][str(version)]["public_key"], validate=True)
                self._found = version, Ed25519PublicKey.from_public_bytes(raw)
            except (KeyError, TypeError, ValueError):
                raise KeyFault(f"Vault tells no public key of {self._name}.") from None
        return self._found
