"""Callers that the policy commands ask about: from roles and an organisation, or from a token's claims."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.batch.review.house import PolicyHouse
from gateway.encoding.strict_json import read_object
from gateway.errors import BadParameter, InvalidToken
from gateway.identity.claims import CallerClaims, ClaimNames, held_roles, read_claims
from gateway.model.caller import AuthStrength, Caller, HeldRole, RoleSource
from gateway.model.organisation import EMPTY_SCOPE

TOKEN_BYTES_MAX = 8192
_BINDINGS = {"jkt": AuthStrength.DPOP, "x5t#S256": AuthStrength.MTLS}  # RFC 9449, RFC 8705


@dataclass(frozen=True, slots=True)
class TokenRead:
    """What a token says, unverified. strength: what its `cnf` would give once the key is proven."""

    claims: CallerClaims
    strength: AuthStrength


def read_token(token: str) -> TokenRead:
    """The claims of a token, without its signature, times or issuer being checked. Raises BadParameter."""
    try:
        claims = _payload(token)
        read = read_claims(claims, ClaimNames())
    except (ValueError, InvalidToken):
        raise BadParameter(
            "This is no access token with the claims iss, sub, client_id and jti.",
            parameter="token",
        ) from None
    bound = claims.get("cnf")
    names = bound if isinstance(bound, dict) else {}
    strengths = [strength for name, strength in _BINDINGS.items() if name in names]
    return TokenRead(read, strengths[0] if strengths else AuthStrength.BEARER)


def _payload(token: str) -> dict[str, Any]:
    """The second of three segments (RFC 7519 section 3). Raises ValueError."""
    segments = token.strip().split(".")
    if len(token) > TOKEN_BYTES_MAX or len(segments) != 3:
        raise ValueError
    padded = segments[1] + "=" * (-len(segments[1]) % 4)
    return read_object(base64.b64decode(padded, altchars=b"-_", validate=True))


def roles_of_token(read: TokenRead, on: date) -> tuple[HeldRole, ...]:
    """The roles that are valid on a day."""
    return held_roles(read.claims, on)


def roles_named(names: Iterable[str]) -> tuple[HeldRole, ...]:
    """Roles from `source:role` texts of `roles.yaml`."""
    split = (name.partition(":") for name in names)
    return tuple(HeldRole(RoleSource(source), role) for source, _, role in split)


def caller(
    house: PolicyHouse,
    code: str | None,
    roles: tuple[HeldRole, ...],
    *,
    on: date,
    strength: AuthStrength = AuthStrength.BEARER,
    expert_tag: str | None = None,
) -> Caller:
    """The caller that authentication would make of this organisation and these roles on a day."""
    found = None if code is None else house.registry.find(code)
    organisation = found if found is not None and found.is_valid(on) else None
    return Caller(
        issuer="",
        subject="",
        client_id="",
        token_id="",
        strength=strength,
        organisation_claim=code or "",
        organisation=organisation,
        scope=house.registry.scope(organisation.code, on) if organisation else EMPTY_SCOPE,
        roles=roles,
        permissions=house.policy.roles.permissions_of(roles),
        expert_tag=expert_tag,
    )
