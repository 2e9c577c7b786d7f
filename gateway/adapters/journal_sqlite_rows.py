"""Entries as rows. Leaves are computed here, where the place in the order becomes known.

Few statements for many rows: the interpreter's lock is released and taken again around each one,
and while callers prepare their drafts that costs more than the statement.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any

import orjson

from gateway.adapters.journal_sqlite_search import COMMON_KINDS, facets_of
from gateway.adapters.journal_sqlite_tree import grow_head, read_head
from gateway.journal.leaf import canonical, leaf_sha256, new_salt
from gateway.journal.store import StampedDraft
from gateway.model.entry import EntryKind, Receipt

_INTENTS = "SELECT seq, body FROM entries WHERE seq IN (SELECT value FROM json_each(?))"
_LARGEST_BLOCK = 64  # rows of one statement; blocks are powers of two, so few statements exist


def insert(connection: sqlite3.Connection, drafts: Sequence[StampedDraft]) -> list[Receipt]:
    """Insert the drafts in order, in the transaction that the connection is in.

    Raises JournalUnavailable, sqlite3.IntegrityError when a draft breaks a rule.
    """
    head = read_head(connection)
    first = head.size + 1
    placed = list(enumerate(drafts, first))
    receipts, entries = list[Receipt](), list[tuple[Any, ...]]()
    for seq, draft in placed:
        body, salt = {**draft.body, "seq": seq}, new_salt()
        leaf = leaf_sha256(body, salt)
        receipts.append(Receipt(seq, draft.event_id, leaf))
        entries.append((seq, *_columns(draft), leaf, canonical(body).decode(), salt))
    grow_head(connection, head, (bytes.fromhex(receipt.leaf_sha256) for receipt in receipts))
    _insert_rows(connection, "entries", entries)
    _insert_rows(connection, "facets", sorted(_facets(connection, placed)))
    _insert_rows(connection, "addresses", _addresses(placed))
    _keep_open_intents(connection, placed)
    return receipts


def _columns(draft: StampedDraft) -> tuple[Any, ...]:
    return draft.event_id, draft.kind.value, draft.ts_utc, draft.boot_id, draft.intent_seq


def _addresses(placed: Sequence[tuple[int, StampedDraft]]) -> list[tuple[Any, ...]]:
    found = [(seq, draft.address) for seq, draft in placed]
    return [(seq, address.text, address.salt) for seq, address in found if address is not None]


def _keep_open_intents(
    connection: sqlite3.Connection, placed: Sequence[tuple[int, StampedDraft]]
) -> None:
    opened = [(seq, draft.boot_id) for seq, draft in placed if draft.kind is EntryKind.INTENT]
    closed = [draft.intent_seq for _, draft in placed if draft.intent_seq is not None]
    _insert_rows(connection, "open_intents", opened)
    if closed:
        statement = "DELETE FROM open_intents WHERE seq IN (SELECT value FROM json_each(?))"
        connection.execute(statement, (orjson.dumps(closed).decode(),))


def _facets(
    connection: sqlite3.Connection, placed: Sequence[tuple[int, StampedDraft]]
) -> Iterator[tuple[str, str, int]]:
    intents = _bodies(connection, [draft.intent_seq for _, draft in placed if draft.intent_seq])
    for seq, draft in placed:
        body: Mapping[str, Any] = draft.body
        if draft.kind not in COMMON_KINDS:
            yield "kind", draft.kind.value, seq
        if draft.intent_seq is not None:
            yield "outcome", body["outcome"], seq
            yield "outcome", body["outcome"], draft.intent_seq
            body = intents.get(draft.intent_seq, {})
        for facet, value in facets_of(body):
            yield facet, value, seq


def _bodies(connection: sqlite3.Connection, seqs: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    if not seqs:
        return {}
    rows = connection.execute(_INTENTS, (orjson.dumps(seqs).decode(),))
    return {seq: orjson.loads(body) for seq, body in rows}


def _insert_rows(
    connection: sqlite3.Connection, table: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    start = 0
    while (left := len(rows) - start) > 0:
        size = min(_LARGEST_BLOCK, 1 << (left.bit_length() - 1))
        block = rows[start : start + size]
        connection.execute(_statement(table, len(block[0]), size), [*chain.from_iterable(block)])
        start += size


@cache
def _statement(table: str, columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {table} VALUES {', '.join([row] * rows)}"  # noqa: S608 — our own table names
