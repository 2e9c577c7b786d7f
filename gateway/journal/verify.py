"""Checks what a store holds, from the bodies alone: indexes and the search are not trusted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import rfc8785

from gateway.journal.leaf import recomputed_leaf_sha256
from gateway.journal.shape import ENVELOPE, FIELDS, SEALED
from gateway.journal.store import SaltedEntry
from gateway.model.entry import Entry, EntryKind


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a place in the order. message: names fields, never values."""

    seq: int
    message: str

    def __str__(self) -> str:
        return f"entry {self.seq}: {self.message}"


@dataclass(frozen=True, slots=True)
class Verification:
    """open_intents: in flight, or left by a process that died since the last start; no problem."""

    entries: int
    problems: tuple[Problem, ...]
    open_intents: int


def verify_entries(entries: Iterable[SaltedEntry]) -> Verification:
    """Read a whole journal in order. Each leaf recomputed, no gap, each completion after its intent.

    Without the tree this proves that the entries are as their leaves say, not that the leaves are
    the ones that were written: who can write the file can write both.
    """
    state = _Seen()
    problems = [problem for salted in entries for problem in _problems(salted, state)]
    return Verification(state.entries, tuple(problems), len(state.open))


@dataclass(slots=True)
class _Seen:
    entries: int = 0
    last: int = 0
    open: set[int] = field(default_factory=set[int])
    closed: set[int] = field(default_factory=set[int])


def _problems(salted: SaltedEntry, seen: _Seen) -> Iterator[Problem]:
    entry = salted.entry
    seen.entries += 1
    if entry.seq != seen.last + 1:
        yield Problem(entry.seq, f"follows entry {seen.last}: the order has a gap or a repetition")
    seen.last = entry.seq
    yield from (Problem(entry.seq, message) for message in _own_faults(salted))
    if entry.kind is EntryKind.INTENT:
        seen.open.add(entry.seq)
    if entry.kind is EntryKind.COMPLETION:
        yield from _closing_faults(entry, seen)


def _own_faults(salted: SaltedEntry) -> Iterator[str]:
    entry = salted.entry
    try:
        leaf = recomputed_leaf_sha256(entry.body, salted.salt)
    except rfc8785.CanonicalizationError:
        leaf = ""
    if leaf != entry.leaf_sha256:
        yield "the leaf is not the hash of the body and the salt"
    for name in ("seq", "event_id", "kind", "ts_utc"):
        if entry.body.get(name) != getattr(entry, name):
            yield f"the column {name} is not what the body says"
    if frozenset(entry.body) != _fields(entry.kind):
        yield "the body has not the fields of its kind"


def _fields(kind: EntryKind) -> frozenset[str]:
    return ENVELOPE | {SEALED.get(name, name) for name in FIELDS[kind]}


def _closing_faults(entry: Entry, seen: _Seen) -> Iterator[Problem]:
    intent = entry.body.get("intent_seq")
    if intent in seen.open:
        seen.open.remove(intent)
        seen.closed.add(intent)
    elif intent in seen.closed:
        yield Problem(entry.seq, f"closes intent {intent}, which is closed already")
    else:
        yield Problem(entry.seq, "closes an intent that does not come before it")
