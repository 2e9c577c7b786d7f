"""Connections to a PostgreSQL journal, and its faults in our words."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from gateway.adapters.postgres_engine import BoundedConnection, connect_postgres, lock_number
from gateway.adapters.postgres_url import PostgresUrl
from gateway.errors import JournalUnavailable
from gateway.journal.store import RuleBroken


def connect(url: PostgresUrl, *, busy_seconds: float) -> BoundedConnection:
    """Raises JournalUnavailable for a server that would forget, psycopg.Error."""
    return connect_postgres(url, busy_seconds=busy_seconds, fault=JournalUnavailable)


def forget(connection: BoundedConnection | None) -> None:
    """Close it; the server rolls back what was not committed, and gives the session's locks back."""
    if connection is not None:
        with suppress(psycopg.Error, OSError):
            connection.close()


def journal_lock(name: str) -> int:
    """The number of an advisory lock of the journal in this database."""
    return lock_number(f"jakelu journal {name}")


@contextmanager
def journal_faults() -> Generator[None]:
    """Vendor faults as ours; the vendor's text may hold values, so it goes to the cause only."""
    try:
        yield
    except psycopg.IntegrityError as fault:
        raise RuleBroken("the journal's own rules refuse the entries") from fault
    except psycopg.errors.InsufficientPrivilege as fault:
        raise JournalUnavailable(
            "The role has no right to this in the journal's database; docs/operations.md tells the roles."
        ) from fault
    except (psycopg.Error, SQLAlchemyError, OSError) as fault:
        raise JournalUnavailable(
            "The journal cannot be used now. Try again in a moment.", retry_after_seconds=2
        ) from fault
