"""The summary as auditors fetch it."""

from __future__ import annotations

import csv
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from gateway.errors import JournalUnavailable
from gateway.journal.summary import Summary, summarise
from gateway.surfaces.auditor import summary as module
from gateway.surfaces.auditor.summary import PARAMETERS, SummaryParameters

SUMMARY = "/v1/journal/summary"
TODAY = "since=2026-07-01&until=2026-07-01"
AUDITOR, MUNICIPALITY = "auditor", "municipality-bi"


@pytest.fixture
def used_house(fresh_house):
    """A slice of noise in ranges, a cube twice, and two refusals."""
    fresh_house.publish_rows(as_of=date(2026, 7, 1), areas=("39",), noise_bytes=1000)
    rows = "/v1/rows/job-seeker-spells"
    with fresh_house.open():
        answers = [
            fresh_house.get(MUNICIPALITY, rows, range="bytes=500-"),
            fresh_house.get(MUNICIPALITY, rows, range="bytes=0-599"),
            fresh_house.get(MUNICIPALITY, "/v1/cubes/job-seekers/data"),
            fresh_house.get(MUNICIPALITY, "/v1/cubes/job-seekers/data"),
        ]
        for answer in answers:
            fresh_house.closed(answer.headers["jakelu-receipt"])
        fresh_house.cube_bytes = len(answers[2].content)
        assert fresh_house.get(MUNICIPALITY, f"{rows}?area=40").status_code == 403
        fresh_house.get(MUNICIPALITY, f"{rows}?area=40")
        yield fresh_house


def test_tells_who_pulled_what_and_rolls_ranges_up(used_house):
    told = used_house.get(AUDITOR, f"{SUMMARY}?{TODAY}").json()
    place = {"organisation": "KU837", "month": "2026-07"}
    assert told == {
        "since": "2026-07-01",
        "until": "2026-07-01",
        "deliveries": [
            {
                **place,
                "product": "job-seeker-spells",
                "deliveries": 1,
                "whole": 1,
                "unknown": 0,
                "parts": 2,
                "bytes": 1100,
            },
            {
                **place,
                "product": "job-seekers",
                "deliveries": 1,
                "whole": 1,
                "unknown": 0,
                "parts": 2,
                "bytes": 2 * used_house.cube_bytes,
            },
        ],
        "refusals": [
            {**place, "product": "job-seeker-spells", "code": "area_out_of_scope", "count": 2}
        ],
        "unusual": [],
    }


def test_the_same_as_one_table(used_house):
    answer = used_house.get(AUDITOR, f"{SUMMARY}?{TODAY}&format=csv&product=job-seeker-spells")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    first, second = csv.DictReader(io.StringIO(answer.text))
    assert (first["section"], first["organisation"], first["count"]) == ("deliveries", "KU837", "1")
    assert (first["parts"], first["bytes"], first["code"]) == ("2", "1100", "")
    assert (second["section"], second["code"], second["count"]) == (
        "refusals",
        "area_out_of_scope",
        "2",
    )


def test_another_organisation_and_another_time_have_their_own(used_house):
    for query in (f"{TODAY}&organisation=KU211", "since=2026-06-01&until=2026-06-30"):
        told = used_house.get(AUDITOR, f"{SUMMARY}?{query}").json()
        assert told["deliveries"] == told["refusals"] == told["unusual"] == []


def test_the_reading_is_journaled_and_unknown_names_are_not_written(used_house):
    used_house.get(AUDITOR, f"{SUMMARY}?{TODAY}&organisation=KU837&product=matti-meikalainen")
    newest = used_house.entries()[-1]
    assert newest.kind == "journal.read"
    assert newest.body["limit"] is None
    assert newest.body["filters"] == {
        "view": "summary",
        "since": "2026-07-01",
        "until": "2026-07-01",
        "organisation": "KU837",
        "product": "(unknown)",
        "format": "json",
    }


@pytest.mark.parametrize(
    ("query", "code", "parameter"),
    [
        ("", "missing_parameter", "since"),
        ("since=2026-07-01", "missing_parameter", "until"),
        ("until=2026-07-01", "missing_parameter", "since"),
        ("since=2026-07-02&until=2026-07-01", "bad_parameter", "until"),
        ("since=2025-07-01&until=2026-07-02", "bad_parameter", "until"),
        ("since=2026-07-01T00:00:00Z&until=2026-07-02", "bad_parameter", "since"),
        ("since=2026-02-30&until=2026-07-02", "bad_parameter", "since"),
        ("since=0001-01-01&until=0001-01-02", "bad_parameter", "since"),
        ("since=2026-07-01&until=9999-12-31", "bad_parameter", "until"),
        (f"{TODAY}&organisation=Tampere", "bad_parameter", "organisation"),
        (f"{TODAY}&product=../x", "bad_parameter", "product"),
        (f"{TODAY}&format=xml", "bad_parameter", "format"),
        (f"{TODAY}&client=tampere-bi", "unknown_parameter", "client"),
        (f"{TODAY}&since=2026-07-01", "repeated_parameter", "since"),
        (f"{TODAY}&format=010190-900X", "bad_parameter", "format"),
    ],
)
def test_refuses_a_value_by_its_name_and_reads_nothing(house, query, code, parameter):
    before = len(house.entries())
    answer = house.get(AUDITOR, f"{SUMMARY}?{query}")
    told = answer.json()
    assert (answer.status_code, told["code"], told["parameter"]) == (400, code, parameter)
    assert "010190" not in answer.text
    assert len(house.entries()) == before


def test_a_leap_year_is_a_period(house):
    answer = house.get(AUDITOR, f"{SUMMARY}?since=2028-01-01&until=2028-12-31")
    assert answer.status_code == 200


def test_only_auditors_get_it_and_a_refusal_is_journaled(house):
    assert house.get(None, f"{SUMMARY}?{TODAY}").status_code == 401
    for persona in (MUNICIPALITY, "stranger"):
        answer = house.get(persona, f"{SUMMARY}?{TODAY}")
        assert (answer.status_code, house.entries()[-1].kind) == (403, "access.denied")


def test_nothing_is_told_when_the_reading_cannot_be_written(fresh_house):
    with fresh_house.open():
        fresh_house.journal_path.rename(fresh_house.journal_path.with_suffix(".gone"))
        answer = fresh_house.get(AUDITOR, f"{SUMMARY}?{TODAY}")
        assert (answer.status_code, answer.json()["code"]) == (503, "journal_unavailable")


def test_the_openapi_document_names_every_parameter():
    assert tuple(SummaryParameters.model_fields) == PARAMETERS


def test_few_summaries_are_made_at_once_and_the_next_is_told_to_wait(fresh_house, monkeypatch):
    """Whatever waits is not journaled: nothing was read for it."""
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slow(*arguments: object, **named: object) -> Summary:
        begun.release()
        assert go_on.wait(20)
        return summarise(*arguments, **named)

    monkeypatch.setattr(module, "summarise", slow)
    path = f"{SUMMARY}?{TODAY}"
    with fresh_house.open(), ThreadPoolExecutor(2) as threads:
        running = [threads.submit(fresh_house.get, AUDITOR, path) for _ in range(2)]
        assert all(begun.acquire(timeout=20) for _ in running)
        before = len(fresh_house.entries())
        refused, after = fresh_house.get(AUDITOR, path), len(fresh_house.entries())
        passing = fresh_house.get(AUDITOR, "/v1/me")
        go_on.set()
        assert (refused.status_code, refused.json()["code"]) == (503, "busy")
        assert (refused.headers["retry-after"], after) == ("30", before)
        assert passing.status_code == 200
        assert [each.result().status_code for each in running] == [200, 200]
        assert fresh_house.get(AUDITOR, path).status_code == 200


def test_a_summary_has_a_place_among_the_downloads_of_its_client(fresh_house, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def slow(*arguments: object, **named: object) -> Summary:
        begun.set()
        assert go_on.wait(20)
        return summarise(*arguments, **named)

    monkeypatch.setattr(module, "summarise", slow)
    path, limits = f"{SUMMARY}?{TODAY}", {"auditor": {"concurrent_extracts": 1, "burst": 100}}
    with fresh_house.open(limits=limits), ThreadPoolExecutor(1) as threads:
        running = threads.submit(fresh_house.get, AUDITOR, path)
        assert begun.wait(20)
        refused = fresh_house.get(AUDITOR, path)
        go_on.set()
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_extracts")
        assert running.result().status_code == 200
        assert fresh_house.get(AUDITOR, path).status_code == 200
    (limited,) = [each for each in fresh_house.entries() if each.kind == "access.limited"]
    assert limited.body["counts"] == {"too_many_extracts": 1}


def test_a_summary_that_fails_leaves_its_place(fresh_house, monkeypatch):
    def broken(*_: object, **__: object) -> Summary:
        raise JournalUnavailable

    path, limits = f"{SUMMARY}?{TODAY}", {"auditor": {"concurrent_extracts": 1, "burst": 100}}
    with fresh_house.open(limits=limits):
        with monkeypatch.context() as patched:
            patched.setattr(module, "summarise", broken)
            for _ in range(3):
                answer = fresh_house.get(AUDITOR, path)
                assert (answer.status_code, answer.json()["code"]) == (503, "journal_unavailable")
        assert fresh_house.get(AUDITOR, path).status_code == 200
