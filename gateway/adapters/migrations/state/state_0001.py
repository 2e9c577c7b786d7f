"""The state's first tables: used proofs, access keys, sealing keys, sessions, and what clients have asked for.

A file of an earlier gateway has them already, without a revision: what is there is left as it is.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, BigInteger, Column, LargeBinary, String, Text

from gateway.adapters.database_roles import grant_revision, grant_state

revision = "state_0001"
down_revision = None


def upgrade() -> None:
    _identity()
    _allowances()
    tables = ("used_once", "access_keys", "sealing_keys", "sessions")
    grant_state(*tables, "request_buckets", "extract_places", "bytes_of_day")
    grant_revision("state_revision")


def _identity() -> None:
    _table(
        "used_once",
        Column("kind", String(32), primary_key=True),
        Column("digest", LargeBinary(32), primary_key=True),
        Column("until", BigInteger, nullable=False),
    )
    _index("used_once", "until")
    op.create_table(
        "access_keys",
        Column("id", String(12), primary_key=True),
        Column("digest", LargeBinary(32), nullable=False),
        Column("organisation", String(16), nullable=False),
        Column("service_account", String(64), nullable=False),
        Column("products", JSON, nullable=False),
        Column("roles", JSON, nullable=False),
        Column("networks", JSON, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("created_by", String(511), nullable=False),
        Column("expires_at", BigInteger, nullable=False),
        Column("rotated_from", String(12)),
        Column("rotates_to", String(12)),
        Column("revoked_at", BigInteger),
        Column("last_used_at", BigInteger),
        if_not_exists=True,
    )
    _index("access_keys", "organisation")
    _table(
        "sealing_keys",
        Column("purpose", String(32), primary_key=True),
        Column("key", LargeBinary(32), nullable=False),
    )
    _table(
        "sessions",
        Column("digest", LargeBinary(32), primary_key=True),
        Column("claims", Text, nullable=False),
        Column("idle_until", BigInteger, nullable=False),
        Column("until", BigInteger, nullable=False),
    )
    _index("sessions", "idle_until")
    _index("sessions", "until")


def _allowances() -> None:
    _table(
        "request_buckets",
        Column("client", LargeBinary(32), primary_key=True),
        Column("level", BigInteger, nullable=False),
        Column("at_us", BigInteger, nullable=False),
        Column("full_us", BigInteger, nullable=False),
    )
    _index("request_buckets", "full_us")
    _table(
        "extract_places",
        Column("place", LargeBinary(16), primary_key=True),
        Column("client", LargeBinary(32), nullable=False),
        Column("until_us", BigInteger, nullable=False),
    )
    _table(
        "bytes_of_day",
        Column("day", String(10), primary_key=True),
        Column("holder", LargeBinary(32), primary_key=True),
        Column("bytes", BigInteger, nullable=False),
    )


def _table(name: str, *columns: Column[object]) -> None:
    op.create_table(name, *columns, sqlite_with_rowid=False, if_not_exists=True)


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column], if_not_exists=True)
