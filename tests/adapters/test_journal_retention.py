"""What expires in the journal's store, what may not, and what is left of it."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.adapters.journal_opening import open_journal_store
from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.adapters.journal_sqlite_schema import STEPS
from gateway.adapters.postgres_url import PostgresUrl
from gateway.errors import JournalUnavailable
from gateway.journal.append import Journal
from gateway.journal.body import Asked, Origin, access_body
from gateway.journal.checkpoint import Checkpoint
from gateway.journal.events import hold_lifted_body, hold_made_body, policy_body
from gateway.journal.export import export_found, export_whole, newest_checkpoint
from gateway.journal.pruning import batches, prune
from gateway.journal.retention import Retention
from gateway.journal.seal import BootIdentity
from gateway.journal.store import ClosedIntent, DurableStore, KeptCheckpoint, RuleBroken
from gateway.journal.tiles import subtrees_of
from gateway.journal.tree import inclusion_proof, is_included, root_of
from gateway.journal.verify import verify_entries
from gateway.journal.verify_tree import verify_tree
from gateway.model.caller import AuthStrength, Caller
from gateway.model.entry import Completion, Draft, EntryKind, EntryQuery, Outcome, Receipt
from gateway.model.label import Label
from gateway.model.organisation import Organisation, OrganisationKind, Scope
from gateway.model.ruling import Action, Permit

ROOT = Path(__file__).parents[2]
DAY = date(2030, 6, 30)
BOOT = BootIdentity("test", "boot-1", "0.1.0", "a" * 64)
TAMPERE = Organisation(
    "KU837", OrganisationKind.MUNICIPALITY, Label("T", "T", "T"), date(2020, 1, 1), None
)
FIVE_YEARS = Retention(entry_days=1825, address_days=90, kind_days={}, product_days={})
DONE = Completion(Outcome.COMPLETE, 200, 5, 100, None, 1.5)


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2024, 1, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def days_before(self, day: date, days: int) -> None:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        self.moment = noon - timedelta(days=days)


@pytest.fixture
def clock() -> Clock:
    return Clock()


in_a_file = pytest.mark.parametrize("journal_place", ["sqlite"], indirect=True)


@pytest.fixture
def place(journal_place: Path | PostgresUrl) -> Path | PostgresUrl:
    """For the role that lets expire."""
    if isinstance(journal_place, Path):
        return journal_place
    return journal_place.as_user("jakelu_retention")


@pytest.fixture
def journal(place: Path | PostgresUrl, clock: Clock) -> Iterator[Journal]:
    store = open_journal_store(place, busy_seconds=0.5)
    with Journal(store, clock=clock, identity=BOOT) as journal:
        yield journal


@pytest.fixture
def store(journal: Journal) -> DurableStore:
    return journal.store


@dataclass(frozen=True)
class Tables:
    """The journal's tables under the hands of whoever owns the database."""

    connect: Callable[[], AbstractContextManager[Any]]
    unbind: str

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.connect() as owner:
            return owner.execute(statement).fetchall()

    def refused(self, *statements: str) -> bool:
        """Whether the rules stop the last of them; nothing of any is kept."""
        *first, last = statements
        with self.connect() as owner:
            owner.execute("BEGIN")
            for each in first:
                owner.execute(each)
            try:
                owner.execute(last)
            except (sqlite3.IntegrityError, psycopg.IntegrityError):
                return True
            finally:
                owner.execute("ROLLBACK")
        return False

    def force(self, statement: str) -> None:
        """Past the rules, as an owner could who wants to."""
        with self.connect() as owner:
            owner.execute(self.unbind)
            owner.execute(statement)


@pytest.fixture
def tables(request: pytest.FixtureRequest, place: Path | PostgresUrl) -> Tables:
    if isinstance(place, Path):
        return Tables(
            lambda: closing(sqlite3.connect(place, isolation_level=None)),
            "DROP TRIGGER entries_do_not_change",
        )
    postgres = request.getfixturevalue("postgres")

    @contextmanager
    def connect() -> Iterator[Any]:
        with postgres.connect(place.parameters["dbname"]) as owner:
            owner.autocommit = True
            owner.execute("SET search_path = jakelu")
            yield owner

    return Tables(connect, "SET session_replication_role = replica")


@pytest.fixture
def write(journal: Journal, clock: Clock) -> Callable[..., Receipt]:
    """An entry, so many days before DAY. closed: days before DAY, for an intent."""

    def write(
        days: int,
        *,
        kind: EntryKind = EntryKind.INTENT,
        product: str = "vacancies",
        subject: str = "svc-1",
        closed: int | None = None,
    ) -> Receipt:
        clock.days_before(DAY, days)
        if kind is EntryKind.POLICY_LOADED:
            return journal.append(Draft(kind, policy_body("e" * 64, [])))
        receipt = journal.append(Draft(kind, access(product, subject)))
        if closed is not None:
            clock.days_before(DAY, closed)
            journal.complete(receipt, DONE, wait=True)
        return receipt

    return write


def access(product: str, subject: str) -> dict[str, Any]:
    caller = Caller(
        issuer="https://issuer.example",
        subject=subject,
        client_id="client-1",
        token_id="jti",
        strength=AuthStrength.BEARER,
        organisation_claim="KU837",
        organisation=TAMPERE,
        scope=Scope(frozenset({"39"}), frozenset()),
    )
    permit = Permit(("p",), "e" * 64, "statistics", "law", "s-1", frozenset({"39"}))
    asked = Asked(Action.READ_ROWS, product, ("39",))
    return access_body(caller, asked, ruling=permit, origin=Origin(client_address="192.0.2.77"))


def pruned(journal: Journal, retention: Retention = FIVE_YEARS, **how: Any) -> dict[str, int]:
    taken = prune(journal, retention, DAY, operator="rita", **how)
    return {kind.value: count for kind, count in taken.kinds.items()}


def gone(store: DurableStore) -> list[int]:
    return [each.entry.seq for each in store.salted() if each.entry.body is None]


def hold(journal: Journal, **filters: Any) -> int:
    body = hold_made_body("rita", reason="court", case_ref="KEHA/1/2026", filters={})
    draft = journal.stamped(Draft(EntryKind.HOLD_MADE, body))
    return journal.store.make_hold(draft, EntryQuery(**filters)).seq


def lift(journal: Journal, number: int) -> Receipt:
    draft = journal.stamped(Draft(EntryKind.HOLD_LIFTED, hold_lifted_body("rita", number)))
    return journal.store.lift_hold(draft, number)


Write = Callable[..., Receipt]

# --- what goes -------------------------------------------------------------------------------


def test_a_body_is_kept_through_its_last_day(
    journal: Journal, store: DurableStore, write: Write
) -> None:
    write(1825, kind=EntryKind.DENIED)
    write(1826, kind=EntryKind.DENIED)
    assert pruned(journal) == {"access.denied": 1}
    assert gone(store) == [2]


def test_days_turn_at_midnight_in_helsinki(
    journal: Journal, store: DurableStore, clock: Clock
) -> None:
    for text in ("2025-06-30T20:59:59", "2025-06-30T21:00:00"):  # midnight in Finland
        clock.moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
        journal.append(Draft(EntryKind.POLICY_LOADED, policy_body("e" * 64, [])))
    year = replace(FIVE_YEARS, entry_days=365)
    prune(journal, year, date(2026, 7, 1), operator="rita")
    assert gone(store) == [1]


def test_a_delivery_expires_whole_and_by_its_end(
    journal: Journal, store: DurableStore, write: Write
) -> None:
    write(2000, closed=1800)
    write(2000, closed=1900)
    assert pruned(journal) == {"access.intent": 1, "access.completion": 1}
    assert gone(store) == [3, 4]
    assert verify_entries(store.salted()).problems == ()


def test_an_open_intent_never_expires(journal: Journal, store: DurableStore, write: Write) -> None:
    receipt = write(9000)
    assert pruned(journal) == {}
    assert list(store.orphans(frozenset())) == [receipt.seq]
    journal.complete(receipt, DONE, wait=True)
    assert verify_entries(store.salted()).problems == ()


def test_kinds_and_contracts_say_for_how_long_and_the_longer_of_both_holds(
    journal: Journal, store: DurableStore, write: Write
) -> None:
    retention = Retention(
        entry_days=1825,
        address_days=90,
        kind_days={EntryKind.DENIED: 400, EntryKind.POLICY_LOADED: 4000},
        product_days={"vacancies": 3000, "job-seekers": 380},
    )
    write(500, kind=EntryKind.DENIED, product="service-periods")  # 1: by its kind
    write(500, kind=EntryKind.DENIED)  # 2: its product's time is longer
    write(500, closed=500, product="job-seekers")  # 3, 4: by its product
    write(390, kind=EntryKind.DENIED, product="job-seekers")  # 5: its kind's time is longer
    write(2000, closed=2000)  # 6, 7: its product's
    write(2000, closed=2000, product="service-periods")  # 8, 9: by the rule for all
    write(3900, kind=EntryKind.POLICY_LOADED)  # 10: its kind's
    pruned(journal, retention)
    assert gone(store) == [1, 3, 4, 8, 9]


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_what_goes_is_told_of_batch_by_batch(
    journal: Journal, store: DurableStore, write: Write, at_once: int
) -> None:
    for days in (3000, 2000, 100, 3000, 2500):
        write(days, closed=days)
    write(2000, kind=EntryKind.DENIED)
    assert pruned(journal, at_once=at_once)["access.intent"] == 4
    told = [entry.body for entry in store.search(EntryQuery(kind=EntryKind.JOURNAL_PRUNED)).entries]
    assert sum(body["counts"].get("access.intent", 0) for body in told if body) == 4
    assert sum(body["addresses"] for body in told if body) == 6
    assert all(
        body["operator"] == "rita" and body["as_of"] == "2030-06-30" for body in told if body
    )
    assert told[0] is not None
    assert told[0]["retention_days"] == {"entry": 1825, "address": 90}
    found = verify_entries(store.salted())
    assert (found.problems, found.expired) == ((), 9)
    assert pruned(journal) == {}
    assert len(store.search(EntryQuery(kind=EntryKind.JOURNAL_PRUNED)).entries) == len(told)


def test_what_tells_of_gone_bodies_stays_for_good(
    journal: Journal, store: DurableStore, write: Write, clock: Clock
) -> None:
    write(3000, kind=EntryKind.DENIED)
    clock.days_before(DAY, 2900)
    pruned(journal)
    assert [each.entry.kind.value for each in store.salted() if each.entry.body] == [
        "journal.pruned",
        "journal.pruned",
    ]
    assert pruned(journal) == {}


def test_an_expired_entry_is_found_by_time_and_kind_and_by_nothing_of_its_body(
    journal: Journal, store: DurableStore, write: Write, tables: Tables
) -> None:
    write(2000, closed=2000)
    write(2000, kind=EntryKind.DENIED)
    write(10, kind=EntryKind.DENIED)
    pruned(journal)
    for filters in (
        {"organisation": "KU837"},
        {"subject": "svc-1"},
        {"product": "vacancies"},
        {"area": "39"},
        {"client_id": "client-1"},
        {"purpose": "statistics"},
    ):
        assert [e.seq for e in store.search(EntryQuery(**filters)).entries] == [4], filters  # type: ignore[arg-type]
    assert store.search(EntryQuery(outcome=Outcome.COMPLETE)).entries == ()
    denied = store.search(EntryQuery(kind=EntryKind.DENIED)).entries
    assert [(entry.seq, entry.body is None) for entry in denied] == [(3, True), (4, False)]
    (intent,) = store.search(EntryQuery(kind=EntryKind.INTENT)).entries
    assert isinstance(intent, ClosedIntent)
    assert (intent.body, intent.outcome, intent.completion_seq) == (None, None, 2)
    left = tables.rows("SELECT DISTINCT facet FROM facets JOIN pruned USING (seq)")
    assert left == [("kind",)]


def test_addresses_go_sooner_than_bodies(
    journal: Journal, store: DurableStore, write: Write, tables: Tables
) -> None:
    write(91, kind=EntryKind.DENIED)
    write(90, kind=EntryKind.DENIED)
    assert pruned(journal) == {}
    assert tables.rows("SELECT seq FROM addresses") == [(2,)]
    assert gone(store) == []
    assert verify_entries(store.salted()).problems == ()


# --- the tree --------------------------------------------------------------------------------


def test_the_tree_and_every_old_proof_hold_when_bodies_are_gone(
    journal: Journal, store: DurableStore, write: Write
) -> None:
    for days in range(2300, 2000, -1):
        write(days, kind=EntryKind.DENIED)
    size, before = 300, store.head()
    leaves = store.hashes(0, 0, 300)
    proof = inclusion_proof(6, size, subtrees_of(store.hashes))
    assert pruned(journal, at_once=70) == {"access.denied": 300}
    assert store.hashes(0, 0, 300) == leaves
    assert root_of(size, subtrees_of(store.hashes)) == before.root()
    assert is_included(leaves[6], 6, size, proof, before.root())
    assert inclusion_proof(6, size, subtrees_of(store.hashes)) == proof
    assert verify_tree(store).problems == ()


def test_an_export_has_nulls_where_bodies_are_gone(
    journal: Journal, store: DurableStore, write: Write, tmp_path: Path
) -> None:
    write(2000, kind=EntryKind.DENIED)
    write(10, kind=EntryKind.DENIED)
    pruned(journal)
    head = store.head()
    said = Checkpoint("jakelu.example/v1/journal", head.size, head.root())
    note = f"{said.text()}\n\N{EM DASH} not-signed AAAA\n"
    store.keep_checkpoint(KeptCheckpoint(head.size, note), datetime(2030, 6, 30, tzinfo=UTC))
    for name in ("whole", "found"):
        (tmp_path / name).mkdir()
    export_whole(store, tmp_path / "whole", newest_checkpoint(store))
    export_found(
        store,
        tmp_path / "found",
        newest_checkpoint(store),
        EntryQuery(kind=EntryKind.DENIED),
        filters={},
    )
    for name in ("whole", "found"):
        first, second = (tmp_path / name / "entries.ndjson").read_bytes().splitlines()[:2]
        assert b'"salt":null,"body":null' in first
        assert b'"body":{' in second


# --- what nobody does ------------------------------------------------------------------------

_TAKE = "UPDATE entries SET body = NULL, salt = NULL"


@pytest.mark.parametrize(
    "statement",
    [
        f"{_TAKE} WHERE seq = 2",  # nothing tells of it
        "INSERT INTO pruned VALUES (2, 1)",
        "INSERT INTO pruned VALUES (2, 4)",  # the entry is of another kind
        f"INSERT INTO pruned VALUES (2, 5); {_TAKE}, kind = 'x' WHERE seq = 2",
        f"INSERT INTO pruned VALUES (2, 5); {_TAKE}, ts_utc = '' WHERE seq = 2",
        f"INSERT INTO pruned VALUES (2, 5); {_TAKE}, event_id = '' WHERE seq = 2",
        f"INSERT INTO pruned VALUES (2, 5); {_TAKE}, boot_id = '' WHERE seq = 2",
        f"INSERT INTO pruned VALUES (2, 5); {_TAKE}, leaf_sha256 = '{'0' * 64}' WHERE seq = 2",
        f"INSERT INTO pruned VALUES (2, 5); {_TAKE}, intent_seq = 3 WHERE seq = 2",
        "INSERT INTO pruned VALUES (2, 5); UPDATE entries SET body = NULL WHERE seq = 2",
        "INSERT INTO pruned VALUES (2, 5); UPDATE entries SET salt = NULL WHERE seq = 2",
        "INSERT INTO pruned VALUES (2, 5); UPDATE entries SET body = '', salt = NULL WHERE seq = 2",
        f"INSERT INTO pruned VALUES (3, 5); {_TAKE} WHERE seq = 3",  # open
        f"INSERT INTO pruned VALUES (4, 5); {_TAKE} WHERE seq = 4",  # its address is there
        f"{_TAKE} WHERE seq = 1",  # gone already
        "INSERT INTO pruned VALUES (2, 6)",  # there is none
        "UPDATE entries SET body = '{}', salt = '00' WHERE seq = 1",
        "UPDATE pruned SET by_seq = 6",
        "DELETE FROM pruned",
        "DELETE FROM entries WHERE seq = 1",
        "UPDATE addresses SET address = ''",
    ],
)
def test_nobody_takes_a_body_but_by_its_expiry(
    journal: Journal, store: DurableStore, write: Write, tables: Tables, statement: str
) -> None:
    write(2000, kind=EntryKind.POLICY_LOADED)  # 1: gone
    write(10, kind=EntryKind.POLICY_LOADED)  # 2
    write(10)  # 3: open
    write(10, kind=EntryKind.DENIED)  # 4
    pruned(journal)  # 5
    before = list(store.salted())
    assert tables.refused(*statement.split("; "))
    assert list(store.salted()) == before


def test_a_body_that_was_taken_by_force_is_noticed(
    journal: Journal, store: DurableStore, write: Write, tables: Tables
) -> None:
    for _ in range(3):
        write(2000, kind=EntryKind.POLICY_LOADED)
    write(10, kind=EntryKind.POLICY_LOADED)
    pruned(journal)
    tables.force(f"{_TAKE} WHERE seq = 4")
    assert problems(store) == ["entry 4: its body is gone, and no entry tells of it"]
    with tables.connect() as owner:
        owner.execute("INSERT INTO pruned VALUES (4, 5)")
    assert problems(store) == [
        "entry 5: the bodies that are gone by it are not those that it names"
    ]


@pytest.mark.parametrize("half", ["body", "salt"])
def test_a_half_of_body_and_salt_is_noticed(
    journal: Journal, store: DurableStore, write: Write, tables: Tables, half: str
) -> None:
    write(10, kind=EntryKind.POLICY_LOADED)
    tables.force(f"UPDATE entries SET {half} = NULL")
    assert problems(store)[0] == (
        "entry 1: it has a body without its salt, or a salt without its body"
    )


def problems(store: DurableStore) -> list[str]:
    return [str(problem) for problem in verify_entries(store.salted()).problems]


# --- holds -----------------------------------------------------------------------------------


def test_a_hold_keeps_what_it_finds_now_and_later_until_it_is_lifted(
    journal: Journal, store: DurableStore, write: Write, tables: Tables
) -> None:
    write(3000, kind=EntryKind.DENIED, subject="held")
    write(3000, kind=EntryKind.DENIED)
    write(10, kind=EntryKind.POLICY_LOADED)
    number = hold(journal, subject="held", product="vacancies")
    write(2900, kind=EntryKind.DENIED, subject="held")
    write(2900, kind=EntryKind.DENIED, subject="held", product="job-seekers")
    pruned(journal)
    assert gone(store) == [2, 6]
    assert tables.rows("SELECT seq FROM addresses ORDER BY seq") == [(1,), (5,)]
    assert [entry.seq for entry in store.holds()] == [number]
    lift(journal, number)
    assert store.holds() == []
    pruned(journal)
    assert {1, 5} <= set(gone(store))
    assert verify_entries(store.salted()).problems == ()


@pytest.mark.parametrize(
    "filters",
    [
        {"outcome": Outcome.COMPLETE},
        {"kind": EntryKind.COMPLETION},
        {"kind": EntryKind.INTENT},
        {"since": datetime(2024, 12, 30, tzinfo=UTC), "until": datetime(2024, 12, 31, tzinfo=UTC)},
    ],
)
def test_a_hold_on_one_half_of_a_delivery_keeps_both(
    journal: Journal, store: DurableStore, write: Write, filters: dict[str, Any]
) -> None:
    write(2100, closed=2008)  # its end is of 30 December 2024
    write(2100, kind=EntryKind.DENIED)
    hold(journal, **filters)
    pruned(journal)
    assert [seq for seq in gone(store) if seq < 4] == [3]


def test_a_hold_keeps_the_entry_that_made_it(
    journal: Journal, store: DurableStore, write: Write, clock: Clock
) -> None:
    clock.days_before(DAY, 2500)
    number = hold(journal, subject="svc-1")
    pruned(journal)
    assert gone(store) == []
    clock.days_before(DAY, 2400)
    lift(journal, number)
    pruned(journal)
    assert gone(store) == [number, number + 1]


def test_a_hold_that_comes_between_stops_the_pruning_whole(
    journal: Journal, store: DurableStore, write: Write
) -> None:
    write(2000, kind=EntryKind.POLICY_LOADED)
    write(2000, kind=EntryKind.POLICY_LOADED)
    (batch,) = batches(store, FIVE_YEARS.cutoffs(DAY))
    hold(journal, kind=EntryKind.POLICY_LOADED)
    draft = Draft(EntryKind.JOURNAL_PRUNED, batch.body("rita", DAY, FIVE_YEARS))
    size = store.head().size
    with pytest.raises(RuleBroken):
        store.prune(journal.stamped(draft), [entry.seq for entry in batch.entries], ())
    assert (gone(store), store.head().size) == ([], size)


def test_the_same_is_never_pruned_twice(
    journal: Journal, store: DurableStore, write: Write
) -> None:
    write(2000, kind=EntryKind.DENIED)
    addresses, bodies = batches(store, FIVE_YEARS.cutoffs(DAY))
    pruned(journal)
    size = store.head().size
    for batch in (addresses, bodies):
        draft = journal.stamped(
            Draft(EntryKind.JOURNAL_PRUNED, batch.body("rita", DAY, FIVE_YEARS))
        )
        with pytest.raises(RuleBroken):
            store.prune(draft, [entry.seq for entry in batch.entries], batch.addresses)
    assert store.head().size == size


def test_only_a_standing_hold_is_lifted(
    journal: Journal, store: DurableStore, write: Write
) -> None:
    other = write(10, kind=EntryKind.POLICY_LOADED).seq
    number = hold(journal, subject="svc-1")
    size = store.head().size
    with pytest.raises(RuleBroken):
        lift(journal, other)
    assert store.head().size == size
    lift(journal, number)
    with pytest.raises(RuleBroken):
        lift(journal, number)
    assert store.head().size == size + 1


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM holds",
        "UPDATE holds SET lifted_seq = 1",
        "UPDATE holds SET kind = 'x'",
        "UPDATE holds SET until_utc = ''",
        "DELETE FROM hold_facets",
        "UPDATE hold_facets SET value = 'x'",
        "INSERT INTO holds VALUES (1, NULL, NULL, NULL, NULL)",
        "DELETE FROM addresses",
    ],
)
def test_nobody_ends_a_hold_in_silence(
    journal: Journal, store: DurableStore, write: Write, tables: Tables, statement: str
) -> None:
    write(2000, kind=EntryKind.DENIED)
    number = hold(journal, subject="svc-1")
    assert tables.refused(statement)
    assert [entry.seq for entry in store.holds()] == [number]


# --- the file --------------------------------------------------------------------------------


@in_a_file
def test_nothing_of_what_is_gone_is_left_in_the_files(
    journal: Journal, store: DurableStore, write: Write, path: Path
) -> None:
    for number in range(200):
        write(2000, kind=EntryKind.DENIED, subject=f"canary-{number % 3}")
        write(100, kind=EntryKind.POLICY_LOADED)
    assert b"canary-" in content(path)
    assert b"192.0.2.77" in content(path)
    pruned(journal)
    assert store.scrub()
    assert b"canary-" not in content(path)
    assert b"192.0.2.77" not in content(path)


@in_a_file
def test_a_reader_keeps_the_log_from_being_emptied_and_that_is_told(
    journal: Journal, store: DurableStore, write: Write, path: Path
) -> None:
    write(2000, kind=EntryKind.DENIED)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM entries").fetchone()
    pruned(journal)
    assert not store.scrub()
    reader.close()
    assert store.scrub()


def content(path: Path) -> bytes:
    return b"".join(
        file.read_bytes() for file in path.parent.glob("journal.sqlite*") if file.is_file()
    )


def test_a_journal_of_the_version_before_begins_to_expire(path: Path, clock: Clock) -> None:
    old = sqlite3.connect(path)
    old.executescript(STEPS[0])
    old.executescript(STEPS[1])
    old.execute("PRAGMA user_version = 2")
    old.commit()
    old.close()
    with Journal(SqliteJournal(path), clock=clock, identity=BOOT) as journal:
        clock.days_before(DAY, 2000)
        journal.append(Draft(EntryKind.DENIED, access("vacancies", "svc-1")))
        assert pruned(journal) == {"access.denied": 1}
        assert verify_entries(journal.store.salted()).problems == ()


@in_a_file
def test_a_locked_journal_is_not_pruned(
    journal: Journal, store: DurableStore, write: Write, path: Path
) -> None:
    write(2000, kind=EntryKind.DENIED)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalUnavailable):
        pruned(journal)
    other.close()
    assert gone(store) == []
    assert pruned(journal) == {"access.denied": 1}


# --- killed ----------------------------------------------------------------------------------

PRUNER = """
import sys
from datetime import date
from gateway.adapters.clock import SystemClock
from pathlib import Path
from gateway.adapters.journal_opening import open_journal_store
from gateway.adapters.postgres_url import parse_postgres_url
from gateway.journal.append import Journal
from gateway.journal.pruning import prune
from gateway.journal.retention import Retention
from gateway.journal.seal import new_boot

boot = new_boot(replica="r", build="b", config_hash="c")
retention = Retention(entry_days=1825, address_days=90, kind_days={}, product_days={})
text = sys.argv[1]
where = parse_postgres_url(text, parameter="url") if text.startswith("postgresql") else Path(text)
with Journal(open_journal_store(where), clock=SystemClock(), identity=boot) as journal:
    print("begins", flush=True)
    prune(journal, retention, date(2030, 6, 30), operator="rita", at_once=3)
"""


def spelled(place: Path | PostgresUrl) -> str:
    if isinstance(place, Path):
        return str(place)
    told = place.parameters
    return "postgresql:///{dbname}?user={user}&host={host}".format(**told)


@pytest.mark.parametrize("attempt", range(2))
def test_a_killed_pruning_has_taken_whole_batches_and_the_next_takes_the_rest(
    journal: Journal, store: DurableStore, clock: Clock, place: Path | PostgresUrl, attempt: int
) -> None:
    clock.days_before(DAY, 2000)
    drafts = [Draft(EntryKind.DENIED, access("vacancies", "svc-1")) for _ in range(600)]
    journal.append_together(drafts)
    process = subprocess.Popen(
        [sys.executable, "-c", PRUNER, spelled(place)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    enough = 600 + random.Random(attempt).randint(201, 390)  # 200 batches of addresses come first
    while store.head().size < enough:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    between = verify_entries(store.salted())
    assert between.problems == ()
    assert 0 < between.expired < 600
    assert between.expired % 3 == 0
    left = pruned(journal)["access.denied"]
    after = verify_entries(store.salted())
    assert (after.problems, after.expired) == ((), 600)
    assert left == 600 - between.expired
    assert verify_tree(store).problems == ()
