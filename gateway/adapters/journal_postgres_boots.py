"""Which processes write a journal in a PostgreSQL: advisory locks that a session holds while it lives.

Every process enters its boots in the table `boots`, and holds the lock of each, *shared*, in two kinds of
sessions: the keeper's, which does nothing else, and every session in which it writes. A boot is living
while any session holds its lock. What follows:

- Who writes is living. A session that writes took the lock before its first transaction and has it until
  it ends, so no moment exists in which a transaction commits and its boot is taken for dead. This needs
  no clock and no trust in the client: session, lock and transaction end together, in the server.
- Sessions are lost while their process lives: a restart of the server, a standby that takes over. The
  keeper comes back within a second, and whoever recovers and misses a boot with open intents waits
  for it (`grace_seconds`) before it takes it for dead.
- A process that cannot come back in that time writes nothing either. Its intents are closed as `unknown`,
  which an auditor treats as disclosed; its own completions of them are then refused, because an intent
  is closed once. When it comes back it enters again, and goes on.
- A session of a dead process that the server has not missed yet keeps its boot living: taken for living
  too long (half a minute at most, by TCP keepalives), never for dead too early. The next start closes what
  it left.

Entering, coming back and recovering pass one gate, an advisory lock: exclusive for whoever recovers and
for a new boot, shared for who comes back. So no boot begins to live between the look at the living and
the closing of the dead. The open intents are read in the session that holds the gate: if the server lost
that one, and the gate with it, the reading fails.

Session locks need sessions: a pooler that hands a connection on after each transaction cannot be used.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress

import psycopg

from gateway.adapters.journal_postgres_connection import forget, journal_faults, journal_lock
from gateway.adapters.postgres_engine import BoundedConnection
from gateway.errors import JournalUnavailable
from gateway.journal.store import RuleBroken

GATE = journal_lock("gate")
_LEAD = journal_lock("signing")
_KEEP_SECONDS = 0.5
_BITS = 2**64 - 1
_PAUSE_SECONDS = 0.05
# Advisory locks of one number: its halves, and 1 (PostgreSQL documentation, "pg_locks").
_LOCKED = """
SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 1
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_ABSENT = "SELECT DISTINCT boot_id FROM open_intents WHERE NOT boot_id = ANY(%s)"
_log = logging.getLogger(__name__)
Connect = Callable[[float], BoundedConnection]


class PostgresBoots:
    """The boots of one process, and how it looks at the others'.

    connect: a new session whose locks are waited for so many seconds; busy_seconds: for who comes back;
    recovery_seconds: for somebody else's recovery; grace_seconds: for a boot that is missed.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        busy_seconds: float,
        recovery_seconds: float,
        grace_seconds: float,
    ) -> None:
        self._connect = connect
        self._busy_seconds = busy_seconds
        self._recovery_seconds = recovery_seconds
        self._grace_seconds = grace_seconds
        self._boots: list[str] = []
        self._gate: BoundedConnection | None = None  # while this process recovers
        self._keeper: BoundedConnection | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._watch: threading.Thread | None = None

    def enter(self, boot_id: str) -> None:
        """Declare a boot living until `close`. Raises JournalUnavailable, psycopg.Error."""
        with self._at_the_gate() as gate, self._lock:
            if not _is_ours(gate, journal_lock(boot_id)):
                raise JournalUnavailable("The boot id is in use by another process.")
            self._boots.append(boot_id)
            try:
                self._keeper = self._keeper or self._connect(self._busy_seconds)
                # Ours alone so far; the keeper has it too before the gate's session gives it back.
                gate.execute("SELECT pg_advisory_unlock(%s)", (journal_lock(boot_id),))
                self._hold(self._keeper)
            except BaseException:
                self._boots.remove(boot_id)
                raise
        if self._watch is None:
            self._watch = threading.Thread(target=self._keep_all, name="boots", daemon=True)
            self._watch.start()

    def attach(self, connection: BoundedConnection) -> None:
        """Make the boots of this process live as long as a session. Raises psycopg.Error."""
        if not self._boots:
            return
        if (gate := self._gate) is not None:
            self._hold(connection)
            gate.execute("SELECT")  # it answers, so the gate has been ours all the time
            return
        connection.execute("SELECT pg_advisory_lock_shared(%s)", (GATE,))
        self._hold(connection)
        connection.execute("SELECT pg_advisory_unlock_shared(%s)", (GATE,))

    @contextmanager
    def recovering(self) -> Generator[frozenset[str]]:
        """The living boots; those of the dead are forgotten when the recovery has succeeded."""
        with self._at_the_gate() as gate:
            entered, living = self._look(gate)
            self._gate = gate
            try:
                yield living
                dead = sorted(entered - living)
                gate.execute("DELETE FROM boots WHERE boot_id = ANY(%s)", (dead,))
            finally:
                self._gate = None

    def open_intents(self) -> Sequence[tuple[int, str]] | None:
        """In the session that holds the gate; None outside of a recovery. Raises psycopg.Error."""
        if self._gate is None:
            return None
        rows = self._gate.execute("SELECT seq, boot_id FROM open_intents ORDER BY seq")
        return [(seq, boot_id) for seq, boot_id in rows]

    @contextmanager
    def leading(self) -> Generator[bool]:
        """Whether we hold the lock of whoever signs; nobody waits for it."""
        connection = self._connect(self._busy_seconds)
        try:
            yield _is_ours(connection, _LEAD)
        finally:
            _give_back(connection)

    def close(self) -> None:
        self._closed.set()
        if self._watch is not None:
            self._watch.join()
        with self._lock:
            _give_back(self._keeper)
            self._keeper = None

    # --- the keeper ------------------------------------------------------------------------------

    def _keep_all(self) -> None:
        is_kept = True
        while not self._closed.wait(_KEEP_SECONDS):
            was_kept = is_kept
            try:
                with self._lock, journal_faults():
                    self._keep()
                is_kept = True
            except (JournalUnavailable, RuleBroken):  # the next turn tries again
                is_kept = False
            if is_kept is not was_kept:
                _log.warning("the boot's lock is %s", "held again" if is_kept else "not held")

    def _keep(self) -> None:
        """Look whether the keeper's session lives, and begin another one when it does not."""
        if self._keeper is not None:
            with suppress(psycopg.Error, OSError):
                self._keeper.execute("SELECT")
                return
            forget(self._keeper)
            self._keeper = None
        connection = self._connect(self._busy_seconds)
        try:
            self.attach(connection)
        except BaseException:
            forget(connection)
            raise
        self._keeper = connection

    def _hold(self, connection: BoundedConnection) -> None:
        for boot_id in self._boots:
            connection.execute("INSERT INTO boots VALUES (%s) ON CONFLICT DO NOTHING", (boot_id,))
            connection.execute("SELECT pg_advisory_lock_shared(%s)", (journal_lock(boot_id),))

    # --- the gate --------------------------------------------------------------------------------

    @contextmanager
    def _at_the_gate(self) -> Generator[BoundedConnection]:
        gate = self._connect(self._recovery_seconds)
        try:
            _pass(gate)
            yield gate
        finally:
            _give_back(gate)

    def _look(self, gate: BoundedConnection) -> tuple[frozenset[str], frozenset[str]]:
        """Everybody who entered, and who of them lives. Who is missed has `grace_seconds` to come back."""
        deadline = time.monotonic() + self._grace_seconds
        while True:
            entered = frozenset(boot_id for (boot_id,) in gate.execute("SELECT boot_id FROM boots"))
            locked = {number & _BITS for (number,) in gate.execute(_LOCKED)}
            living = frozenset(each for each in entered if journal_lock(each) & _BITS in locked)
            missed = gate.execute(_ABSENT, (list(living),)).fetchall()
            if not missed or time.monotonic() >= deadline:
                return entered, living
            gate.execute("SELECT pg_advisory_unlock(%s)", (GATE,))  # they come back through it
            time.sleep(_PAUSE_SECONDS)
            _pass(gate)


def _pass(gate: BoundedConnection) -> None:
    """Have the gate, and nobody else. Raises JournalUnavailable, psycopg.Error."""
    try:
        gate.execute("SELECT pg_advisory_lock(%s)", (GATE,))
    except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled) as late:
        raise JournalUnavailable("Another process recovers the journal.") from late


def _is_ours(connection: BoundedConnection, number: int) -> bool:
    """Take a lock that nobody has; do not wait for it."""
    return connection.execute("SELECT pg_try_advisory_lock(%s)", (number,)).fetchone() == (True,)


def _give_back(connection: BoundedConnection | None) -> None:
    """End a session whose locks somebody may want at once: the server misses a closed one a little later."""
    if connection is not None:
        with suppress(psycopg.Error, OSError):
            connection.execute("SELECT pg_advisory_unlock_all()")
        forget(connection)
