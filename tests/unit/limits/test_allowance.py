"""Who counts with whom, and what the settings say of them."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from gateway.limits.allowance import ClientClass, Limits, class_of, client_of, digest_of
from gateway.model.access_key import KeyLimits
from gateway.model.caller import AuthStrength, Caller

PERSON = Caller("https://i", "anna-1", "portal", "j", AuthStrength.BEARER, "KU837", None)
SERVICE = dataclasses.replace(PERSON, subject="bi", client_id="bi")
KEY = dataclasses.replace(PERSON, strength=AuthStrength.KEY)
AUDITOR = dataclasses.replace(PERSON, permissions=frozenset({"journal.read"}))
PORTAL = {"issuer": "https://i", "client_id": "portal"}


@pytest.mark.parametrize(
    ("caller", "kind"),
    [(PERSON, "person"), (SERVICE, "service"), (KEY, "key"), (AUDITOR, "auditor")],
)
def test_the_class_is_what_the_caller_looks_like(caller, kind):
    assert class_of(caller, Limits()) == kind


def test_a_listed_client_is_of_the_class_that_lists_it():
    limits = Limits.model_validate({"service": {"clients": [PORTAL], "burst": 7}})
    assert class_of(PERSON, limits) is ClientClass.SERVICE
    assert client_of(PERSON, limits).allowance.burst == 7


def test_another_issuers_client_of_the_same_id_is_of_no_list():
    limits = Limits.model_validate({"auditor": {"clients": [PORTAL]}})
    assert class_of(PERSON, limits) is ClientClass.AUDITOR
    elsewhere = dataclasses.replace(PERSON, issuer="https://other")
    assert class_of(elsewhere, limits) is ClientClass.PERSON


@pytest.mark.parametrize("issuer", ["https://i", "jakelu"])
def test_no_list_takes_a_key_for_a_client(issuer):
    """Whether by its id or by the name that somebody chose for its program."""
    listed = {"issuer": issuer, "client_id": "portal"}
    limits = Limits.model_validate({"auditor": {"clients": [listed]}})
    for named in ({"client_id": "portal"}, {"subject": "portal", "client_id": "k3v9x0q2m7ab"}):
        key = dataclasses.replace(KEY, issuer=issuer, **named)
        assert class_of(key, limits) is ClientClass.KEY


def test_people_of_one_application_count_apart_and_a_service_as_one():
    other = dataclasses.replace(PERSON, subject="bertta-2")
    assert client_of(PERSON, Limits()).key != client_of(other, Limits()).key
    as_service = Limits.model_validate({"service": {"clients": [PORTAL]}})
    assert client_of(PERSON, as_service).key == client_of(other, as_service).key


def test_the_same_client_of_another_issuer_is_another():
    other = dataclasses.replace(SERVICE, issuer="https://other")
    assert client_of(SERVICE, Limits()).key != client_of(other, Limits()).key


def test_all_keys_of_an_organisation_are_one_client():
    later = datetime(2026, 9, 1, tzinfo=UTC)
    one, other = (
        dataclasses.replace(
            SERVICE,
            client_id=name,
            organisation_claim="KU837",
            key=KeyLimits(name, frozenset(), later, is_ending=False),
        )
        for name in ("k1", "k2")
    )
    elsewhere = dataclasses.replace(one, organisation_claim="KU047")
    keys = [client_of(who, Limits()).key for who in (one, other, elsewhere)]
    assert keys[0] == keys[1] != keys[2]


def test_names_never_run_together():
    assert digest_of("ab", "c") != digest_of("a", "bc")


def test_every_class_has_the_same_allowance_unless_the_settings_say_otherwise():
    limits = Limits()
    assert len({limits.of(kind) for kind in ClientClass}) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"organisation": {}},
        {"person": {"burst": 0}},
        {"person": {"bytes_per_day": -1}},
        {"person": {"concurrent_extracts": 0}},
        {"extract_places": 0},
        {"person": {"clients": [PORTAL]}, "key": {"clients": [PORTAL]}},
        {"person": {"clients": ["portal"]}},
        {"person": {"clients": "portal"}},
        {"person": {"clients": [{"client_id": "portal"}]}},
        {"person": {"clients": [PORTAL | {"name": "x"}]}},
        {"person": {"clients": [PORTAL | {"client_id": ""}]}},
    ],
)
def test_no_limit_can_be_switched_off_or_mistyped(wrong):
    with pytest.raises(ValidationError):
        Limits.model_validate(wrong)
