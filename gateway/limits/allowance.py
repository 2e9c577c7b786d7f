"""What each class of clients may ask, as the settings state it, and which class a caller is of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from gateway.model.caller import AuthStrength, Caller

READS_JOURNAL = "journal.read"


class ClientClass(StrEnum):
    PERSON = "person"
    SERVICE = "service"
    KEY = "key"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class ListedClient:
    """A client of one issuer: another issuer may give the same id to anybody. A part of the settings."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    issuer: Annotated[str, Field(min_length=1)]
    client_id: Annotated[str, Field(min_length=1)]


class Allowance(BaseModel):
    """What one client of a class may ask.

    requests_per_minute: in the long run; burst: at once, after a pause; concurrent_extracts: downloads
    that run together; bytes_per_day: of each subscription, in a day of Helsinki. clients: those
    that are of this class whatever they look like; never an access key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests_per_minute: int = Field(default=600, ge=1, le=1_000_000)
    burst: int = Field(default=600, ge=1, le=10_000)
    concurrent_extracts: int = Field(default=2, ge=1, le=100)
    bytes_per_day: int = Field(default=50_000_000_000, ge=1, le=10**15)
    clients: tuple[ListedClient, ...] = ()

    @field_validator("clients", mode="before")
    @classmethod
    def _name_their_issuer(cls, clients: object) -> object:
        if isinstance(clients, str) or (
            isinstance(clients, Iterable) and any(isinstance(each, str) for each in clients)
        ):
            raise ValueError('write each as { issuer = "https://...", client_id = "..." }')
        return clients


class Limits(BaseModel):
    """The allowances of every class, and what all clients share.

    extract_places: downloads of all clients together; extract_wait_seconds: how long one may wait for
    such a place; failed_logins_per_minute: tokens and keys of one address that may be wrong.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    extract_places: int = Field(default=32, ge=1, le=1000)
    extract_wait_seconds: float = Field(default=5.0, ge=0, le=60)
    failed_logins_per_minute: int = Field(default=60, ge=1, le=1_000_000)
    person: Allowance = Allowance()
    service: Allowance = Allowance()
    key: Allowance = Allowance()
    auditor: Allowance = Allowance()

    @model_validator(mode="after")
    def _names_a_client_once(self) -> Limits:
        named = [name for kind in ClientClass for name in self.of(kind).clients]
        if len(named) != len(set(named)):
            raise ValueError("a client is listed twice; list it once, in one class")
        return self

    def of(self, kind: ClientClass) -> Allowance:
        match kind:
            case ClientClass.PERSON:
                return self.person
            case ClientClass.SERVICE:
                return self.service
            case ClientClass.KEY:
                return self.key
            case ClientClass.AUDITOR:
                return self.auditor


@dataclass(frozen=True, slots=True)
class Client:
    """Whose requests count together. key: 32 bytes, so that the state holds nobody's name."""

    key: bytes
    kind: ClientClass
    allowance: Allowance


def client_of(caller: Caller, limits: Limits) -> Client:
    """A service counts as one; people count each for themselves, though they use one application.

    All keys of an organisation count as one: it makes as many as it likes.
    """
    kind = class_of(caller, limits)
    if caller.key is not None:
        return Client(digest_of(caller.issuer, caller.organisation_claim), kind, limits.of(kind))
    is_alone = kind in {ClientClass.PERSON, ClientClass.AUDITOR}
    names = (caller.issuer, caller.client_id, caller.subject if is_alone else "")
    return Client(digest_of(*names), kind, limits.of(kind))


def class_of(caller: Caller, limits: Limits) -> ClientClass:
    """The class whose list names the client, else what the caller looks like.

    A key is one: its names are what an organisation chose, and all keys of one count together.
    """
    if caller.strength is AuthStrength.KEY:
        return ClientClass.KEY
    client = ListedClient(caller.issuer, caller.client_id)
    for kind in ClientClass:
        if client in limits.of(kind).clients:
            return kind
    if READS_JOURNAL in caller.permissions:
        return ClientClass.AUDITOR
    # RFC 9068 section 2.2: without a resource owner, `sub` is the client itself.
    return ClientClass.SERVICE if caller.subject == caller.client_id else ClientClass.PERSON


def digest_of(*names: str) -> bytes:
    """32 bytes; names with their lengths, so that no two lists of names meet."""
    parts = [name.encode() for name in names]
    return hashlib.sha256(b"".join(len(part).to_bytes(8) + part for part in parts)).digest()
