"""`jakelu journal search` on the machine of a house."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from gateway import cli
from gateway.errors import BadParameter, JournalUnavailable, RepeatedParameter, UnknownParameter

ENTRIES = "/v1/journal/entries"
ROWS = "/v1/rows/job-seeker-spells"


@pytest.fixture
def used_house(fresh_house):
    with fresh_house.open():
        answer = fresh_house.get("municipality-bi", ROWS)
        fresh_house.closed(answer.headers["jakelu-receipt"])
        fresh_house.get("municipality-bi", f"{ROWS}?area=40")
        yield fresh_house


@pytest.fixture
def search(fresh_house, monkeypatch):
    settings = fresh_house.settings()
    shared = ("products_dir", "policies_dir", "releases_dir", "journal_path")
    for name in (*shared, "release_public_key_path"):
        monkeypatch.setenv(f"JAKELU_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setattr("gateway.batch.journal_search.operating_login", lambda: "rita")

    def search(*words: str):
        return CliRunner().invoke(cli.app, ["journal", "search", *words], catch_exceptions=False)

    return search


def test_prints_what_an_auditor_finds_over_http(used_house, search):
    over_http = used_house.get("auditor", f"{ENTRIES}?organisation=KU837").json()["entries"]
    found = search("--only", "organisation=KU837")
    assert found.exit_code == 0
    assert [json.loads(line) for line in found.stdout.splitlines()] == over_http
    assert [entry["kind"] for entry in over_http] == [
        "access.intent",
        "access.completion",
        "access.denied",
    ]


def test_a_table_tells_how_each_ended(used_house, search):
    heading, intent, completion, denied = search(
        "--only", "organisation=KU837", "--format", "table"
    ).stdout.splitlines()
    assert heading.split() == [
        *("seq", "time", "kind", "organisation", "client_id", "sub"),
        *("product", "release", "purpose", "ended"),
    ]
    assert intent.split()[3:] == [
        *("KU837", "tampere-bi", "svc-tampere-bi"),
        *("job-seeker-spells", "2026-06-30.1", "employment-service-management", "complete"),
    ]
    assert completion.split()[3:] == ["-"] * 6 + ["complete"]
    assert denied.split()[-1] == "area_out_of_scope"


def test_the_search_is_journaled_before_it_and_is_not_in_it(used_house, search):
    before = len(used_house.entries())
    found = search("--only", "subject=matti", "--only", "limit=5")
    newest = used_house.entries()[-1]
    assert (newest.seq, newest.kind) == (before + 1, "journal.searched")
    told = {name: newest.body[name] for name in ("sub", "operator", "filters", "after", "limit")}
    assert told == {
        "sub": "rita",
        "operator": "rita",
        "filters": {"subject": "(unknown)"},
        "after": 0,
        "limit": 5,
    }
    assert found.stdout == ""
    assert search("--only", "kind=journal.searched").stdout.count("\n") == 1


def test_pages_go_on_where_they_say(used_house, search):
    seen, after = [], "0"
    while after is not None:
        found = search("--only", "limit=2", "--only", f"after={after}")
        seen += [json.loads(line)["seq"] for line in found.stdout.splitlines()]
        after = found.stderr.strip().partition("after=")[2] or None
    assert seen == list(range(1, len(seen) + 1))


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--only", "colour=red"), UnknownParameter),
        (("--only", "refusal=red"), BadParameter),
        (("--only", "organisation"), BadParameter),
        (("--only", "subject=010190-900X"), BadParameter),
        (("--only", "limit=1", "--only", "limit=2"), RepeatedParameter),
    ],
)
def test_refuses_what_it_does_not_understand_and_reads_nothing(used_house, search, words, fault):
    before = len(used_house.entries())
    with pytest.raises(fault) as refusal:
        search(*words)
    assert "010190" not in refusal.value.detail
    assert len(used_house.entries()) == before


def test_there_must_be_a_journal(fresh_house, search):
    with pytest.raises(JournalUnavailable):
        search()
