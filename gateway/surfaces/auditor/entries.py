"""An auditor reads entries: ruling → parameters → the reading is journaled → the entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gateway.journal.append import Journal
from gateway.journal.body import Origin
from gateway.journal.store import ClosedIntent
from gateway.model.caller import Caller
from gateway.model.days import utc_text
from gateway.model.entry import Entry, EntryPage, EntryQuery
from gateway.model.ruling import Ruling
from gateway.surfaces.auditor.auditor import Auditor, permitted
from gateway.surfaces.auditor.parameters import Filters, read_reading

# Stands in the journal for a name that occurs in no entry: what was typed is no declared code then.
UNKNOWN = "(unknown)"


def entries(
    caller: Caller,
    parameters: Mapping[str, str],
    *,
    journal: Journal,
    rule_journal: Callable[[Caller], Ruling],
    origin: Origin,
) -> dict[str, Any]:
    """One page as JSON values: `entries`, and `next` for the parameter `after`, null on the last page.

    The reading is durable in the journal before any entry is read. The pages of one reading show the
    journal as it stood at the first of them, so that the readings themselves don't prolong it for
    ever. Raises Forbidden (journaled), UnknownParameter, BadParameter, JournalUnavailable.
    """
    permit = permitted(caller, journal=journal, ruling=rule_journal(caller), origin=origin)
    reading = read_reading(parameters)
    receipt = Auditor(caller, permit, origin, journal).announce(
        declared(reading.filters, journal), after=reading.after, limit=reading.limit
    )
    end = min(reading.end or receipt.seq, receipt.seq - 1)
    return page_of(journal.search(reading.query()), end)


def declared(filters: Filters, journal: Journal) -> dict[str, str | None]:
    """The filters for the journal: codes, times, and names that the journal already knows."""

    def known(value: str | None, query: EntryQuery) -> str | None:
        return value if value is None or journal.search(query).entries else UNKNOWN

    asked = filters
    return {
        "since": None if asked.since is None else utc_text(asked.since),
        "until": None if asked.until is None else utc_text(asked.until),
        "organisation": known(
            asked.organisation, EntryQuery(organisation=asked.organisation, limit=1)
        ),
        "product": known(asked.product, EntryQuery(product=asked.product, limit=1)),
        "area": asked.area,
        "outcome": None if asked.outcome is None else asked.outcome.value,
        "kind": None if asked.kind is None else asked.kind.value,
        "client": known(asked.client, EntryQuery(client_id=asked.client, limit=1)),
        "subject": known(asked.subject, EntryQuery(subject=asked.subject, limit=1)),
        "issuer": known(
            asked.issuer,
            EntryQuery(
                organisation=asked.organisation,
                client_id=asked.client,
                subject=asked.subject,
                issuer=asked.issuer,
                limit=1,
            ),
        ),
        "purpose_code": known(asked.purpose_code, EntryQuery(purpose=asked.purpose_code, limit=1)),
        "action": None if asked.action is None else asked.action.value,
        "release": known(asked.release, EntryQuery(release=asked.release, limit=1)),
        "case_ref": known(asked.case_ref, EntryQuery(case_ref=asked.case_ref, limit=1)),
        "refusal": asked.refusal,
    }


def page_of(page: EntryPage, end: int) -> dict[str, Any]:
    """end: the last entry of the moment that is shown."""
    shown = [entry for entry in page.entries if entry.seq <= end]
    is_last = page.next_after_seq is None or page.next_after_seq >= end
    following = None if is_last else f"{page.next_after_seq}.{end}"
    return {"entries": [entry_document(entry) for entry in shown], "next": following}


def entry_document(entry: Entry) -> dict[str, Any]:
    """outcome: how the delivery ended; for an intent it is its completion's. body: null once expired."""
    is_closed = isinstance(entry, ClosedIntent)
    outcome = entry.outcome if is_closed else (entry.body or {}).get("outcome")
    return {
        "seq": entry.seq,
        "event_id": entry.event_id,
        "kind": entry.kind.value,
        "ts_utc": entry.ts_utc,
        "leaf_sha256": entry.leaf_sha256,
        "outcome": outcome,
        "completion_seq": entry.completion_seq if is_closed else None,
        "body": entry.body,
    }
