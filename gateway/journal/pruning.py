"""Pruning: bodies and addresses that have expired are taken, and an entry tells of it.

    a batch of what has expired ─▶ journal.pruned ┐ one transaction
                                   its bodies     ┘

A process that is killed has taken whole batches, each with its entry, and the next run takes the rest.
The tree stays as it is: leaves are never taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gateway.journal.append import Journal
from gateway.journal.pruned import summed
from gateway.journal.retention import Retention
from gateway.journal.store import Cutoffs, ExpiredEntry, RetentionStore
from gateway.model.entry import Draft, EntryKind

AT_ONCE = 1000  # a transaction of so many bodies takes a fraction of what others wait for


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction takes. addresses: the entries whose client address goes."""

    entries: tuple[ExpiredEntry, ...] = ()
    addresses: tuple[int, ...] = ()

    def body(self, operator: str, day: date, retention: Retention) -> dict[str, Any]:
        """The body of `journal.pruned`."""
        return {
            "sub": operator,
            "operator": operator,
            "as_of": day.isoformat(),
            "retention_days": retention.stated(),
            **summed(self.entries).fields(),
            "addresses": len(self.addresses),
        }


@dataclass(slots=True)
class Tally:
    """What a run took, or would take."""

    kinds: Counter[EntryKind] = field(default_factory=Counter[EntryKind])
    addresses: int = 0

    def add(self, batch: Batch) -> None:
        self.kinds.update(entry.kind for entry in batch.entries)
        self.addresses += len(batch.addresses)


def prune(
    journal: Journal, retention: Retention, day: date, *, operator: str, at_once: int = AT_ONCE
) -> Tally:
    """Take what has expired on a day. Raises JournalUnavailable, RuleBroken when a hold came between."""
    taken = Tally()
    for batch in batches(journal.store, retention.cutoffs(day), at_once=at_once):
        draft = Draft(EntryKind.JOURNAL_PRUNED, batch.body(operator, day, retention))
        entries = [entry.seq for entry in batch.entries]
        journal.store.prune(journal.stamped(draft), entries, batch.addresses)
        taken.add(batch)
    return taken


def batches(store: RetentionStore, cutoffs: Cutoffs, *, at_once: int = AT_ONCE) -> Iterator[Batch]:
    """Addresses first: no body goes while its address is still there."""
    after, last = 0, store.last_before(cutoffs.addresses)
    while seqs := store.old_addresses(
        cutoffs.addresses, after_seq=after, last_seq=last, limit=at_once
    ):
        yield Batch(addresses=tuple(seqs))
        after = seqs[-1]
    place: int | None = 0
    last = store.last_before(cutoffs.newest)
    while place is not None:
        page = store.expired(cutoffs, after_seq=place, last_seq=last, limit=at_once)
        if page.entries:
            yield Batch(entries=page.entries)
        place = page.next_after_seq
