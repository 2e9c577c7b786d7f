"""The toll of a delivery: a place while it runs, if it is an extract, and its bytes when it has ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Self

from gateway.errors import StateUnavailable
from gateway.limits.allowance import Client, Limits, client_of, digest_of
from gateway.limits.places import RENEW_SECONDS, Places
from gateway.limits.spending import Spending
from gateway.model.caller import Caller

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Toll:
    """What one delivery holds and owes. `close` comes once; later ones do nothing."""

    tolls: Tolls | None = None
    holder: bytes = b""
    place: bytes | None = None

    def close(self, sent: int) -> None:
        """Give the place back and count the bytes. Never blocks and raises nothing."""
        tolls, self.tolls = self.tolls, None
        if tolls is not None:
            tolls.settle_later(self, sent)

    @contextmanager
    def closing_on_failure(self) -> Generator[None]:
        """When the delivery cannot begin: nothing was sent."""
        try:
            yield
        except BaseException:
            self.close(0)
            raise


@dataclass(slots=True)
class Tolls:
    """Places and bytes, with the thread that tells the store of them.

    Only `start` makes the thread; without it `settle` is called by hand.
    """

    limits: Limits
    places: Places
    spending: Spending
    _news: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def open(
        self,
        caller: Caller,
        subscription: str | None,
        *,
        is_extract: bool,
        part_of: str | None = None,
    ) -> Toll:
        """Before a delivery is announced. part_of: the tag of the file, when ranges of it are fetched. It may block.

        Raises QuotaUsedUp, TooManyExtracts, Busy, StateUnavailable.
        """
        client = client_of(caller, self.limits)
        holder = _holder(caller, subscription, client)
        self.spending.check(holder, bytes_per_day=client.allowance.bytes_per_day)
        place = self.places.take(client, part_of=part_of) if is_extract else None
        return Toll(self, holder, place)

    def waiting(self, caller: Caller) -> AbstractContextManager[None]:
        """While a delivery waits for a place of the pool. Raises TooManyExtracts."""
        return self.places.waiting(client_of(caller, self.limits))

    def settle_later(self, toll: Toll, sent: int) -> None:
        self.spending.add(toll.holder, sent)
        if toll.place is not None:
            self.places.leave(toll.place)
            self._news.set()

    def settle(self) -> None:
        """Raises StateUnavailable; what could not be written is written the next time."""
        self.places.settle()
        self.spending.flush()

    def start(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="tolls", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop, and tell the store the rest. Call before the state is closed."""
        self._stopping.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()
        self._settle_quietly()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._news.wait(RENEW_SECONDS / 3)
            self._news.clear()
            self._settle_quietly()

    def _settle_quietly(self) -> None:
        try:
            self.settle()
        except StateUnavailable:
            _log.warning("places and bytes of deliveries are not written yet")


def _holder(caller: Caller, subscription: str | None, client: Client) -> bytes:
    """Whose day it is: an organisation under one subscription; without one, the client's own."""
    if subscription is None or caller.organisation is None:
        return client.key
    return digest_of(subscription, caller.organisation.code)
