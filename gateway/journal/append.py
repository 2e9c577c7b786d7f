"""The journal: one writer, group commit, fail closed.

    callers ─▶ waiting room ─▶ one writer thread ─▶ store.append (one transaction) ─▶ callers released

There is no artificial wait: while one transaction is being made durable, the next group gathers.

What a caller may rely on:
- `append` returns only after the entries are durable; else it raises JournalUnavailable within the
  timeout, and then nothing may be served.
- A draft whose caller was told 503 is usually not persisted. When it is all the same (the caller's
  time ran out during the commit, or the commit's outcome was unknown), an intent is closed by the
  writer as `server_error` with 503 and 0 bytes, which is what the caller saw; if this process dies
  before that, recovery closes it as `unknown`. Other kinds stand: they say that something was asked
  and refused or read, and nothing was given.
- After a fault the store is asked by event id what is durable. Nothing is written again before that
  question is answered.
- A completion is kept and tried again until it is durable, the journal is closed or the process
  dies; in the last two cases recovery closes the intent as `unknown`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from gateway.errors import JournalUnavailable
from gateway.journal.body import completion_body
from gateway.journal.seal import BootIdentity, Seal
from gateway.journal.store import DurableStore, RuleBroken, StampedDraft
from gateway.journal.waiting import Group, State, WaitingRoom, unavailable
from gateway.model.entry import (
    Completion,
    Draft,
    EntryKind,
    EntryPage,
    EntryQuery,
    Outcome,
    Receipt,
)
from gateway.ports import Clock

LARGEST_COMMIT = 256
# What hands something out. To revoke a key, to refuse and to close are always possible.
_ANNOUNCING = frozenset(
    {EntryKind.INTENT, EntryKind.JOURNAL_READ, EntryKind.KEY_CREATED, EntryKind.KEY_ROTATED}
)
_UNSERVED = Completion(
    Outcome.SERVER_ERROR, http_status=503, rows=None, bytes=0, content_sha256=None, duration_ms=0.0
)
_log = logging.getLogger(__name__)


class Journal:
    """The one door to the journal of a process. Safe to use from any thread.

    gate: asked before anything that announces a delivery, a reading or a new key; it raises JournalUnavailable.
    timeout_seconds: how long a caller waits; capacity: how many callers may wait;
    retry_seconds: the pause before completions that could not be written are tried again.
    """

    def __init__(
        self,
        store: DurableStore,
        *,
        clock: Clock,
        identity: BootIdentity,
        gate: Callable[[], None] = lambda: None,
        timeout_seconds: float = 2.0,
        capacity: int = 1024,
        retry_seconds: float = 0.25,
    ) -> None:
        self.identity = identity
        self.store = store
        self._clock = clock
        self._gate = gate
        self._timeout_seconds = timeout_seconds
        self._seal = Seal(identity, store.secret())
        self._room = WaitingRoom(capacity, retry_seconds=retry_seconds)
        self._open: set[int] = set()  # intents of this boot that nobody has closed yet
        self._open_lock = threading.Lock()
        store.enter(identity.boot_id)
        self._writer = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self._writer.start()

    def append(self, draft: Draft) -> Receipt:
        """Durable when it returns. Raises JournalUnavailable, EntryRefused, ValueError (shape)."""
        return self.append_together((draft,))[0]

    def append_together(self, drafts: Sequence[Draft]) -> tuple[Receipt, ...]:
        """All drafts in one transaction and in this order, or none. Raises as `append`."""
        if any(draft.kind in _ANNOUNCING for draft in drafts):
            self._gate()
        group = Group(self._stamped(drafts))
        self._room.enter(group)
        is_awaited = False
        try:
            group.wait(self._timeout_seconds)
            is_awaited = True
        finally:  # also when the caller's thread is interrupted: then nobody will serve the intent
            is_durable = self._room.leave(group)
            if is_durable and not is_awaited:
                self._close_unserved(group)
        if is_durable:
            return group.receipts
        raise unavailable("Nothing was served. Try again in a moment.") from group.fault

    def complete(self, receipt: Receipt, completion: Completion, *, wait: bool = False) -> None:
        """Close an intent of this journal; a second closing of the same intent is ignored.

        wait: until it is durable; raises JournalUnavailable when the time runs out, and goes on
        trying. Without it nothing is raised: it is called where a response ends.
        """
        group = self._closing(receipt.seq, completion)
        with self._open_lock:
            if receipt.seq not in self._open:
                return
            self._open.remove(receipt.seq)
        try:
            self._room.enter(group)
        except JournalUnavailable:
            _log.warning("intent %d is left to recovery: the journal is closed", receipt.seq)
            if wait:
                raise
            return
        if wait:
            group.wait(self._timeout_seconds)
            if group.state is not State.DONE:
                raise unavailable("The completion is not durable yet.")

    def stamped(self, draft: Draft) -> StampedDraft:
        """For an entry that the store writes together with what it tells of (`RetentionStore`).

        Raises as `append`, but JournalUnavailable.
        """
        return self._stamped((draft,))[0]

    def search(self, query: EntryQuery) -> EntryPage:
        """Entries in order. Raises JournalUnavailable."""
        return self.store.search(query)

    def check(self) -> None:
        """Raises JournalUnavailable when an append could not succeed now."""
        if not self._writer.is_alive():
            raise unavailable("The journal's writer has stopped.")
        self._gate()
        self.store.check()

    def close(self, *, within_seconds: float = 5.0) -> None:
        """Write what waits, then close the store. Intents that are still open go to recovery."""
        self._room.close(within_seconds)
        self._writer.join(within_seconds + self._timeout_seconds)
        if left := self._room.left_behind():
            _log.error("%d entries are left to recovery: the journal was not writable", left)
        if not self._writer.is_alive():
            self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- the writer's thread ---------------------------------------------------------------------

    def _write_all(self) -> None:
        while (groups := self._room.take(LARGEST_COMMIT)) is not None:
            try:
                self._settle_doubts()
            except Exception as fault:  # still no answer, and no writing past a doubt
                self._fail(groups, fault)
            else:
                self._write(groups)

    def _write(self, groups: Sequence[Group]) -> None:
        drafts = [draft for group in groups for draft in group.drafts]
        if not drafts:
            return
        try:
            receipts = self.store.append(drafts)
        except Exception as fault:  # whatever it was, only the store knows what is durable
            self._after_fault(groups, fault)
        else:
            self._settle(groups, {receipt.event_id: receipt for receipt in receipts})

    def _after_fault(self, groups: Sequence[Group], fault: Exception) -> None:
        try:
            durable = self._durable(groups)
        except Exception:  # no answer
            self._room.doubt(groups)
            for group in groups:
                if not group.is_closing:
                    self._room.fail(group, fault)
            return
        if durable or isinstance(fault, JournalUnavailable):
            self._settle(groups, durable)
        elif len(groups) > 1:  # one of them breaks a rule: the others must not suffer for it
            for group in groups:
                self._write([group])
        elif isinstance(fault, RuleBroken):  # a closing too: it would be refused for ever
            _log.error("the store refuses an entry of kind %s", groups[0].drafts[0].kind.value)
            self._room.fail(groups[0], fault)
        else:
            _log.error("the store fails with %s", type(fault).__name__)
            self._fail(groups, fault)

    def _settle(self, groups: Sequence[Group], durable: Mapping[str, Receipt]) -> None:
        for group in groups:
            if (receipts := _receipts(group, durable)) is None:
                self._fail([group], unavailable("The entry is not durable."))
                continue
            with self._open_lock:
                self._open.update(receipt.seq for receipt in _intents(group, receipts))
            if not self._room.settle(group, receipts):
                self._close_unserved(group)

    def _settle_doubts(self) -> None:
        """Ask again for what is in doubt. Raises what the store raises."""
        if not (doubts := self._room.doubts()):
            return
        durable = self._durable(doubts)
        self._room.forget_doubts()
        self._settle(doubts, durable)

    def _durable(self, groups: Sequence[Group]) -> Mapping[str, Receipt]:
        return self.store.find([event for group in groups for event in group.event_ids])

    def _fail(self, groups: Sequence[Group], fault: Exception) -> None:
        """Callers are told, closings are kept."""
        for group in groups:
            if not group.is_closing:
                self._room.fail(group, fault)
        if closings := [group for group in groups if group.is_closing]:
            self._room.put_back(closings)

    # --- closings --------------------------------------------------------------------------------

    def _close_unserved(self, group: Group) -> None:
        """Close intents whose caller was told 503, so nothing can have been served."""
        for receipt in _intents(group, group.receipts):
            with self._open_lock:
                self._open.discard(receipt.seq)
            self._room.follow(self._closing(receipt.seq, _UNSERVED))

    def _closing(self, intent_seq: int, completion: Completion) -> Group:
        body = completion_body(intent_seq, completion)
        draft = Draft(EntryKind.COMPLETION, body, intent_seq=intent_seq)
        return Group(self._stamped((draft,)), is_closing=True)

    def _stamped(self, drafts: Sequence[Draft]) -> tuple[StampedDraft, ...]:
        now = self._clock.now()
        return tuple(self._seal.stamped(draft, now) for draft in drafts)


def _receipts(group: Group, durable: Mapping[str, Receipt]) -> tuple[Receipt, ...] | None:
    """The receipts of a group in its order, or None when it is not durable."""
    receipts = tuple(durable[event] for event in group.event_ids if event in durable)
    return receipts if len(receipts) == len(group.drafts) else None


def _intents(group: Group, receipts: Sequence[Receipt]) -> list[Receipt]:
    pairs = zip(group.drafts, receipts, strict=True)
    return [receipt for draft, receipt in pairs if draft.kind is EntryKind.INTENT]
