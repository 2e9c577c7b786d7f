"""Failed authentication, counted: a flood of bad tokens makes one entry a minute, not a flood."""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter
from datetime import datetime
from typing import Self

from gateway.errors import JournalUnavailable
from gateway.journal.append import Journal
from gateway.journal.events import auth_failed_body
from gateway.journal.periodic import Periodic
from gateway.model.entry import Draft, EntryKind
from gateway.ports import Clock

MOST_REASONS = 128
OTHER = "other"
_REASON = re.compile(r"[a-z][a-z0-9_]{0,63}")
_log = logging.getLogger(__name__)


class AuthFailures:
    """Counts by reason, written as one `auth.failed` entry per period in which there were any.

    Only `start` makes a thread; without it `flush` is called by hand. A period that could not be
    written is added to the next one.
    """

    def __init__(self, journal: Journal, *, clock: Clock, period_seconds: float = 60.0) -> None:
        self._journal = journal
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._since: datetime | None = None
        self._periodic = Periodic(
            self._flush_quietly, name="auth-failures", period_seconds=period_seconds
        )

    def count(self, reason: str) -> None:
        """Never blocks on the journal. A reason that is no short code is counted as `other`."""
        if _REASON.fullmatch(reason) is None:
            reason = OTHER
        with self._lock:
            if self._since is None:
                self._since = self._clock.now()
            is_known = reason in self._counts or len(self._counts) < MOST_REASONS
            self._counts[reason if is_known else OTHER] += 1

    def flush(self) -> None:
        """Write what was counted since the last time. Raises JournalUnavailable and keeps it."""
        with self._lock:
            counts, since = self._counts, self._since
            self._counts, self._since = Counter(), None
        if since is None:
            return
        body = auth_failed_body(since, self._clock.now(), counts)
        try:
            self._journal.append(Draft(EntryKind.AUTH_FAILED, body))
        except JournalUnavailable:
            with self._lock:
                self._counts, self._since = self._counts + counts, since
            raise

    def start(self) -> Self:
        """Flush every period from a thread of its own, until `close`."""
        self._periodic.start()
        return self

    def close(self) -> None:
        """Stop and flush. Call before the journal is closed."""
        self._periodic.close()

    def _flush_quietly(self) -> None:
        try:
            self.flush()
        except JournalUnavailable:
            _log.warning("failed authentications are not journaled yet")
