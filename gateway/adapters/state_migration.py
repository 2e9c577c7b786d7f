"""`jakelu database`: the tables of the state made and brought up to date, and looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gateway.adapters.database_preparation import Migrated, excess_rights, migrate_tables
from gateway.adapters.database_schema import STATE
from gateway.adapters.postgres_url import PostgresUrl
from gateway.adapters.state_database import StateDatabase, state_faults
from gateway.adapters.state_postgres import GATE
from gateway.errors import StateUnavailable


def migrate_state(url: PostgresUrl) -> Migrated:
    """Bring the tables to today's, as the role of `url`, all or nothing. Raises StateUnavailable."""
    with state_faults():
        return migrate_tables(url, STATE, gate=GATE, fault=StateUnavailable)


def check_state(where: Path | PostgresUrl) -> Sequence[str]:
    """What is wrong with the state as the gateway finds it; empty when nothing is."""
    try:
        state = StateDatabase(where)
    except StateUnavailable as fault:
        return (fault.detail,)
    try:
        state.check()
    except StateUnavailable as fault:
        return (fault.detail,)
    finally:
        state.close()
    if isinstance(where, PostgresUrl):
        return excess_rights(where, grows=None, fault=StateUnavailable)
    return ()
