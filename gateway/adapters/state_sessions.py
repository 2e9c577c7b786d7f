"""Sessions of people in the state database: found by the hash of the cookie, ended by time or by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    Table,
    Text,
    delete,
    insert,
    or_,
    select,
    update,
)

from gateway.adapters.state_database import METADATA, StateDatabase
from gateway.adapters.state_secrets import digest_of, new_secret
from gateway.adapters.state_sql import forget
from gateway.ports import Clock

_SESSIONS = Table(
    "sessions",
    METADATA,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("claims", Text, nullable=False),
    Column("idle_until", BigInteger, nullable=False, index=True),  # seconds of the epoch
    Column("until", BigInteger, nullable=False, index=True),
    sqlite_with_rowid=False,
)


class StoredSessions:
    """The SessionStore port over the state database.

    idle: how long a session lives without a request; absolute: how long it lives whatever happens. The
    end of the idle time is written anew only once it has moved by a tenth of it, so that a request mostly
    waits for no writer: a session may end up to a tenth of the idle time earlier than that.
    """

    def __init__(
        self, state: StateDatabase, *, clock: Clock, idle: timedelta, absolute: timedelta
    ) -> None:
        self._state = state
        self._clock = clock
        self._idle_seconds = int(idle.total_seconds())
        self._absolute_seconds = int(absolute.total_seconds())

    def begin(self, claims: Mapping[str, Any]) -> str:
        secret, now = new_secret(), self._now()
        digest = digest_of(secret)
        row = {
            "digest": digest,
            "claims": json.dumps(claims),
            "idle_until": now + self._idle_seconds,
            "until": now + self._absolute_seconds,
        }
        ended = or_(_SESSIONS.c.idle_until <= now, _SESSIONS.c.until <= now)
        with self._state.transaction(turn=_turn(digest)) as connection:
            forget(connection, _SESSIONS, ended)
            connection.execute(insert(_SESSIONS).values(row))
        return secret

    def find(self, secret: str) -> Mapping[str, Any] | None:
        digest, now = digest_of(secret), self._now()
        if digest is None:
            return None
        lives = (
            _SESSIONS.c.digest == digest,
            _SESSIONS.c.idle_until > now,
            _SESSIONS.c.until > now,
        )
        with self._state.reading() as connection:
            row = connection.execute(
                select(_SESSIONS.c.claims, _SESSIONS.c.idle_until).where(*lives)
            ).one_or_none()
        if row is None:
            return None
        idle_until = now + self._idle_seconds
        if 10 * abs(idle_until - row.idle_until) >= self._idle_seconds:
            moved = update(_SESSIONS).where(*lives).values(idle_until=idle_until)
            with self._state.transaction(turn=_turn(digest)) as connection:
                if connection.execute(moved).rowcount == 0:  # it has ended since it was read
                    return None
        return json.loads(row.claims)

    def end(self, secret: str) -> Mapping[str, Any] | None:
        digest = digest_of(secret)
        if digest is None:
            return None
        with self._state.transaction(turn=_turn(digest)) as connection:
            claims = connection.execute(
                delete(_SESSIONS).where(_SESSIONS.c.digest == digest).returning(_SESSIONS.c.claims)
            ).scalar()
        return None if claims is None else json.loads(claims)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _turn(digest: bytes | None) -> str:
    """Sessions of two people wait for nobody; `find` and `end` of one follow each other."""
    return f"{_SESSIONS.name} {(digest or b'').hex()}"
