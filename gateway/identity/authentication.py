"""Token or access key → Caller. Who asks comes from these; where they may look comes from the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway.errors import InvalidToken
from gateway.identity.access_keys import AccessKeys, presented_key
from gateway.identity.authorization import Scheme, read_authorization
from gateway.identity.claims import CallerClaims, held_roles, read_claims
from gateway.identity.credentials import Credentials
from gateway.identity.tokens import DEFAULT_CLAIM_NAMES, TokenChecks, check_token
from gateway.model.caller import AuthStrength, Caller
from gateway.model.days import helsinki_day
from gateway.model.organisation import EMPTY_SCOPE
from gateway.policy.roles import RoleTable
from gateway.ports import Clock, GoodProof

if TYPE_CHECKING:
    from gateway.organisations import Registry


@dataclass(frozen=True, slots=True)
class Identified:
    """Who asks. proof: of a bound token; it is to be used up before anything is done for the caller.

    Between the two, whoever is refused anyway is refused without a write.
    """

    caller: Caller
    proof: GoodProof | None = None


def authenticate(
    credentials: Credentials,
    *,
    tokens: TokenChecks,
    registry: Registry,
    roles: RoleTable,
    clock: Clock,
    keys: AccessKeys | None = None,
) -> Identified:
    """The caller of a request: one branch for each scheme.

    keys: None where access keys are not accepted.
    Raises Unauthenticated, InvalidToken, InvalidProof, IssuerUnavailable, StateUnavailable.
    """
    if keys is not None and (key := presented_key(credentials.authorization)) is not None:
        return Identified(keys.caller(key, credentials.client_address))
    scheme, value = read_authorization(credentials.authorization)
    try:
        match scheme:
            case Scheme.BEARER | Scheme.DPOP:
                held = check_token(value, credentials, scheme=scheme, checks=tokens)
                caller = _caller(
                    held.claims, held.strength, registry=registry, roles=roles, clock=clock
                )
                return Identified(replace(caller, until=held.until), held.proof)
    except InvalidToken as refusal:
        refusal.scheme = scheme  # the challenge answers in the scheme that was used
        raise


def caller_of_session(
    claims: Mapping[str, Any], *, registry: Registry, roles: RoleTable, clock: Clock
) -> Caller:
    """The caller whom the claims that a session keeps tell of, on this day. Raises InvalidToken."""
    read = read_claims(claims, DEFAULT_CLAIM_NAMES)
    return _caller(read, AuthStrength.SESSION, registry=registry, roles=roles, clock=clock)


def _caller(
    read: CallerClaims,
    strength: AuthStrength,
    *,
    registry: Registry,
    roles: RoleTable,
    clock: Clock,
) -> Caller:
    today = helsinki_day(clock.now())
    organisation = registry.find(read.organisation) if read.organisation else None
    if organisation is not None and not organisation.is_valid(today):
        organisation = None
    held = held_roles(read, today)
    return Caller(
        issuer=read.iss,
        subject=read.sub,
        client_id=read.client_id,
        token_id=read.jti,
        strength=strength,
        organisation_claim=read.organisation or "",
        organisation=organisation,
        scope=registry.scope(organisation.code, today) if organisation else EMPTY_SCOPE,
        roles=held,
        permissions=roles.permissions_of(held),
        acting_subject=read.act.sub if read.act else None,
        expert_tag=read.expert_tag,
    )
