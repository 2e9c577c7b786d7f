"""`jakelu database`: the tables of the state made and brought up to date, and looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from gateway.adapters.database_migration import migrate
from gateway.adapters.database_roles import GATEWAY
from gateway.adapters.database_schema import STATE
from gateway.adapters.postgres_engine import SCHEMA, postgres_engine
from gateway.adapters.postgres_url import PostgresUrl
from gateway.adapters.state_database import StateDatabase, state_faults
from gateway.adapters.state_postgres import take_turn
from gateway.errors import StateUnavailable

MIGRATION_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Migrated:
    """before: None where there were no tables."""

    before: str | None
    after: str


def migrate_state(url: PostgresUrl) -> Migrated:
    """Bring the tables to today's, as the role of `url`, all or nothing. Raises StateUnavailable."""
    engine = _engine(url, MIGRATION_SECONDS)
    try:
        with state_faults(), engine.begin() as connection:
            _check_house(connection, url)
            take_turn(connection, "")  # who serves waits, or is waited for
            before = migrate(connection, STATE, fault=StateUnavailable)
            return Migrated(before, STATE.revision)
    finally:
        engine.dispose()


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
    return _excess(where) if isinstance(where, PostgresUrl) else ()


def _excess(url: PostgresUrl) -> Sequence[str]:
    """Rights of the serving role that it has no use for, and whoever takes the process over has."""
    engine = _engine(url, 2.0)
    try:
        with engine.connect() as connection:
            is_superuser, may_create, may_truncate = connection.execute(
                text(
                    "SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),"
                    " has_schema_privilege(:schema, 'CREATE'),"
                    " has_table_privilege('access_keys', 'TRUNCATE')"
                ),
                {"schema": SCHEMA},
            ).one()
    finally:
        engine.dispose()
    if is_superuser or may_create or may_truncate:
        return (f"The role {url.user} may change tables; serve as {GATEWAY}, which may not.",)
    return ()


def _engine(url: PostgresUrl, seconds: float) -> Engine:
    return postgres_engine(url, busy_seconds=seconds, connections=1, fault=StateUnavailable)


def _check_house(connection: Connection, url: PostgresUrl) -> None:
    """Raises StateUnavailable where roles.sql was not run, or another role than the owner asks."""
    is_prepared, may_create = connection.execute(
        text(
            "SELECT to_regnamespace(:schema) IS NOT NULL AND to_regrole(:role) IS NOT NULL,"
            " coalesce(has_schema_privilege(to_regnamespace(:schema), 'CREATE'), false)"
        ),
        {"schema": SCHEMA, "role": GATEWAY},
    ).one()
    if not is_prepared:
        raise StateUnavailable(
            "The database has no schema or roles of the gateway; run deploy/postgresql/roles.sql in it."
        )
    if not may_create:
        raise StateUnavailable(
            f"The role {url.user} may not make tables; name the owner's, --user."
        )
