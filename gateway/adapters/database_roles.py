"""Who may do what in a PostgreSQL: the rights that a migration gives with the tables it makes.

The roles are made by `deploy/postgresql/roles.sql`: `jakelu_owner` makes tables and serves nobody, `jakelu_gateway`
serves and makes none, `jakelu_retention` is the gateway that may also let expire,
`jakelu_auditor` reads. A table has no rights but those that stand in its migration.
A SQLite file has its owner and nobody else.
"""

from __future__ import annotations

from alembic import op

OWNER, GATEWAY, AUDITOR = "jakelu_owner", "jakelu_gateway", "jakelu_auditor"
RETENTION = "jakelu_retention"


def grant_state(*tables: str) -> None:
    """What is kept there comes and goes: the gateway reads and writes rows, and has no say on tables."""
    for table in tables:
        grant("SELECT, INSERT, UPDATE, DELETE", table, GATEWAY)


def grant_revision(version_table: str) -> None:
    """Whoever uses the tables may look which revision they are."""
    grant("SELECT", version_table, GATEWAY)


def grant(rights: str, table: str, role: str) -> None:
    """Of one table or view. rights: as SQL spells them, with their columns where they are narrower."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"GRANT {rights} ON TABLE {table} TO {role}")
