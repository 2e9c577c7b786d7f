"""Logins that have begun: each is taken once, and by the browser that began it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from sqlalchemy import Column, Integer, LargeBinary, String, Table, delete, insert, select

from gateway.adapters.state_database import METADATA, StateDatabase
from gateway.adapters.state_secrets import digest_of, new_secret
from gateway.ports import Clock, LoginAttempt

LIFETIME = timedelta(minutes=10)
ATTEMPTS_MAX = 10_000  # anybody may begin a login: beyond this the oldest ones are given up

_LOGINS = Table(
    "logins",
    METADATA,
    Column("state_digest", LargeBinary(32), primary_key=True),
    Column("browser_digest", LargeBinary(32), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(64), nullable=False),
    Column("page", String(128), nullable=False),
    Column("until", Integer, nullable=False, index=True),  # seconds of the epoch
    sqlite_with_rowid=False,
)


class StoredLogins:
    """The LoginStore port over the state database."""

    def __init__(self, state: StateDatabase, *, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        state.make(_LOGINS.name)

    def begin(self, attempt: LoginAttempt) -> str:
        browser, now = new_secret(), self._now()
        row = {
            "state_digest": _digest(attempt.state),
            "browser_digest": digest_of(browser),
            "nonce": attempt.nonce,
            "verifier": attempt.verifier,
            "page": attempt.page,
            "until": now + int(LIFETIME.total_seconds()),
        }
        newest = (
            select(_LOGINS.c.until)
            .order_by(_LOGINS.c.until.desc())
            .offset(ATTEMPTS_MAX - 1)
            .limit(1)
        )
        with self._state.transaction() as connection:
            oldest_kept = connection.execute(newest).scalar() or now
            connection.execute(delete(_LOGINS).where(_LOGINS.c.until <= max(now, oldest_kept)))
            connection.execute(insert(_LOGINS).values(row))
        return browser

    def take(self, state: str, browser: str) -> LoginAttempt | None:
        with self._state.transaction() as connection:
            row = connection.execute(
                delete(_LOGINS).where(_LOGINS.c.state_digest == _digest(state)).returning(_LOGINS)
            ).one_or_none()
        if row is None or row.until <= self._now():
            return None
        digest = digest_of(browser)
        if digest is None or not hmac.compare_digest(digest, row.browser_digest):
            return None
        return LoginAttempt(state=state, nonce=row.nonce, verifier=row.verifier, page=row.page)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _digest(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
