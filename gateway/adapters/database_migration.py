"""The way of a database to today's tables: Alembic over the folders in `migrations`.

Imported late, and before a lock is taken: a database that is up to date needs none of it.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from gateway.adapters.database_schema import Schema, find_revision
from gateway.errors import Unavailable

MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(connection: Connection, schema: Schema, *, fault: type[Unavailable]) -> str | None:
    """Bring a database to today's tables, within the transaction of `connection`.

    Gives the revision that it was at. Raises `fault` for one of a newer gateway, SQLAlchemyError.
    """
    before = find_revision(connection, schema)
    config = Config(attributes={"connection": connection, "version_table": schema.version_table})
    config.set_main_option("script_location", _escaped(MIGRATIONS))
    config.set_main_option("version_locations", _escaped(MIGRATIONS / schema.name))
    config.set_main_option("path_separator", "newline")
    try:
        command.upgrade(config, "head")
    except CommandError as unknown:
        raise fault(f"The {schema.name} was made by another version of the gateway.") from unknown
    return before


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
