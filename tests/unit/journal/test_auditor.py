"""An auditor reads entries, and the reading is an entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from gateway.errors import (
    BadParameter,
    EntryRefused,
    Forbidden,
    JournalUnavailable,
    RoleMissing,
    UnknownParameter,
)
from gateway.journal.append import Journal
from gateway.journal.body import Origin
from gateway.model.caller import Caller
from gateway.model.entry import Completion, Draft, EntryKind, EntryQuery, Outcome
from gateway.model.ruling import Denial, Permit
from gateway.surfaces.auditor import routes
from gateway.surfaces.auditor.entries import UNKNOWN, entries
from gateway.surfaces.auditor.parameters import PARAMETERS, read_reading
from gateway.surfaces.inbound import Inbound, keep_inbound, read_parameters

DONE = Completion(Outcome.COMPLETE, 200, 10, 2048, "f" * 64, 3.5)
Read = Callable[..., dict[str, Any]]


@pytest.fixture
def read(disk_journal: Journal, caller: Caller, permit: Permit, origin: Origin) -> Read:
    """`read(limit="1")`: a page for an auditor whom the policy permits it."""
    auditor = replace(caller, subject="auditor-1", client_id="keha-audit")

    def read(**parameters: str) -> dict[str, Any]:
        return entries(
            auditor,
            parameters,
            journal=disk_journal,
            rule_journal=lambda _: replace(permit, areas=frozenset()),
            origin=origin,
        )

    return read


@pytest.fixture
def filled(disk_journal: Journal, draft: Callable[..., Draft]) -> Journal:
    """1 intent · 2 intent · 3 end of 1"""
    receipt = disk_journal.append(draft())
    disk_journal.append(draft(product="service-periods"))
    disk_journal.complete(receipt, DONE, wait=True)
    return disk_journal


def readings(journal: Journal) -> list[dict[str, Any]]:
    found = journal.search(EntryQuery(kind=EntryKind.JOURNAL_READ)).entries
    return [dict(entry.body) for entry in found]


def test_an_auditor_reads_entries_with_their_outcomes(filled: Journal, read: Read) -> None:
    page = read()
    assert [entry["seq"] for entry in page["entries"]] == [1, 2, 3]
    first, second, third = page["entries"]
    assert (first["kind"], first["outcome"], first["completion_seq"]) == (
        "access.intent",
        "complete",
        3,
    )
    assert (second["outcome"], second["completion_seq"]) == (None, None)
    assert (third["kind"], third["outcome"]) == ("access.completion", "complete")
    assert first["body"]["sub"] == "svc-tampere-bi"
    assert page["next"] is None


def test_the_reading_is_written_before_anything_is_read(filled: Journal, read: Read) -> None:
    read(area="39", since="2026-06-30", product="job-seeker-spells", limit="5")
    (body,) = readings(filled)
    assert body["sub"] == "auditor-1"
    assert body["filters"] == {
        **dict.fromkeys(
            (
                *(
                    "until",
                    "organisation",
                    "outcome",
                    "kind",
                    "client",
                    "subject",
                    "issuer",
                    "purpose_code",
                ),
                *("action", "release", "case_ref", "refusal"),
            )
        ),
        "since": "2026-06-29T21:00:00.000Z",
        "area": "39",
        "product": "job-seeker-spells",
    }
    assert (body["limit"], body["after"], body["ruling"]) == (5, 0, "permit")


def test_nothing_is_shown_when_the_reading_cannot_be_written(
    filled: Journal, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[EntryQuery] = []
    monkeypatch.setattr(filled, "search", searched.append)

    def refuse(_: Draft) -> None:
        raise JournalUnavailable

    monkeypatch.setattr(filled, "append", refuse)
    with pytest.raises(JournalUnavailable):
        read()
    assert searched == []


def test_a_name_that_no_entry_has_is_not_written_down(filled: Journal, read: Read) -> None:
    assert read(subject="Matti.Meikalainen", client="tampere-bi")["entries"] == []
    (body,) = readings(filled)
    assert body["filters"]["subject"] == UNKNOWN
    assert body["filters"]["client"] == "tampere-bi"


def test_a_refused_reader_gets_nothing_and_the_refusal_is_written(
    filled: Journal, caller: Caller, origin: Origin
) -> None:
    denial = Denial(RoleMissing, "Auditors only.", ("default-deny",), "e" * 64, is_listed=True)
    with pytest.raises(Forbidden):
        entries(caller, {}, journal=filled, rule_journal=lambda _: denial, origin=origin)
    (entry,) = filled.search(EntryQuery(kind=EntryKind.DENIED)).entries
    assert entry.body["action"] == "read_journal"
    assert entry.body["refusal"] == "role_missing"
    assert readings(filled) == []


def test_a_refused_reader_whose_name_cannot_be_written_gets_nothing_either(
    filled: Journal, caller: Caller, permit: Permit, origin: Origin
) -> None:
    named = replace(caller, subject="010190-999R")
    with pytest.raises(EntryRefused):
        entries(named, {}, journal=filled, rule_journal=lambda _: permit, origin=origin)


def test_pages_are_of_the_moment_of_the_first(filled: Journal, read: Read) -> None:
    """Each page is itself an entry: without the end of the first page there would be no last one."""
    seen: list[int] = []
    after: str | None = "0"
    while after is not None:
        page = read(limit="1", after=after)
        seen += [entry["seq"] for entry in page["entries"]]
        after = page["next"]
        assert len(seen) <= 3
    assert seen == [1, 2, 3]
    assert len(readings(filled)) == 3


def test_a_reading_sees_earlier_readings_but_not_itself(filled: Journal, read: Read) -> None:
    assert read(kind="journal.read")["entries"] == []
    again = read(kind="journal.read")["entries"]
    assert [entry["seq"] for entry in again] == [4]


def test_a_plain_seq_continues_where_it_says(filled: Journal, read: Read) -> None:
    assert [entry["seq"] for entry in read(after="2")["entries"]] == [3]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"organisation": "KU837"}, [1, 2, 3]),
        ({"organisation": "KU091"}, []),
        ({"product": "service-periods"}, [2]),
        ({"area": "39"}, [1, 2, 3]),
        ({"area": "40"}, []),
        ({"outcome": "complete"}, [1, 3]),
        ({"kind": "access.completion"}, [3]),
        ({"client": "tampere-bi"}, [1, 2, 3]),
        ({"subject": "svc-tampere-bi"}, [1, 2, 3]),
        ({"subject": "svc-tampere-bi", "issuer": "https://issuer.example"}, [1, 2, 3]),
        ({"client": "tampere-bi", "issuer": "jakelu"}, []),
        ({"organisation": "KU837", "issuer": "https://issuer.example"}, [1, 2, 3]),
        ({"purpose_code": "knowledge-management"}, [1, 2, 3]),
        ({"action": "read_rows"}, [1, 2, 3]),
        ({"action": "read_journal"}, []),
        ({"release": "2026-06-30.1"}, []),
        ({"case_ref": "KEHA/1/2026"}, []),
        ({"refusal": "role_missing"}, []),
        ({"since": "2026-06-30"}, [1, 2, 3]),
        ({"until": "2026-06-29"}, []),
        ({"until": "2026-06-30"}, [1, 2, 3]),
        ({"since": "2026-06-30T08:00:00.001+03:00"}, []),
        ({"since": "2026-06-30T08:00:00+03:00"}, [1, 2, 3]),
        ({"until": "2026-06-30T05:00Z"}, []),
        ({"limit": "1000"}, [1, 2, 3]),
    ],
)
def test_filters_narrow(
    filled: Journal, read: Read, parameters: dict[str, str], found: list[int]
) -> None:
    assert [entry["seq"] for entry in read(**parameters)["entries"]] == found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "1001"),
        ("limit", "-1"),
        ("limit", "10.5"),
        ("limit", "٣"),
        ("limit", ""),
        ("after", "-1"),
        ("after", "x"),
        ("after", "1.0"),
        ("after", "9" * 30),
        ("since", "yesterday"),
        ("since", "2026-02-30"),
        ("since", "2026-06-30T05:07:00"),
        ("since", "2026-06-30T05:00:00 03:00"),
        ("since", "0001-01-01T00:00:00+23:00"),
        ("until", "9999-12-31"),
        ("until", "2026-W01-1"),
        ("organisation", "Tampere"),
        ("organisation", ""),
        ("product", "../etc"),
        ("area", "391"),
        ("area", "39,40"),
        ("outcome", "good"),
        ("kind", "access.all"),
        ("client", "two words"),
        ("client", "x" * 300),
        ("subject", "010190-999R"),
        ("subject", "urn:hetu:010190-999R"),
        ("issuer", "two words"),
        ("issuer", "x" * 300),
        ("issuer", "010190-999R"),
        ("purpose_code", "Free text!"),
        ("action", "read_all"),
        ("release", "latest"),
        ("release", "2026-06-30.01"),
        ("case_ref", "Sana toisensa perään"),
        ("case_ref", "KEHA/123/2026\n"),
        ("refusal", "role_missed"),
        ("refusal", "because I said so"),
    ],
)
def test_refuses_a_value_and_names_its_parameter_but_not_the_value(name: str, value: str) -> None:
    with pytest.raises(BadParameter) as refusal:
        read_reading({name: value})
    assert refusal.value.parameter == name
    if len(value) > 2:
        assert value not in refusal.value.detail


def test_an_issuer_narrows_whose_name_it_is_and_is_no_search_of_its_own() -> None:
    for wrong in ({"issuer": "jakelu", "product": "p"}, {"issuer": "a b", "subject": "svc-1"}):
        with pytest.raises(BadParameter) as refusal:
            read_reading(wrong)
        assert refusal.value.parameter == "issuer"


def test_refuses_a_time_that_ends_before_it_begins() -> None:
    with pytest.raises(BadParameter) as refusal:
        read_reading({"since": "2026-06-30", "until": "2026-06-29"})
    assert refusal.value.parameter == "until"


def test_refuses_a_parameter_that_there_is_not() -> None:
    with pytest.raises(UnknownParameter) as refusal:
        read_reading({"pages": "2"})
    assert refusal.value.parameter == "pages"


def test_a_wrong_parameter_is_not_a_reading(filled: Journal, read: Read) -> None:
    with pytest.raises(BadParameter):
        read(limit="0")
    assert readings(filled) == []


def test_the_route_answers_with_the_page(
    filled: Journal, caller: Caller, permit: Permit, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = FastAPI()
    app.include_router(routes.router)
    app.state.services = SimpleNamespace(journal=filled, policy=None, today=lambda: None)
    monkeypatch.setattr(routes, "rule", lambda *_, **__: permit)

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        parameters = read_parameters(scope.get("query_string", b""))
        keep_inbound(scope, Inbound(origin, parameters, caller))
        await app(scope, receive, send)

    client = TestClient(guarded)
    answer = client.get("/v1/journal/entries", params={"limit": "2", "area": "39"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert [entry["seq"] for entry in answer.json()["entries"]] == [1, 2]
    assert answer.json()["next"] == "2.3"
    assert readings(filled)[0]["request_id"] == origin.request_id
    assert client.get("/v1/journal/entries?pages=1").status_code == 422


def test_the_openapi_document_names_every_parameter() -> None:
    app = FastAPI()
    app.include_router(routes.router)
    operation = app.openapi()["paths"]["/v1/journal/entries"]["get"]
    assert [each["name"] for each in operation["parameters"]] == list(PARAMETERS)
