"""Keys that serving processes seal with what they give away and take back: random, made once for a purpose."""

from __future__ import annotations

import os

from sqlalchemy import Column, LargeBinary, String, Table, select

from gateway.adapters.state_database import METADATA, StateDatabase
from gateway.adapters.state_sql import insert_or

KEY_BYTES = 32

_KEYS = Table(
    "sealing_keys",
    METADATA,
    Column("purpose", String(32), primary_key=True),
    Column("key", LargeBinary(KEY_BYTES), nullable=False),
    sqlite_with_rowid=False,
)


def sealing_key(state: StateDatabase, purpose: str) -> bytes:
    """32 bytes, the same for every process of one state. Raises StateUnavailable."""
    made = {"purpose": purpose, "key": os.urandom(KEY_BYTES)}
    with state.transaction(turn=f"sealing:{purpose}") as connection:
        connection.execute(insert_or(connection, _KEYS).values(made).on_conflict_do_nothing())
        return connection.execute(
            select(_KEYS.c.key).where(_KEYS.c.purpose == purpose)
        ).scalar_one()
