"""An export over HTTP: the same filters as a search, each entry proved, journaled before the first byte."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import json
import sqlite3
from dataclasses import replace

import pytest

from gateway.adapters.demo_issuer import PERSONAS, Persona
from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.batch.journal_key import create_journal_key, verifier_keys
from gateway.errors import JournalUnavailable
from gateway.journal.checkpoint import opened_by
from gateway.journal.export import proved
from gateway.journal.leaf import recomputed_leaf_sha256
from gateway.journal.tree import is_included
from gateway.surfaces.auditor import export
from gateway.surfaces.auditor.export import PARAMETERS, ExportParameters

EXPORT = "/v1/journal/export"
AUDITOR, MUNICIPALITY = "auditor", "municipality-bi"


def signing_of(house) -> dict:
    path = house.root / "journal" / "signing-key.pem"
    return {"journal_key_path": path, "journal_origin": "jakelu.example/v1/journal"}


@pytest.fixture
def signing(fresh_house) -> dict:
    settings = signing_of(fresh_house)
    create_journal_key(settings["journal_key_path"])
    return settings


@pytest.fixture
def signed_house(fresh_house, signing):
    """A journal with a delivery, refusals and a second start, all of it signed but what comes later."""
    with fresh_house.open(**signing):
        answer = fresh_house.get(MUNICIPALITY, "/v1/rows/job-seeker-spells")
        fresh_house.closed(answer.headers["jakelu-receipt"])
        for _ in range(3):
            fresh_house.get(MUNICIPALITY, "/v1/rows/job-seeker-spells?area=40")
    with fresh_house.open(**signing):
        yield fresh_house


def checked(house, line: dict, note: str) -> None:
    """That a line's entry is in the tree of a checkpoint that the journal signed."""
    signed = opened_by(note, verifier_keys(house.settings(**signing_of(house))))
    leaf = recomputed_leaf_sha256(line["body"], line["salt"])
    assert leaf == line["leaf_sha256"]
    proof = [base64.b64decode(each) for each in line["proof"]]
    assert is_included(bytes.fromhex(leaf), line["seq"] - 1, signed.size, proof, signed.root)
    other = bytes.fromhex(recomputed_leaf_sha256({**line["body"], "sub": "other"}, line["salt"]))
    assert not is_included(other, line["seq"] - 1, signed.size, proof, signed.root)


class Downloading:
    """An export as the server hands it on. stalls: takes nothing; goes_after: so many pieces."""

    def __init__(
        self,
        house,
        *,
        path: str = EXPORT,
        stalls: bool = False,
        goes_after: int | None = None,
        persona: str = AUDITOR,
    ) -> None:
        self.sent: list[dict] = []
        self._app = house.client.app
        self._gone = asyncio.Event()
        self._stalls, self._goes_after = stalls, goes_after
        path, _, query = path.partition("?")
        bearer = house.bearer(persona)
        self._scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in bearer.items()],
            "client": ("127.0.0.1", 5000),
            "http_version": "1.1",
            "scheme": "http",
            "asgi": {"version": "3.0"},
        }

    async def fetch(self) -> None:
        await self._app(self._scope, self._receive, self._send)

    def goes(self) -> None:
        self._gone.set()

    async def _receive(self) -> dict:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict) -> None:
        if self._stalls and message["type"] == "http.response.body":
            await self._gone.wait()
        self.sent.append(message)
        if self._goes_after is not None and len(self.sent) > self._goes_after:
            self.goes()


def export_of_one(house):
    """The first entry, proved."""
    store = SqliteJournal(house.journal_path)
    found = next(proved(store, export.Filters().query(), export.newest_checkpoint(store)))
    store.close()
    yield from [found] * 200


def test_every_line_is_proved_against_the_checkpoint_of_the_first(signed_house):
    answer = signed_house.get(AUDITOR, EXPORT)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["cache-control"] == "no-store"
    first, *lines = map(json.loads, answer.text.splitlines())
    assert (first["format"], first["complete"], first["filters"]) == (
        "jakelu-journal-export/1",
        False,
        {},
    )
    assert [line["seq"] for line in lines] == list(range(1, first["tree_size"] + 1))
    for line in lines:
        checked(signed_house, line, first["checkpoint"])
    assert (
        f'filename="journal-{first["tree_size"]}.ndjson"' in answer.headers["content-disposition"]
    )


def test_filters_narrow_it(signed_house):
    answer = signed_house.get(AUDITOR, f"{EXPORT}?refusal=area_out_of_scope&organisation=KU837")
    first, *lines = map(json.loads, answer.text.splitlines())
    assert first["filters"] == {"organisation": "KU837", "refusal": "area_out_of_scope"}
    assert [line["body"]["kind"] for line in lines] == ["access.denied"] * 3
    for line in lines:
        checked(signed_house, line, first["checkpoint"])


def test_the_same_as_a_table(signed_house):
    answer = signed_house.get(AUDITOR, f"{EXPORT}?format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    lines = [json.loads(each) for each in signed_house.get(AUDITOR, EXPORT).text.splitlines()]
    assert [int(row["seq"]) for row in rows] == [line["seq"] for line in lines[1:]]
    assert [row["checkpoint"] for row in rows] == [lines[0]["checkpoint"], *[""] * (len(rows) - 1)]
    assert {row["tree_size"] for row in rows} == {str(lines[0]["tree_size"])}
    for row, line in zip(rows, lines[1:], strict=True):
        told = {name: json.loads(row[name]) for name in ("body", "proof")}
        assert told == {name: line[name] for name in ("body", "proof")}
        assert (row["salt"], row["leaf_sha256"]) == (line["salt"], line["leaf_sha256"])
        assert row["organisation"] == (line["body"].get("organisation") or "")
    (intent,) = [row for row in rows if row["kind"] == "access.intent"]
    assert (intent["areas_granted"], intent["policies"]) == ("39", "rows-employment-authority")
    (ended,) = [row for row in rows if row["kind"] == "access.completion"]
    assert (ended["intent_seq"], ended["outcome"]) == (intent["seq"], "complete")


def test_no_cell_of_the_table_is_a_formula(fresh_house, signing, monkeypatch):
    evil = Persona("evil", "=cmd|calc!A1", "@evil", "KU837")
    monkeypatch.setattr("gateway.adapters.demo_issuer.PERSONAS", {**PERSONAS, "evil": evil})
    with fresh_house.open(**signing):
        assert fresh_house.get("evil", "/v1/rows/job-seeker-spells").status_code == 403
    with fresh_house.open(**signing):
        answer = fresh_house.get(AUDITOR, f"{EXPORT}?format=csv&kind=access.denied")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["sub"], row["client_id"]) == ("'=cmd|calc!A1", "'@evil")
    assert json.loads(row["body"])["sub"] == "=cmd|calc!A1"
    assert not any(cell.startswith(("=", "+", "@", "-")) for cell in row.values())


def test_goes_on_where_another_one_broke_off(signed_house):
    lines = signed_house.get(AUDITOR, f"{EXPORT}?after=2").text.splitlines()[1:]
    assert [json.loads(line)["seq"] for line in lines][:2] == [3, 4]


def test_it_ends_with_what_was_signed_at_its_beginning_and_begins_with_its_own_entry(signed_house):
    answer = signed_house.get(AUDITOR, f"{EXPORT}?subject=matti&format=csv")
    newest = signed_house.entries()[-1]
    assert newest.kind == "journal.read"
    told = {name: text for name, text in newest.body["filters"].items() if text is not None}
    size = int(answer.headers["content-disposition"].split("-")[1].split(".")[0])
    assert told == {
        "view": "export",
        "format": "csv",
        "tree_size": str(size),
        "subject": "(unknown)",
    }
    assert newest.seq > size
    assert len(answer.text.splitlines()) == 1  # the header


def test_pieces_are_made_as_they_are_sent(signed_house, monkeypatch):
    monkeypatch.setattr(export, "_AT_ONCE", 2)
    one, other = (signed_house.get(AUDITOR, f"{EXPORT}?{q}").text for q in ("after=0", "limit=9"))
    assert json.loads(other)["code"] == "unknown_parameter"
    lines = [json.loads(line) for line in one.splitlines()[1:]]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    table = signed_house.get(AUDITOR, f"{EXPORT}?format=csv").text
    assert len(list(csv.DictReader(io.StringIO(table)))) == len(lines)


def test_the_writer_goes_on_while_an_export_is_read(signed_house):
    store = SqliteJournal(signed_house.journal_path)
    found = export.proved(store, export.Filters().query(), export.newest_checkpoint(store))
    next(found)
    before = len(signed_house.entries())
    assert signed_house.get(MUNICIPALITY, EXPORT).status_code == 403  # journaled meanwhile
    assert len(signed_house.entries()) == before + 1
    assert sum(1 for _ in found) == export.newest_checkpoint(store).size - 1
    store.close()


def test_a_fault_in_the_middle_leaves_an_answer_without_its_end(signed_house, monkeypatch, caplog):
    def broken(*_):
        raise JournalUnavailable
        yield

    monkeypatch.setattr(export, "proved", broken)
    client = Downloading(signed_house)
    asyncio.run(client.fetch())
    start, *bodies = client.sent
    assert start["status"] == 200
    assert json.loads(bytes(bodies[0]["body"]))["tree_size"] > 0
    assert all(message["more_body"] for message in bodies)
    assert [record.name for record in caplog.records] == ["jakelu.deliveries"]


def test_a_client_that_takes_nothing_is_given_up_and_its_place_is_free(fresh_house, signing):
    limits = {"auditor": {"concurrent_extracts": 1, "burst": 100}}
    with fresh_house.open(**signing, limits=limits, send_idle_timeout_seconds=0.2):
        stalling = Downloading(fresh_house, stalls=True)
        asyncio.run(asyncio.wait_for(stalling.fetch(), 10))
        assert [message["type"] for message in stalling.sent] == ["http.response.start"]
        assert fresh_house.get(AUDITOR, EXPORT).status_code == 200


def test_a_client_that_goes_leaves_its_place(fresh_house, signing, monkeypatch):
    ended = []

    def endless(*_):
        try:
            while True:
                yield from export_of_one(fresh_house)
        finally:
            ended.append(True)

    limits = {"auditor": {"concurrent_extracts": 1, "burst": 100}}
    with fresh_house.open(**signing, limits=limits):
        with monkeypatch.context() as patched:
            patched.setattr(export, "proved", endless)
            going = Downloading(fresh_house, goes_after=3)
            asyncio.run(asyncio.wait_for(going.fetch(), 10))
        assert all(message["more_body"] for message in going.sent[1:])
        assert ended == [True]
        assert fresh_house.get(AUDITOR, EXPORT).status_code == 200


def test_exports_of_one_client_at_once_are_limited_like_its_downloads(
    fresh_house, signing, monkeypatch
):
    colleague = replace(PERSONAS[AUDITOR], subject="another-auditor")
    monkeypatch.setattr(
        "gateway.adapters.demo_issuer.PERSONAS", {**PERSONAS, "colleague": colleague}
    )
    limits = {"auditor": {"concurrent_extracts": 1, "burst": 100}}
    with fresh_house.open(**signing, limits=limits, send_idle_timeout_seconds=60):

        async def both() -> None:
            stalling = Downloading(fresh_house, stalls=True)
            first = asyncio.create_task(stalling.fetch())
            while not stalling.sent:
                await asyncio.sleep(0.01)
            before = len(fresh_house.entries())
            for path in (EXPORT, "/v1/journal/summary?since=2026-07-01&until=2026-07-01"):
                second = Downloading(fresh_house, path=path)
                await second.fetch()
                assert second.sent[0]["status"] == 429
                told = json.loads(second.sent[1]["body"])
                assert told["code"] == "too_many_extracts"
            assert len(fresh_house.entries()) == before
            other = Downloading(fresh_house, persona="colleague")
            await other.fetch()
            assert other.sent[0]["status"] == 200
            stalling.goes()
            await asyncio.wait_for(first, 10)
            third = Downloading(fresh_house)
            await third.fetch()
            assert third.sent[0]["status"] == 200

        asyncio.run(both())


def test_the_bytes_of_an_export_count_as_those_of_a_download(fresh_house, signing):
    limits = {"auditor": {"bytes_per_day": 100, "burst": 100}}
    with fresh_house.open(**signing, limits=limits):
        assert len(fresh_house.get(AUDITOR, EXPORT).content) > 100
        answer = fresh_house.get(AUDITOR, EXPORT)
        assert (answer.status_code, answer.json()["code"]) == (429, "quota_used_up")


def test_a_head_is_journaled_and_reads_no_entry(signed_house, monkeypatch):
    def untouched(*_):
        raise AssertionError("it is read")

    monkeypatch.setattr(export, "proved", untouched)
    answer = signed_house.client.head(EXPORT, headers=signed_house.bearer(AUDITOR))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert "content-length" not in answer.headers
    newest = signed_house.entries()[-1]
    assert (newest.kind, newest.body["filters"]["view"]) == ("journal.read", "export")


def test_an_entry_that_was_rewritten_has_no_proof(signed_house):
    other = sqlite3.connect(signed_house.journal_path, isolation_level=None)
    other.execute("DROP TRIGGER entries_do_not_change")
    other.execute("UPDATE entries SET body = json_set(body, '$.sub', 'other') WHERE seq = 2")
    other.close()
    first, _, line, *_ = map(json.loads, signed_house.get(AUDITOR, EXPORT).text.splitlines())
    assert line["seq"] == 2
    with pytest.raises(AssertionError):
        checked(signed_house, line, first["checkpoint"])


@pytest.mark.parametrize(
    ("query", "code", "parameter"),
    [
        ("format=xml", "bad_parameter", "format"),
        ("format=", "bad_parameter", "format"),
        ("after=1.5", "bad_parameter", "after"),
        ("after=-1", "bad_parameter", "after"),
        ("subject=010190-900X", "bad_parameter", "subject"),
        ("refusal=no_such_code", "bad_parameter", "refusal"),
        ("since=2026-07-01&until=2026-06-01", "bad_parameter", "until"),
        ("limit=10", "unknown_parameter", "limit"),
        ("format=csv&format=csv", "repeated_parameter", "format"),
    ],
)
def test_refuses_a_value_by_its_name_and_reads_nothing(signed_house, query, code, parameter):
    before = len(signed_house.entries())
    answer = signed_house.get(AUDITOR, f"{EXPORT}?{query}")
    told = answer.json()
    assert (answer.status_code, told["code"], told["parameter"]) == (400, code, parameter)
    assert "010190" not in answer.text
    assert len(signed_house.entries()) == before


def test_only_auditors_get_it_and_a_refusal_is_journaled(signed_house):
    assert signed_house.get(None, EXPORT).status_code == 401
    for persona in (MUNICIPALITY, "stranger"):
        answer = signed_house.get(persona, EXPORT)
        assert (answer.status_code, signed_house.entries()[-1].kind) == (403, "access.denied")


def test_nothing_is_sent_that_is_not_signed_or_cannot_be_journaled(house, signed_house):
    answer = house.get(AUDITOR, EXPORT)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_signed_yet")
    signed_house.journal_path.rename(signed_house.journal_path.with_suffix(".gone"))
    answer = signed_house.get(AUDITOR, EXPORT)
    assert (answer.status_code, answer.json()["code"]) == (503, "journal_unavailable")


def test_the_openapi_document_names_every_parameter():
    assert tuple(ExportParameters.model_fields) == PARAMETERS
