"""Every field is there, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gateway.errors import AreaOutOfScope, ProductNotFound
from gateway.journal.body import (
    Asked,
    Origin,
    access_body,
    completion_body,
    journal_read_body,
    unknown_completion_body,
)
from gateway.journal.events import release_body
from gateway.journal.shape import ENVELOPE, FIELDS, SEALED, check_shape
from gateway.model.caller import Caller
from gateway.model.entry import Completion, EntryKind, Outcome
from gateway.model.label import Label
from gateway.model.product import Classification, ProductKind
from gateway.model.release import Manifest, ReleaseId, StoredFile
from gateway.model.ruling import Action, Denial, Permit

DESIGNED = {
    *("v", "seq", "event_id", "kind", "ts_utc", "replica", "boot_id", "build", "config_hash"),
    *("request_id", "traceparent"),
    *("iss", "sub", "client_id", "token_jti_hmac", "auth_strength", "act_sub"),
    *("organisation", "areas", "roles"),
    *("purpose", "legal_basis", "subscription", "case_ref"),
    *("action", "product", "contract_version", "release", "classification", "personal_data"),
    *("areas_requested", "areas_granted", "selection", "columns", "format"),
    *("ruling", "policies", "policy_set_hash", "errors"),
    *("client_address_commitment", "certificate_subject", "proxies"),
}


def test_an_intent_has_the_designed_fields_and_the_refusal() -> None:
    fields = {SEALED.get(name, name) for name in FIELDS[EntryKind.INTENT]} | ENVELOPE
    assert fields == DESIGNED | {"refusal"}


def test_an_intent_says_who_for_whom_why_what_and_where_from(
    caller: Caller, permit: Permit, origin: Origin
) -> None:
    asked = Asked(
        Action.READ_ROWS,
        "job-seeker-spells",
        ("39",),
        selection={"municipality": ("837", "211")},
        columns=("sex", "age_band"),
        format="parquet",
    )
    body = access_body(caller, asked, ruling=permit, origin=origin)
    check_shape(EntryKind.INTENT, frozenset(body))
    assert body["sub"] == "svc-tampere-bi"
    assert body["roles"] == ["atmt:asiantuntija", "heti:raportit"]
    assert body["selection"] == {"municipality": ["211", "837"]}
    assert body["columns"] == ["age_band", "sex"]
    assert body["areas_granted"] == body["areas"] == ["39"]
    assert body["ruling"] == "permit"
    assert body["legal_basis"] == "380-2023"
    assert body["release"] is None


def test_what_is_not_said_is_null(caller: Caller) -> None:
    nobody = replace(caller, organisation=None, roles=(), acting_subject=None)
    body = access_body(nobody, Asked(Action.READ_CUBE), ruling=None, origin=Origin())
    check_shape(EntryKind.DENIED, frozenset(body))
    for name in ("organisation", "purpose", "product", "columns", "client_address", "case_ref"):
        assert body[name] is None
    assert body["ruling"] == "deny"
    assert body["areas_granted"] == body["policies"] == body["proxies"] == []


def test_a_denial_has_its_policies_and_what_the_caller_is_told(
    caller: Caller, origin: Origin
) -> None:
    denial = Denial(AreaOutOfScope, "…", ("z", "a"), "e" * 64, is_listed=False, errors=("e",))
    body = access_body(
        caller,
        Asked(Action.READ_ROWS, "job-seeker-spells", ("40",)),
        ruling=denial,
        origin=origin,
        refusal=type(denial.error()),
    )
    assert (body["ruling"], body["policies"], body["errors"]) == ("deny", ["a", "z"], ["e"])
    assert body["refusal"] == ProductNotFound.code
    assert body["areas_granted"] == []


def test_a_completion_says_how_it_ended() -> None:
    end = Completion(Outcome.CLIENT_ABORT, 200, None, 1024, None, 12.34567, ((0, 4095),))
    body = completion_body(7, end)
    check_shape(EntryKind.COMPLETION, frozenset(body))
    assert (body["intent_seq"], body["outcome"], body["bytes"]) == (7, "client_abort", 1024)
    assert (body["range_start"], body["range_end"], body["duration_ms"]) == (0, 4095, 12.346)
    assert body["ranges"] is None


def test_a_completion_of_several_ranges_tells_them_in_their_order() -> None:
    end = Completion(Outcome.COMPLETE, 206, None, 300, None, 1.0, ((90, 99), (0, 9)))
    body = completion_body(7, end)
    check_shape(EntryKind.COMPLETION, frozenset(body))
    assert (body["range_start"], body["range_end"]) == (0, 99)
    assert body["ranges"] == [[90, 99], [0, 9]]


def test_an_unknown_end_claims_nothing() -> None:
    body = unknown_completion_body(7)
    check_shape(EntryKind.COMPLETION, frozenset(body))
    assert body["outcome"] == "unknown"
    assert body["bytes"] is None


def test_a_reading_names_its_filters(caller: Caller, permit: Permit, origin: Origin) -> None:
    body = journal_read_body(
        caller, ruling=permit, origin=origin, filters={"area": "39"}, after=0, limit=100
    )
    check_shape(EntryKind.JOURNAL_READ, frozenset(body))


MANIFEST = Manifest(
    product="job-seekers",
    kind=ProductKind.CUBE,
    release=ReleaseId(date(2026, 6, 30), 2),
    created_utc="2026-07-01T03:00:00.000Z",
    title=Label("a", "b", "c"),
    contract_version="1.2.0",
    contract_sha256="1" * 64,
    definition_version="1",
    classification=Classification.INTERNAL,
    personal_data=False,
    sources=("atmt",),
    columns=(),
    files=(StoredFile("cube.arrow", 10, 100, "2" * 64), StoredFile("x.parquet", 5, 50, "3" * 64)),
    protection={},
    policy_set_sha256="e" * 64,
    inputs_sha256="4" * 64,
    build="0.1.0",
)


def test_a_delivery_names_the_release_that_is_served(
    caller: Caller, permit: Permit, origin: Origin
) -> None:
    asked = Asked(Action.READ_CUBE, "job-seekers")
    body = access_body(caller, asked, ruling=permit, origin=origin, manifest=MANIFEST)
    check_shape(EntryKind.INTENT, frozenset(body))
    assert (body["release"], body["contract_version"]) == ("2026-06-30.2", "1.2.0")
    assert (body["classification"], body["personal_data"]) == ("internal", False)


def test_a_published_release_says_what_it_consists_of() -> None:
    body = release_body(MANIFEST, manifest_sha256="5" * 64)
    check_shape(EntryKind.RELEASE_PUBLISHED, frozenset(body))
    check_shape(EntryKind.RELEASE_EXPIRED, frozenset(body))
    assert (body["files"], body["rows"], body["bytes"]) == (2, 15, 150)


def test_refuses_other_fields_than_the_kind_has() -> None:
    body = unknown_completion_body(7)
    with pytest.raises(ValueError, match="unexpected \\['note'\\]"):
        check_shape(EntryKind.COMPLETION, frozenset({*body, "note"}))
    with pytest.raises(ValueError, match="missing \\['rows'\\]"):
        check_shape(EntryKind.COMPLETION, frozenset(body) - {"rows"})


def test_every_kind_has_its_fields() -> None:
    assert set(FIELDS) == set(EntryKind)
