"""Readings of the journal that take long: each has a place among the downloads of its client and of all.

export   read while it is sent, by threads of its own; its bytes count as those of a delivery do
summary  reads a year in one go; few at once in a process, since each keeps it busy
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore

from gateway.errors import Busy, TooManyRequests
from gateway.limits.tolls import Toll, Tolls
from gateway.model.caller import Caller
from gateway.surfaces.streaming import Sender

SUMMARIES_AT_ONCE = 2
AGAIN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class LongReadings:
    """sender: of exports; count_refusal: told of each refusal by a limit, with its code, which is not journaled
    by itself.
    """

    tolls: Tolls
    sender: Sender
    count_refusal: Callable[[Caller, str], None]
    _summaries: BoundedSemaphore = field(
        default_factory=lambda: BoundedSemaphore(SUMMARIES_AT_ONCE)
    )

    def open(self, caller: Caller) -> Toll:
        """Before the reading is announced. Raises QuotaUsedUp, TooManyExtracts, Busy, StateUnavailable."""
        with self._counting(caller):
            return self.tolls.open(caller, None, is_extract=True)

    @contextmanager
    def summary(self, caller: Caller) -> Generator[None]:
        """While a summary is announced and made. Raises as `open`."""
        toll = self.open(caller)
        try:
            with self._counting(caller):
                self._begin_summary()
            try:
                yield
            finally:
                self._summaries.release()
        finally:
            toll.close(0)

    def _begin_summary(self) -> None:
        if not self._summaries.acquire(blocking=False):
            raise Busy(
                f"{SUMMARIES_AT_ONCE} summaries of the journal are being made. Nothing was read; try again "
                "when one of them has ended.",
                retry_after_seconds=AGAIN_SECONDS,
            )

    @contextmanager
    def _counting(self, caller: Caller) -> Generator[None]:
        """The guard counts those that it answers itself; these come as a problem or a page of the surface."""
        try:
            yield
        except (TooManyRequests, Busy) as refusal:
            self.count_refusal(caller, refusal.code)
            raise
