"""The tables of a database, as a line of revisions: which one it is at.

One set of tables is one `Schema`, with a folder of migrations and a table that tells its revision, so that two
sets can stand in one database. The way from one revision to the next is `database_migration`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, column, inspect, select, table

from gateway.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Schema:
    """name: of its folder in `migrations`; revision: the newest, which this gateway works with."""

    name: str
    revision: str

    @property
    def version_table(self) -> str:
        return f"{self.name}_revision"


STATE = Schema("state", "state_0002")
JOURNAL = Schema("journal", "journal_0001")  # in a PostgreSQL; a file has its own steps


def find_revision(connection: Connection, schema: Schema) -> str | None:
    """None for a database without these tables."""
    if not inspect(connection).has_table(schema.version_table):
        return None
    told = table(schema.version_table, column("version_num"))
    return connection.scalar(select(told.c.version_num))


def check_revision(connection: Connection, schema: Schema, *, fault: type[Unavailable]) -> None:
    """Raises `fault` for a database that this gateway does not know how to use."""
    found = find_revision(connection, schema)
    if found is None:
        raise fault(
            f"The database has no tables for the {schema.name}; make them with "
            "`jakelu database migrate`."
        )
    if found != schema.revision:
        raise fault(
            f"The {schema.name} in the database is at revision {found}, and this gateway works with "
            f"{schema.revision}; run `jakelu database migrate` of the newer one of the two."
        )
