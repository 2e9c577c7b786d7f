"""The journal in a PostgreSQL, for processes on several machines that make one order.

    BEGIN → lock the head row → place the entries → insert them → move the head → COMMIT

Who has the head row is the only one that adds; the others wait in line, at most `busy_seconds`. A commit is
flushed, on the standby as well where the server waits for one (`synchronous_standby_names`).

When the outcome of a commit is not known, `find` answers for good:

- Nothing that could commit is sent before the head is locked. So whoever has the head after a doubt knows
  that the doubted transaction has ended: it held the head, and lost it by COMMIT or by its end.
- A transaction that was committed here while the server still waited for its standby keeps the head
  until the standby has it. If the server dies in that wait, it comes back with the entry, and the standby
  may not have it: so `find` commits too, which takes a number of its own in the log behind the entry's, and
  answers only when the standby has everything up to there.

A connection is never used again after a fault: what it would answer next may be the answer to something else.
One that died while it stood idle is replaced before anything is written, so a restart costs no request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import psycopg
from sqlalchemy import Connection

from gateway.adapters.database_schema import JOURNAL, check_revision
from gateway.adapters.journal_postgres_boots import PostgresBoots
from gateway.adapters.journal_postgres_connection import connect, forget, journal_faults
from gateway.adapters.journal_postgres_retention import (
    clear_away,
    end_hold,
    keep_hold,
    patient,
    read_expired,
    read_holds,
    read_last_before,
    read_old_addresses,
    take,
)
from gateway.adapters.journal_postgres_rows import Begun, add, begin, commit, insert
from gateway.adapters.journal_postgres_search import search_statement, span_statement
from gateway.adapters.journal_postgres_tree import (
    keep_checkpoint,
    keep_cosignature,
    read_checkpoint,
    read_hashes,
    read_head,
    read_newest_cosignatures,
    read_sizes,
)
from gateway.adapters.journal_rows import shown, stamped
from gateway.adapters.postgres_engine import READS, BoundedConnection, postgres_engine
from gateway.adapters.postgres_url import PostgresUrl
from gateway.errors import JournalUnavailable
from gateway.journal.store import (
    Cutoffs,
    ExpiredPage,
    KeptCheckpoint,
    KeptCosignature,
    SaltedEntry,
    StampedDraft,
)
from gateway.journal.tree import Frontier
from gateway.model.days import utc_text
from gateway.model.entry import Draft, Entry, EntryPage, EntryQuery, Receipt

_RECOVERY_SECONDS = 10.0
_READERS = 8
_AT_ONCE = 1000
_WALK_MINUTES = 10  # a reader of the whole journal may stop for so long; it keeps nobody waiting

_FIND = "SELECT seq, event_id, leaf_sha256 FROM entries WHERE event_id = ANY(%s)"
_SALTED = """
SELECT e.seq, e.event_id, e.kind, e.ts_utc, e.leaf_sha256, e.body, e.salt, e.intent_seq, p.by_seq
FROM entries e LEFT JOIN pruned p ON p.seq = e.seq WHERE e.seq BETWEEN %s AND %s ORDER BY e.seq
"""
_NO_END = 2**63 - 1


class PostgresJournal:
    """A DurableStore. One connection writes, under a lock; searches have a pool of their own.

    busy_seconds: how long to wait for another process's transaction; grace_seconds: how long whoever
    recovers waits for a process that it misses. Raises JournalUnavailable.
    """

    def __init__(
        self, url: PostgresUrl, *, busy_seconds: float = 2.0, grace_seconds: float = 2.0
    ) -> None:
        self._url = url
        self._busy_seconds = busy_seconds
        self._lock = threading.Lock()
        self._boots = PostgresBoots(
            lambda seconds: connect(url, busy_seconds=seconds),
            busy_seconds=busy_seconds,
            recovery_seconds=_RECOVERY_SECONDS,
            grace_seconds=grace_seconds,
        )
        self._writer: BoundedConnection | None = None
        self._readers = postgres_engine(
            url, busy_seconds=busy_seconds, connections=_READERS, fault=JournalUnavailable
        )
        try:
            with self._reading() as connection:
                check_revision(connection, JOURNAL, fault=JournalUnavailable)
        except BaseException:
            self._readers.dispose()
            raise

    # --- the port --------------------------------------------------------------------------------

    def append(self, drafts: Sequence[Draft]) -> Sequence[Receipt]:
        """Durable when it returns; takes StampedDrafts. Raises JournalUnavailable, RuleBroken."""
        checked = [stamped(draft) for draft in drafts]
        closing = [draft.intent_seq for draft in checked if draft.intent_seq is not None]
        with self._writing(closing) as (connection, begun):
            return insert(connection, begun, checked)

    def search(self, query: EntryQuery) -> EntryPage:
        """Entries upwards from `after_seq`; an intent comes as ClosedIntent once it is closed."""
        statement, bound = search_statement(query)
        with self._reading() as connection:
            rows = connection.exec_driver_sql(statement, bound)
            entries = tuple(shown(tuple(row)) for row in rows)
        page = entries[: query.limit]
        return EntryPage(page, page[-1].seq if len(entries) > query.limit else None)

    def span(self, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        statement, bound = span_statement(since, until)
        with self._reading() as connection:
            first, last = connection.exec_driver_sql(statement, bound).one()
        return first or 0, last or 0

    def orphans(self, living_boots: frozenset[str]) -> Iterator[int]:
        """Intents without completion whose boot is not living, in order."""
        with journal_faults():
            rows = self._boots.open_intents()
        if rows is None:
            with self._reading() as connection:
                found = connection.exec_driver_sql(
                    "SELECT seq, boot_id FROM open_intents ORDER BY seq"
                )
                rows = [(seq, boot_id) for seq, boot_id in found]
        return iter([seq for seq, boot_id in rows if boot_id not in living_boots])

    def check(self) -> None:
        """Takes the head as an append would, and gives it back."""
        with self._writing() as (connection, _):
            connection.execute("ROLLBACK")

    def close(self) -> None:
        with self._lock:
            forget(self._writer)
            self._writer = None
        self._boots.close()
        self._readers.dispose()

    # --- what the journal asks beyond the port ---------------------------------------------------

    def secret(self) -> bytes:
        with self._reading() as connection:
            rows = connection.exec_driver_sql("SELECT secret FROM secrets WHERE name = 'token_jti'")
            return bytes(rows.scalar_one())

    def find(self, event_ids: Sequence[str]) -> Mapping[str, Receipt]:
        """Asked with the head, so that every earlier append has ended; final when it returns."""
        with self._writing() as (connection, _):
            rows = connection.execute(_FIND, (list(event_ids),)).fetchall()
            commit(connection)
        return {event: Receipt(seq, event, leaf) for seq, event, leaf in rows}

    def enter(self, boot_id: str) -> None:
        with self._lock, journal_faults():
            self._boots.enter(boot_id)
            forget(self._writer)  # the next one has the boot's lock
            self._writer = None

    @contextmanager
    def recovering(self) -> Generator[frozenset[str]]:
        with journal_faults(), self._boots.recovering() as living:
            yield living

    def salted(self, first: int = 1, last: int | None = None) -> Iterator[SaltedEntry]:
        """In one read transaction."""
        with self._reading() as connection:
            connection.exec_driver_sql(
                f"SET LOCAL idle_in_transaction_session_timeout = '{_WALK_MINUTES}min'"
            )
            streamed = connection.execution_options(stream_results=True, yield_per=_AT_ONCE)
            rows = streamed.exec_driver_sql(_SALTED, (first, _NO_END if last is None else last))
            for row in rows:
                *entry, salt, intent_seq, pruned_by = row
                yield SaltedEntry(shown((*entry, None, None)), salt, intent_seq, pruned_by)

    # --- the tree --------------------------------------------------------------------------------

    def head(self) -> Frontier:
        with self._reading() as connection:
            return read_head(connection)

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        with self._reading() as connection:
            return read_hashes(connection, level, first, count)

    def checkpoint(self, size: int | None = None) -> KeptCheckpoint | None:
        with self._reading() as connection:
            return read_checkpoint(connection, size)

    def checkpoints(self) -> Iterator[KeptCheckpoint]:
        with self._reading() as connection:
            for size in read_sizes(connection):
                found = read_checkpoint(connection, size)
                if found is not None:
                    yield found

    def newest_cosignatures(self) -> Sequence[KeptCosignature]:
        with self._reading() as connection:
            return read_newest_cosignatures(connection)

    def keep_checkpoint(self, checkpoint: KeptCheckpoint, at: datetime) -> None:
        with self._writing() as (connection, _):
            keep_checkpoint(connection, checkpoint, signed_utc=utc_text(at))
            commit(connection)

    def keep_cosignature(self, found: KeptCosignature) -> None:
        with self._writing() as (connection, _):
            keep_cosignature(connection, found)
            commit(connection)

    @contextmanager
    def leading(self) -> Generator[bool]:
        with journal_faults(), self._boots.leading() as leads:
            yield leads

    # --- retention -------------------------------------------------------------------------------

    def last_before(self, moment: datetime) -> int:
        with journal_faults(), patient(self._url) as connection:
            return read_last_before(connection, moment)

    def expired(
        self, cutoffs: Cutoffs, *, after_seq: int, last_seq: int, limit: int
    ) -> ExpiredPage:
        with journal_faults(), patient(self._url) as connection:
            return read_expired(
                connection, cutoffs, after_seq=after_seq, last_seq=last_seq, limit=limit
            )

    def old_addresses(
        self, before: datetime, *, after_seq: int, last_seq: int, limit: int
    ) -> Sequence[int]:
        with journal_faults(), patient(self._url) as connection:
            return read_old_addresses(connection, before, (after_seq, last_seq), limit)

    def prune(
        self, draft: StampedDraft, entries: Sequence[int], addresses: Sequence[int]
    ) -> Receipt:
        return self._append_with(draft, lambda at, seq: take(at, entries, addresses, by=seq))

    def scrub(self) -> bool:
        with journal_faults(), patient(self._url) as connection:
            return clear_away(connection)

    def make_hold(self, draft: StampedDraft, query: EntryQuery) -> Receipt:
        return self._append_with(draft, lambda at, seq: keep_hold(at, seq, query))

    def lift_hold(self, draft: StampedDraft, hold: int) -> Receipt:
        return self._append_with(draft, lambda at, seq: end_hold(at, hold, by=seq))

    def holds(self) -> Sequence[Entry]:
        with self._reading() as connection:
            return read_holds(connection)

    def _append_with(
        self, draft: StampedDraft, effect: Callable[[BoundedConnection, int], None]
    ) -> Receipt:
        with self._writing() as (connection, begun):
            (receipt,) = add(connection, begun, [draft])
            effect(connection, receipt.seq)
            commit(connection)
        return receipt

    # --- connections -----------------------------------------------------------------------------

    @contextmanager
    def _writing(self, closing: Sequence[int] = ()) -> Generator[tuple[BoundedConnection, Begun]]:
        """A transaction that has the head. After a fault its connection is never used again."""
        with self._lock, journal_faults():
            try:
                yield self._begun(closing)
            except BaseException:
                forget(self._writer)
                self._writer = None
                raise

    def _begun(self, closing: Sequence[int]) -> tuple[BoundedConnection, Begun]:
        if self._writer is not None:
            try:
                return self._writer, begin(self._writer, closing)
            except psycopg.OperationalError:
                if not self._writer.broken:
                    raise
                # It was lost while it stood idle, and nothing was written yet.
        self._writer = connect(self._url, busy_seconds=self._busy_seconds)
        self._boots.attach(self._writer)
        return self._writer, begin(self._writer, closing)

    @contextmanager
    def _reading(self) -> Generator[Connection]:
        with (
            journal_faults(),
            self._readers.connect().execution_options(**READS) as connection,
            connection.begin(),
        ):
            yield connection
