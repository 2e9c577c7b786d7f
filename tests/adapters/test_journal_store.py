"""The journal's store: one suite for the port over both stores, and what SQLite in particular must stand."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gateway.adapters.journal_opening import open_journal_store
from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.adapters.journal_sqlite_schema import STEPS
from gateway.adapters.postgres_url import PostgresUrl
from gateway.errors import GatewayError, JournalUnavailable, RoleMissing
from gateway.journal.body import (
    Asked,
    Origin,
    access_body,
    completion_body,
    unknown_completion_body,
)
from gateway.journal.events import policy_body
from gateway.journal.seal import BootIdentity, Seal
from gateway.journal.store import ClosedIntent, DurableStore, RuleBroken, StampedDraft
from gateway.journal.verify import verify_entries
from gateway.model.caller import AuthStrength, Caller
from gateway.model.entry import Completion, Draft, EntryKind, EntryQuery, Outcome
from gateway.model.label import Label
from gateway.model.organisation import Organisation, OrganisationKind, Scope
from gateway.model.ruling import Action, Permit

NOW = datetime(2026, 6, 30, 5, 0, tzinfo=UTC)
BOOT = BootIdentity("test", "boot-1", "0.1.0", "a" * 64)


def organisation(code: str) -> Organisation:
    label = Label(code, code, code)
    return Organisation(code, OrganisationKind.MUNICIPALITY, label, date(2020, 1, 1), None)


def intent(
    *,
    organisation_code: str = "KU837",
    area: str = "39",
    product: str = "job-seeker-spells",
    subject: str = "svc-1",
    client: str = "client-1",
    purpose: str = "statistics",
    kind: EntryKind = EntryKind.INTENT,
    release: str | None = None,
    case_ref: str | None = None,
    refusal: type[GatewayError] | None = None,
) -> Draft:
    caller = Caller(
        issuer="https://issuer.example",
        subject=subject,
        client_id=client,
        token_id="jti-secret",
        strength=AuthStrength.BEARER,
        organisation_claim=organisation_code,
        organisation=organisation(organisation_code),
        scope=Scope(frozenset({area}), frozenset()),
    )
    permit = Permit(("p",), "e" * 64, purpose, "law", "s-1", frozenset({area}))
    asked = Asked(Action.READ_ROWS, product, (area,), case_ref=case_ref)
    origin = Origin(request_id="r-1", client_address="192.0.2.7")
    body = access_body(caller, asked, ruling=permit, origin=origin, refusal=refusal)
    return Draft(kind, {**body, "release": release})


def completion(intent_seq: int, outcome: Outcome = Outcome.COMPLETE) -> Draft:
    body = completion_body(intent_seq, Completion(outcome, 200, 5, 100, None, 1.5))
    return Draft(EntryKind.COMPLETION, body, intent_seq=intent_seq)


in_a_file = pytest.mark.parametrize("journal_place", ["sqlite"], indirect=True)


@pytest.fixture
def store(journal_place: Path | PostgresUrl) -> Iterator[DurableStore]:
    store = open_journal_store(journal_place, busy_seconds=0.2)
    yield store
    store.close()


@pytest.fixture
def stamped(store: DurableStore) -> Callable[..., StampedDraft]:
    """Stamp a draft, `minutes` after NOW, as the boot `boot_id`."""

    def stamp(draft: Draft, *, minutes: int = 0, boot_id: str = "boot-1") -> StampedDraft:
        seal = Seal(replace(BOOT, boot_id=boot_id), store.secret())
        return seal.stamped(draft, NOW + timedelta(minutes=minutes))

    return stamp


Stamp = Callable[..., StampedDraft]


def seqs(store: DurableStore, **filters: object) -> list[int]:
    return [entry.seq for entry in store.search(EntryQuery(**filters)).entries]  # type: ignore[arg-type]


# --- append ----------------------------------------------------------------------------------


def test_entries_get_their_places_in_order(store: DurableStore, stamped: Stamp) -> None:
    receipts = store.append([stamped(intent()), stamped(intent())])
    receipts = [*receipts, *store.append([stamped(completion(1))])]
    assert [receipt.seq for receipt in receipts] == [1, 2, 3]
    entries = store.search(EntryQuery()).entries
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert [entry.leaf_sha256 for entry in entries] == [r.leaf_sha256 for r in receipts]
    assert verify_entries(store.salted()).problems == ()


def test_a_body_comes_back_as_it_was_hashed_and_without_the_salt(
    store: DurableStore, stamped: Stamp
) -> None:
    draft = stamped(intent())
    store.append([draft])
    (entry,) = store.search(EntryQuery()).entries
    assert entry.body == {**draft.body, "seq": 1}
    assert "salt" not in entry.body


def test_takes_nothing_that_the_journal_has_not_stamped(store: DurableStore) -> None:
    with pytest.raises(TypeError):
        store.append([intent()])
    assert seqs(store) == []


def test_finds_events_and_only_those_asked_for(store: DurableStore, stamped: Stamp) -> None:
    drafts = [stamped(intent()) for _ in range(3)]
    receipts = store.append(drafts)
    found = store.find([drafts[0].event_id, drafts[2].event_id, "another"])
    assert found == {receipts[0].event_id: receipts[0], receipts[2].event_id: receipts[2]}


def test_a_journal_is_found_again(
    store: DurableStore, stamped: Stamp, journal_place: Path | PostgresUrl
) -> None:
    store.append([stamped(intent())])
    secret = store.secret()
    store.close()
    again = open_journal_store(journal_place)
    assert again.secret() == secret
    assert len(secret) == 32
    assert again.append([stamped(intent())])[0].seq == 2
    again.close()


def test_large_groups_are_one_transaction(store: DurableStore, stamped: Stamp) -> None:
    receipts = store.append([stamped(intent()) for _ in range(300)])
    assert receipts[-1].seq == 300
    store.append([stamped(completion(seq)) for seq in range(1, 301)])
    assert verify_entries(store.salted()).problems == ()
    assert list(store.orphans(frozenset())) == []


# --- rules: refused, and nothing of the group persisted --------------------------------------


def test_an_intent_is_closed_once(store: DurableStore, stamped: Stamp) -> None:
    store.append([stamped(intent()), stamped(completion(1))])
    with pytest.raises(RuleBroken):
        store.append([stamped(intent()), stamped(completion(1, Outcome.UNKNOWN))])
    with pytest.raises(RuleBroken):
        store.append([stamped(completion(2)), stamped(intent())])
    assert seqs(store) == [1, 2]
    assert store.append([stamped(intent())])[0].seq == 3


def test_an_event_is_written_once(store: DurableStore, stamped: Stamp) -> None:
    draft = stamped(intent())
    store.append([draft])
    with pytest.raises(RuleBroken):
        store.append([stamped(intent()), draft])
    assert seqs(store) == [1]


@in_a_file
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET body = '{}' WHERE seq = 1",
        "UPDATE entries SET seq = 9 WHERE seq = 2",
        "DELETE FROM entries WHERE seq = 2",
        "DELETE FROM entries",
        "INSERT OR REPLACE INTO entries SELECT * FROM entries WHERE seq = 1",
        "INSERT INTO entries SELECT 4, 'x', kind, ts_utc, 'b', NULL, leaf_sha256, body, salt FROM entries WHERE seq = 1",
        "INSERT OR REPLACE INTO entries SELECT 3, event_id, kind, ts_utc, 'b', NULL, leaf_sha256, body, salt FROM entries WHERE seq = 1",
        "UPDATE head SET seq = 1",
        "DELETE FROM head",
    ],
)
def test_nobody_changes_or_removes_what_is_written(
    store: DurableStore, stamped: Stamp, path: Path, statement: str
) -> None:
    store.append([stamped(intent()), stamped(intent())])
    before = store.search(EntryQuery())
    with sqlite3.connect(path) as other, pytest.raises(sqlite3.IntegrityError):
        other.execute(statement)
    other.close()
    assert store.search(EntryQuery()) == before
    assert verify_entries(store.salted()).problems == ()


@in_a_file
def test_a_journal_that_was_cut_is_not_continued(
    store: DurableStore, stamped: Stamp, path: Path
) -> None:
    store.append([stamped(intent()), stamped(intent())])
    with sqlite3.connect(path) as owner:
        owner.execute("DROP TRIGGER entries_stay")
        owner.execute("DELETE FROM entries WHERE seq = 2")
    owner.close()
    for refused in (store.check, lambda: store.append([stamped(intent())])):
        with pytest.raises(JournalUnavailable, match="damaged"):
            refused()
    assert seqs(store) == [1]


# --- search ----------------------------------------------------------------------------------


@pytest.fixture
def filled(store: DurableStore, stamped: Stamp) -> DurableStore:
    """1 Tampere rows · 2 other area · 3 = end of 1 · 4 denied · 5 policy · 6 = end of 2 · 7 open"""
    store.append(
        [
            stamped(intent()),
            stamped(
                intent(
                    organisation_code="KU211",
                    area="40",
                    product="service-periods",
                    subject="svc-2",
                    client="client-2",
                    purpose="planning",
                    release="2026-06-30.1",
                    case_ref="KEHA/1/2026",
                ),
                minutes=1,
            ),
        ]
    )
    store.append(
        [
            stamped(completion(1), minutes=2),
            stamped(intent(kind=EntryKind.DENIED, area="05", refusal=RoleMissing), minutes=3),
            stamped(Draft(EntryKind.POLICY_LOADED, policy_body("e" * 64, ["b", "a"])), minutes=4),
            stamped(completion(2, Outcome.CLIENT_ABORT), minutes=5),
            stamped(intent(), minutes=6),
        ]
    )
    return store


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7]),
        ({"organisation": "KU837"}, [1, 3, 4, 7]),
        ({"organisation": "KU211"}, [2, 6]),
        ({"organisation": "nobody"}, []),
        ({"product": "service-periods"}, [2, 6]),
        ({"area": "39"}, [1, 3, 7]),
        ({"area": "05"}, [4]),
        ({"outcome": Outcome.COMPLETE}, [1, 3]),
        ({"outcome": Outcome.CLIENT_ABORT}, [2, 6]),
        ({"outcome": Outcome.TIMEOUT}, []),
        ({"kind": EntryKind.DENIED}, [4]),
        ({"kind": EntryKind.INTENT}, [1, 2, 7]),
        ({"kind": EntryKind.COMPLETION}, [3, 6]),
        ({"kind": EntryKind.POLICY_LOADED}, [5]),
        ({"client_id": "client-2"}, [2, 6]),
        ({"subject": "svc-1"}, [1, 3, 4, 7]),
        ({"subject": "svc-1", "issuer": "https://issuer.example"}, [1, 3, 4, 7]),
        ({"subject": "svc-1", "issuer": "jakelu"}, []),
        ({"issuer": "https://issuer.example", "kind": EntryKind.COMPLETION}, [3, 6]),
        ({"purpose": "planning"}, [2, 6]),
        ({"action": "read_rows"}, [1, 2, 3, 4, 6, 7]),
        ({"action": "read_cube"}, []),
        ({"release": "2026-06-30.1"}, [2, 6]),
        ({"release": "2026-06-30.1", "product": "job-seeker-spells"}, []),
        ({"case_ref": "KEHA/1/2026"}, [2, 6]),
        ({"refusal": "role_missing"}, [4]),
        ({"refusal": "role_missing", "outcome": Outcome.COMPLETE}, []),
        ({"release": "2026-06-30.1", "outcome": Outcome.CLIENT_ABORT}, [2, 6]),
        ({"since": NOW + timedelta(minutes=5)}, [6, 7]),
        ({"until": NOW + timedelta(minutes=1)}, [1]),
        ({"since": NOW + timedelta(minutes=1), "until": NOW + timedelta(minutes=4)}, [2, 3, 4]),
        ({"since": NOW + timedelta(days=1)}, []),
        ({"until": NOW}, []),
        ({"organisation": "KU837", "area": "39", "outcome": Outcome.COMPLETE}, [1, 3]),
        ({"organisation": "KU837", "kind": EntryKind.COMPLETION}, [3]),
        ({"organisation": "KU211", "area": "39"}, []),
        ({"subject": "svc-1", "since": NOW + timedelta(minutes=1)}, [3, 4, 7]),
        ({"area": "39", "after_seq": 1}, [3, 7]),
    ],
)
def test_a_search_finds_what_the_filters_say(
    filled: DurableStore, filters: dict[str, object], found: list[int]
) -> None:
    assert seqs(filled, **filters) == found


@in_a_file
def test_a_journal_of_the_version_before_is_found_by_the_facets_of_its_bodies(
    filled: DurableStore, path: Path
) -> None:
    facets = "SELECT facet, value, seq FROM facets ORDER BY facet, value, seq"
    connection = sqlite3.connect(path, isolation_level=None)
    written = connection.execute(facets).fetchall()
    connection.execute(
        "DELETE FROM facets WHERE facet IN ('action', 'release', 'case_ref', 'refusal')"
    )
    assert connection.execute(facets).fetchall() != written
    connection.executescript(STEPS[2])
    assert connection.execute(facets).fetchall() == written
    connection.close()


def test_filters_are_bound_and_never_sql(filled: DurableStore) -> None:
    assert seqs(filled, organisation="' OR 1=1 --", product='x" OR "1"="1') == []


def test_a_closed_intent_is_shown_with_its_end(filled: DurableStore) -> None:
    first, second, *_, last = filled.search(EntryQuery()).entries
    assert isinstance(first, ClosedIntent)
    assert (first.outcome, first.completion_seq) == (Outcome.COMPLETE, 3)
    assert isinstance(second, ClosedIntent)
    assert (second.outcome, second.completion_seq) == (Outcome.CLIENT_ABORT, 6)
    assert not isinstance(last, ClosedIntent)


def test_an_unknown_end_is_shown_too(store: DurableStore, stamped: Stamp) -> None:
    end = Draft(EntryKind.COMPLETION, unknown_completion_body(1), intent_seq=1)
    store.append([stamped(intent()), stamped(end)])
    assert seqs(store, outcome=Outcome.UNKNOWN) == [1, 2]
    assert seqs(store, subject="svc-1", kind=EntryKind.COMPLETION) == [2]
    assert list(store.orphans(frozenset())) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("filters", [{}, {"organisation": "KU837"}, {"outcome": Outcome.COMPLETE}])
def test_pages_together_are_the_whole(
    filled: DurableStore, limit: int, filters: dict[str, object]
) -> None:
    collected: list[int] = []
    after: int | None = 0
    while after is not None:
        page = filled.search(EntryQuery(after_seq=after, limit=limit, **filters))  # type: ignore[arg-type]
        assert 0 < len(page.entries) <= limit
        collected += [entry.seq for entry in page.entries]
        after = page.next_after_seq
    assert collected == seqs(filled, **filters)


def test_times_are_found_though_the_clock_went_back(store: DurableStore, stamped: Stamp) -> None:
    store.append([stamped(intent(), minutes=minutes) for minutes in (10, 0, 5, 20, 1)])
    assert seqs(store, since=NOW + timedelta(minutes=5)) == [1, 3, 4]
    assert seqs(store, until=NOW + timedelta(minutes=5)) == [2, 5]


def test_a_span_holds_every_entry_of_a_time(store: DurableStore, stamped: Stamp) -> None:
    assert store.span(None, None) == (0, 0)
    store.append([stamped(intent(), minutes=minutes) for minutes in (10, 0, 5, 20, 1)])
    at = [NOW + timedelta(minutes=minutes) for minutes in range(30)]
    assert store.span(None, None) == (1, 5)
    assert store.span(at[5], None) == (1, 4)
    assert store.span(None, at[5]) == (2, 5)
    assert store.span(at[1], at[6]) == (3, 5)
    assert store.span(at[21], None) == store.span(at[2], at[3]) == (0, 0)


@in_a_file
def test_a_search_walks_an_index_and_not_the_journal(filled: DurableStore, path: Path) -> None:
    from gateway.adapters.journal_sqlite_search import search_statement

    with sqlite3.connect(path) as connection:
        for query in (
            EntryQuery(organisation="KU837", outcome=Outcome.TIMEOUT),
            EntryQuery(area="39", since=NOW, until=NOW),
            EntryQuery(subject="svc-1", kind=EntryKind.COMPLETION),
            EntryQuery(release="2026-06-30.1", action="read_rows"),
            EntryQuery(refusal="role_missing"),
            EntryQuery(case_ref="KEHA/1/2026", outcome=Outcome.COMPLETE),
            EntryQuery(after_seq=3),
            EntryQuery(since=NOW, until=NOW),
        ):
            statement, bound = search_statement(query)
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", bound).fetchall()
            steps = [step[3] for step in plan]
            assert not any(step.startswith("SCAN") for step in steps), steps
            assert not any("TEMP B-TREE" in step for step in steps), steps
    connection.close()


def test_orphans_are_open_intents_of_boots_that_do_not_live(
    store: DurableStore, stamped: Stamp
) -> None:
    store.append([stamped(intent(), boot_id=boot) for boot in ("a", "b", "a", "c")])
    store.append([stamped(completion(1))])
    assert list(store.orphans(frozenset({"b"}))) == [3, 4]
    assert list(store.orphans(frozenset())) == [2, 3, 4]
    assert list(store.orphans(frozenset({"a", "b", "c"}))) == []


# --- the file --------------------------------------------------------------------------------


@in_a_file
def test_only_the_owner_reads_the_files(store: DurableStore, stamped: Stamp, path: Path) -> None:
    store.enter("boot-1")
    store.append([stamped(intent())])
    files = [file for file in path.parent.rglob("*") if file.is_file()]
    assert len(files) >= 4
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_an_open_file_is_narrowed_to_its_owner(path: Path) -> None:
    path.touch(mode=0o644)
    path.chmod(0o644)
    SqliteJournal(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@in_a_file
def test_commits_are_synced_to_the_disk(store: DurableStore) -> None:
    assert store._writer is not None
    assert store._writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@in_a_file
def test_token_ids_are_nowhere_and_addresses_only_in_their_table(
    store: DurableStore, stamped: Stamp, path: Path
) -> None:
    store.append([stamped(intent()), stamped(intent())])
    store.close()
    assert b"jti-secret" not in path.read_bytes()
    connection = sqlite3.connect(path)
    bodies = str(connection.execute("SELECT * FROM entries").fetchall())
    addresses = connection.execute("SELECT seq, address FROM addresses").fetchall()
    connection.close()
    assert "192.0.2.7" not in bodies
    assert addresses == [(1, "192.0.2.7"), (2, "192.0.2.7")]


def test_a_journal_of_another_version_is_not_touched(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(JournalUnavailable, match="another version"):
        SqliteJournal(path)


def test_something_else_than_a_journal_is_refused(path: Path) -> None:
    path.write_bytes(b"this is not a database, whatever its name says" * 100)
    with pytest.raises(JournalUnavailable):
        SqliteJournal(path)


def test_a_missing_or_impossible_folder_is_refused_and_nothing_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in ("missing", "file"):
        with pytest.raises(JournalUnavailable):
            SqliteJournal(tmp_path / folder / "journal.sqlite")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# --- faults: told, and not persisted ---------------------------------------------------------


@in_a_file
def test_a_locked_journal_is_refused_in_time_and_nothing_persisted(
    store: DurableStore, stamped: Stamp, path: Path
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for refused in (store.check, lambda: store.append([stamped(intent())])):
        with pytest.raises(JournalUnavailable):
            refused()
    other.execute("ROLLBACK")
    other.close()
    assert seqs(store) == []
    store.check()
    assert store.append([stamped(intent())])[0].seq == 1


@in_a_file
def test_a_lock_that_goes_away_in_time_is_waited_for_and_the_entry_persisted(
    path: Path, stamped: Stamp
) -> None:
    patient = SqliteJournal(path, busy_seconds=5)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.1, lambda: other.execute("ROLLBACK"))
    release.start()
    assert patient.append([stamped(intent())])[0].seq == 1
    release.join()
    other.close()
    patient.close()


@in_a_file
def test_a_read_only_journal_is_refused_and_nothing_persisted(
    store: DurableStore, stamped: Stamp, path: Path
) -> None:
    store.append([stamped(intent())])
    store.close()
    make_read_only(path)
    opened_now = SqliteJournal(path)
    for refused in (
        store.check,
        lambda: store.append([stamped(intent())]),
        opened_now.check,
        lambda: opened_now.append([stamped(intent())]),
    ):
        with pytest.raises(JournalUnavailable):
            refused()
    opened_now.close()
    make_writable(path)
    assert seqs(store) == [1]
    assert store.append([stamped(intent())])[0].seq == 2


@in_a_file
def test_a_full_journal_is_refused_and_nothing_of_the_group_persisted(
    path: Path, stamped: Stamp
) -> None:
    small = SqliteJournal(path, max_pages=60)
    kept = 0
    with suppress(JournalUnavailable):
        while True:
            kept = small.append([stamped(intent()) for _ in range(7)])[-1].seq
    assert kept > 0
    for _ in range(2):
        with pytest.raises(JournalUnavailable):
            small.append([stamped(intent()) for _ in range(7)])
    small.close()
    roomy = SqliteJournal(path)
    assert verify_entries(roomy.salted()).problems == ()
    assert verify_entries(roomy.salted()).entries == kept
    assert roomy.append([stamped(intent())])[0].seq == kept + 1
    roomy.close()


@in_a_file
def test_a_nearly_full_disk_is_seen_before_it_is_full(
    store: DurableStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 4096})())
    with pytest.raises(JournalUnavailable, match="full"):
        store.check()


@in_a_file
def test_a_replaced_file_is_not_written_to(store: DurableStore, stamped: Stamp, path: Path) -> None:
    store.append([stamped(intent())])
    path.rename(path.with_name("elsewhere"))
    with pytest.raises(JournalUnavailable):
        store.append([stamped(intent())])
    path.touch()
    for refused in (lambda: store.append([stamped(intent())]), store.check, store.secret):
        with pytest.raises(JournalUnavailable, match="replaced"):
            refused()
    assert path.stat().st_size == 0


@in_a_file
def test_a_boot_that_cannot_be_declared_is_refused(store: DurableStore, path: Path) -> None:
    path.with_name(f"{path.name}.boots").touch()
    with pytest.raises(JournalUnavailable):
        store.enter("boot-1")


@in_a_file
def test_a_fault_tells_no_path(store: DurableStore, stamped: Stamp, path: Path) -> None:
    path.unlink()
    with pytest.raises(JournalUnavailable) as told:
        store.append([stamped(intent())])
    assert str(path.parent) not in f"{told.value} {told.value.detail}"
    assert told.value.retry_after_seconds is not None


def make_read_only(path: Path) -> None:
    """For root as well, whom no file mode stops: a write version that SQLite does not know."""
    _set_write_version(path, 3)


def make_writable(path: Path) -> None:
    _set_write_version(path, 2)


def _set_write_version(path: Path, version: int) -> None:
    """Byte 18 of the header (sqlite.org/fileformat.html): above 2 the file may only be read."""
    descriptor = os.open(path, os.O_WRONLY)
    os.pwrite(descriptor, bytes([version]), 18)
    os.close(descriptor)
