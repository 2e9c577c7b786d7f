"""`jakelu database`: the tables of the journal made and brought up to date, and looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gateway.adapters.database_preparation import Migrated, excess_rights, migrate_tables
from gateway.adapters.database_schema import JOURNAL
from gateway.adapters.journal_opening import open_journal_store
from gateway.adapters.journal_postgres_boots import GATE
from gateway.adapters.journal_postgres_connection import journal_faults
from gateway.adapters.postgres_url import PostgresUrl
from gateway.errors import JournalUnavailable


def migrate_journal(url: PostgresUrl) -> Migrated:
    """Bring the tables to today's, as the role of `url`, all or nothing. Raises JournalUnavailable."""
    with journal_faults():
        return migrate_tables(url, JOURNAL, gate=GATE, fault=JournalUnavailable)


def check_journal(where: Path | PostgresUrl) -> Sequence[str]:
    """What is wrong with the journal as the gateway finds it; empty when nothing is."""
    try:
        store = open_journal_store(where)
    except JournalUnavailable as fault:
        return (fault.detail,)
    try:
        store.check()
    except JournalUnavailable as fault:
        return (fault.detail,)
    finally:
        store.close()
    if isinstance(where, PostgresUrl):
        return excess_rights(where, grows="entries", fault=JournalUnavailable)
    return ()
