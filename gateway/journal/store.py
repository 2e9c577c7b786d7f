"""What the journal asks of its store beyond the port, and what it hands over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.journal.tree import Frontier
from gateway.model.entry import Draft, Entry, EntryKind, EntryQuery, Outcome, Receipt
from gateway.ports import JournalStore


class RuleBroken(ValueError):
    """The store's own rules refuse the entries: an intent closed twice, an event id used twice."""


@dataclass(frozen=True, slots=True)
class Address:
    """A client's address for the side table. salt: hex; the entry holds SHA-256(salt ‖ address)."""

    text: str
    salt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StampedDraft(Draft):
    """A draft with its envelope in the body: all that a store needs but `seq` and the salt."""

    event_id: str
    ts_utc: str
    boot_id: str
    address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedIntent(Entry):
    """An intent as a search shows it: with the outcome of the completion that closed it.

    outcome: None once the completion's body has expired.
    """

    outcome: Outcome | None
    completion_seq: int


@dataclass(frozen=True, slots=True)
class SaltedEntry:
    """A stored entry with the salt of its leaf: what it takes to recompute the leaf.

    salt: None where the body is. intent_seq: what a completion closes, as it stands beside the body;
    pruned_by: the `journal.pruned` entry that took the body.
    """

    entry: Entry
    salt: str | None
    intent_seq: int | None = None
    pruned_by: int | None = None


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Bodies and addresses of entries before these moments have expired.

    kinds, products: where something else is said of them; `entries` is for those of whose kind and
    product nothing is said, and of an entry with both the earlier moment decides.
    """

    entries: datetime
    addresses: datetime
    kinds: Mapping[EntryKind, datetime]
    products: Mapping[str, datetime]

    @property
    def newest(self) -> datetime:
        """No entry has expired that came later."""
        return max((self.entries, *self.kinds.values(), *self.products.values()))


@dataclass(frozen=True, slots=True)
class ExpiredEntry:
    """An entry whose body may go."""

    seq: int
    kind: EntryKind
    leaf_sha256: str


@dataclass(frozen=True, slots=True)
class ExpiredPage:
    """Entries in order, an intent and its completion together. next_after_seq: None on the last page."""

    entries: tuple[ExpiredEntry, ...]
    next_after_seq: int | None


@dataclass(frozen=True, slots=True)
class KeptCosignature:
    """A witness's line on the checkpoint of a size, as it came. witness: its name; at_utc: its time."""

    size: int
    witness: str
    line: str
    at_utc: str


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A signed note over the first `size` entries, and the newest line of each witness on it.

    signed_utc: when it was kept, as the store tells it.
    """

    size: int
    note: str
    cosignatures: tuple[KeptCosignature, ...] = ()
    signed_utc: str | None = field(default=None, compare=False)

    @property
    def text(self) -> str:
        """What is signed."""
        return self.note.rpartition("\n\n")[0] + "\n"

    def __str__(self) -> str:
        """The note as it is handed out: the log's own line, then the witnesses'."""
        return self.note + "".join(each.line for each in self.cosignatures)


class TreeStore(Protocol):
    """The tree over the entries, and what was signed of it. Raises JournalUnavailable."""

    def head(self) -> Frontier:
        """The frontier over every durable entry."""
        ...

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """The Hashes of `tiles`: as many as there are."""
        ...

    def checkpoint(self, size: int | None = None) -> KeptCheckpoint | None:
        """The newest, or the one of a size."""
        ...

    def checkpoints(self) -> Iterator[KeptCheckpoint]:
        """All of them, the smallest first."""
        ...

    def newest_cosignatures(self) -> Sequence[KeptCosignature]:
        """Each witness's newest, whatever it is on."""
        ...

    def keep_checkpoint(self, checkpoint: KeptCheckpoint, at: datetime) -> None:
        """Durable when it returns; RuleBroken when there is one of its size."""
        ...

    def keep_cosignature(self, found: KeptCosignature) -> None: ...

    def leading(self) -> AbstractContextManager[bool]:
        """Whether, while inside, this process and no other signs."""
        ...


class RetentionStore(Protocol):
    """What expires, and what is held. Raises JournalUnavailable.

    What takes a draft is one transaction: the entry and what it tells of. It raises RuleBroken when
    the store's own rules refuse it, and then nothing of it is done.
    """

    def last_before(self, moment: datetime) -> int:
        """The last place in the order that was written before a moment; 0 when there is none."""
        ...

    def expired(
        self, cutoffs: Cutoffs, *, after_seq: int, last_seq: int, limit: int
    ) -> ExpiredPage:
        """Entries with a body that have expired, are not open and not held.

        An intent and its completion expire together, by the later of the two; limit: counts both as
        one. last_seq: of `cutoffs.newest`.
        """
        ...

    def old_addresses(
        self, before: datetime, *, after_seq: int, last_seq: int, limit: int
    ) -> Sequence[int]:
        """Entries from before a moment whose client address is still there, and that are not held."""
        ...

    def prune(
        self, draft: StampedDraft, entries: Sequence[int], addresses: Sequence[int]
    ) -> Receipt:
        """Take the bodies and salts of some entries, and the addresses of some."""
        ...

    def scrub(self) -> bool:
        """Take out of the store's files what was removed; False when somebody reads just now."""
        ...

    def make_hold(self, draft: StampedDraft, query: EntryQuery) -> Receipt:
        """Keep what a search finds, now and later. The hold's number is the entry's seq."""
        ...

    def lift_hold(self, draft: StampedDraft, hold: int) -> Receipt: ...

    def holds(self) -> Sequence[Entry]:
        """The `journal.hold_made` entries of the holds that stand."""
        ...


class DurableStore(JournalStore, TreeStore, RetentionStore, Protocol):
    """The port as the journal uses it.

    `append` takes StampedDrafts; it raises RuleBroken, or JournalUnavailable when nothing of it is,
    or may be, durable: `find` tells which.
    """

    def secret(self) -> bytes:
        """The 32 bytes under which this journal seals token ids."""
        ...

    def find(self, event_ids: Sequence[str]) -> Mapping[str, Receipt]:
        """Those of the events that are durable, asked after every earlier append has ended."""
        ...

    def enter(self, boot_id: str) -> None:
        """Declare a boot living until `close` or the death of this process."""
        ...

    def recovering(self) -> AbstractContextManager[frozenset[str]]:
        """The living boots; while inside, nobody else recovers and no boot enters."""
        ...

    def salted(self, first: int = 1, last: int | None = None) -> Iterator[SaltedEntry]:
        """The entries from `first` to `last` (None: the newest) in order, as one moment shows them."""
        ...
