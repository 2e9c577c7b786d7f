"""Walking over what a search finds, a page at a time: nothing of the store is held between two pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gateway.journal.store import ClosedIntent
from gateway.model.days import utc_text
from gateway.model.entry import Entry, EntryKind, EntryQuery
from gateway.ports import JournalStore

Ended = tuple[Entry, Mapping[str, Any] | None]

PAGE = 1000
_NEVER = "~"  # behind every time as text


def walk(store: JournalStore, query: EntryQuery, *, end: int) -> Iterator[Entry]:
    """Every entry of a query behind its `after_seq` and up to `end`, in order. Raises JournalUnavailable.

    Where its time begins and ends is looked up once, not for each page.
    """
    first, last = store.span(query.since, query.until)
    end = min(end, last)
    after: int | None = max(query.after_seq, first - 1)
    since = "" if query.since is None else utc_text(query.since)
    until = _NEVER if query.until is None else utc_text(query.until)
    everywhen = replace(query, since=None, until=None, limit=PAGE)
    while after is not None and after < end:
        page = store.search(replace(everywhen, after_seq=after))
        for entry in page.entries:
            if entry.seq > end:
                return
            if since <= entry.ts_utc < until:
                yield entry
        after = page.next_after_seq


def paired(entries: Iterator[Entry], store: JournalStore, *, end: int) -> Iterator[Ended | Entry]:
    """Intents with the body of their completion, None while there is none; every other entry as it is.

    A completion without its intent among the entries is left out, and so is what has expired. It holds the intents whose completion
    has not come by: those in flight at one moment. Raises JournalUnavailable.
    """
    waiting = dict[int, Entry]()
    for entry in entries:
        if entry.body is None:
            continue
        if isinstance(entry, ClosedIntent) and entry.completion_seq <= end:
            waiting[entry.seq] = entry
        elif entry.kind is EntryKind.INTENT:
            yield entry, None
        elif entry.kind is EntryKind.COMPLETION:
            intent = waiting.pop(entry.body["intent_seq"], None)
            if intent is not None:
                yield intent, entry.body
        else:
            yield entry
    for intent in waiting.values():  # what ended behind the last entry that was asked for
        yield intent, _completion(intent, store)


def _completion(intent: Entry, store: JournalStore) -> Mapping[str, Any] | None:
    if not isinstance(intent, ClosedIntent):
        return None
    page = store.search(EntryQuery(after_seq=intent.completion_seq - 1, limit=1))
    return next((each.body for each in page.entries if each.seq == intent.completion_seq), None)
