"""`jakelu database`: the tables of the state, by the settings of either road."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.adapters.postgres_url import PostgresUrl
from gateway.adapters.state_database import StateDatabase
from gateway.adapters.state_migration import check_state, migrate_state
from gateway.settings import SharedSettings


def migrate(settings: SharedSettings, *, user: str) -> str:
    """One line for whoever ran it. Raises StateUnavailable."""
    where = settings.state
    if not isinstance(where, PostgresUrl):
        StateDatabase(where).close()
        return f"state: {where}: a file is brought up to date whenever it is opened"
    done = migrate_state(where.as_user(user))
    if done.before == done.after:
        return f"state: {where}: was at revision {done.after} already"
    return f"state: {where}: from {done.before or 'nothing'} to revision {done.after}"


def faults(settings: SharedSettings) -> Sequence[str]:
    """What keeps the gateway from serving with this state, a sentence each."""
    return check_state(settings.state)
