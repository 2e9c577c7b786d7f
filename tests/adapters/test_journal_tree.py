"""The tree in the journal's store: grown with the entries, kept beside them, made of an older journal."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.adapters.journal_opening import open_journal_store
from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.adapters.journal_sqlite_schema import STEPS
from gateway.adapters.postgres_url import PostgresUrl
from gateway.errors import JournalUnavailable
from gateway.journal.events import policy_body
from gateway.journal.seal import BootIdentity, Seal
from gateway.journal.store import DurableStore, KeptCheckpoint, KeptCosignature, RuleBroken
from gateway.journal.tiles import subtrees_of
from gateway.journal.tree import EMPTY, grow, root_of
from gateway.model.entry import Draft, EntryKind, EntryQuery

NOW = datetime(2026, 6, 30, 5, 0, tzinfo=UTC)
BOOT = BootIdentity("test", "boot-1", "0.1.0", "a" * 64)


in_a_file = pytest.mark.parametrize("journal_place", ["sqlite"], indirect=True)


@pytest.fixture
def store(journal_place: Path | PostgresUrl) -> Iterator[DurableStore]:
    store = open_journal_store(journal_place, busy_seconds=0.2)
    yield store
    store.close()


def append(store: DurableStore, count: int) -> list[bytes]:
    """One group; its leaves."""
    seal = Seal(BOOT, store.secret())
    draft = Draft(EntryKind.POLICY_LOADED, policy_body("a" * 64, []))
    receipts = store.append([seal.stamped(draft, NOW) for _ in range(count)])
    return [bytes.fromhex(receipt.leaf_sha256) for receipt in receipts]


def test_the_tree_is_over_every_entry_however_they_came(store: DurableStore) -> None:
    leaves = list[bytes]()
    for count in (1, 2, 253, 1, 255, 256, 300, 3):
        leaves += append(store, count)
        assert store.head() == grow(EMPTY, leaves)[0]
        assert root_of(len(leaves), subtrees_of(store.hashes)) == store.head().root()
    assert store.hashes(0, 250, 10) == leaves[250:260]
    assert len(store.hashes(1, 0, 256)) == len(leaves) // 256
    assert store.hashes(0, len(leaves) - 1, 10) == leaves[-1:]


def test_a_group_that_is_refused_leaves_the_tree_as_it_was(store: DurableStore) -> None:
    append(store, 255)
    before = store.head()
    seal = Seal(BOOT, store.secret())
    twice = seal.stamped(Draft(EntryKind.POLICY_LOADED, policy_body("a" * 64, [])), NOW)
    with pytest.raises(RuleBroken):
        store.append([twice, twice])
    assert store.head() == before
    assert store.hashes(1, 0, 1) == []


def test_a_journal_of_the_first_version_gets_the_tree_of_its_leaves(path: Path) -> None:
    leaves = [hashlib.sha256(b"%d" % seq).digest() for seq in range(1, 701)]
    old = sqlite3.connect(path)
    old.executescript(STEPS[0])
    rows = [
        (seq, f"event-{seq}", "policy.loaded", "2026-06-30T05:00:00.000Z", "boot", leaf.hex())
        for seq, leaf in enumerate(leaves, 1)
    ]
    old.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, NULL, ?, '{}', '00')", rows)
    old.execute("UPDATE head SET seq = 700")
    old.execute("PRAGMA user_version = 1")
    old.commit()
    old.close()
    store = SqliteJournal(path)
    assert store.head() == grow(EMPTY, leaves)[0]
    leaves += append(store, 100)
    assert root_of(800, subtrees_of(store.hashes)) == grow(EMPTY, leaves)[0].root()
    assert len(store.search(EntryQuery(limit=1000)).entries) == 800
    store.close()


@in_a_file
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE head SET frontier = zeroblob(64)",
        "UPDATE head SET seq = 2",
        "UPDATE subtrees SET hash = zeroblob(32)",
        "DELETE FROM subtrees",
        "INSERT OR REPLACE INTO subtrees VALUES (1, 0, zeroblob(32))",
        "UPDATE checkpoints SET note = ''",
        "DELETE FROM checkpoints",
        "INSERT OR REPLACE INTO checkpoints VALUES (257, '', '')",
    ],
)
def test_nobody_changes_the_tree_or_what_was_signed(
    store: DurableStore, path: Path, statement: str
) -> None:
    append(store, 257)
    store.keep_checkpoint(KeptCheckpoint(257, "note"), NOW)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA recursive_triggers = ON")
    with pytest.raises(sqlite3.IntegrityError):
        other.execute(statement)
    other.close()


@in_a_file
def test_a_journal_whose_head_was_cut_takes_nothing_more(store: DurableStore, path: Path) -> None:
    append(store, 3)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("DROP TRIGGER head_grows")
    other.execute("UPDATE head SET frontier = zeroblob(32)")
    other.close()
    with pytest.raises(JournalUnavailable, match="damaged"):
        append(store, 1)


def test_keeps_each_size_once_and_each_witness_newest_line(store: DurableStore) -> None:
    append(store, 5)
    store.keep_checkpoint(KeptCheckpoint(3, "three\n"), NOW)
    store.keep_checkpoint(KeptCheckpoint(5, "five\n"), NOW)
    with pytest.raises(RuleBroken):
        store.keep_checkpoint(KeptCheckpoint(5, "another five\n"), NOW)
    first = KeptCosignature(5, "one", "line\n", "2026-06-30T05:00:00Z")
    later = KeptCosignature(5, "one", "newer\n", "2026-06-30T05:05:00Z")
    on_three = KeptCosignature(3, "two", "other\n", "2026-06-30T05:01:00Z")
    for each in (first, on_three, later):
        store.keep_cosignature(each)
    assert store.checkpoint() == KeptCheckpoint(5, "five\n", (later,))
    assert str(store.checkpoint(3)) == "three\nother\n"
    assert store.checkpoint(4) is None
    assert sorted(store.newest_cosignatures(), key=lambda each: each.witness) == [later, on_three]


def test_one_process_leads_at_a_time(
    store: DurableStore, journal_place: Path | PostgresUrl
) -> None:
    other = open_journal_store(journal_place)
    with store.leading() as leads, other.leading() as leads_too:
        assert (leads, leads_too) == (True, False)
    with other.leading() as leads:
        assert leads
    other.close()
