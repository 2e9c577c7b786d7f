"""The writer: what is durable, what is not, and what the caller was told."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import EntryRefused, JournalUnavailable
from gateway.journal.append import Journal
from gateway.journal.seal import BootIdentity
from gateway.journal.verify import verify_entries
from gateway.model.entry import Completion, Draft, EntryKind, Outcome, Receipt
from gateway.ports import Clock

if TYPE_CHECKING:
    from conftest import FaultyStore

DONE = Completion(Outcome.COMPLETE, 200, 10, 2048, "f" * 64, 3.5)


def until(is_so: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.005)


def completions(store: FaultyStore) -> list[dict[str, Any]]:
    return [dict(body) for body in store.of_kind(EntryKind.COMPLETION)]


# --- what works ------------------------------------------------------------------------------


def test_an_appended_entry_is_durable_when_append_returns(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    receipt = journal.append(draft())
    assert store.find([receipt.event_id]) == {receipt.event_id: receipt}
    assert receipt.seq == 1


def test_entries_that_wait_together_are_committed_together(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    store.gate.clear()
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(journal.append, draft())
        assert store.entered.wait(5)
        rest = [threads.submit(journal.append, draft()) for _ in range(8)]
        until(lambda: len(journal._room._waiting) == 8)
        store.gate.set()
        seqs = sorted(future.result().seq for future in (first, *rest))
    assert seqs == list(range(1, 10))
    assert store.commits == [1, 8]


def test_drafts_that_belong_together_come_in_order_and_at_once(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    receipts = journal.append_together([draft(), draft(), draft()])
    assert [receipt.seq for receipt in receipts] == [1, 2, 3]
    assert store.commits == [3]


def test_a_completion_closes_its_intent(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    receipt = journal.append(draft())
    journal.complete(receipt, DONE, wait=True)
    (body,) = completions(store)
    assert (body["intent_seq"], body["outcome"], body["bytes"]) == (1, "complete", 2048)
    assert verify_entries(store.salted()).problems == ()


def test_a_second_completion_of_the_same_intent_is_ignored(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    receipt = journal.append(draft())
    journal.complete(receipt, DONE, wait=True)
    journal.complete(receipt, DONE, wait=True)
    journal.append(draft())
    assert len(completions(store)) == 1


# --- pairs: not persisted, but persisted -----------------------------------------------------


def test_a_failed_append_is_told_and_not_persisted(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    store.faults = ["before"]
    with pytest.raises(JournalUnavailable):
        journal.append(draft())
    assert journal.append(draft()).seq == 1
    assert len(store.entries) == 1


def test_an_append_whose_commit_was_reported_lost_is_found_again_but_persisted_once(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    store.faults = ["after"]
    receipt = journal.append(draft())
    assert receipt.seq == 1
    assert len(store.entries) == 1
    journal.complete(receipt, DONE, wait=True)
    assert completions(store)[0]["outcome"] == "complete"


def test_a_waiting_intent_whose_caller_left_is_not_persisted(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    store.gate.clear()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(journal.append, draft())
        assert store.entered.wait(5)
        second = threads.submit(journal.append, draft())
        for future in (first, second):
            with pytest.raises(JournalUnavailable):
                future.result()
        store.gate.set()
    until(lambda: completions(store))
    assert len(store.of_kind(EntryKind.INTENT)) == 1  # the first; the second never got in


def test_an_intent_in_commit_whose_caller_left_is_closed_as_unserved_but_persisted(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    store.gate.clear()
    with pytest.raises(JournalUnavailable) as told:
        journal.append(draft())
    assert told.value.retry_after_seconds is not None
    store.gate.set()
    until(lambda: completions(store))
    (body,) = completions(store)
    assert (body["intent_seq"], body["outcome"]) == (1, "server_error")
    assert (body["http_status"], body["bytes"]) == (503, 0)


def test_a_doubtful_intent_that_turns_out_not_persisted_is_forgotten(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    store.faults, store.find_faults = ["before"], ["down", "down"]
    with pytest.raises(JournalUnavailable):
        journal.append(draft())
    until(lambda: not journal._room.doubts())
    assert store.entries == []
    assert journal.append(draft()).seq == 1


def test_a_doubtful_intent_that_turns_out_persisted_is_closed_as_unserved(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    store.faults, store.find_faults = ["after"], ["down", "down"]
    with pytest.raises(JournalUnavailable):
        journal.append(draft())
    until(lambda: completions(store))
    (body,) = completions(store)
    assert (body["intent_seq"], body["outcome"], body["http_status"]) == (1, "server_error", 503)
    assert len(store.entries) == 2


def test_nothing_is_written_past_a_doubt(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    store.faults, store.find_faults = ["after"], ["down"] * 10_000
    with pytest.raises(JournalUnavailable):
        journal.append(draft())
    with pytest.raises(JournalUnavailable):
        journal.append(draft())
    assert len(store.entries) == 1
    store.find_faults.clear()
    until(lambda: completions(store))
    assert journal.append(draft()).seq == 3


def test_a_completion_that_failed_is_tried_again_and_persisted_once(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    receipt = journal.append(draft())
    store.faults = ["before", "before", "before"]
    journal.complete(receipt, DONE)
    until(lambda: completions(store))
    journal.append(draft())
    assert len(completions(store)) == 1


def test_a_doubtful_completion_is_looked_up_and_not_written_twice(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    receipt = journal.append(draft())
    store.faults, store.find_faults = ["after"], ["down", "down"]
    journal.complete(receipt, DONE, wait=True)
    journal.append(draft())
    assert len(completions(store)) == 1


def test_a_doubtful_completion_that_was_lost_is_written_after_all(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    receipt = journal.append(draft())
    store.faults, store.find_faults = ["before"], ["down", "down"]
    journal.complete(receipt, DONE, wait=True)
    assert [body["outcome"] for body in completions(store)] == ["complete"]


def test_waiting_for_a_completion_has_an_end_but_it_is_persisted_later(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    receipt = journal.append(draft())
    store.gate.clear()
    with pytest.raises(JournalUnavailable):
        journal.complete(receipt, DONE, wait=True)
    store.gate.set()
    until(lambda: completions(store))


# --- what must not spread --------------------------------------------------------------------


def test_an_entry_that_the_store_refuses_does_not_take_others_with_it(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft], caplog: Any
) -> None:
    receipt = journal.append(draft())
    journal.complete(receipt, DONE, wait=True)
    journal._open.add(receipt.seq)  # a fault of ours: the store must not let it through
    store.gate.clear()
    store.entered.clear()
    with ThreadPoolExecutor(2) as threads, caplog.at_level(logging.ERROR):
        held = threads.submit(journal.append, draft())
        assert store.entered.wait(5)
        journal.complete(receipt, DONE)
        good = threads.submit(journal.append, draft())
        until(lambda: len(journal._room._waiting) == 1)
        store.gate.set()
        assert {held.result().seq, good.result().seq} == {3, 4}
    assert len(completions(store)) == 1
    assert "refuses" in caplog.text


def test_a_fault_that_nobody_knows_is_a_503_too(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft], caplog: Any
) -> None:
    def break_down() -> None:
        raise RuntimeError("not a text for anybody")

    store.faults = [break_down]
    with pytest.raises(JournalUnavailable) as told:
        journal.append(draft())
    assert "not a text" not in told.value.detail
    assert "not a text" not in caplog.text
    assert journal.append(draft()).seq == 1


def test_a_full_room_refuses_at_once(
    store: FaultyStore, clock: Clock, boot: BootIdentity, draft: Callable[..., Draft]
) -> None:
    journal = Journal(store, clock=clock, identity=boot, timeout_seconds=5, capacity=1)
    store.gate.clear()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(journal.append, draft())
        assert store.entered.wait(5)
        second = threads.submit(journal.append, draft())
        until(lambda: len(journal._room._waiting) == 1)
        began = time.monotonic()
        with pytest.raises(JournalUnavailable, match="Too many"):
            journal.append(draft())
        assert time.monotonic() - began < 1
        store.gate.set()
        assert {first.result().seq, second.result().seq} == {1, 2}
    journal.close()


def test_a_refused_draft_never_reaches_the_store(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    with pytest.raises(EntryRefused):
        journal.append(draft(format="010190-999R"))
    with pytest.raises(ValueError, match="missing"):
        journal.append(Draft(EntryKind.INTENT, {}))
    assert store.entries == []


def test_an_interrupted_caller_leaves_no_open_intent(
    journal: Journal,
    store: FaultyStore,
    draft: Callable[..., Draft],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever ends the caller's wait, nobody will serve that intent any more."""
    from gateway.journal.waiting import Group

    def interrupted(self: Group, seconds: float) -> None:
        until(lambda: store.entries)
        until(lambda: self.receipts)
        raise KeyboardInterrupt

    monkeypatch.setattr(Group, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        journal.append(draft())
    until(lambda: completions(store))
    assert completions(store)[0]["outcome"] == "server_error"


# --- the end ---------------------------------------------------------------------------------


def test_closing_writes_the_completions_that_wait(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    receipts = [journal.append(draft()) for _ in range(20)]
    store.faults = ["before", "before"]
    for receipt in receipts:
        journal.complete(receipt, DONE)
    journal.close()
    assert len(completions(store)) == 20
    assert store.is_closed


def test_closing_gives_up_in_time_and_says_how_many_are_left(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft], caplog: Any
) -> None:
    receipt = journal.append(draft())
    store.faults = ["before"] * 10_000
    journal.complete(receipt, DONE)
    began = time.monotonic()
    journal.close(within_seconds=0.2)
    assert time.monotonic() - began < 2
    assert "1 entries are left to recovery" in caplog.text
    assert completions(store) == []


def test_a_store_that_hangs_is_left_alone_at_the_end(
    store: FaultyStore, clock: Clock, boot: BootIdentity, draft: Callable[..., Draft]
) -> None:
    """Closing a connection that another thread is in the middle of would be worse than leaving it."""
    journal = Journal(store, clock=clock, identity=boot, timeout_seconds=0.1)
    store.gate.clear()
    with pytest.raises(JournalUnavailable):
        journal.append(draft())
    journal.close(within_seconds=0.1)
    assert not store.is_closed
    store.gate.set()


def test_a_closed_journal_serves_nobody(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft], caplog: Any
) -> None:
    receipt = journal.append(draft())
    journal.close()
    with pytest.raises(JournalUnavailable):
        journal.append(draft())
    with pytest.raises(JournalUnavailable):
        journal.check()
    with pytest.raises(JournalUnavailable):
        journal.complete(receipt, DONE, wait=True)
    assert "left to recovery" in caplog.text
    assert len(store.entries) == 1


def test_a_completion_after_the_close_raises_nothing_where_a_response_ends(
    journal: Journal, draft: Callable[..., Draft]
) -> None:
    receipt = journal.append(draft())
    journal.close()
    journal.complete(receipt, DONE)


def test_the_check_asks_the_store(journal: Journal, store: FaultyStore) -> None:
    journal.check()
    store.faults = ["before"]
    with pytest.raises(JournalUnavailable):
        journal.check()
    store.faults.clear()


def test_under_load_and_faults_every_receipt_is_durable_and_every_intent_closed(
    journal: Journal, store: FaultyStore, draft: Callable[..., Draft]
) -> None:
    """Eight callers, and a store that fails in every way in turn."""
    told: list[Receipt] = []
    lock = threading.Lock()
    stop = threading.Event()

    def trouble() -> None:
        kinds = ["before", "after", "", "", "after", ""]
        for place in range(60):
            store.faults.append(kinds[place % len(kinds)])
            if place % 7 == 0:
                store.find_faults.append("down")
            time.sleep(0.002)
        stop.set()

    def call() -> None:
        while not stop.is_set():
            try:
                receipt = journal.append(draft())
            except JournalUnavailable:
                continue
            with lock:
                told.append(receipt)
            journal.complete(receipt, DONE)

    with ThreadPoolExecutor(9) as threads:
        for future in [threads.submit(trouble), *(threads.submit(call) for _ in range(8))]:
            future.result()
    store.faults.clear()
    store.find_faults.clear()
    journal.close()
    verified = verify_entries(store.salted())
    assert verified.problems == ()
    assert verified.open_intents == 0
    outcomes = {body["intent_seq"]: body["outcome"] for body in completions(store)}
    served = {seq for seq, outcome in outcomes.items() if outcome == "complete"}
    assert served == {receipt.seq for receipt in told}
    assert set(outcomes.values()) <= {"complete", "server_error"}
