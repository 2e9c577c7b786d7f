"""The state database: what the serving processes of one gateway share besides the journal.

Used proofs, access keys, sessions, quotas. Unlike the journal it may be lost without losing the answer to
who got what: then keys are made anew, and people log in again. Embedded it is one SQLite file in WAL mode.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from gateway.adapters.private_file import create_private_file
from gateway.errors import StateUnavailable

_READS = "jakelu_reads"
_PAUSE_SECONDS = 0.02
_CHECKPOINT_PAGES = 32  # what is kept here is small, and so is its log: 128 KB
METADATA = MetaData()  # each table is described in the file of the adapter that uses it


class StateDatabase:
    """Transactions over one SQLite file; safe to use from many threads and processes.

    The file is made when it is missing, for its owner alone. busy_seconds: how long a transaction waits
    for another process's; is_flushed: each commit is on the disk when it returns. Raises
    StateUnavailable.
    """

    def __init__(self, path: Path, *, busy_seconds: float = 2.0, is_flushed: bool = False) -> None:
        if not path.parent.is_dir():
            raise StateUnavailable("The folder of state_path does not exist; make it first.")
        with _faults():
            create_private_file(path)
            _use_log(path, busy_seconds)
            self._engine = _engine(path, busy_seconds, is_flushed=is_flushed)

    def make(self, *tables: str) -> None:
        """Make the named tables of `METADATA` where they are missing."""
        chosen = [METADATA.tables[name] for name in tables]
        with self.transaction() as connection:
            METADATA.create_all(connection, tables=chosen)

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """All or nothing, one writer at a time: what is read in it does not change under it."""
        with _faults(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """What is committed, as one moment shows it; waits for no writer."""
        options = {_READS: True}
        with (
            _faults(),
            self._engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    def check(self) -> None:
        """Raises StateUnavailable when the database cannot be written to now."""
        with self.transaction():
            pass

    def close(self) -> None:
        self._engine.dispose()


def _use_log(path: Path, busy_seconds: float) -> None:
    """Write-ahead logging, kept in the file from then on.

    SQLite waits for nobody here, so processes that start together try again. Raises sqlite3.Error.
    """
    deadline = time.monotonic() + busy_seconds
    with closing(sqlite3.connect(path, timeout=busy_seconds)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return


def _engine(path: Path, busy_seconds: float, *, is_flushed: bool) -> Engine:
    engine = create_engine(f"sqlite+pysqlite:///{path.absolute()}", pool_size=8, max_overflow=64)

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN would come too late
        connection.execute(f"PRAGMA busy_timeout = {round(busy_seconds * 1000)}")
        # A commit survives the process. Only a power cut may undo the last ones, and lasts longer than a
        # proof is valid; whoever must not lose a commit asks for more (`is_flushed`).
        connection.execute(f"PRAGMA synchronous = {'FULL' if is_flushed else 'NORMAL'}")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get(_READS):
            connection.exec_driver_sql("BEGIN")
        else:  # waits for its turn instead of failing midway
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@contextmanager
def _faults() -> Generator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as fault:
        raise StateUnavailable(
            "The gateway's own state cannot be read or written; try again in a moment.",
            retry_after_seconds=5,
        ) from fault
