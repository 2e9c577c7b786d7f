"""A start closes what dead processes left open, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.errors import JournalUnavailable
from gateway.journal import recovery
from gateway.journal.append import Journal
from gateway.journal.recovery import recover
from gateway.journal.seal import BootIdentity
from gateway.journal.verify import verify_entries
from gateway.model.entry import Completion, Draft, EntryKind, EntryQuery, Outcome
from gateway.ports import Clock

DONE = Completion(Outcome.COMPLETE, 200, 10, 2048, "f" * 64, 3.5)
Start = Callable[[str], Journal]


@pytest.fixture
def start(tmp_path: Path, clock: Clock, boot: BootIdentity) -> Iterator[Start]:
    """Open the journal as another boot; `close` without completions is a death with open intents."""
    journals: list[Journal] = []

    def started(boot_id: str) -> Journal:
        store = SqliteJournal(tmp_path / "journal.sqlite")
        journals.append(Journal(store, clock=clock, identity=replace(boot, boot_id=boot_id)))
        return journals[-1]

    yield started
    for journal in journals:
        journal.close()


def test_intents_of_a_dead_boot_are_closed_as_unknown(
    start: Start, draft: Callable[..., Draft]
) -> None:
    dead = start("dead")
    receipts = [dead.append(draft()) for _ in range(3)]
    dead.complete(receipts[1], DONE, wait=True)
    dead.close()
    living = start("living")
    assert recover(living) == 2
    entries = living.search(EntryQuery(after_seq=4)).entries
    assert [entry.kind for entry in entries] == [
        EntryKind.COMPLETION,
        EntryKind.COMPLETION,
        EntryKind.RECOVERY,
    ]
    assert [entry.body["outcome"] for entry in entries[:2]] == ["unknown", "unknown"]
    assert entries[0].body["bytes"] is None
    told = entries[2].body
    assert (told["intents_closed"], told["first_intent_seq"], told["last_intent_seq"]) == (2, 1, 3)
    verified = verify_entries(living.store.salted())
    assert (verified.problems, verified.open_intents) == ((), 0)


def test_a_second_recovery_finds_nothing_and_writes_nothing(
    start: Start, draft: Callable[..., Draft]
) -> None:
    dead = start("dead")
    dead.append(draft())
    dead.close()
    living = start("living")
    assert (recover(living), recover(living)) == (1, 0)
    assert recover(start("later")) == 0
    assert len(living.search(EntryQuery(kind=EntryKind.RECOVERY)).entries) == 1


def test_intents_of_living_boots_stay_open(start: Start, draft: Callable[..., Draft]) -> None:
    other = start("other")
    theirs = other.append(draft())
    living = start("living")
    ours = living.append(draft())
    assert recover(living) == 0
    other.complete(theirs, DONE, wait=True)
    living.complete(ours, DONE, wait=True)
    assert verify_entries(living.store.salted()).open_intents == 0


def test_many_orphans_are_closed_in_several_commits(
    start: Start, draft: Callable[..., Draft], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "MOST_AT_ONCE", 4)
    dead = start("dead")
    dead.append_together([draft() for _ in range(10)])
    dead.close()
    living = start("living")
    assert recover(living) == 10
    entries = living.search(EntryQuery(kind=EntryKind.RECOVERY)).entries
    assert [entry.body["intents_closed"] for entry in entries] == [4, 4, 2]


def test_a_boot_id_cannot_be_used_twice_at_once(start: Start) -> None:
    start("one")
    with pytest.raises(JournalUnavailable, match="boot id"):
        start("one")


def test_a_recovery_waits_for_another_recovery_and_gives_up_in_time(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.adapters.journal_sqlite._RECOVERY_SECONDS", 0.1)
    first, second = start("first"), start("second")

    @contextmanager
    def inside() -> Iterator[None]:
        with first.store.recovering():
            yield

    with inside(), pytest.raises(JournalUnavailable, match="recovers"):
        recover(second)
    assert recover(second) == 0


def test_a_recovery_that_fails_leaves_the_dead_boot_for_the_next(
    start: Start, draft: Callable[..., Draft], monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = start("dead")
    dead.append(draft())
    dead.close()
    living = start("living")
    monkeypatch.setattr(
        living, "append_together", lambda _: (_ for _ in ()).throw(JournalUnavailable())
    )
    with pytest.raises(JournalUnavailable):
        recover(living)
    monkeypatch.undo()
    assert recover(living) == 1
