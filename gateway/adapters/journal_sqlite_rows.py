"""Entries into a SQLite file.

Few statements for many rows: the interpreter's lock is released and taken again around each one,
and while callers prepare their drafts that costs more than the statement.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any

import orjson

from gateway.adapters.journal_facets import facet_rows
from gateway.adapters.journal_rows import place
from gateway.adapters.journal_sqlite_tree import grow_head, read_head
from gateway.journal.store import StampedDraft
from gateway.model.entry import Receipt

_INTENTS = "SELECT seq, body FROM entries WHERE seq IN (SELECT value FROM json_each(?))"
_LARGEST_BLOCK = 64  # rows of one statement; blocks are powers of two, so few statements exist


def insert(connection: sqlite3.Connection, drafts: Sequence[StampedDraft]) -> Sequence[Receipt]:
    """Insert the drafts in order, in the transaction that the connection is in.

    Raises JournalUnavailable, sqlite3.IntegrityError when a draft breaks a rule.
    """
    head = read_head(connection)
    placed = place(drafts, first=head.size + 1)
    grow_head(connection, head, placed.leaves)
    _insert_rows(connection, "entries", placed.entries)
    intents = _bodies(connection, placed.closed)
    _insert_rows(connection, "facets", sorted(facet_rows(placed.drafts, intents)))
    _insert_rows(connection, "addresses", placed.addresses)
    _insert_rows(connection, "open_intents", placed.opened)
    if placed.closed:
        statement = "DELETE FROM open_intents WHERE seq IN (SELECT value FROM json_each(?))"
        connection.execute(statement, (orjson.dumps(placed.closed).decode(),))
    return placed.receipts


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
