"""What Alembic runs for a migration: over the connection it is given, in that one's transaction."""

from __future__ import annotations

from alembic import context

options = context.config.attributes
context.configure(connection=options["connection"], version_table=options["version_table"])
with context.begin_transaction():
    context.run_migrations()
