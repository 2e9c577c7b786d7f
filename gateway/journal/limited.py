"""Refusals by limits, counted: a client in a loop makes one entry a minute, not one a request."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self

from gateway.errors import EntryRefused, JournalUnavailable
from gateway.journal.append import Journal
from gateway.journal.events import limited_body
from gateway.journal.guard import guarded
from gateway.journal.periodic import Periodic
from gateway.model.caller import Caller
from gateway.model.entry import Draft, EntryKind
from gateway.ports import Clock

CLIENTS_MAX = 256
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refused:
    """Who was refused; None in all of them: those beyond CLIENTS_MAX, or
    whose names no entry may hold, together.
    """

    iss: str | None = None
    sub: str | None = None
    client_id: str | None = None
    organisation: str | None = None


OTHERS = Refused()


class LimitedClients:
    """Counts by client and code, written as one `access.limited` entry per client and period.

    A period that could not be written is added to the next one.
    """

    def __init__(self, journal: Journal, *, clock: Clock, period_seconds: float = 60.0) -> None:
        self._journal = journal
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[Refused, Counter[str]] = {}
        self._since: datetime | None = None
        self._periodic = Periodic(
            self._flush_quietly, name="limited-clients", period_seconds=period_seconds
        )

    def count(self, caller: Caller, code: str) -> None:
        """Never blocks on the journal. code: of our errors, never the caller's text."""
        organisation = None if caller.organisation is None else caller.organisation.code
        refused = Refused(caller.issuer, caller.subject, caller.client_id, organisation)
        with self._lock:
            if self._since is None:
                self._since = self._clock.now()
            is_known = refused in self._counts
            self._add(refused if is_known or _is_writable(refused) else OTHERS, Counter({code: 1}))

    def flush(self) -> None:
        """Write what was counted since the last time. Raises JournalUnavailable and keeps it."""
        with self._lock:
            counts, since = self._counts, self._since
            self._counts, self._since = {}, None
        if since is None:
            return
        until = self._clock.now()
        try:
            self._journal.append_together(
                [
                    Draft(EntryKind.LIMITED, limited_body(since, until, asdict(who), codes))
                    for who, codes in counts.items()
                ]
            )
        except JournalUnavailable:
            with self._lock:
                self._since = since
                for who, codes in counts.items():
                    self._add(who, codes)
            raise

    def start(self) -> Self:
        """Flush every period from a thread of its own, until `close`."""
        self._periodic.start()
        return self

    def close(self) -> None:
        """Stop and flush. Call before the journal is closed."""
        self._periodic.close()

    def _add(self, refused: Refused, codes: Counter[str]) -> None:
        is_known = refused in self._counts or len(self._counts) < CLIENTS_MAX
        self._counts.setdefault(refused if is_known else OTHERS, Counter()).update(codes)

    def _flush_quietly(self) -> None:
        try:
            self.flush()
        except JournalUnavailable:
            _log.warning("refusals by limits are not journaled yet")


def _is_writable(refused: Refused) -> bool:
    """One name that no entry may hold must not cost all the others their entries."""
    try:
        guarded(asdict(refused))
    except EntryRefused:
        return False
    return True
