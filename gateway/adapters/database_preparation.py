"""`jakelu database` for one set of tables in a PostgreSQL: made, brought up to date, and looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from gateway.adapters.database_migration import migrate
from gateway.adapters.database_roles import GATEWAY
from gateway.adapters.database_schema import Schema
from gateway.adapters.postgres_engine import SCHEMA, postgres_engine
from gateway.adapters.postgres_url import PostgresUrl
from gateway.errors import Unavailable

MIGRATION_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Migrated:
    """before: None where there were no tables."""

    before: str | None
    after: str


def migrate_tables(
    url: PostgresUrl, schema: Schema, *, gate: int, fault: type[Unavailable]
) -> Migrated:
    """Bring the tables to today's, as the role of `url`, all or nothing.

    gate: an advisory lock that whoever uses the tables takes as well. Raises `fault`, SQLAlchemyError.
    """
    engine = _engine(url, MIGRATION_SECONDS, fault)
    try:
        with engine.begin() as connection:
            _check_house(connection, url, fault)
            take = text("SELECT pg_advisory_xact_lock(:gate)")  # who serves waits, or is waited for
            connection.execute(take, {"gate": gate})
            before = migrate(connection, schema, fault=fault)
            return Migrated(before, schema.revision)
    finally:
        engine.dispose()


def excess_rights(
    url: PostgresUrl, *, grows: str | None, fault: type[Unavailable]
) -> Sequence[str]:
    """Rights of the serving role that it has no use for, and whoever takes the process over has.

    grows: a table whose rows are added and never changed by whoever serves.
    """
    engine = _engine(url, 2.0, fault)
    try:
        with engine.connect() as connection:
            is_superuser, may_create, may_truncate, may_update = connection.execute(
                text(
                    "SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),"
                    " has_schema_privilege(:schema, 'CREATE'),"
                    " (SELECT bool_or(has_table_privilege(oid, 'TRUNCATE')) FROM pg_class"
                    " WHERE relnamespace = CAST(:schema AS regnamespace) AND relkind = 'r'),"
                    " coalesce(has_any_column_privilege(:grows, 'UPDATE'), false)"
                ),
                {"schema": SCHEMA, "grows": grows},
            ).one()
    finally:
        engine.dispose()
    if is_superuser or may_create or may_truncate:
        return (f"The role {url.user} may change tables; serve as {GATEWAY}, which may not.",)
    if may_update:
        return (f"The role {url.user} may change {grows}; serve as {GATEWAY}, which may not.",)
    return ()


def _engine(url: PostgresUrl, seconds: float, fault: type[Unavailable]) -> Engine:
    return postgres_engine(url, busy_seconds=seconds, connections=1, fault=fault)


def _check_house(connection: Connection, url: PostgresUrl, fault: type[Unavailable]) -> None:
    """Raises `fault` where roles.sql was not run, or another role than the owner asks."""
    is_prepared, may_create = connection.execute(
        text(
            "SELECT to_regnamespace(:schema) IS NOT NULL AND to_regrole(:role) IS NOT NULL,"
            " coalesce(has_schema_privilege(to_regnamespace(:schema), 'CREATE'), false)"
        ),
        {"schema": SCHEMA, "role": GATEWAY},
    ).one()
    if not is_prepared:
        raise fault(
            "The database has no schema or roles of the gateway; run deploy/postgresql/roles.sql in it."
        )
    if not may_create:
        raise fault(f"The role {url.user} may not make tables; name the owner's, --user.")
