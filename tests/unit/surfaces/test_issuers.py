"""A gateway with two issuers, each with claim names of its own."""

from __future__ import annotations

import base64
import json

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

FIRST, SECOND = "https://issuer.demo.invalid", "https://second.test.invalid"
ME = "/v1/me"


@pytest.fixture
def second(fresh_house) -> dict:
    """The settings of a second issuer, whose key lies beside the first one's."""
    folder = fresh_house.root / "second"
    folder.mkdir()
    key = ECKey.generate_key("P-256", {"kid": "k", "use": "sig", "alg": "ES256"})
    (folder / "key.json").write_text(json.dumps(key.as_dict(private=True)))
    (folder / "jwks.json").write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    return {
        "issuer": SECOND,
        "audience": "urn:jakelu",
        "jwks": str(folder / "jwks.json"),
        "algorithms": ["ES256"],
        "claims": {"organisation": "org_id", "roles": "urn:roles"},
        "organisations": ["KU837"],
        "role_sources": ["heti"],
    }


@pytest.fixture
def two(fresh_house, second):
    first = fresh_house.settings().issuers[0].model_dump()
    with fresh_house.open(issuers=[first, second]):
        yield fresh_house


def _as_second(house, **claims: object) -> dict[str, str]:
    """The demo's token, told and signed by the second issuer."""
    payload = house.bearer("municipality-bi")["Authorization"].split(".")[1]
    told = json.loads(base64.urlsafe_b64decode(payload + "=="))
    told |= {"iss": SECOND, "aud": "urn:jakelu", **claims}
    key = ECKey.import_key(json.loads((house.root / "second" / "key.json").read_text()))
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "k"}
    return {"Authorization": f"Bearer {jwt.encode(header, told, key, algorithms=['ES256'])}"}


def test_callers_of_both_issuers_are_served_and_told_apart(two):
    one = two.get("municipality-bi", ME).json()
    other = two.client.get(ME, headers=_as_second(two)).json()
    assert (one["issuer"], other["issuer"]) == (FIRST, SECOND)
    assert one["subject"] == other["subject"]


def test_claims_are_read_by_the_names_of_their_own_issuer(two):
    silent = two.client.get(ME, headers=_as_second(two, roles=["heti:raakadata"])).json()
    told = two.client.get(ME, headers=_as_second(two, org_id="KU837")).json()
    assert (silent["organisation"], told["organisation"]["code"]) == (
        None,
        "KU837",
    )


def test_one_issuer_cannot_speak_for_the_other(two):
    answer = two.client.get(ME, headers=_as_second(two, iss=FIRST, aud="jakelu"))
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_an_issuer_speaks_for_its_own_organisations_alone(two):
    auditor = _as_second(two, org_id="KEHA", **{"urn:roles": ["heti:tarkastaja"]})
    refused = two.client.get("/v1/journal/entries", headers=auditor)
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")


def test_roles_of_sources_that_are_not_an_issuers_give_nothing(two):
    mixed = _as_second(two, **{"urn:roles": ["atmt:raportointi", "heti:raakadata"]})
    told = two.client.get(ME, headers=mixed).json()
    assert told["roles"] == ["heti:raakadata"]


def test_an_issuer_that_is_down_is_named_and_the_other_goes_on(two):
    (two.root / "issuer" / "jwks.json").unlink()
    down = two.get("municipality-bi", ME)
    assert (down.status_code, down.json()["code"]) == (503, "issuer_unavailable")
    assert two.client.get(ME, headers=_as_second(two)).status_code == 200
    health = two.client.get("/health/ready")
    assert (health.status_code, health.json()["issuers"]) == (200, {FIRST: False, SECOND: True})


def test_clients_learn_of_both(two):
    document = two.client.get("/.well-known/oauth-protected-resource").json()
    assert document["authorization_servers"] == [FIRST, SECOND]


def test_the_journal_has_the_issuer_beside_the_subject(two):
    path = "/v1/rows/job-seeker-spells?area=40"
    claims = {"org_id": "KU837", "urn:roles": ["heti:raakadata"]}
    assert two.client.get(path, headers=_as_second(two, **claims)).status_code == 403
    denied = next(entry.body for entry in two.entries() if entry.kind == "access.denied")
    assert (denied["iss"], denied["sub"]) == (SECOND, "svc-tampere-bi")
