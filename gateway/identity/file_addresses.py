"""Signed addresses of files: for programs that fetch a file without the header that they listed it with.

    product, area, release · until · entry · who        HMAC-SHA-256 (RFC 2104) over all of it

An address is no credential of its own: it says whose right it stands on, and that right is looked at anew
at each use. With an access key that is the key, as it is now; with a token, what the token said, until
the token ends. What a token said is sealed (AES-256 in GCM-SIV, RFC 8452), for addresses stand in logs of
proxies, and a token may be a person's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from gateway.errors import FileAddressExpired, InvalidFileAddress, InvalidToken
from gateway.identity.access_keys import AccessKeys
from gateway.identity.key_text import ID_PATTERN
from gateway.identity.reasons import TokenFault
from gateway.model.caller import AuthStrength, Caller, HeldRole, RoleSource
from gateway.model.days import helsinki_day
from gateway.model.organisation import EMPTY_SCOPE
from gateway.policy.roles import RoleTable
from gateway.ports import Clock

if TYPE_CHECKING:
    from gateway.organisations import Registry

_SIGNED = b"jakelu file address 1"  # another number when another version signs something else
_SEALED = b"jakelu caller of a file address 1"
_NONCE_BYTES = 12
_WHO_CHARACTERS_MAX = 4096
_UNTIL = re.compile(r"[1-9][0-9]{0,11}")
_ENTRY = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
PARAMETERS = ("entry", "sp", "until", "who")


@dataclass(frozen=True, slots=True)
class SharedFile:
    """The file of an address, in codes: what a delivery would be asked for."""

    product: str
    area: str
    release: str


@dataclass(frozen=True, slots=True)
class Signed:
    """Query values of an address, and when it ends."""

    parameters: Mapping[str, str]
    until: datetime


@dataclass(frozen=True, slots=True)
class FileAddresses:
    """Signs addresses and reads them back. key: 32 bytes, the same for all processes.

    keys, registry, roles: what a caller's right is looked up in; lifetime: of an address.
    """

    key: bytes
    keys: AccessKeys
    registry: Registry
    roles: RoleTable
    clock: Clock
    lifetime: timedelta

    def sign(self, file: SharedFile, caller: Caller, *, entry: str) -> Signed:
        """entry: the event id of the journal's entry that gives the address away.

        It ends no later than what the caller showed.
        """
        until = self.clock.now() + self.lifetime
        until = (until if caller.until is None else min(until, caller.until)).replace(microsecond=0)
        said = {"until": str(int(until.timestamp())), "entry": entry, "who": self._who(caller)}
        return Signed({**said, "sp": self._mark(file, said)}, until)

    def caller(
        self, file: SharedFile, parameters: Mapping[str, str], client_address: str | None
    ) -> Caller:
        """On whose right an address stands, as that right is now.

        Raises InvalidFileAddress, FileAddressExpired, StateUnavailable.
        """
        if sorted(parameters) != [*PARAMETERS] or not _is_formed(parameters):
            raise InvalidFileAddress(TokenFault.ADDRESS_MALFORMED)
        said = {name: parameters[name] for name in ("until", "entry", "who")}
        if not hmac.compare_digest(self._mark(file, said).encode(), parameters["sp"].encode()):
            raise InvalidFileAddress(TokenFault.ADDRESS_SIGNATURE)
        if self.clock.now() >= datetime.fromtimestamp(int(said["until"]), UTC):
            raise FileAddressExpired(TokenFault.EXPIRED)
        try:
            return self._caller(said["who"], client_address)
        except InvalidToken as refusal:
            raise InvalidFileAddress(refusal.reason) from None

    def _mark(self, file: SharedFile, said: Mapping[str, str]) -> str:
        """Base64url. No part holds a line feed, so no two addresses have one text."""
        parts = (file.product, file.area, file.release, said["until"], said["entry"], said["who"])
        if any("\n" in part for part in parts):
            raise InvalidFileAddress(TokenFault.ADDRESS_MALFORMED)
        text = b"\n".join([_SIGNED, *(part.encode() for part in parts)])
        return _base64(hmac.new(self.key, text, hashlib.sha256).digest())

    def _who(self, caller: Caller) -> str:
        if caller.key is not None:
            return f"key.{caller.key.id}"
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher().encrypt(nonce, json.dumps(_told(caller)).encode(), _SEALED)
        return f"token.{_base64(nonce + sealed)}"

    def _caller(self, who: str, client_address: str | None) -> Caller:
        """Raises InvalidToken, StateUnavailable."""
        kind, _, value = who.partition(".")
        if kind == "key":
            return self.keys.caller_of_address(value, client_address)
        try:
            sealed = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
            text = self._cipher().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _SEALED)
        except (InvalidTag, ValueError):
            raise InvalidToken(TokenFault.ADDRESS_MALFORMED) from None
        return self._today(_read(json.loads(text)))

    def _today(self, caller: Caller) -> Caller:
        """Organisation, scope, roles and permissions are those of this day."""
        today = helsinki_day(self.clock.now())
        code = caller.organisation_claim
        organisation = self.registry.find(code) if code else None
        if organisation is not None and not organisation.is_valid(today):
            organisation = None
        held = tuple(
            role for role in caller.roles if role.valid_until is None or today <= role.valid_until
        )
        return replace(
            caller,
            organisation=organisation,
            scope=self.registry.scope(organisation.code, today) if organisation else EMPTY_SCOPE,
            roles=held,
            permissions=self.roles.permissions_of(held),
        )

    def _cipher(self) -> AESGCMSIV:
        """With a key of its own: what signs does not also seal."""
        return AESGCMSIV(hmac.new(self.key, _SEALED, hashlib.sha256).digest())


def _is_formed(parameters: Mapping[str, str]) -> bool:
    who = parameters["who"]
    kind, _, value = who.partition(".")
    return (
        _UNTIL.fullmatch(parameters["until"]) is not None
        and _ENTRY.fullmatch(parameters["entry"]) is not None
        and len(who) <= _WHO_CHARACTERS_MAX
        and (kind == "token" or (kind == "key" and ID_PATTERN.fullmatch(value) is not None))
        and who.isascii()
        and parameters["sp"].isascii()
    )


def _told(caller: Caller) -> dict[str, Any]:
    """What the token said; everything else follows from the day."""
    return {
        "issuer": caller.issuer,
        "subject": caller.subject,
        "client_id": caller.client_id,
        "token_id": caller.token_id,
        "organisation_claim": caller.organisation_claim,
        "roles": [
            (
                each.source,
                each.role,
                each.valid_until and each.valid_until.isoformat(),
                each.granted_by,
            )
            for each in caller.roles
        ],
        "acting_subject": caller.acting_subject,
        "expert_tag": caller.expert_tag,
        "until": None if caller.until is None else caller.until.isoformat(),
    }


def _read(told: Mapping[str, Any]) -> Caller:
    """Whoever has the address is the caller, so it is never stronger than a bearer token."""
    return Caller(
        issuer=told["issuer"],
        subject=told["subject"],
        client_id=told["client_id"],
        token_id=told["token_id"],
        strength=AuthStrength.BEARER,
        organisation_claim=told["organisation_claim"],
        organisation=None,
        roles=tuple(
            HeldRole(RoleSource(source), role, day and date.fromisoformat(day), granted_by)
            for source, role, day, granted_by in told["roles"]
        ),
        acting_subject=told["acting_subject"],
        expert_tag=told["expert_tag"],
        until=told["until"] and datetime.fromisoformat(told["until"]),
    )


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
