"""`jakelu journal search`: entries as auditors find them over HTTP, for whoever keeps the machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.batch.journal_view import opened_journal, said_filters
from gateway.batch.operating_login import operating_login
from gateway.batch.report_format import Format, is_json
from gateway.journal.events import searched_body
from gateway.model.entry import Draft, EntryKind
from gateway.settings import SharedSettings
from gateway.surfaces.auditor.entries import page_of
from gateway.surfaces.auditor.parameters import read_reading

_FIELDS = ("organisation", "client_id", "sub", "product", "release", "purpose")
_HEADINGS = ("seq", "time", "kind", *_FIELDS, "ended")


@dataclass(frozen=True, slots=True)
class Found:
    """entries: as over HTTP, without salts. following: for `after`, None on the last page."""

    entries: Sequence[Mapping[str, Any]]
    following: str | None


def search_journal(settings: SharedSettings, parameters: Mapping[str, str]) -> Found:
    """One page. Who searched for what is durable in the journal before anything is read.

    parameters: with the names that they have over HTTP. Raises BadParameter, UnknownParameter,
    JournalUnavailable.
    """
    reading = read_reading(parameters)
    with opened_journal(settings) as journal:
        body = searched_body(
            operating_login(),
            filters=said_filters(reading.filters, journal),
            after=reading.after,
            limit=reading.limit,
        )
        receipt = journal.append(Draft(EntryKind.JOURNAL_SEARCHED, body))
        end = min(reading.end or receipt.seq, receipt.seq - 1)
        page = page_of(journal.search(reading.query()), end)
    return Found(page["entries"], page["next"])


def found_lines(found: Found, *, form: Format) -> Iterator[str]:
    """A line an entry, with a heading in a table."""
    if is_json(form, sys.stdout):
        return (orjson.dumps(entry).decode() for entry in found.entries)
    return _table([_HEADINGS, *(_cells(entry) for entry in found.entries)])


def _cells(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """ended: the outcome of a delivery, or the code of a refusal."""
    body = entry["body"]
    told = [body.get(name) for name in _FIELDS]
    ended = entry["outcome"] or body.get("refusal")
    cells = (entry["seq"], entry["ts_utc"], entry["kind"], *told, ended)
    return tuple("-" if cell is None else str(cell) for cell in cells)


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADINGS))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
