"""What may be used once: proofs and assertions, remembered for as long as they would be accepted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table

from gateway.adapters.state_database import METADATA, StateDatabase
from gateway.adapters.state_sql import forget, insert_or
from gateway.ports import Clock

# How far the clocks of two machines may be apart: one that is ahead must not forget what another that is
# behind would still accept.
APART_SECONDS = 60

_USED = Table(
    "used_once",
    METADATA,
    Column("kind", String(32), primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True),
    Column("until", BigInteger, nullable=False, index=True),  # seconds of the epoch
    sqlite_with_rowid=False,
)


class StoredOnce:
    """The ReplayStore port over the state database."""

    def __init__(self, state: StateDatabase, *, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def use(self, kind: str, digest: bytes, *, until: datetime) -> bool:
        now = int(self._clock.now().timestamp())
        row = {"kind": kind, "digest": digest, "until": int(until.timestamp()) + 1}
        with self._state.transaction(turn=f"{_USED.name} {kind} {digest.hex()}") as connection:
            forget(connection, _USED, _USED.c.until <= now - APART_SECONDS)
            used = insert_or(connection, _USED).values(row).on_conflict_do_nothing()
            return connection.execute(used.returning(_USED.c.kind)).first() is not None
