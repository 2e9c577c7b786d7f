"""Bytes of a day: what was handed to the socket for one subscription, over all processes.

Counted after each delivery and written once a second. The check before a delivery may be a second old
and what runs already is let through to its end, so the limit is passed by as much as that at most.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from gateway.errors import QuotaUsedUp
from gateway.limits.pace import seconds_up
from gateway.model.days import HELSINKI, epoch_us, helsinki_day
from gateway.ports import ByteStore, Clock

FRESH_US = 1_000_000
HOLDERS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class _Read:
    """What the store said, of which day, and when."""

    day: date
    total: int
    at_us: int


class Spending:
    """Safe to use from any thread. A holder is 32 bytes that stand for a subscription."""

    def __init__(self, store: ByteStore, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: Counter[tuple[date, bytes]] = Counter()
        self._read: dict[bytes, _Read] = {}

    def check(self, holder: bytes, *, bytes_per_day: int) -> None:
        """It may block. Raises QuotaUsedUp, StateUnavailable."""
        now = self._clock.now()
        day = helsinki_day(now)
        if self._spent(holder, day) < bytes_per_day:
            return
        opens = datetime.combine(day + timedelta(days=1), time(), HELSINKI)
        raise QuotaUsedUp(
            f"A subscription has {bytes_per_day} bytes a day, and today's are used up. It opens again at "
            f"{opens.isoformat()}. With If-None-Match, what you have already is not sent again.",
            retry_after_seconds=seconds_up((opens - now) // timedelta(microseconds=1)),
        )

    def add(self, holder: bytes, sent: int) -> None:
        """Count what was sent; never blocks. `flush` writes it."""
        if sent:
            with self._lock:
                self._pending[helsinki_day(self._clock.now()), holder] += sent

    def flush(self) -> None:
        """Write what was counted. Raises StateUnavailable, and keeps it."""
        with self._lock:
            writing = Counter(self._pending)
        if not writing:
            return
        totals = self._store.add(writing)
        now_us = epoch_us(self._clock.now())
        with self._lock:
            self._pending -= writing  # what came meanwhile stays
            for (day, holder), total in totals.items():
                self._keep(holder, _Read(day, total, now_us))

    def _spent(self, holder: bytes, day: date) -> int:
        now_us = epoch_us(self._clock.now())
        with self._lock:
            read = self._read.get(holder)
            pending = self._pending.get((day, holder), 0)
        if read is None or read.day != day or not 0 <= now_us - read.at_us < FRESH_US:
            read = _Read(day, self._store.spent(day, holder), now_us)
            with self._lock:
                self._keep(holder, read)
        return read.total + pending

    def _keep(self, holder: bytes, read: _Read) -> None:
        if len(self._read) >= HOLDERS_MAX:
            self._read.clear()
        self._read[holder] = read
