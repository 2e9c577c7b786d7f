"""The file of the SQLite journal: its creation, its rights, its connections, its schema."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.adapters.journal_sqlite_schema import STEPS, USER_VERSION
from gateway.adapters.journal_sqlite_tree import build_tree
from gateway.adapters.private_file import create_private_file
from gateway.errors import JournalUnavailable
from gateway.journal.store import RuleBroken

_CHECKPOINT_PAGES = 4000  # 16 MB of WAL between checkpoints, so that few commits wait for one
_PAUSE_SECONDS = 0.02
_WITHOUT_TREE = 1


@contextmanager
def faults() -> Generator[None]:
    """Vendor faults as ours; the vendor's text may hold a path, so it goes to the cause only."""
    try:
        yield
    except sqlite3.IntegrityError as fault:
        raise RuleBroken("the journal's own rules refuse the entries") from fault
    except (sqlite3.Error, OSError) as fault:
        raise JournalUnavailable(
            "The journal cannot be used now. Try again in a moment.", retry_after_seconds=2
        ) from fault


def create_file(path: Path) -> None:
    """An empty file that only its owner may read; an existing one is narrowed to that."""
    if not path.parent.is_dir():
        # Made by hand once: a mistyped path must not begin a second journal in silence.
        raise JournalUnavailable("The folder of journal_path does not exist; make it first.")
    create_private_file(path)


def file_identity(path: Path) -> tuple[int, int]:
    """Device and inode: another file under the same name has others."""
    status = path.stat()
    return status.st_dev, status.st_ino


def connect(path: Path, *, busy_seconds: float, max_pages: int | None) -> sqlite3.Connection:
    """A connection without implicit transactions; it never creates the file."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(
            "PRAGMA secure_delete = ON"
        )  # what expires leaves no trace in free space
        connection.execute("PRAGMA recursive_triggers = ON")  # REPLACE may not slip past them
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        if max_pages is not None:
            connection.execute(f"PRAGMA max_page_count = {int(max_pages)}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def migrate(connection: sqlite3.Connection, *, busy_seconds: float) -> None:
    """Make the tables, or of an earlier version's tables ours; wait for a process that is at it.

    Raises JournalUnavailable for a journal of another version, sqlite3.Error for any other fault.
    """
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            _migrate(connection)
        except sqlite3.OperationalError:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            if time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _migrate(connection: sqlite3.Connection) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    (durability,) = connection.execute("PRAGMA synchronous").fetchone()
    if mode != "wal" or durability != 2:
        raise JournalUnavailable("The journal's file system does not allow a write-ahead log.")
    while (version := _version(connection)) != USER_VERSION:
        if version not in STEPS:
            raise JournalUnavailable("The journal was made by another version of the gateway.")
        _step(connection, version)


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def _step(connection: sqlite3.Connection, version: int) -> None:
    """One transaction: a process that dies in the middle leaves the version that there was."""
    connection.execute("BEGIN IMMEDIATE")
    if _version(connection) == version:  # else another process has been at it
        for statement in _statements(STEPS[version]):
            connection.execute(statement)
        if version == _WITHOUT_TREE:
            build_tree(connection)
        connection.execute(f"PRAGMA user_version = {version + 1}")
    connection.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """`executescript` would commit first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
