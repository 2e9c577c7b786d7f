"""The one place where it is decided which store a journal has."""

from __future__ import annotations

from pathlib import Path

from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.adapters.postgres_url import PostgresUrl
from gateway.journal.store import DurableStore

BUSY_SECONDS = 2.0


def open_journal_store(
    where: Path | PostgresUrl, *, busy_seconds: float = BUSY_SECONDS
) -> DurableStore:
    """A file, or a PostgreSQL. busy_seconds: how long to wait for another process's transaction.

    Raises JournalUnavailable.
    """
    if isinstance(where, Path):
        return SqliteJournal(where, busy_seconds=busy_seconds)
    from gateway.adapters.journal_postgres import PostgresJournal

    return PostgresJournal(where, busy_seconds=busy_seconds)
