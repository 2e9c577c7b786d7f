from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.errors import InvalidToken, IssuerUnavailable, Unauthenticated
from gateway.identity import Credentials, TokenChecks, authenticate
from gateway.identity.claims import ClaimNames
from gateway.identity.reasons import TokenFault
from gateway.model.caller import AuthStrength, Caller, HeldRole, RoleSource
from gateway.model.organisation import EMPTY_SCOPE
from gateway.organisations import load_registry
from gateway.policy.roles import RoleTable
from gateway.ports import Target, TokenVerifier

REGISTRY = load_registry()
ROLES = RoleTable(
    {
        "heti:raakadata": frozenset({"employment.rows"}),
        "atmt:asiantuntija": frozenset({"employment.cubes"}),
        "kotoaj:raportointi": frozenset({"integration.cubes"}),
    }
)
CLAIMS: dict[str, Any] = {
    "iss": "https://issuer.test.invalid",
    "aud": "jakelu",
    "sub": "svc-1",
    "client_id": "client-1",
    "jti": "t-1",
    "iat": 1,
    "exp": 2,
}


class Clock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class Verified:
    """A verifier that has already verified these claims."""

    def __init__(self, claims: Mapping[str, Any]) -> None:
        self.claims = claims

    def verify(self, token: str) -> Mapping[str, Any]:
        return self.claims


def caller(
    *,
    at: datetime = datetime(2026, 6, 30, 5, 0, tzinfo=UTC),
    names: ClaimNames | None = None,
    **claims: Any,
) -> Caller:
    return asked(Verified(CLAIMS | claims), at=at, names={CLAIMS["iss"]: names} if names else {})


def asked(
    verifier: TokenVerifier,
    *,
    authorization: str | None = "Bearer a.b.c",
    at: datetime = datetime(2026, 6, 30, 5, 0, tzinfo=UTC),
    names: Mapping[str, ClaimNames] | None = None,
) -> Caller:
    credentials = Credentials(authorization, "GET", "https://gateway.test.invalid/v1/me")
    checks = TokenChecks(verifier, NoProofs(), names or {})
    found = authenticate(
        credentials, tokens=checks, registry=REGISTRY, roles=ROLES, clock=Clock(at)
    )
    assert found.proof is None
    return found.caller


class NoProofs:
    """Nothing here is bound to a key."""

    def check(self, proof: str, target: Target) -> None:
        raise AssertionError


def refusal(**claims: Any) -> str:
    with pytest.raises(InvalidToken) as refused:
        caller(**claims)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    return refused.value.reason


def test_a_caller_is_who_the_token_says():
    found = caller(organisation="KU837", act={"sub": "person-9", "iss": "x"}, expert_tag="a-7")
    assert (found.issuer, found.subject, found.client_id, found.token_id) == (
        "https://issuer.test.invalid",
        "svc-1",
        "client-1",
        "t-1",
    )
    assert found.strength is AuthStrength.BEARER
    assert (found.acting_subject, found.expert_tag) == ("person-9", "a-7")


def test_areas_come_from_the_registry():
    assert caller(organisation="KU837").scope.areas == {"39"}
    assert caller(organisation="KU047").scope.areas == {"40"}
    assert caller(organisation="TA39").scope == caller(organisation="KU837").scope


@pytest.mark.parametrize("name", ["areas", "area", "scope", "municipalities", "permissions"])
@pytest.mark.parametrize("value", [["40"], "40", {"areas": ["40"]}, ["employment.rows"], "*"])
def test_areas_and_permissions_in_a_token_mean_nothing(name, value):
    plain, rich = caller(organisation="KU837"), caller(organisation="KU837", **{name: value})
    assert plain == rich


def test_an_unknown_organisation_is_none_and_has_no_scope():
    for claims in ({}, {"organisation": "KU999"}, {"organisation": "0000000-0"}):
        found = caller(**claims)
        assert found.organisation is None
        assert found.scope == EMPTY_SCOPE
        assert found.organisation_claim == claims.get("organisation", "")


def test_ely_ends_and_evk_begins_at_midnight_in_helsinki():
    before = datetime(2025, 12, 31, 21, 59, 59, tzinfo=UTC)
    after = datetime(2025, 12, 31, 22, 0, 0, tzinfo=UTC)
    assert caller(organisation="ELY05", at=before).organisation is not None
    assert caller(organisation="ELY05", at=after).organisation is None
    assert caller(organisation="EVK04", at=before).organisation is None
    assert caller(organisation="EVK04", at=after).organisation is not None


def test_roles_come_as_objects_and_as_texts():
    found = caller(
        organisation="KU837",
        roles=[
            {
                "source": "heti",
                "role": "raakadata",
                "valid_until": "2026-06-30",
                "granted_by": "a-1",
            },
            "atmt:asiantuntija",
        ],
    )
    assert found.roles == (
        HeldRole(RoleSource.HETI, "raakadata", date(2026, 6, 30), "a-1"),
        HeldRole(RoleSource.ATMT, "asiantuntija"),
    )
    assert found.permissions == {"employment.rows", "employment.cubes"}


def test_a_role_ends_after_its_last_day_in_helsinki():
    roles = [{"source": "heti", "role": "raakadata", "valid_until": "2026-06-30"}]
    evening = datetime(2026, 6, 30, 20, 59, tzinfo=UTC)
    night = datetime(2026, 6, 30, 21, 0, tzinfo=UTC)
    assert caller(roles=roles, at=evening).permissions == {"employment.rows"}
    assert caller(roles=roles, at=night).permissions == frozenset()
    assert caller(roles=roles, at=night).roles == ()


@pytest.mark.parametrize(
    "roles",
    [
        [],
        ["offline_access"],
        ["admin"],
        ["heti"],
        ["heti:"],
        [":raakadata"],
        ["HETI:raakadata"],
        ["heti:raakadata:x"],
        ["heti:RAAKADATA"],
        ["heti:unknown"],
        ["keycloak:raakadata"],
        [{"source": "keycloak", "role": "raakadata"}],
        [{"source": "heti", "role": "unknown"}],
    ],
)
def test_unknown_roles_give_nothing(roles):
    assert caller(organisation="KU837", roles=roles).permissions == frozenset()


@pytest.mark.parametrize(
    "claims",
    [
        {"roles": "heti:raakadata"},
        {"roles": {"heti": "raakadata"}},
        {"roles": None},
        {"roles": [["heti:raakadata"]]},
        {"roles": [{"source": "heti"}]},
        {"roles": [{"source": "heti", "role": "raakadata", "organisation": "KU091"}]},
        {"roles": [{"source": "heti", "role": "raakadata", "valid_until": 1893456000}]},
        {"roles": [{"source": "heti", "role": "raakadata", "valid_until": "2026-6-30"}]},
        {"roles": [{"source": "heti", "role": "raakadata", "valid_until": "2026-02-30"}]},
        {"organisation": ["KU837"]},
        {"organisation": "KU837 "},
        {"organisation": {"code": "KU837"}},
        {"organisation": 837},
        {"organisation": "x" * 65},
        {"act": "person"},
        {"act": {}},
        {"sub": "two words"},
        {"sub": "line\nbreak"},
        {"sub": "x" * 256},
        {"client_id": "ääkkönen"},
        {"expert_tag": "a b"},
        {"expert_tag": 7},
    ],
)
def test_a_claim_of_the_wrong_shape_is_refused(claims):
    assert refusal(**claims) == TokenFault.CLAIMS


@pytest.mark.parametrize("code", ["010190-900P", "urn:hetu:010190-900P", "010190A900P"])
@pytest.mark.parametrize("claim", ["sub", "client_id"])
def test_an_identity_code_never_gets_as_far_as_the_journal(code, claim):
    assert refusal(**{claim: code}) == TokenFault.IDENTITY_CODE


def test_an_identity_code_is_refused_in_the_actor_and_the_grantor():
    assert refusal(act={"sub": "010190-900P"}) == TokenFault.IDENTITY_CODE
    roles = [{"source": "heti", "role": "raakadata", "granted_by": "010190-900P"}]
    assert refusal(roles=roles) == TokenFault.IDENTITY_CODE


@pytest.mark.parametrize(
    "subject", ["0b010190-9000-4b6e-8c2f-010190a900af", "010190-900Q", "a0101901-900P", "010190"]
)
def test_uuids_and_the_like_are_no_identity_codes(subject):
    assert caller(sub=subject).subject == subject


def test_claim_names_can_be_configured():
    names = ClaimNames(organisation="org_id", roles="https://x.test.invalid/roles")
    found = caller(
        names=names,
        org_id="KU837",
        organisation="KU091",
        **{"https://x.test.invalid/roles": ["heti:raakadata"]},
    )
    assert found.organisation is not None
    assert found.organisation.code == "KU837"
    assert found.permissions == {"employment.rows"}


def test_nothing_is_verified_without_a_token():
    class Unused:
        def verify(self, token: str) -> Mapping[str, Any]:
            raise AssertionError

    with pytest.raises(Unauthenticated):
        asked(Unused(), authorization=None)


def test_an_outage_of_the_issuer_is_not_the_callers_fault():
    class Down:
        def verify(self, token: str) -> Mapping[str, Any]:
            raise IssuerUnavailable

    with pytest.raises(IssuerUnavailable):
        asked(Down(), authorization="Bearer a")


def test_claim_names_are_those_of_the_tokens_own_issuer():
    claims = CLAIMS | {"organisation": "KU837", "org_id": "KU091"}
    others = {"https://other.test.invalid": ClaimNames(organisation="org_id")}
    found = asked(Verified(claims), names=others)
    assert found.organisation_claim == "KU837"
