"""Broken releases and a broken journal: 503, journaled where that is possible, and nothing sent."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters import journal_sqlite, journal_sqlite_file

ROWS = "/v1/rows/job-seeker-spells"
CUBE = "/v1/cubes/job-seekers/data"
CALLER = "municipality-bi"


def _release(house, product: str) -> Path:
    return house.releases_dir / product / "2026-06-30.1"


def _refused(house, path: str, code: str = "release_damaged") -> dict:
    answer = house.get(CALLER, path)
    assert (answer.status_code, answer.json()["code"]) == (503, code), answer.text
    assert "etag" not in answer.headers
    return answer.json()


def _closed_unsent(house) -> None:
    """The newest intent is closed as a server error, without a byte."""
    intent = [entry for entry in house.entries() if entry.kind == "access.intent"][-1]
    completion = house.closed(intent.event_id)
    assert (completion["outcome"], completion["http_status"]) == ("server_error", 503)
    assert completion["bytes"] == 0


@pytest.mark.parametrize(("product", "path"), [("job-seeker-spells", ROWS), ("job-seekers", CUBE)])
def test_a_release_with_a_broken_signature_is_not_served(fresh_house, product, path):
    manifest = _release(fresh_house, product) / "manifest.json"
    document = json.loads(manifest.read_text())
    document["manifest"]["build"] = "forged"
    manifest.write_text(json.dumps(document, separators=(",", ":"), sort_keys=True))
    with fresh_house.open():
        problem = _refused(fresh_house, path)
        assert "manifest" not in problem["detail"]
        _closed_unsent(fresh_house)


@pytest.mark.parametrize("query", ["", "?format=csv", "?columns=sex"])
def test_a_truncated_slice_is_not_served(fresh_house, query):
    with fresh_house.open():
        assert fresh_house.get(CALLER, ROWS).status_code == 200
        path = _release(fresh_house, "job-seeker-spells") / "area=39" / "part-0.parquet"
        path.write_bytes(path.read_bytes()[:-100])
        _refused(fresh_house, ROWS + query)
        _closed_unsent(fresh_house)


def test_a_truncated_cube_is_not_served_even_when_it_was_open(fresh_house):
    with fresh_house.open():
        assert fresh_house.get(CALLER, CUBE).status_code == 200
        path = _release(fresh_house, "job-seekers") / "cube.arrow"
        with path.open("r+b") as file:
            file.truncate(1000)
        _refused(fresh_house, CUBE)
        _refused(fresh_house, f"{CUBE}?geography=*")
        _closed_unsent(fresh_house)


def test_a_slice_with_changed_bytes_is_not_served(fresh_house):
    path = _release(fresh_house, "job-seeker-spells") / "area=39" / "part-0.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with fresh_house.open():
        _refused(fresh_house, ROWS)
        _closed_unsent(fresh_house)


def test_a_missing_file_is_not_served(fresh_house):
    (_release(fresh_house, "job-seeker-spells") / "area=39" / "part-0.parquet").unlink()
    with fresh_house.open():
        _refused(fresh_house, ROWS)
        _closed_unsent(fresh_house)


def test_a_damaged_newest_release_is_not_replaced_by_an_older_one_in_silence(fresh_house):
    (_release(fresh_house, "job-seekers") / "manifest.json").write_bytes(b"{}")
    with fresh_house.open():
        _refused(fresh_house, CUBE)
        assert fresh_house.get(CALLER, f"{CUBE}?release=2026-05-31.1").status_code == 200


def test_nothing_is_served_while_the_journal_is_locked(fresh_house):
    with fresh_house.open(intent_timeout_seconds=0.3):
        other = sqlite3.connect(fresh_house.journal_path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            for path in (ROWS, CUBE, f"{ROWS}?area=40", "/v1/rows/nothing?area=39"):
                answer = fresh_house.get(CALLER, path)
                assert (answer.status_code, answer.json()["code"]) == (503, "journal_unavailable")
                assert int(answer.headers["retry-after"]) > 0
        finally:
            other.execute("ROLLBACK")
            other.close()
        assert fresh_house.get(CALLER, ROWS).status_code == 200


class ReadOnlyOnceSaid:
    """A connection with SQLite's own refusal to write, as on a file system that is mounted read-only.

    Whoever uses it makes it so: a connection that another thread touches may be closed under its hands.
    """

    def __init__(self, connection: sqlite3.Connection, is_said: threading.Event) -> None:
        self._connection = connection
        self._is_said = is_said

    def execute(self, *statement: Any) -> sqlite3.Cursor:
        if self._is_said.is_set():
            self._connection.execute("PRAGMA query_only = ON")
        return self._connection.execute(*statement)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def test_nothing_is_served_while_the_journal_is_read_only(fresh_house, monkeypatch):
    is_read_only = threading.Event()
    monkeypatch.setattr(
        journal_sqlite,
        "connect",
        lambda path, **options: ReadOnlyOnceSaid(
            journal_sqlite_file.connect(path, **options), is_read_only
        ),
    )
    with fresh_house.open(intent_timeout_seconds=0.3):
        assert fresh_house.get(CALLER, ROWS).status_code == 200
        is_read_only.set()
        for asked in (ROWS, CUBE, f"{ROWS}?area=40"):
            _refused(fresh_house, asked, "journal_unavailable")


def test_nothing_is_served_when_the_journal_is_gone(fresh_house):
    with fresh_house.open(intent_timeout_seconds=0.3) as client:
        fresh_house.journal_path.rename(fresh_house.journal_path.with_suffix(".away"))
        _refused(fresh_house, CUBE, "journal_unavailable")
        assert client.get("/health/ready").json()["checks"]["journal"] is False
        fresh_house.journal_path.with_suffix(".away").rename(fresh_house.journal_path)


def test_a_journal_that_fills_up_stops_serving(fresh_house, monkeypatch):
    with fresh_house.open(intent_timeout_seconds=0.5):
        from gateway.adapters import journal_sqlite

        def full(*_: object, **__: object):
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr(journal_sqlite, "insert", full)
        _refused(fresh_house, ROWS, "journal_unavailable")
        monkeypatch.undo()
        assert fresh_house.get(CALLER, ROWS).status_code == 200


def test_an_issuer_whose_keys_cannot_be_read_is_503(fresh_house):
    (fresh_house.root / "issuer" / "jwks.json").unlink()
    with fresh_house.open():
        answer = fresh_house.get(CALLER, "/v1/me")
        assert (answer.status_code, answer.json()["code"]) == (503, "issuer_unavailable")


def test_a_slice_that_breaks_while_it_is_encoded_is_never_complete(fresh_house, monkeypatch):
    from gateway.releases.slices import Slice

    whole = Slice.batches

    def breaking(self, narrowing):
        yield from list(whole(self, narrowing))[:1]
        raise OSError("gone")

    monkeypatch.setattr(Slice, "batches", breaking)
    with fresh_house.open():
        answer = fresh_house.get(CALLER, f"{ROWS}?format=csv")
        completion = fresh_house.closed(answer.headers["jakelu-receipt"])
        assert completion["outcome"] == "server_error"
        assert completion["content_sha256"] is None


def test_starting_announces_the_policies(fresh_house):
    with fresh_house.open():
        assert fresh_house.entries()[-1].kind == "policy.loaded"
