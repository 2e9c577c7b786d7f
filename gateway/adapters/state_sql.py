"""Statements of the stores that SQLite and PostgreSQL spell differently, or that both must be careful with."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Table, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

FORGOTTEN_AT_ONCE = 1000


def insert_or(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT with `on_conflict_do_update` and `on_conflict_do_nothing`."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def forget(connection: Connection, table: Table, ended: ColumnElement[bool]) -> None:
    """Remove rows that are of no use any more.

    Of many, some, so that no caller pays for a day of standing still; the next ones take the rest. Rows
    that another transaction is at are left out: two that wait for each other's would never end.
    """
    key = table.primary_key.columns
    rows = select(*key).where(ended).limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)
    connection.execute(delete(table).where(tuple_(*key).in_(rows)))
