"""`jakelu journal verify`: the whole journal, leaf by leaf."""

from __future__ import annotations

from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.errors import JournalUnavailable
from gateway.journal.verify import verify_entries
from gateway.settings import BatchSettings


def verify_journal(settings: BatchSettings) -> tuple[tuple[str, ...], int]:
    """The problems as lines, and how many entries there are. Raises JournalUnavailable."""
    if not settings.journal_path.is_file():
        raise JournalUnavailable("There is no journal at journal_path.")
    store = SqliteJournal(settings.journal_path)
    try:
        found = verify_entries(store.salted())
    finally:
        store.close()
    return tuple(str(problem) for problem in found.problems), found.entries
