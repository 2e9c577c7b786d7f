"""`jakelu database`: the tables of the state and the journal, by the settings of either road."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gateway.adapters.database_preparation import Migrated
from gateway.adapters.journal_migration import check_journal, migrate_journal
from gateway.adapters.postgres_url import PostgresUrl
from gateway.adapters.state_database import StateDatabase
from gateway.adapters.state_migration import check_state, migrate_state
from gateway.settings import SharedSettings


def migrate(settings: SharedSettings, *, user: str) -> Iterator[str]:
    """A line for each database. Raises StateUnavailable, JournalUnavailable."""
    state, journal = settings.state, settings.journal
    if isinstance(state, PostgresUrl):
        yield _told("state", state, migrate_state(state.as_user(user)))
    else:
        StateDatabase(state).close()
        yield f"state: {state}: a file is brought up to date whenever it is opened"
    if isinstance(journal, PostgresUrl):
        yield _told("journal", journal, migrate_journal(journal.as_user(user)))
    else:
        yield f"journal: {journal}: a file is brought up to date whenever it is opened"


def faults(settings: SharedSettings) -> Mapping[str, Sequence[str]]:
    """By database, what keeps the gateway from serving with it, a sentence each."""
    return {
        f"state: {settings.state}": check_state(settings.state),
        f"journal: {settings.journal}": check_journal(settings.journal),
    }


def _told(name: str, where: PostgresUrl, done: Migrated) -> str:
    if done.before == done.after:
        return f"{name}: {where}: was at revision {done.after} already"
    return f"{name}: {where}: from {done.before or 'nothing'} to revision {done.after}"
