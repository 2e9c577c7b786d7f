"""The journal in one SQLite file: the embedded default, shared by the processes of one machine.

WAL with `synchronous=FULL`: COMMIT returns after the fsync. `BEGIN IMMEDIATE` takes the write lock
at once, so that processes wait for each other (2 s) instead of failing in the middle. Whatever
goes wrong, the transaction is rolled back whole and JournalUnavailable is raised.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import orjson

from gateway.adapters.durable import has_room
from gateway.adapters.journal_boots import BootLocks
from gateway.adapters.journal_rows import shown, stamped
from gateway.adapters.journal_sqlite_file import (
    connect,
    create_file,
    faults,
    file_identity,
    migrate,
)
from gateway.adapters.journal_sqlite_retention import (
    end_hold,
    keep_hold,
    read_expired,
    read_holds,
    read_last_before,
    read_old_addresses,
    take,
)
from gateway.adapters.journal_sqlite_rows import insert
from gateway.adapters.journal_sqlite_search import search_statement, span_statement
from gateway.adapters.journal_sqlite_tree import (
    keep_checkpoint,
    keep_cosignature,
    read_checkpoint,
    read_hashes,
    read_head,
    read_newest_cosignatures,
    read_sizes,
)
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
from gateway.model.entry import Draft, Entry, EntryKind, EntryPage, EntryQuery, Receipt

_RECOVERY_SECONDS = 10.0

_FIND = """
SELECT seq, event_id, leaf_sha256 FROM entries
WHERE event_id IN (SELECT value FROM json_each(?))
"""
_SALTED = """
SELECT seq, event_id, kind, ts_utc, leaf_sha256, body, salt, intent_seq, by_seq
FROM entries LEFT JOIN pruned USING (seq) WHERE seq BETWEEN ? AND ? ORDER BY seq
"""
_NO_END = 2**63 - 1


class SqliteJournal:
    """A DurableStore. One connection writes, under a lock; every search opens its own.

    busy_seconds: how long to wait for another process's transaction. max_pages: a ceiling of the
    file in pages of 4096 bytes; None: as large as the disk allows. Raises JournalUnavailable.
    """

    def __init__(
        self, path: Path, *, busy_seconds: float = 2.0, max_pages: int | None = None
    ) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._max_pages = max_pages
        self._lock = threading.Lock()
        self._boots = BootLocks(
            path.with_name(f"{path.name}.boots"), timeout_seconds=_RECOVERY_SECONDS
        )
        with faults():
            create_file(path)
            self._file = file_identity(path)
            self._writer: sqlite3.Connection | None = self._connected()
            try:
                migrate(self._writer, busy_seconds=busy_seconds)
            except BaseException:
                self._forget_writer()
                raise

    # --- the port --------------------------------------------------------------------------------

    def append(self, drafts: Sequence[Draft]) -> Sequence[Receipt]:
        """Durable when it returns; takes StampedDrafts. Raises JournalUnavailable, RuleBroken."""
        checked = [stamped(draft) for draft in drafts]
        with self._writing() as connection:
            receipts = insert(connection, checked)
            connection.execute("COMMIT")
        return receipts

    def search(self, query: EntryQuery) -> EntryPage:
        """Entries upwards from `after_seq`; an intent comes as ClosedIntent once it is closed."""
        statement, bound = search_statement(query)
        with self._reading() as connection:
            entries = tuple(shown(row) for row in connection.execute(statement, bound))
        page = entries[: query.limit]
        return EntryPage(page, page[-1].seq if len(entries) > query.limit else None)

    def span(self, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """From the index of times alone."""
        statement, bound = span_statement(since, until)
        with self._reading() as connection:
            first, last = connection.execute(statement, bound).fetchone()
        return first or 0, last or 0

    def orphans(self, living_boots: frozenset[str]) -> Iterator[int]:
        """Intents without completion whose boot is not living, in order."""
        with self._reading() as connection:
            rows = connection.execute("SELECT seq, boot_id FROM open_intents ORDER BY seq")
            return iter([seq for seq, boot_id in rows if boot_id not in living_boots])

    def check(self) -> None:
        """Takes the write lock, writes and rolls back; looks at the room on the disk."""
        with self._writing() as connection:
            read_head(connection)
            connection.execute("UPDATE head SET seq = seq + 1")
            connection.execute("ROLLBACK")
            if not has_room(self._path.parent):
                raise JournalUnavailable("The journal's disk is full.", retry_after_seconds=60)

    def close(self) -> None:
        with self._lock:
            self._forget_writer()
            self._boots.close()

    # --- what the journal asks beyond the port ---------------------------------------------------

    def secret(self) -> bytes:
        with self._reading() as connection:
            rows = connection.execute("SELECT secret FROM secrets WHERE name = 'token_jti'")
            return bytes(rows.fetchone()[0])

    def find(self, event_ids: Sequence[str]) -> Mapping[str, Receipt]:
        """Asked under the writer's lock: every earlier append of this process has ended."""
        ids = orjson.dumps(list(event_ids)).decode()
        with self._lock, self._reading() as connection:
            rows = connection.execute(_FIND, (ids,))
            return {event: Receipt(seq, event, leaf) for seq, event, leaf in rows}

    def enter(self, boot_id: str) -> None:
        with faults():
            self._boots.enter(boot_id)

    @contextmanager
    def recovering(self) -> Generator[frozenset[str]]:
        with faults(), self._boots.recovering() as living:
            yield living

    def salted(self, first: int = 1, last: int | None = None) -> Iterator[SaltedEntry]:
        """In one read transaction."""
        with self._reading() as connection:
            rows = connection.execute(_SALTED, (first, _NO_END if last is None else last))
            for seq, event, kind, ts_utc, leaf, text, salt, intent_seq, pruned_by in rows:
                body = None if text is None else orjson.loads(text)
                entry = Entry(seq, event, EntryKind(kind), ts_utc, leaf, body)
                yield SaltedEntry(entry, salt, intent_seq, pruned_by)

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
        with self._writing() as connection:
            keep_checkpoint(connection, checkpoint, signed_utc=utc_text(at))
            connection.execute("COMMIT")

    def keep_cosignature(self, found: KeptCosignature) -> None:
        with self._writing() as connection:
            keep_cosignature(connection, found)
            connection.execute("COMMIT")

    @contextmanager
    def leading(self) -> Generator[bool]:
        with faults(), self._boots.leading() as leads:
            yield leads

    # --- retention -------------------------------------------------------------------------------

    def last_before(self, moment: datetime) -> int:
        with self._reading() as connection:
            return read_last_before(connection, moment)

    def expired(
        self, cutoffs: Cutoffs, *, after_seq: int, last_seq: int, limit: int
    ) -> ExpiredPage:
        with self._reading() as connection:
            return read_expired(
                connection, cutoffs, after_seq=after_seq, last_seq=last_seq, limit=limit
            )

    def old_addresses(
        self, before: datetime, *, after_seq: int, last_seq: int, limit: int
    ) -> Sequence[int]:
        with self._reading() as connection:
            return read_old_addresses(connection, before, (after_seq, last_seq), limit)

    def prune(
        self, draft: StampedDraft, entries: Sequence[int], addresses: Sequence[int]
    ) -> Receipt:
        return self._append_with(draft, lambda at, seq: take(at, entries, addresses, by=seq))

    def scrub(self) -> bool:
        """Write the log back and empty it: it has pages as they were before."""
        with self._lock, faults():
            connection = self._connected()
            try:
                (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.close()
            return busy == 0

    def make_hold(self, draft: StampedDraft, query: EntryQuery) -> Receipt:
        return self._append_with(draft, lambda at, seq: keep_hold(at, seq, query))

    def lift_hold(self, draft: StampedDraft, hold: int) -> Receipt:
        return self._append_with(draft, lambda at, seq: end_hold(at, hold, by=seq))

    def holds(self) -> Sequence[Entry]:
        with self._reading() as connection:
            return read_holds(connection)

    def _append_with(
        self, draft: StampedDraft, effect: Callable[[sqlite3.Connection, int], None]
    ) -> Receipt:
        with self._writing() as connection:
            (receipt,) = insert(connection, [draft])
            effect(connection, receipt.seq)
            connection.execute("COMMIT")
        return receipt

    # --- connections -----------------------------------------------------------------------------

    def _connected(self) -> sqlite3.Connection:
        if file_identity(self._path) != self._file:
            # What we would write now would go to a file that nobody will find again.
            raise JournalUnavailable("The journal's file has been replaced; restart the gateway.")
        return connect(self._path, busy_seconds=self._busy_seconds, max_pages=self._max_pages)

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection]:
        """The write transaction. After a fault its connection is never used again."""
        with self._lock, faults():
            if self._writer is None:
                self._writer = self._connected()
            elif file_identity(self._path) != self._file:
                raise JournalUnavailable("The journal's file has been replaced.")
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
            except BaseException:
                self._forget_writer()
                raise

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        with faults():
            connection = self._connected()
            try:
                connection.execute("PRAGMA query_only = 1")
                yield connection
            finally:
                connection.close()

    def _forget_writer(self) -> None:
        """Closing rolls back whatever was not committed."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(sqlite3.Error):
                writer.close()
