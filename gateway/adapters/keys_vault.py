"""The publish road's keys in HashiCorp Vault: neither the root nor the signing key ever leaves it.

    <transit>/keys/jakelu-pseudonym-root    type hmac, 32 bytes; a version is a root
    <transit>/keys/jakelu-release-signing   type ed25519
    <kv>/data/jakelu/pseudonym-epochs       the register of epochs (`keys_epochs`), text under `register`

Vault is asked for one HMAC an epoch (`keys_derivation`) and one signature a release; domain keys are
derived here, in memory. The register names each epoch's root version, so that a version that Vault
makes by itself changes no pseudonym.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.adapters.keys_derivation import domain_key, epoch_key_message
from gateway.adapters.keys_epochs import (
    EpochRegister,
    StartedEpoch,
    first_register,
    parse_register,
)
from gateway.adapters.vault_http import VaultAccess, VaultHttp
from gateway.adapters.vault_signing import VaultSigningKey
from gateway.adapters.vault_transit import Transit, latest_version
from gateway.errors import KeyFault
from gateway.ports import PseudonymDomain, Signature
from gateway.protection.pseudonym import KEY_BYTES
from gateway.releases.manifest import key_id

ROOT_KEY = "jakelu-pseudonym-root"
SIGNING_KEY = "jakelu-release-signing"
REGISTER = "jakelu/pseudonym-epochs"


class VaultKeys:
    """`KeyRing` and `RotatingKeys` over Vault's transit and kv engines. Never printed or pickled."""

    __slots__ = ("_epoch_keys", "_kv", "_register", "_signing", "_transit", "_vault")

    def __init__(self, access: VaultAccess, *, pause: Callable[[float], None] = time.sleep) -> None:
        """Log in and read the register. Raises KeyFault, SettingsFault."""
        self._vault = VaultHttp(access, pause=pause)
        self._transit, self._kv = Transit(self._vault, access.transit_mount), access.kv_mount
        self._register = self._stored()[0]
        self._epoch_keys: dict[str, bytes] = {}
        self._signing = VaultSigningKey(self._transit, SIGNING_KEY)

    def check(self) -> None:
        """Whether a release could be made: both keys are as they must be and may be used.

        Called before hours of work, not after. Raises KeyFault.
        """
        self._transit.checked(ROOT_KEY, "hmac")
        self._key_of(self._register.current)
        _ = self.public_key

    def epoch(self) -> str:
        """The current pseudonym epoch, e.g. `2026`."""
        return self._register.current.name

    def epochs(self) -> tuple[str, ...]:
        """Every epoch that was ever started, oldest first."""
        return self._register.names

    def domain_key(self, domain: PseudonymDomain, *, epoch: str | None = None) -> bytes:
        """32 bytes that belong to one recipient area, product family, purpose and epoch.

        epoch: None means the current one. Raises KeyFault, also when Vault's policy lets this token
        derive no key of that epoch, and when its root version has been trimmed away.
        """
        started = self._register.current if epoch is None else self._register.find(epoch)
        return domain_key(self._key_of(started), domain, started.name)

    def sign(self, message: bytes) -> Signature:
        """An Ed25519 signature, checked here before it is believed. Raises KeyFault."""
        value = self._signing.sign(message)
        return Signature(key_id(self.public_key), base64.b64encode(value).decode())

    def start_epoch(self, epoch: str, *, new_root: bool) -> None:
        """Begin an epoch. The register's new version is the moment; before it nothing has changed.

        Killed after a new root version was made, it leaves a version that no epoch hangs on. Raises
        EpochUsed, KeyFault.
        """
        before, version = self._stored()
        before.with_started(epoch, root=before.current.root)  # refuses before anything is made
        root = self._new_root() if new_root else before.current.root
        register = before.with_started(epoch, root=root)
        self._store(register, version)
        self._register = register

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self._signing.public

    def _key_of(self, started: StartedEpoch) -> bytes:
        if started.name not in self._epoch_keys:
            message = epoch_key_message(started.name)
            key = self._transit.hmac(ROOT_KEY, message, version=started.root)
            if len(key) != KEY_BYTES:
                raise KeyFault("Vault's HMAC is not one of SHA-256.")
            self._epoch_keys[started.name] = key
        return self._epoch_keys[started.name]

    def _new_root(self) -> int:
        self._transit.rotate(ROOT_KEY)
        return latest_version(self._transit.checked(ROOT_KEY, "hmac"))

    def _stored(self) -> tuple[EpochRegister, int]:
        """The register and its version in the kv engine. Raises KeyFault."""
        found = self._vault.find(f"{self._kv}/data/{REGISTER}")
        if found is None:
            raise KeyFault(
                "Vault holds no register of epochs; begin the first with `jakelu pseudonym init`."
            )
        text, version = _register_of(found)
        return parse_register(text, where=f"{REGISTER} in Vault"), version

    def _store(self, register: EpochRegister, version: int) -> None:
        """Replace the register's version by a newer one. Raises KeyFault when it was not the newest.

        It is sent once. Where the answer is lost the register is read again: what stands there
        decides.
        """
        body = {"options": {"cas": version}, "data": {"register": register.text()}}
        try:
            self._vault.write(f"{self._kv}/data/{REGISTER}", body, is_repeatable=False)
        except KeyFault:
            if self._stored()[0] != register:
                raise

    def __repr__(self) -> str:
        return f"VaultKeys(epoch={self.epoch()!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not pickled")


def has_register(access: VaultAccess, *, pause: Callable[[float], None] = time.sleep) -> bool:
    """Whether an epoch was ever begun in this Vault. Raises KeyFault, SettingsFault."""
    path = f"{access.kv_mount}/data/{REGISTER}"
    return VaultHttp(access, pause=pause).find(path) is not None


def create_register(
    access: VaultAccess, *, epoch: str, pause: Callable[[float], None] = time.sleep
) -> VaultKeys:
    """The key ring, after writing the register of a first epoch unless there is one.

    The keys themselves are made by Vault's own administrator. Raises KeyFault, SettingsFault.
    """
    register = first_register(epoch)
    vault = VaultHttp(access, pause=pause)
    path = f"{access.kv_mount}/data/{REGISTER}"
    if vault.find(path) is None:
        body = {"options": {"cas": 0}, "data": {"register": register.text()}}
        vault.write(path, body, is_repeatable=False)
    keys = VaultKeys(access, pause=pause)
    keys.check()
    return keys


def _register_of(found: Mapping[str, Any]) -> tuple[str, int]:
    """The text and the version of a kv (version 2) secret. Raises KeyFault."""
    stored, metadata = found.get("data"), found.get("metadata")
    if isinstance(stored, dict) and isinstance(metadata, dict):
        text, version = stored.get("register"), metadata.get("version")
        if isinstance(text, str) and isinstance(version, int):
            return text, version
    raise KeyFault(f"{REGISTER} in Vault is deleted or is no register of epochs.")
