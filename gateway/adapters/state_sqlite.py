"""The state in one SQLite file, in WAL mode: the embedded default."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event

from gateway.adapters.database_schema import STATE, find_revision
from gateway.adapters.durable import has_room
from gateway.adapters.private_file import create_private_file
from gateway.errors import StateUnavailable

READS = {"jakelu_reads": True}
_PAUSE_SECONDS = 0.02
_CHECKPOINT_PAGES = 32  # what is kept here is small, and so is its log: 128 KB


def open_sqlite(path: Path, *, busy_seconds: float, is_flushed: bool) -> Engine:
    """The file is made when it is missing, for its owner alone, and brought to today's tables.

    Raises StateUnavailable, SQLAlchemyError, sqlite3.Error, OSError.
    """
    if not path.parent.is_dir():
        raise StateUnavailable("The folder of state_path does not exist; make it first.")
    create_private_file(path)
    _use_log(path, busy_seconds)
    engine = _engine(path, busy_seconds, is_flushed=is_flushed)
    with engine.connect().execution_options(**READS) as connection:
        is_current = find_revision(connection, STATE) == STATE.revision
    if not is_current:
        from gateway.adapters.database_migration import migrate

        with engine.begin() as connection:
            migrate(connection, STATE, fault=StateUnavailable)
    return engine


def check_room(path: Path) -> None:
    """Raises StateUnavailable, OSError."""
    if not has_room(path.parent):
        raise StateUnavailable("The disk of the state is full.", retry_after_seconds=60)


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
    engine = create_engine(
        f"sqlite+pysqlite:///{path.absolute()}",
        pool_size=8,
        max_overflow=64,
        hide_parameters=True,
    )

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
        if READS.items() <= connection.get_execution_options().items():
            connection.exec_driver_sql("BEGIN")
        else:  # waits for its turn instead of failing midway
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
