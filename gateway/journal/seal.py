"""From a draft to what a store writes: shape and guard checked, secrets sealed, envelope given."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from gateway.errors import EntryRefused
from gateway.journal.guard import guarded
from gateway.journal.leaf import SALT_BYTES
from gateway.journal.shape import VERSION, check_shape
from gateway.journal.store import Address, StampedDraft
from gateway.model.days import utc_text
from gateway.model.entry import Draft, EntryKind

_TOKEN_DOMAIN = b"jakelu journal token_jti\x00"


@dataclass(frozen=True, slots=True)
class BootIdentity:
    """Which process writes. replica: the machine or pod; build: version; config_hash: hex SHA-256."""

    replica: str
    boot_id: str
    build: str
    config_hash: str


def new_boot(*, replica: str, build: str, config_hash: str) -> BootIdentity:
    """The identity of this start of this process: a boot id that was never used before."""
    return BootIdentity(replica, uuid4().hex, build, config_hash)


class Seal:
    """Turns drafts into stamped drafts. secret: 32 bytes that belong to the journal."""

    def __init__(self, identity: BootIdentity, secret: bytes) -> None:
        self._boot_id = identity.boot_id
        self._secret = secret
        self._envelope = guarded({"v": VERSION, **asdict(identity)})

    def stamped(self, draft: Draft, now: datetime) -> StampedDraft:
        """Raises ValueError for a wrong shape and EntryRefused for a value that may not be written."""
        check_shape(draft.kind, frozenset(draft.body))
        check_intent(draft)
        fields = dict(draft.body)
        address = _taken_address(fields)
        if "token_jti" in fields:
            fields["token_jti_hmac"] = token_jti_hmac(fields.pop("token_jti"), self._secret)
        event_id, ts_utc = str(_uuid7(now)), utc_text(now)
        own = {"event_id": event_id, "kind": draft.kind.value, "ts_utc": ts_utc}
        return StampedDraft(
            kind=draft.kind,
            body={**guarded(fields), **self._envelope, **own},
            intent_seq=draft.intent_seq,
            event_id=event_id,
            ts_utc=ts_utc,
            boot_id=self._boot_id,
            address=address,
        )


def check_intent(draft: Draft) -> None:
    """Raises ValueError unless a completion, and nothing else, names the intent that it closes."""
    if (draft.kind is EntryKind.COMPLETION) != (draft.intent_seq is not None):
        raise ValueError(f"{draft.kind.value}: intent_seq belongs to completions")
    if draft.intent_seq is not None and draft.body["intent_seq"] != draft.intent_seq:
        raise ValueError("the body names another intent")


def token_jti_hmac(token_id: str | None, secret: bytes) -> str | None:
    """HMAC-SHA-256 of a token's `jti`, hex: the same token is recognised, the id is not given away."""
    if token_id is None:
        return None
    return hmac.digest(secret, _TOKEN_DOMAIN + token_id.encode(), "sha256").hex()


def address_commitment(address: Address) -> str:
    """SHA-256(salt ‖ address text), hex: when salt and address are gone it says nothing."""
    return hashlib.sha256(bytes.fromhex(address.salt) + address.text.encode()).hexdigest()


def _taken_address(fields: dict[str, Any]) -> Address | None:
    """Take the address out of the fields and leave its commitment."""
    if "client_address" not in fields:
        return None
    text = fields.pop("client_address")
    if text is None:
        fields["client_address_commitment"] = None
        return None
    try:
        address = Address(str(ipaddress.ip_address(text)), secrets.token_hex(SALT_BYTES))
    except ValueError:
        raise EntryRefused("The field client_address is not an IP address.") from None
    fields["client_address_commitment"] = address_commitment(address)
    return address


def _uuid7(now: datetime) -> UUID:
    """RFC 9562, version 7: millisecond and random bits, so that neighbours in time are neighbours."""
    milliseconds = int(now.timestamp() * 1000)
    bits = secrets.randbits(74)
    high, low = bits >> 62, bits & (2**62 - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
