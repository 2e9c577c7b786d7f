"""The claims that the gateway reads, and nothing else: everything else in a token is ignored.

There is no claim for areas. A caller's areas follow from the organisation registry and the day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
)

from gateway.errors import InvalidToken
from gateway.identity.reasons import TokenFault
from gateway.model.caller import HeldRole, RoleSource

_VISIBLE = r"^[\x21-\x7e]{1,255}$"
# A hyphen is no boundary: parts of a UUID are not identity codes.
_IDENTITY_CODE = re.compile(
    r"(?<![0-9A-Z-])([0-9]{6})[-+A-FU-Y]([0-9]{3})([0-9A-Y])(?![0-9A-Z-])", re.IGNORECASE
)
_CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SOURCES = frozenset(source.value for source in RoleSource)


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """What an issuer calls the claims that no standard names. It is a part of the settings, too."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    organisation: str = "organisation"
    roles: str = "roles"
    expert_tag: str = "expert_tag"


class IdentityCodeFound(ValueError):
    """A claim that goes to the journal looks like a personal identity code."""


def _no_identity_code(text: str) -> str:
    for day, number, check in _IDENTITY_CODE.findall(text):
        if _CHECK_CHARACTERS[int(day + number) % 31] == check.upper():
            raise IdentityCodeFound
    return text


def _day(value: object) -> object:
    """Only `2026-06-30`: lax parsing would also take timestamps."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        return date.fromisoformat(value)
    raise ValueError("a day is YYYY-MM-DD")


VisibleText = Annotated[str, StringConstraints(pattern=_VISIBLE)]
Identifier = Annotated[VisibleText, AfterValidator(_no_identity_code)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Tag = Annotated[Code, AfterValidator(_no_identity_code)]  # it goes to the journal
Day = Annotated[date, BeforeValidator(_day)]


class RoleClaim(BaseModel):
    """One held role. It is held in the token's organisation; an `organisation` of its own is refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    source: Code
    role: Code
    valid_until: Day | None = None
    granted_by: Identifier | None = None


class Actor(BaseModel):
    """RFC 8693 section 4.1: who acts; only `sub` is read."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    sub: Identifier


class CallerClaims(BaseModel):
    """The part of a verified token that says who asks."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    iss: VisibleText
    sub: Identifier
    client_id: Identifier
    jti: VisibleText
    act: Actor | None = None
    organisation: Code | None = None
    roles: list[RoleClaim | VisibleText] = []
    expert_tag: Tag | None = None


def read_claims(claims: Mapping[str, Any], names: ClaimNames) -> CallerClaims:
    """Pick the gateway's claims out of a verified token. Raises InvalidToken; the cause is dropped,
    because it holds values of the token.
    """
    picked = {name: claims[name] for name in ("iss", "sub", "client_id", "jti") if name in claims}
    for field, name in (
        ("act", "act"),
        ("organisation", names.organisation),
        ("roles", names.roles),
        ("expert_tag", names.expert_tag),
    ):
        if name in claims:
            picked[field] = claims[name]
    try:
        return CallerClaims.model_validate(picked)
    except ValidationError as fault:
        raise InvalidToken(_reason(fault)) from None


def _reason(fault: ValidationError) -> TokenFault:
    causes = (error.get("ctx", {}).get("error") for error in fault.errors(include_url=False))
    if any(isinstance(cause, IdentityCodeFound) for cause in causes):
        return TokenFault.IDENTITY_CODE
    return TokenFault.CLAIMS


def held_roles(claims: CallerClaims, on: date) -> tuple[HeldRole, ...]:
    """The roles of known sources that are valid on a day, in the token's order, each once.

    A text that is not `source:role` of a known source is some other system's role and gives nothing.
    """
    roles = (
        _from_text(role) if isinstance(role, str) else _from_claim(role) for role in claims.roles
    )
    valid = (
        role for role in roles if role and (role.valid_until is None or on <= role.valid_until)
    )
    return tuple(dict.fromkeys(valid))


def _from_claim(claim: RoleClaim) -> HeldRole | None:
    if claim.source not in _SOURCES:
        return None
    return HeldRole(RoleSource(claim.source), claim.role, claim.valid_until, claim.granted_by)


def _from_text(text: str) -> HeldRole | None:
    source, colon, role = text.partition(":")
    if source not in _SOURCES or not colon or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", role):
        return None
    return HeldRole(RoleSource(source), role)
