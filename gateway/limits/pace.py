"""Requests of one client, over all processes: tokens are taken from the shared bucket a few at a time.

A process keeps what it took until it is spent, so a client that goes on asking costs one write for up
to LEASE requests. Nothing is let through that was not taken, so that in any span of time at most
`burst + rate x time` requests pass, and LEASE - 1 more for each process that held some before.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from gateway.errors import RateLimited
from gateway.limits.allowance import Client
from gateway.model.bucket import DROPS, Rate
from gateway.model.days import epoch_us
from gateway.ports import BucketStore, Clock

LEASE = 10
CLIENTS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a client stands after a request. left: what it may still ask; wait_seconds: 0 when let in."""

    rate: Rate
    left: int
    wait_seconds: int = 0

    def check(self) -> None:
        """Raises RateLimited."""
        if self.wait_seconds:
            raise RateLimited(
                f"A client may ask {self.rate.per_minute} times a minute. Wait {self.wait_seconds} s, then go "
                "on more slowly.",
                retry_after_seconds=self.wait_seconds,
            )


@dataclass(slots=True)
class _Held:
    """in_hand: tokens taken and not spent; shared: those left in the bucket when it was seen, at seen_us;
    shut_from_us, shut_until_us: the span in which the bucket is known to be empty.
    """

    in_hand: int = 0
    shared: int = 0
    seen_us: int = 0
    shut_from_us: int = 0
    shut_until_us: int = 0


class Pace:
    """Safe to use from any thread. It forgets the client that has not asked for longest."""

    def __init__(self, store: BucketStore, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._drawing = threading.Lock()
        self._held: OrderedDict[bytes, _Held] = OrderedDict()

    def shut(self, client: Client) -> Standing | None:
        """The refusal of a client that can have no token anywhere, as far as this process knows.

        None: it may have one. Nothing is spent, asked or remembered.
        """
        with self._lock:
            held = self._held.get(client.key)
            return None if held is None else _refusal(held, rate_of(client), self._now_us())

    def at_hand(self, client: Client) -> Standing | None:
        """Spend a token that is here, or refuse while none can be anywhere; None: ask the store."""
        rate = rate_of(client)
        with self._lock:
            held = self._of(client.key)
            now_us = self._now_us()
            if held.in_hand:
                held.in_hand -= 1
                return Standing(rate, _left(held, rate, now_us))
            return _refusal(held, rate, now_us)

    def draw(self, client: Client) -> Standing:
        """Take tokens from the shared bucket, and spend one. It may block. Raises StateUnavailable."""
        with (
            self._drawing
        ):  # of many that come at once one draws, and the others spend what it took
            return self.at_hand(client) or self._draw(client)

    def _draw(self, client: Client) -> Standing:
        rate = rate_of(client)
        most = min(LEASE, max(1, rate.per_minute // 60))
        drawn = self._store.draw(client.key, rate, most=most)
        with self._lock:
            held = self._of(client.key)
            held.shared, held.seen_us = drawn.left, self._now_us()
            if drawn.tokens:
                held.in_hand += drawn.tokens - 1
                held.shut_until_us = 0
                return Standing(rate, _left(held, rate, held.seen_us))
            held.shut_from_us = held.seen_us
            held.shut_until_us = held.shut_from_us + drawn.wait_us
            return Standing(rate, 0, seconds_up(drawn.wait_us))

    def _of(self, key: bytes) -> _Held:
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = _Held()
            if len(self._held) > CLIENTS_MAX:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(key)
        return held

    def _now_us(self) -> int:
        return epoch_us(self._clock.now())


def _refusal(held: _Held, rate: Rate, now_us: int) -> Standing | None:
    """Where a client stands whose bucket is known to be empty; None when it may have a token."""
    if held.in_hand or not held.shut_from_us <= now_us < held.shut_until_us:
        return None
    return Standing(rate, 0, seconds_up(held.shut_until_us - now_us))


def _left(held: _Held, rate: Rate, now_us: int) -> int:
    """What other processes take meanwhile is not known: a hint, as the header is."""
    gained = rate.per_minute * max(0, now_us - held.seen_us) // DROPS
    return min(rate.burst - 1, held.in_hand + held.shared + gained)


def rate_of(client: Client) -> Rate:
    return Rate(client.allowance.requests_per_minute, client.allowance.burst)


def seconds_up(span_us: int) -> int:
    """Whole seconds for `Retry-After`: never too early, and at least one."""
    return max(1, -(-span_us // 1_000_000))
