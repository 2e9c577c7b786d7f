"""What the journal asks of its store beyond the port, and what it hands over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from gateway.model.entry import Draft, Entry, Outcome, Receipt
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
    """An intent as a search shows it: with the outcome of the completion that closed it."""

    outcome: Outcome
    completion_seq: int


@dataclass(frozen=True, slots=True)
class SaltedEntry:
    """A stored entry with the salt of its leaf: what it takes to recompute the leaf."""

    entry: Entry
    salt: str


class DurableStore(JournalStore, Protocol):
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

    def salted(self) -> Iterator[SaltedEntry]:
        """Every entry in order, as one moment shows them."""
        ...
