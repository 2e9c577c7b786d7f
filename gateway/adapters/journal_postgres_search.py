"""The SQL of a search in a PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from gateway.adapters.journal_facets import COMMON_KINDS, wanted_facets
from gateway.model.days import utc_text
from gateway.model.entry import EntryQuery

_SELECT = """SELECT e.seq, e.event_id, e.kind, e.ts_utc, e.leaf_sha256, e.body,
 c.seq, c.body::json ->> 'outcome'"""
# No facet: it narrows the entries of one name, and finds those that were written before it was asked for.
_ISSUED_BY = (
    "(SELECT o.body::json ->> 'iss' FROM entries o"
    " WHERE o.seq = coalesce(e.intent_seq, e.seq)) = %(issuer)s"
)
_CLOSED_BY = "LEFT JOIN entries c ON c.intent_seq = e.seq"
# The clock may have jumped, so the first entry of a time need not be the first in order. `+ 0`: else the
# planner walks the wide rows in order until it meets the time, instead of the narrow index.
_SINCE = "(SELECT min(seq + 0) - 1 FROM entries WHERE ts_utc >= %(since)s)"
_UNTIL = "(SELECT max(seq + 0) FROM entries WHERE ts_utc < %(until)s)"


def search_statement(query: EntryQuery) -> tuple[str, dict[str, Any]]:
    """One page and one row more, which tells that there is a next page.

    The filter that is usually rarest leads: its facets come in the order of seq, so a page costs
    about what it shows. The other filters are looked up by key.
    """
    bound: dict[str, Any] = {"after": query.after_seq, "rows": query.limit + 1}
    source, position, conditions = "entries e", "e.seq", list[str]()
    for number, (facet, value) in enumerate(wanted_facets(query)):
        bound |= {f"facet{number}": facet, f"value{number}": _text(value)}
        match = f"facet = %(facet{number})s AND value = %(value{number})s"
        if number == 0:
            source, position = "facets f JOIN entries e ON e.seq = f.seq", "f.seq"
            conditions.append(match)
        else:
            conditions.append(f"EXISTS (SELECT FROM facets WHERE {match} AND seq = e.seq)")
    if query.kind is not None and query.kind in COMMON_KINDS:
        bound["kind"] = query.kind.value
        conditions.append("e.kind = %(kind)s")
    if query.issuer is not None:
        bound["issuer"] = _text(query.issuer)
        conditions.append(_ISSUED_BY)
    conditions += _place_conditions(query, bound, position)
    where = " AND ".join(conditions)
    return (
        f"{_SELECT} FROM {source} {_CLOSED_BY} WHERE {where} ORDER BY {position} LIMIT %(rows)s",
        bound,
    )


def span_statement(since: datetime | None, until: datetime | None) -> tuple[str, dict[str, Any]]:
    """The first and the last seq of a time, nulls when there is none."""
    bound, conditions = dict[str, Any](), list[str]()
    if since is not None:
        bound["since"] = utc_text(since)
        conditions.append("ts_utc >= %(since)s")
    if until is not None:
        bound["until"] = utc_text(until)
        conditions.append("ts_utc < %(until)s")
    if not conditions:  # the ends of the table, found at once
        return "SELECT (SELECT min(seq) FROM entries), (SELECT max(seq) FROM entries)", bound
    where = " AND ".join(conditions)
    return f"SELECT min(seq + 0), max(seq + 0) FROM entries WHERE {where}", bound  # noqa: S608 — no value in it


def _place_conditions(query: EntryQuery, bound: dict[str, Any], position: str) -> Iterator[str]:
    """Where in the order to look."""
    if query.since is not None:
        bound["since"] = utc_text(query.since)
        yield f"e.ts_utc >= %(since)s AND {position} > {_SINCE}"
    if query.until is not None:
        bound["until"] = utc_text(query.until)
        yield f"e.ts_utc < %(until)s AND {position} <= {_UNTIL}"
    yield f"{position} > %(after)s"


def _text(value: str) -> str:
    """PostgreSQL has no NUL in a text, and so no entry with one; U+FFFE is in none either."""
    return value.replace("\0", "\ufffe")
