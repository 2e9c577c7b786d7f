"""What has expired in the PostgreSQL journal, how it goes, and the holds that keep it.

Deciding reads bodies and times; facets serve holds alone, which are searches that stand. All of it but
the reading of holds is for the role `jakelu_retention`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson
from psycopg import errors
from sqlalchemy import Connection

from gateway.adapters.journal_facets import facets_of_halves, wanted_facets
from gateway.adapters.journal_postgres_connection import connect, forget
from gateway.adapters.journal_rows import shown
from gateway.adapters.postgres_engine import BoundedConnection
from gateway.adapters.postgres_url import PostgresUrl
from gateway.journal.store import Cutoffs, ExpiredEntry, ExpiredPage, RuleBroken
from gateway.model.days import utc_text
from gateway.model.entry import Entry, EntryKind, EntryQuery

_BUSY_SECONDS = 2.0
_PATIENCE_SECONDS = 600  # a walk over years of entries; it keeps nobody waiting

# `+ 0`: else the planner walks the wide rows backwards until it meets the time, instead of the narrow index.
_LAST = "SELECT coalesce(max(seq + 0), 0) FROM entries WHERE ts_utc < %s"
# {of}: when an entry of the alias must be older to have expired. A completion has its intent's product.
_EXPIRED = """
SELECT e.seq, e.kind, e.leaf_sha256, c.seq, c.kind, c.leaf_sha256
FROM entries e LEFT JOIN entries c ON c.intent_seq = e.seq
WHERE e.seq > %(after)s AND e.seq <= %(last)s AND e.body IS NOT NULL
  AND e.kind NOT IN ('access.completion', 'journal.pruned')
  AND (e.kind <> 'access.intent' OR c.seq IS NOT NULL)
  AND e.ts_utc < {of_e} AND (c.seq IS NULL OR c.ts_utc < {of_c})
  AND NOT EXISTS (SELECT FROM held h WHERE h.seq IN (e.seq, c.seq))
ORDER BY e.seq LIMIT %(rows)s
"""
_OLD_ADDRESSES = """
SELECT a.seq FROM addresses a JOIN entries e ON e.seq = a.seq
LEFT JOIN entries c ON c.intent_seq = a.seq
WHERE a.seq > %s AND a.seq <= %s AND e.ts_utc < %s
  AND NOT EXISTS (SELECT FROM held h WHERE h.seq IN (a.seq, c.seq))
ORDER BY a.seq LIMIT %s
"""
_HALVES = """
SELECT e.seq, e.body, i.body, c.body FROM entries e
LEFT JOIN entries i ON i.seq = e.intent_seq LEFT JOIN entries c ON c.intent_seq = e.seq
WHERE e.seq = ANY(%s) AND e.body IS NOT NULL
"""
_DROP_FACETS = """
DELETE FROM facets f
USING json_to_recordset(%s::json) AS t(facet text COLLATE "C", value text COLLATE "C", seq bigint)
WHERE f.facet = t.facet AND f.value = t.value AND f.seq = t.seq
"""
_HOLDS = """
SELECT e.seq, e.event_id, e.kind, e.ts_utc, e.leaf_sha256, e.body, NULL, NULL
FROM holds h JOIN entries e ON e.seq = h.seq WHERE h.lifted_seq IS NULL ORDER BY h.seq
"""


@contextmanager
def patient(url: PostgresUrl) -> Generator[BoundedConnection]:
    """A connection whose statements may take minutes, but no lock is waited for so long."""
    connection = connect(url, busy_seconds=_BUSY_SECONDS)
    try:
        limit = ("statement_timeout", f"{_PATIENCE_SECONDS}s")
        connection.execute("SELECT set_config(%s, %s, false)", limit)
        connection.patience_seconds = _PATIENCE_SECONDS + 1.0
        yield connection
    finally:
        forget(connection)


def read_last_before(connection: BoundedConnection, moment: datetime) -> int:
    (last,) = connection.execute(_LAST, (utc_text(moment),)).fetchall()
    return last[0]


def read_expired(
    connection: BoundedConnection,
    cutoffs: Cutoffs,
    *,
    after_seq: int,
    last_seq: int,
    limit: int,
) -> ExpiredPage:
    bound: dict[str, Any] = {"after": after_seq, "last": last_seq, "rows": limit}
    statement = _EXPIRED.format(
        of_e=_cutoff("e.kind", cutoffs, bound), of_c=_cutoff("c.kind", cutoffs, bound)
    )
    rows = connection.execute(statement.encode(), bound).fetchall()
    halves = [half for row in rows for half in (row[:3], row[3:]) if half[0] is not None]
    found = (ExpiredEntry(seq, EntryKind(kind), leaf) for seq, kind, leaf in halves)
    entries = tuple(sorted(found, key=lambda entry: entry.seq))
    return ExpiredPage(entries, rows[-1][0] if len(rows) == limit else None)


def read_old_addresses(
    connection: BoundedConnection, before: datetime, places: tuple[int, int], limit: int
) -> Sequence[int]:
    rows = connection.execute(_OLD_ADDRESSES, (*places, utc_text(before), limit))
    return [seq for (seq,) in rows]


def take(
    connection: BoundedConnection, entries: Sequence[int], addresses: Sequence[int], *, by: int
) -> None:
    """Bodies with their salts and facets, and addresses, in the running transaction.

    The kind stays a facet: it is no value of the body alone. Raises RuleBroken, psycopg.Error.
    """
    gone = connection.execute("DELETE FROM addresses WHERE seq = ANY(%s)", (list(addresses),))
    if gone.rowcount != len(addresses):
        raise RuleBroken("an address is gone already")
    listed = (list(entries),)
    connection.execute("INSERT INTO pruned SELECT unnest(%s::bigint[]), %s", (*listed, by))
    halves = connection.execute(_HALVES, listed).fetchall()
    names = ("facet", "value", "seq")
    facets = [dict(zip(names, each, strict=True)) for each in facets_of_halves(halves)]
    connection.execute("UPDATE entries SET body = NULL, salt = NULL WHERE seq = ANY(%s)", listed)
    connection.execute(_DROP_FACETS, (orjson.dumps(facets).decode(),))


def clear_away(connection: BoundedConnection) -> bool:
    """What was removed leaves the tables' pages; False when they are being cleared just now.

    Log segments and backups have it until they are let go, which is not ours to do.
    """
    try:
        connection.execute("VACUUM entries, facets, addresses")
    except errors.LockNotAvailable:
        return False
    return True


def keep_hold(connection: BoundedConnection, hold: int, query: EntryQuery) -> None:
    times = (None if each is None else utc_text(each) for each in (query.since, query.until))
    kind = None if query.kind is None else query.kind.value
    connection.execute("INSERT INTO holds VALUES (%s, %s, %s, %s, NULL)", (hold, kind, *times))
    for facet, value in wanted_facets(query):
        if facet != "kind":
            connection.execute("INSERT INTO hold_facets VALUES (%s, %s, %s)", (hold, facet, value))


def end_hold(connection: BoundedConnection, hold: int, *, by: int) -> None:
    """Raises RuleBroken, psycopg.Error."""
    done = connection.execute("UPDATE holds SET lifted_seq = %s WHERE seq = %s", (by, hold))
    if done.rowcount != 1:
        raise RuleBroken("there is no such hold")


def read_holds(connection: Connection) -> Sequence[Entry]:
    return [shown(tuple(row)) for row in connection.exec_driver_sql(_HOLDS)]


def _cutoff(kind: str, cutoffs: Cutoffs, bound: dict[str, Any]) -> str:
    """SQL of a moment: the earlier of what is said of kind and product, else that of all entries."""
    kinds = {each.value: moment for each, moment in cutoffs.kinds.items()}
    of_kind = _case(kind, "kind", kinds, bound)
    of_product = _case("e.body::json ->> 'product'", "product", cutoffs.products, bound)
    bound["otherwise"] = utc_text(cutoffs.entries)
    return f"coalesce(least({of_kind}, {of_product}), %(otherwise)s)"


def _case(value: str, name: str, moments: Mapping[str, datetime], bound: dict[str, Any]) -> str:
    if not moments:
        return "NULL::text"
    whens = list[str]()
    for number, (each, moment) in enumerate(moments.items()):
        bound |= {f"{name}{number}": each, f"{name}_at{number}": utc_text(moment)}
        whens.append(f"WHEN %({name}{number})s THEN %({name}_at{number})s")
    return f"CASE {value} {' '.join(whens)} END"
