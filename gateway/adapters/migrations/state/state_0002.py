"""Saved queries: a table of their own."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, String, Text

from gateway.adapters.database_roles import grant_state

revision = "state_0002"
down_revision = "state_0001"


def upgrade() -> None:
    op.create_table(
        "saved_queries",
        Column("id", String(32), primary_key=True),
        Column("creator", LargeBinary(32), nullable=False),
        Column("circle", LargeBinary(32), nullable=False),
        Column("digest", LargeBinary(32), nullable=False),
        Column("request", Text, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_saved_queries_creator", "saved_queries", ["creator"])
    grant_state("saved_queries")
