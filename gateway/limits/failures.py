"""Failed logins by address: guessing is slow, and nobody who is let in ever notices.

Only failures count, so an address that a whole municipality or a proxy shares is never closed to its
valid tokens. The /64 of an IPv6 address counts as one. In the memory of one process, and of so many
addresses at most.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from gateway.errors import TooManyFailures
from gateway.limits.pace import seconds_up
from gateway.model.address import counted_address
from gateway.model.bucket import Bucket, Rate, full_bucket, refilled, without
from gateway.model.days import epoch_us
from gateway.ports import Clock

ADDRESSES_MAX = 10_000


class FailedLogins:
    """Safe to use from any thread."""

    def __init__(self, per_minute: int, *, clock: Clock) -> None:
        self._rate = Rate(per_minute, per_minute)
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str | None, Bucket] = OrderedDict()

    def count(self, address: str | None) -> None:
        """One more failure of an address; None: what has no address, together. Raises TooManyFailures."""
        now_us = epoch_us(self._clock.now())
        counted = counted_address(address)
        with self._lock:
            known = self._buckets.pop(counted, None) or full_bucket(self._rate, now_us)
            bucket = refilled(known, self._rate, now_us)
            is_left = bucket.tokens > 0
            self._buckets[counted] = without(bucket, 1) if is_left else bucket
            if len(self._buckets) > ADDRESSES_MAX:
                self._buckets.popitem(last=False)
        if not is_left:
            raise TooManyFailures(
                f"More than {self._rate.per_minute} requests a minute from your address had no valid "
                "token or key. Obtain a new one before you try again.",
                retry_after_seconds=seconds_up(bucket.wait_us(self._rate)),
            )
