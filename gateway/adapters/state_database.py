"""The state database: what the serving processes of one gateway share besides the journal.

Used proofs, access keys, sessions, quotas. Unlike the journal it may be lost without losing the answer to
who got what: then keys are made anew, and people log in again. Embedded it is one SQLite file; processes on
several machines share a PostgreSQL.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, MetaData
from sqlalchemy.exc import SQLAlchemyError

from gateway.adapters import postgres_engine, state_postgres, state_sqlite
from gateway.adapters.postgres_url import PostgresUrl
from gateway.errors import StateUnavailable

# Each table is described in the file of the adapter that uses it; `migrations/state` makes them.
METADATA = MetaData()


class StateDatabase:
    """Transactions over a SQLite file or a PostgreSQL; safe to use from many threads and processes.

    busy_seconds: how long a transaction waits for another process's; is_flushed: each commit is on the
    disk when it returns, as it always is on PostgreSQL. Raises StateUnavailable.
    """

    def __init__(
        self, where: Path | PostgresUrl, *, busy_seconds: float = 2.0, is_flushed: bool = False
    ) -> None:
        self._file = None if isinstance(where, PostgresUrl) else where
        with state_faults():
            if isinstance(where, PostgresUrl):
                self._engine = state_postgres.open_postgres(where, busy_seconds=busy_seconds)
            else:
                self._engine = state_sqlite.open_sqlite(
                    where, busy_seconds=busy_seconds, is_flushed=is_flushed
                )

    @contextmanager
    def transaction(self, *, turn: str = "") -> Generator[Connection]:
        """All or nothing, one writer at a time: what is read in it does not change under it.

        turn: whose writers alone are meant, on a database that lets several in: transactions that
        touch the same rows have the same turn. Without one there is nobody else meanwhile.
        """
        with state_faults(), self._engine.begin() as connection:
            if self._file is None:
                state_postgres.take_turn(connection, turn)
            yield connection

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """What is committed, as one moment shows it; waits for no writer."""
        options = postgres_engine.READS if self._file is None else state_sqlite.READS
        with (
            state_faults(),
            self._engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    def check(self) -> None:
        """Raises StateUnavailable when the database cannot be written to now."""
        with self.transaction(turn="check") as connection:
            if self._file is None:
                state_postgres.check_writable(connection)
            else:
                state_sqlite.check_room(self._file)

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def state_faults() -> Generator[None]:
    """Whatever a database says is StateUnavailable; its words stay in the log."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as fault:
        raise StateUnavailable(
            "The gateway's own state cannot be read or written; try again in a moment.",
            retry_after_seconds=5,
        ) from fault
