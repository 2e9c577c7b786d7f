"""What may be used once: proofs and assertions, remembered for as long as they would be accepted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Integer, LargeBinary, String, Table, delete
from sqlalchemy.dialects.sqlite import insert

from gateway.adapters.state_database import METADATA, StateDatabase
from gateway.ports import Clock

_USED = Table(
    "used_once",
    METADATA,
    Column("kind", String(32), primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True),
    Column("until", Integer, nullable=False, index=True),  # seconds of the epoch
    sqlite_with_rowid=False,
)


class StoredOnce:
    """The ReplayStore port over the state database."""

    def __init__(self, state: StateDatabase, *, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        state.make(_USED.name)

    def use(self, kind: str, digest: bytes, *, until: datetime) -> bool:
        now = int(self._clock.now().timestamp())
        row = {"kind": kind, "digest": digest, "until": int(until.timestamp()) + 1}
        with self._state.transaction() as connection:
            connection.execute(delete(_USED).where(_USED.c.until <= now))
            return (
                connection.execute(insert(_USED).values(row).on_conflict_do_nothing()).rowcount == 1
            )
