"""Connections to a PostgreSQL that flushes what it commits, and that are never waited for without end."""

from __future__ import annotations

import hashlib
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, create_engine

from gateway.adapters.postgres_url import PostgresUrl
from gateway.errors import Unavailable

SCHEMA = "jakelu"
CONNECT_SECONDS = 2
# Whoever holds a lock and says nothing has stopped: the others do not wait for it to come back.
SILENT_SECONDS = 10
# What one transaction reads, as one moment shows it; it waits for no writer.
READS = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that gives up a server that stands still.

    The server's own timeouts end what is slow; they do not run in one that is stopped, or behind a
    network that swallows packets.
    """

    patience_seconds: float = 5.0

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        try:
            return super().wait(gen, interval, timeout or self.patience_seconds)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()  # an answer that comes late would be taken for the next one's
            raise


def connect_postgres(
    url: PostgresUrl, *, busy_seconds: float, fault: type[Unavailable]
) -> BoundedConnection:
    """One connection, in which each statement commits by itself.

    busy_seconds: how long a lock is waited for. fault: what is raised where the server would lose what it
    has said is committed. Of several hosts the one that can be written to is taken.
    Raises psycopg.Error.
    """
    connection = BoundedConnection.connect(**_session(url, busy_seconds), autocommit=True)
    connection.patience_seconds = _statement_seconds(busy_seconds) + 1
    try:
        _check_durability(connection, fault)
    except BaseException:
        connection.close()
        raise
    return connection


def postgres_engine(
    url: PostgresUrl, *, busy_seconds: float, connections: int, fault: type[Unavailable]
) -> Engine:
    """A pool of at most `connections`, each checked before it is used, so that a restart costs nothing.

    busy_seconds: how long a lock, or a free connection, is waited for. fault: as `connect_postgres`.
    The values of a statement are in no error, for errors are logged.
    """

    def connect() -> BoundedConnection:
        connection = connect_postgres(url, busy_seconds=busy_seconds, fault=fault)
        connection.autocommit = False
        return connection

    return create_engine(
        "postgresql+psycopg://",
        creator=connect,
        isolation_level="READ COMMITTED",
        pool_size=connections,
        max_overflow=0,
        pool_timeout=busy_seconds,
        pool_pre_ping=True,
        hide_parameters=True,
    )


def lock_number(name: str) -> int:
    """64 bits of a name, for an advisory lock; two that meet by chance only wait for each other."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def _session(url: PostgresUrl, busy_seconds: float) -> dict[str, Any]:
    """What libpq is told: the address, and what holds for a whole session."""
    settings = {
        "search_path": SCHEMA,
        "lock_timeout": round(busy_seconds * 1000),
        "statement_timeout": round(_statement_seconds(busy_seconds) * 1000),
        "idle_in_transaction_session_timeout": SILENT_SECONDS * 1000,
        "client_min_messages": "warning",
        # A client that is gone without a word gives its locks back in half a minute, not in two hours.
        "tcp_keepalives_idle": 10,
        "tcp_keepalives_interval": 5,
        "tcp_keepalives_count": 4,
    }
    return {
        # A variable of libpq's could lead elsewhere, past the check of the address.
        "hostaddr": "",
        **url.parameters,
        "application_name": "jakelu",
        "connect_timeout": CONNECT_SECONDS,
        "target_session_attrs": "read-write",
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
    }


def _statement_seconds(busy_seconds: float) -> float:
    """Even where nobody is waited for, a statement may take this long."""
    return max(busy_seconds, 2.0)


def _check_durability(connection: psycopg.Connection[Any], fault: type[Unavailable]) -> None:
    """A commit that a crash may undo is none: a revoked key would work again, a proof pass twice."""
    rows = connection.execute(
        "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off' ORDER BY name",
        (list(_DURABLE),),
    )
    off = [str(row[0]) for row in rows]
    if off:
        raise fault(
            f"The PostgreSQL server has {', '.join(off)} off, so a crash would undo what it has "
            "committed; turn it on."
        )
