"""Vault's transit engine: keys that are used where they are, and cannot be taken out."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.adapters.vault_http import VaultHttp
from gateway.errors import KeyFault

_VERSIONED = re.compile(r"vault:v([1-9][0-9]{0,8}):([A-Za-z0-9+/=]{1,1024})")


@dataclass(frozen=True, slots=True)
class Transit:
    """mount: where the engine is. Raises KeyFault, as everything here does."""

    vault: VaultHttp
    mount: str

    def checked(self, name: str, kind: str) -> Mapping[str, Any]:
        """What Vault says of a key, which is of a kind and cannot be taken out."""
        found = self.vault.read(f"{self.mount}/keys/{name}")
        if found.get("type") != kind or found.get("derived") not in (None, False):
            raise KeyFault(f"The key {name} in Vault is not a plain key of type {kind}.")
        if found.get("exportable") is not False or found.get("allow_plaintext_backup") is not False:
            raise KeyFault(f"The key {name} can be taken out of Vault; make one that cannot.")
        return found

    def rotate(self, name: str) -> None:
        self.vault.write(f"{self.mount}/keys/{name}/rotate", {})

    def hmac(self, name: str, message: bytes, *, version: int) -> bytes:
        """32 bytes, HMAC-SHA-256."""
        answer = self._used(f"hmac/{name}/sha2-256", message, version)
        return _versioned(answer.get("hmac"), version)

    def sign(self, name: str, message: bytes, *, version: int) -> bytes:
        answer = self._used(f"sign/{name}", message, version)
        return _versioned(answer.get("signature"), version)

    def _used(self, use: str, message: bytes, version: int) -> Mapping[str, Any]:
        body = {"input": base64.b64encode(message).decode(), "key_version": version}
        return self.vault.write(f"{self.mount}/{use}", body)


def latest_version(found: Mapping[str, Any]) -> int:
    """Of what Vault says of a key. Raises KeyFault."""
    latest = found.get("latest_version")
    if not isinstance(latest, int) or latest < 1:
        raise KeyFault("Vault tells no version of a key.")
    return latest


def _versioned(text: object, version: int) -> bytes:
    """The bytes of `vault:v<version>:<base64>`, which is of the version that was asked for."""
    parts = _VERSIONED.fullmatch(text) if isinstance(text, str) else None
    if parts is None or int(parts[1]) != version:
        raise KeyFault("Vault answered with another version of the key than it was asked for.")
    try:
        return base64.b64decode(parts[2], validate=True)
    except binascii.Error:
        raise KeyFault("Vault's answer is not base64.") from None
