"""Entries into a PostgreSQL: two round trips for a group, however many they are.

The first takes the head; the second carries everything else, COMMIT included, so that the others wait
for little more than the flush. It is one statement, whose rows go as JSON: the interpreter's lock is released
and taken again around each statement, and while callers prepare their drafts that costs more than the
statement. A body is text within that JSON, and comes out as it was hashed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from psycopg import Cursor, OperationalError

from gateway.adapters.journal_facets import facet_rows
from gateway.adapters.journal_postgres_tree import END, HEAD, checked_head, grow_head
from gateway.adapters.journal_rows import Row, place
from gateway.adapters.postgres_engine import BoundedConnection
from gateway.journal.store import StampedDraft
from gateway.journal.tree import Frontier
from gateway.model.entry import Receipt

_COLUMNS = {
    "entries": (
        "seq bigint, event_id text, kind text, ts_utc text, boot_id text, intent_seq bigint, "
        "leaf_sha256 text, body text, salt text"
    ),
    "facets": "facet text, value text, seq bigint",
    "addresses": "seq bigint, address text, salt text",
    "open_intents": "seq bigint, boot_id text",
}
_NAMES = {
    table: tuple(column.split()[0] for column in columns.split(", "))
    for table, columns in _COLUMNS.items()
}
_INSERTS = ", ".join(
    f"_{table} AS (INSERT INTO {table} SELECT * FROM json_to_recordset(%({table})s::json) AS t({columns}))"  # noqa: S608 — our own names
    for table, columns in _COLUMNS.items()
)
_GROUP = f"""
WITH _head AS (UPDATE head SET seq = %(seq)s, frontier = %(frontier)s),
_subtrees AS (
    INSERT INTO subtrees SELECT level, place, decode(hash, 'hex')
    FROM json_to_recordset(%(subtrees)s::json) AS t(level smallint, place bigint, hash text)
),
{_INSERTS}
DELETE FROM open_intents WHERE seq = ANY(%(closed)s)
""".encode()  # noqa: S608 — our own names
_INTENTS = "SELECT seq, body FROM entries WHERE seq = ANY(%s) AND body IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Begun:
    """A transaction that has the head. intents: bodies of those that it will close, by seq."""

    head: Frontier
    intents: Mapping[int, Mapping[str, Any]]


def begin(connection: BoundedConnection, closing: Sequence[int] = ()) -> Begun:
    """Begin a transaction and take the head: until its end nobody else adds an entry.

    The end of the entries is asked for by a statement of its own: one that waited for the lock would
    look at the moment before the wait. Raises JournalUnavailable when the journal was cut, psycopg.Error.
    """
    with connection.pipeline():
        connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        intents = connection.execute(_INTENTS, (list(closing),)) if closing else None
        head = connection.execute(f"{HEAD} FOR UPDATE")
        end = connection.execute(END)
        found = checked_head(head.fetchone(), end.fetchone())
        bodies = intents.fetchall() if intents is not None else []
    return Begun(found, {seq: orjson.loads(body) for seq, body in bodies})


def insert(
    connection: BoundedConnection, begun: Begun, drafts: Sequence[StampedDraft]
) -> Sequence[Receipt]:
    """Insert the drafts in order behind the head, and commit; durable when it returns.

    Raises psycopg.IntegrityError when a draft breaks a rule, psycopg.Error.
    """
    with connection.pipeline():
        receipts = add(connection, begun, drafts)
        done = connection.execute("COMMIT")
    _check_committed(done)
    return receipts


def add(
    connection: BoundedConnection, begun: Begun, drafts: Sequence[StampedDraft]
) -> Sequence[Receipt]:
    """Insert without the commit, for what else belongs to the transaction. Raises as `insert`."""
    placed = place(drafts, first=begun.head.size + 1)
    grown, whole = grow_head(begun.head, placed.leaves)
    ours = {seq: draft.body for seq, draft in placed.drafts}
    closed = set(placed.closed)  # by one statement, which does not see what it inserts itself
    rows = {
        "entries": placed.entries,
        "facets": sorted(facet_rows(placed.drafts, {**begun.intents, **ours})),
        "addresses": placed.addresses,
        "open_intents": [row for row in placed.opened if row[0] not in closed],
    }
    group = {
        "seq": grown.size,
        "frontier": grown.stored(),
        "subtrees": orjson.dumps(whole).decode(),
        "closed": list(placed.closed),
        **{table: _json(table, found) for table, found in rows.items()},
    }
    connection.execute(_GROUP, group)
    return placed.receipts


def commit(connection: BoundedConnection) -> None:
    """What a transaction did is on the disk, and on the standby that the server waits for.

    Raises psycopg.Error; then it may be or not, and `find` tells.
    """
    _check_committed(connection.execute("COMMIT"))


def _check_committed(done: Cursor[Any]) -> None:
    if (
        done.statusmessage != "COMMIT"
    ):  # what PostgreSQL answers for a failed transaction is ROLLBACK
        raise OperationalError("the transaction was not committed")


def _json(table: str, rows: Sequence[Row]) -> str:
    return orjson.dumps([dict(zip(_NAMES[table], row, strict=True)) for row in rows]).decode()
