"""Whether the journal may be relied on now: not forked, and seen by its witnesses lately.

With witnesses, nothing guarded is served when too few of them have seen the journal for too long: what
would be journaled then could be rewritten before anybody outside has seen it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gateway.errors import JournalUnwitnessed
from gateway.journal.checkpoint import Checkpoint, cosignatures
from gateway.journal.note import VerifierKey, read_signatures
from gateway.journal.store import KeptCosignature, TreeStore
from gateway.ports import Clock

CLOCKS_APART = timedelta(seconds=60)
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seen:
    """A witness's verified word: the first `size` entries, at that time."""

    at: datetime
    size: int


@dataclass(slots=True)
class Witnessed:
    """origin: of this log; needed: how many of the witnesses; most_age: of their newest cosignatures; pause_seconds: between two
    looks at the store. Safe for many threads.
    """

    store: TreeStore
    origin: str
    witnesses: Sequence[VerifierKey]
    needed: int
    most_age: timedelta
    clock: Clock
    pause_seconds: float = 1.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _good_until: datetime = NEVER
    _good_through: float = float("-inf")  # by the monotonic clock
    _owed: int = 0  # entries that were there at the last look, and must have been seen by the next
    _looked: float = float("-inf")  # by the monotonic clock
    _fault: str | None = None

    def check(self) -> None:
        """Mostly a look at the clock. Raises JournalUnwitnessed, JournalUnavailable."""
        if self._fault is not None:
            raise JournalUnwitnessed(f"The journal is forked: {self._fault}. Nothing is served.")
        if not self.needed or self._is_good():
            return
        with self._lock:
            self._look()
        if not self._is_good():
            raise JournalUnwitnessed(
                "The journal's witnesses have not seen it lately. Nothing was served; try again later.",
                retry_after_seconds=30,
            )

    @property
    def fault(self) -> str | None:
        """Why the journal is forked; None while nothing tells that it is."""
        return self._fault

    def seen(self) -> Mapping[str, Seen | None]:
        """witness → what it saw last, None for nothing that it proves. Raises JournalUnavailable."""
        kept = {each.witness: each for each in self.store.newest_cosignatures()}
        return {
            key.name: self._seen(kept[key.name]) if key.name in kept else None
            for key in self.witnesses
        }

    def condemn(self, fault: str) -> None:
        """For the rest of this process's life."""
        self._fault = fault

    def _look(self) -> None:
        now = time.monotonic()
        if now < self._looked + self.pause_seconds:
            return
        self._looked = now
        size = self.store.head().size
        times = sorted(self._times(), reverse=True)
        if len(times) >= self.needed:
            self._good_until = times[self.needed - 1] + self.most_age
            self._good_through = now + (self._good_until - self.clock.now()).total_seconds()
            self._owed = size
        else:
            self._good_until = NEVER

    def _is_good(self) -> bool:
        """By both clocks: one that is set back would prolong the witnesses' words."""
        return self.clock.now() < self._good_until and time.monotonic() < self._good_through

    def _times(self) -> list[datetime]:
        """When each witness last saw the journal, by its own verified word.

        A word of the future counts for nothing: it would do for as long as its time has not come. Nor does
        a fresh word on a checkpoint that leaves out what was there when we looked last.
        """
        now = self.clock.now()
        latest = now + CLOCKS_APART
        seen = self.seen().values()
        return [
            min(each.at, now)
            for each in seen
            if each is not None and each.at <= latest and each.size >= self._owed
        ]

    def _seen(self, kept: KeptCosignature) -> Seen | None:
        """None for a line that proves nothing: the table is no evidence, the signature is."""
        checkpoint = self.store.checkpoint(kept.size)
        if checkpoint is None:
            return None
        named = [key for key in self.witnesses if key.name == kept.witness]
        try:
            of = Checkpoint.parse(checkpoint.text)
            found = cosignatures(checkpoint.text, read_signatures(kept.line), named)
        except ValueError:
            return None
        times = [each.at for each in found]
        return Seen(max(times), of.size) if times and of.origin == self.origin else None
