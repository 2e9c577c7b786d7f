"""Walking over what a search finds, a page at a time: nothing of the store is held between two pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from gateway.journal.store import ClosedIntent
from gateway.model.entry import Entry, EntryKind, EntryPage, EntryQuery

Search = Callable[[EntryQuery], EntryPage]
Ended = tuple[Entry, Mapping[str, Any] | None]

PAGE = 1000


def walk(search: Search, query: EntryQuery, *, end: int) -> Iterator[Entry]:
    """Every entry of a query behind its `after_seq` and up to `end`, in order. Raises JournalUnavailable."""
    after: int | None = query.after_seq
    while after is not None and after < end:
        page = search(replace(query, after_seq=after, limit=PAGE))
        for entry in page.entries:
            if entry.seq > end:
                return
            yield entry
        after = page.next_after_seq


def paired(entries: Iterator[Entry], search: Search, *, end: int) -> Iterator[Ended | Entry]:
    """Intents with the body of their completion, None while there is none; every other entry as it is.

    A completion without its intent among the entries is left out. It holds the intents whose completion
    has not come by: those in flight at one moment. Raises JournalUnavailable.
    """
    waiting = dict[int, Entry]()
    for entry in entries:
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
        yield intent, _completion(intent, search)


def _completion(intent: Entry, search: Search) -> Mapping[str, Any] | None:
    if not isinstance(intent, ClosedIntent):
        return None
    page = search(EntryQuery(after_seq=intent.completion_seq - 1, limit=1))
    return next((each.body for each in page.entries if each.seq == intent.completion_seq), None)
