"""What has expired in the SQLite journal, how it goes, and the holds that keep it.

Deciding reads bodies and times; facets serve holds alone, which are searches that stand.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from gateway.adapters.journal_facets import facets_of_halves, wanted_facets
from gateway.adapters.journal_rows import shown
from gateway.journal.store import Cutoffs, ExpiredEntry, ExpiredPage, RuleBroken
from gateway.model.days import utc_text
from gateway.model.entry import Entry, EntryKind, EntryQuery

_LAST = "SELECT coalesce(max(seq), 0) FROM entries INDEXED BY entries_by_time WHERE ts_utc < ?"
_LISTED = "IN (SELECT value FROM json_each(:seqs))"
# {of}: when an entry of the alias must be older to have expired. A completion has its intent's product.
_EXPIRED = """
SELECT e.seq, e.kind, e.leaf_sha256, c.seq, c.kind, c.leaf_sha256
FROM entries e LEFT JOIN entries c ON c.intent_seq = e.seq
WHERE e.seq > :after AND e.seq <= :last AND e.body IS NOT NULL
  AND e.kind NOT IN ('access.completion', 'journal.pruned')
  AND (e.kind <> 'access.intent' OR c.seq IS NOT NULL)
  AND e.ts_utc < {of_e} AND (c.seq IS NULL OR c.ts_utc < {of_c})
  AND NOT EXISTS (SELECT 1 FROM held h WHERE h.seq IN (e.seq, c.seq))
ORDER BY e.seq LIMIT :rows
"""
_OLD_ADDRESSES = """
SELECT a.seq FROM addresses a JOIN entries e ON e.seq = a.seq
LEFT JOIN entries c ON c.intent_seq = a.seq
WHERE a.seq > ? AND a.seq <= ? AND e.ts_utc < ?
  AND NOT EXISTS (SELECT 1 FROM held h WHERE h.seq IN (a.seq, c.seq))
ORDER BY a.seq LIMIT ?
"""
_HALVES = f"""
SELECT e.seq, e.body, i.body, c.body FROM entries e
LEFT JOIN entries i ON i.seq = e.intent_seq LEFT JOIN entries c ON c.intent_seq = e.seq
WHERE e.seq {_LISTED} AND e.body IS NOT NULL
"""  # noqa: S608 — our own text
_HOLDS = """
SELECT e.seq, e.event_id, e.kind, e.ts_utc, e.leaf_sha256, e.body, NULL, NULL
FROM holds h JOIN entries e ON e.seq = h.seq WHERE h.lifted_seq IS NULL ORDER BY h.seq
"""


def read_last_before(connection: sqlite3.Connection, moment: datetime) -> int:
    return connection.execute(_LAST, (utc_text(moment),)).fetchone()[0]


def read_expired(
    connection: sqlite3.Connection,
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
    rows = connection.execute(statement, bound).fetchall()
    halves = [half for row in rows for half in (row[:3], row[3:]) if half[0] is not None]
    found = (ExpiredEntry(seq, EntryKind(kind), leaf) for seq, kind, leaf in halves)
    entries = tuple(sorted(found, key=lambda entry: entry.seq))
    return ExpiredPage(entries, rows[-1][0] if len(rows) == limit else None)


def read_old_addresses(
    connection: sqlite3.Connection, before: datetime, places: tuple[int, int], limit: int
) -> Sequence[int]:
    rows = connection.execute(_OLD_ADDRESSES, (*places, utc_text(before), limit))
    return [seq for (seq,) in rows]


def take(
    connection: sqlite3.Connection, entries: Sequence[int], addresses: Sequence[int], *, by: int
) -> None:
    """Bodies with their salts and facets, and addresses, in the running transaction.

    The kind stays a facet: it is no value of the body alone. Raises RuleBroken, sqlite3.IntegrityError.
    """
    listed = {"seqs": _text(addresses)}
    gone = connection.execute(f"DELETE FROM addresses WHERE seq {_LISTED}", listed)  # noqa: S608
    if gone.rowcount != len(addresses):
        raise RuleBroken("an address is gone already")
    listed = {"seqs": _text(entries)}
    connection.executemany("INSERT INTO pruned VALUES (?, ?)", [(seq, by) for seq in entries])
    facets = list(facets_of_halves(connection.execute(_HALVES, listed)))
    connection.execute(f"UPDATE entries SET body = NULL, salt = NULL WHERE seq {_LISTED}", listed)  # noqa: S608
    statement = "DELETE FROM facets WHERE facet = ? AND value = ? AND seq = ?"
    connection.executemany(statement, facets)


def keep_hold(connection: sqlite3.Connection, hold: int, query: EntryQuery) -> None:
    times = (None if each is None else utc_text(each) for each in (query.since, query.until))
    kind = None if query.kind is None else query.kind.value
    connection.execute("INSERT INTO holds VALUES (?, ?, ?, ?, NULL)", (hold, kind, *times))
    facets = [(hold, facet, value) for facet, value in wanted_facets(query) if facet != "kind"]
    connection.executemany("INSERT INTO hold_facets VALUES (?, ?, ?)", facets)


def end_hold(connection: sqlite3.Connection, hold: int, *, by: int) -> None:
    """Raises RuleBroken, sqlite3.IntegrityError."""
    done = connection.execute("UPDATE holds SET lifted_seq = ? WHERE seq = ?", (by, hold))
    if done.rowcount != 1:
        raise RuleBroken("there is no such hold")


def read_holds(connection: sqlite3.Connection) -> Sequence[Entry]:
    rows = connection.execute(_HOLDS)
    return [shown(row) for row in rows]


def _cutoff(kind: str, cutoffs: Cutoffs, bound: dict[str, Any]) -> str:
    """SQL of a moment: the earlier of what is said of kind and product, else that of all entries."""
    kinds = {each.value: moment for each, moment in cutoffs.kinds.items()}
    of_kind = _case(kind, "kind", kinds, bound)
    of_product = _case("json_extract(e.body, '$.product')", "product", cutoffs.products, bound)
    bound["otherwise"] = utc_text(cutoffs.entries)
    return f"coalesce(min({of_kind}, {of_product}), {of_kind}, {of_product}, :otherwise)"


def _case(value: str, name: str, moments: Mapping[str, datetime], bound: dict[str, Any]) -> str:
    if not moments:
        return "NULL"
    whens = list[str]()
    for place, (each, moment) in enumerate(moments.items()):
        bound |= {f"{name}{place}": each, f"{name}_at{place}": utc_text(moment)}
        whens.append(f"WHEN :{name}{place} THEN :{name}_at{place}")
    return f"CASE {value} {' '.join(whens)} END"


def _text(seqs: Sequence[int]) -> str:
    return orjson.dumps(list(seqs)).decode()
