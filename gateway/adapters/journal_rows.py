"""Entries as rows, the same in every store. Leaves are computed here, where the place becomes known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.journal.leaf import canonical, leaf_sha256, new_salt
from gateway.journal.store import ClosedIntent, StampedDraft
from gateway.model.entry import Draft, Entry, EntryKind, Outcome, Receipt

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """Drafts at their places, and the rows of the tables that tell of them.

    entries: seq, event id, kind, time, boot, intent, leaf, body, salt; addresses: seq, address, salt;
    opened: seq, boot; closed: intents.
    """

    drafts: Sequence[tuple[int, StampedDraft]]
    receipts: Sequence[Receipt]
    entries: Sequence[Row]
    addresses: Sequence[Row]
    opened: Sequence[Row]
    closed: Sequence[int]

    @property
    def leaves(self) -> Sequence[bytes]:
        return [bytes.fromhex(receipt.leaf_sha256) for receipt in self.receipts]


def place(drafts: Sequence[StampedDraft], *, first: int) -> Placed:
    """Give drafts their places from `first` on, in order."""
    placed = list(enumerate(drafts, first))
    receipts, entries = list[Receipt](), list[Row]()
    for seq, draft in placed:
        body, salt = {**draft.body, "seq": seq}, new_salt()
        leaf = leaf_sha256(body, salt)
        receipts.append(Receipt(seq, draft.event_id, leaf))
        entries.append((seq, *_columns(draft), leaf, canonical(body).decode(), salt))
    return Placed(
        drafts=placed,
        receipts=receipts,
        entries=entries,
        addresses=_addresses(placed),
        opened=[(seq, draft.boot_id) for seq, draft in placed if draft.kind is EntryKind.INTENT],
        closed=[draft.intent_seq for _, draft in placed if draft.intent_seq is not None],
    )


def stamped(draft: Draft) -> StampedDraft:
    """Raises TypeError for a draft that no journal has stamped."""
    if not isinstance(draft, StampedDraft):
        raise TypeError("only the journal appends, and it stamps its drafts")
    return draft


def shown(row: Row) -> Entry:
    """An entry from a row of a search: seq, event id, kind, time, leaf, body, completion's seq and outcome.

    The body is null once it has expired, and so is the outcome of a completion whose body has.
    """
    seq, event_id, kind, ts_utc, leaf, body, completion_seq, outcome = row
    entry = Entry(
        seq, event_id, EntryKind(kind), ts_utc, leaf, None if body is None else orjson.loads(body)
    )
    if completion_seq is None:
        return entry
    return ClosedIntent(
        entry.seq,
        entry.event_id,
        entry.kind,
        entry.ts_utc,
        entry.leaf_sha256,
        entry.body,
        outcome=None if outcome is None else Outcome(outcome),
        completion_seq=completion_seq,
    )


def _columns(draft: StampedDraft) -> Row:
    return draft.event_id, draft.kind.value, draft.ts_utc, draft.boot_id, draft.intent_seq


def _addresses(placed: Sequence[tuple[int, StampedDraft]]) -> list[Row]:
    found = [(seq, draft.address) for seq, draft in placed]
    return [(seq, address.text, address.salt) for seq, address in found if address is not None]
