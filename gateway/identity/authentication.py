"""Token → Caller. Who asks comes from the token; where they may look comes from the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.identity.authorization import bearer_token
from gateway.identity.claims import ClaimNames, held_roles, read_claims
from gateway.model.caller import AuthStrength, Caller
from gateway.model.days import helsinki_day
from gateway.model.organisation import EMPTY_SCOPE
from gateway.policy.roles import RoleTable
from gateway.ports import Clock, TokenVerifier

if TYPE_CHECKING:
    from gateway.organisations import Registry

DEFAULT_CLAIM_NAMES = ClaimNames()


def authenticate(
    authorization: str | None,
    *,
    verifier: TokenVerifier,
    registry: Registry,
    roles: RoleTable,
    clock: Clock,
    names: ClaimNames = DEFAULT_CLAIM_NAMES,
) -> Caller:
    """The caller of a request.

    authorization: the one `Authorization` header (`only_header` finds it), None when there is none.
    Raises Unauthenticated, InvalidToken, IssuerUnavailable.
    """
    claims = verifier.verify(bearer_token(authorization))
    return _caller(claims, registry=registry, roles=roles, clock=clock, names=names)


def _caller(
    claims: Mapping[str, Any],
    *,
    registry: Registry,
    roles: RoleTable,
    clock: Clock,
    names: ClaimNames,
) -> Caller:
    today = helsinki_day(clock.now())
    read = read_claims(claims, names)
    organisation = registry.find(read.organisation) if read.organisation else None
    if organisation is not None and not organisation.is_valid(today):
        organisation = None
    held = held_roles(read, today)
    return Caller(
        issuer=read.iss,
        subject=read.sub,
        client_id=read.client_id,
        token_id=read.jti,
        strength=AuthStrength.BEARER,
        organisation_claim=read.organisation or "",
        organisation=organisation,
        scope=registry.scope(organisation.code, today) if organisation else EMPTY_SCOPE,
        roles=held,
        permissions=roles.permissions_of(held),
        acting_subject=read.act.sub if read.act else None,
        expert_tag=read.expert_tag,
    )
