"""The state in a PostgreSQL, for serving processes on several machines.

SQLite lets one writer in at a time, and every store of the state leans on it: what is read in a transaction
does not change under it. Here each transaction first takes its *turn*, an advisory lock that the database
gives back with the end of the transaction, whatever ends it:

- the turn of a name (`access_keys`, or one client's bucket) is taken by one transaction at a time, and
  shares the gate with the turns of other names;
- a transaction that names nothing has the gate to itself: everybody else's turn comes before or after it.

A plan that SERIALIZABLE would need is missing here on purpose: it answers conflicts with errors, and a
store would have to be run again from its start, the journal's entry of a changed key with it. Row locks
(`FOR UPDATE`) do not keep apart two who both find no row, as for a new client's bucket. The isolation is
READ COMMITTED and must be: each statement after the lock sees what was committed before it was given,
while REPEATABLE READ would look at the moment before the wait.

A transaction takes one turn, and its first statement does; so turns wait in a line, never in a ring. Rows
that ended are removed by whoever comes, leaving out those that somebody else is at (`state_sql.forget`).
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text

from gateway.adapters.database_schema import STATE, check_revision
from gateway.adapters.postgres_engine import lock_number, postgres_engine
from gateway.adapters.postgres_url import PostgresUrl
from gateway.errors import StateUnavailable

GATE = lock_number("jakelu state ")  # the turn of who names nothing
# The threads of identity and those of the road meet here, and each stays for milliseconds.
CONNECTIONS = 16


def open_postgres(url: PostgresUrl, *, busy_seconds: float) -> Engine:
    """A pool of connections to a database that `jakelu database migrate` has made. Raises StateUnavailable."""
    engine = postgres_engine(
        url, busy_seconds=busy_seconds, connections=CONNECTIONS, fault=StateUnavailable
    )
    try:
        with engine.connect() as connection:
            check_revision(connection, STATE, fault=StateUnavailable)
    except BaseException:
        engine.dispose()
        raise
    return engine


def take_turn(connection: Connection, turn: str) -> None:
    """Wait for the others of the same turn, at most `lock_timeout`; an empty one waits for all."""
    if turn:
        statement = text("SELECT pg_advisory_xact_lock_shared(:gate), pg_advisory_xact_lock(:own)")
        connection.execute(statement, {"gate": GATE, "own": _number(turn)})
    else:
        statement = text("SELECT pg_advisory_xact_lock(:gate)")
        connection.execute(statement, {"gate": GATE})


def check_writable(connection: Connection) -> None:
    """A server that follows another, or that may not write, gives no number to a transaction."""
    connection.execute(text("SELECT pg_current_xact_id()"))


def _number(turn: str) -> int:
    return lock_number(f"jakelu state {turn}")
