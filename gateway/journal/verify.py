"""Checks what a store holds, from the bodies alone: indexes and the search are not trusted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import rfc8785

from gateway.journal.leaf import recomputed_leaf_sha256
from gateway.journal.pruned import Sum
from gateway.journal.shape import ENVELOPE, FIELDS, SEALED
from gateway.journal.store import ExpiredEntry, SaltedEntry
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
    """open_intents: in flight, or left by a process that died since the last start; no problem.

    expired: entries without a body, each told of by a `journal.pruned` entry where there is no problem.
    """

    entries: int
    problems: tuple[Problem, ...]
    open_intents: int
    expired: int


def verify_entries(entries: Iterable[SaltedEntry]) -> Verification:
    """Read a whole journal in order. Each leaf recomputed, no gap, each completion after its intent.

    Without the tree this proves that the entries are as their leaves say, not that the leaves are
    the ones that were written: who can write the file can write both.
    """
    state = _Seen()
    problems = [problem for salted in entries for problem in _problems(salted, state)]
    problems += [Problem(seq, "took bodies and is no entry that says so") for seq in state.holes]
    return Verification(state.entries, tuple(problems), len(state.open), state.expired)


@dataclass(slots=True)
class _Seen:
    entries: int = 0
    last: int = 0
    open: set[int] = field(default_factory=set[int])
    closed: set[int] = field(default_factory=set[int])
    expired: int = 0
    holes: dict[int, Sum] = field(default_factory=dict[int, Sum])  # by the entry that tells of them


def _problems(salted: SaltedEntry, seen: _Seen) -> Iterator[Problem]:
    entry = salted.entry
    seen.entries += 1
    if entry.seq != seen.last + 1:
        yield Problem(entry.seq, f"follows entry {seen.last}: the order has a gap or a repetition")
    seen.last = entry.seq
    if entry.body is None or salted.salt is None:
        yield from _hole_faults(salted, seen)
        return
    yield from (
        Problem(entry.seq, message) for message in _own_faults(entry, entry.body, salted.salt)
    )
    if entry.kind is EntryKind.INTENT:
        seen.open.add(entry.seq)
    if entry.kind is EntryKind.COMPLETION:
        yield from _closing_faults(entry.seq, entry.body.get("intent_seq"), seen)
    if entry.kind is EntryKind.JOURNAL_PRUNED:
        said = seen.holes.pop(entry.seq, Sum()).fields()
        if any(entry.body.get(name) != value for name, value in said.items()):
            yield Problem(entry.seq, "the bodies that are gone by it are not those that it names")


def _hole_faults(salted: SaltedEntry, seen: _Seen) -> Iterator[Problem]:
    """An entry whose body has expired: both are gone, its other half too, and an entry tells of it."""
    entry = salted.entry
    seen.expired += 1
    if entry.body is not None or salted.salt is not None:
        yield Problem(entry.seq, "it has a body without its salt, or a salt without its body")
    if salted.pruned_by is None or salted.pruned_by <= entry.seq:
        yield Problem(entry.seq, "its body is gone, and no entry tells of it")
    else:
        hole = ExpiredEntry(entry.seq, entry.kind, entry.leaf_sha256)
        seen.holes.setdefault(salted.pruned_by, Sum()).add(hole)
    if salted.intent_seq in seen.open:
        yield Problem(
            entry.seq, f"its body is gone, and that of intent {salted.intent_seq} is there"
        )


def _own_faults(entry: Entry, body: Mapping[str, Any], salt: str) -> Iterator[str]:
    try:
        leaf = recomputed_leaf_sha256(body, salt)
    except rfc8785.CanonicalizationError:
        leaf = ""
    if leaf != entry.leaf_sha256:
        yield "the leaf is not the hash of the body and the salt"
    for name in ("seq", "event_id", "kind", "ts_utc"):
        if body.get(name) != getattr(entry, name):
            yield f"the column {name} is not what the body says"
    if frozenset(body) != _fields(entry.kind):
        yield "the body has not the fields of its kind"


def _fields(kind: EntryKind) -> frozenset[str]:
    return ENVELOPE | {SEALED.get(name, name) for name in FIELDS[kind]}


def _closing_faults(seq: int, intent: int | None, seen: _Seen) -> Iterator[Problem]:
    if intent is not None and intent in seen.open:
        seen.open.remove(intent)
        seen.closed.add(intent)
    elif intent in seen.closed:
        yield Problem(seq, f"closes intent {intent}, which is closed already")
    else:
        yield Problem(seq, "closes an intent that does not come before it")
