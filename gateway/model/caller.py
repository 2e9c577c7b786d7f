"""Who asks: a person or a service, in an organisation, with roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.model.access_key import KeyLimits
from gateway.model.organisation import EMPTY_SCOPE, Organisation, Scope


class RoleSource(StrEnum):
    ATMT = "atmt"
    HETI = "heti"
    KOTOAJ = "kotoaj"


class AuthStrength(StrEnum):
    KEY = "key"
    BEARER = "bearer"
    DPOP = "dpop"
    MTLS = "mtls"
    SESSION = "session"  # a person in a browser, on the pages only


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role as the token states it; `valid_until` is the last day, inclusive."""

    source: RoleSource
    role: str
    valid_until: date | None = None
    granted_by: str | None = None

    @property
    def name(self) -> str:
        return f"{self.source.value}:{self.role}"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller on one day.

    organisation: None when the token's organisation is not in the registry or not valid today;
    scope: from the registry and the day alone, never from the token.
    permissions: what `policies/roles.yaml` gives for the roles valid today.
    key: with an access key, what that limits the caller to; None with a token.
    until: when the token or key ends; None for a session, which the state ends.
    """

    issuer: str
    subject: str
    client_id: str
    token_id: str
    strength: AuthStrength
    organisation_claim: str
    organisation: Organisation | None
    scope: Scope = EMPTY_SCOPE
    roles: tuple[HeldRole, ...] = ()
    permissions: frozenset[str] = frozenset()
    acting_subject: str | None = None
    expert_tag: str | None = None
    key: KeyLimits | None = None
    until: datetime | None = None
