"""Places for extracts: how many downloads run at once, of one client and of all, over all processes.

Parts of one file that a client fetches side by side are one download: they share a place, which is free when the last of them
has ended. How many may run is for the surface to say (`surfaces/part_lines.py`).

A place is a row that its process renews while the download runs. When a process is killed, nobody renews
its rows, and they are free again after PLACE_SECONDS.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from gateway.errors import Busy, TooManyExtracts
from gateway.limits.allowance import Client, digest_of
from gateway.ports import FILE_OF_PLACE_BYTES, PLACE_BYTES, PlaceStore, TakenPlace

PLACE_SECONDS = 10
RENEW_SECONDS = 3.0
RETRY_SECONDS = 5


class Places:
    """The places that this process holds. Safe to use from any thread."""

    def __init__(self, store: PlaceStore, *, pool: int) -> None:
        self._store = store
        self._pool = pool
        self._lock = threading.Lock()
        self._held: dict[bytes, bytes] = {}  # place → client
        self._sharing: Counter[bytes] = Counter()  # place → parts of its file that run
        self._left: set[bytes] = set()  # given up, and not yet told to the store
        self._waiting: Counter[bytes] = Counter()

    def take(self, client: Client, *, part_of: str | None = None) -> bytes:
        """A place. part_of: the tag of the file that a part is fetched of. It may block.

        Raises TooManyExtracts, Busy, StateUnavailable.
        """
        if part_of is None:
            return self._take(secrets.token_bytes(PLACE_BYTES), client)
        file = digest_of(client.key.hex(), part_of)[:FILE_OF_PLACE_BYTES]
        with self._lock:
            for place in self._sharing:
                if place.startswith(file):
                    self._sharing[place] += 1
                    return place
        # Others may take one for the same file meanwhile, here or in another process: all count as one.
        rest = secrets.token_bytes(PLACE_BYTES - FILE_OF_PLACE_BYTES)
        place = self._take(file + rest, client)
        with self._lock:
            self._sharing[place] += 1
        return place

    def _take(self, place: bytes, client: Client) -> bytes:
        most = client.allowance.concurrent_extracts
        left = self._leaving()
        taken = self._store.take(place, client.key, most=most, pool=self._pool, left=left)
        with self._lock:
            self._left -= left
            if taken is TakenPlace.TAKEN:
                self._held[place] = client.key
        match taken:
            case TakenPlace.TAKEN:
                return place
            case TakenPlace.CLIENT_IS_FULL:
                raise _too_many(most)
            case TakenPlace.POOL_IS_FULL:
                raise Busy(
                    "All places for large deliveries are taken. Nothing was delivered; try again in "
                    "a moment. Cubes in small selections are served meanwhile.",
                    retry_after_seconds=RETRY_SECONDS,
                )

    def leave(self, place: bytes) -> None:
        """Give a place back; never blocks. The store is told by `settle`, or by the next `take`."""
        with self._lock:
            if self._sharing[place] > 1:
                self._sharing[place] -= 1
                return
            del self._sharing[place]
            if self._held.pop(place, None) is not None:
                self._left.add(place)

    @contextmanager
    def waiting(self, client: Client) -> Generator[None]:
        """While somebody waits for the pool. Raises TooManyExtracts: waiting is asking as well."""
        most = client.allowance.concurrent_extracts
        with self._lock:
            if self._waiting[client.key] >= most:
                raise _too_many(most)
            self._waiting[client.key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting[client.key] -= 1
                if not self._waiting[client.key]:
                    del self._waiting[client.key]

    def settle(self) -> None:
        """Renew what is held, and tell what was left. Raises StateUnavailable; then it is tried again."""
        left = self._leaving()
        with self._lock:
            held = dict(self._held)
        if not held and not left:
            return
        self._store.renew(held, left=left)
        with self._lock:
            self._left -= left
            # Whatever was given back during the renewal has been written again by it.
            self._left |= held.keys() - self._held.keys()

    def _leaving(self) -> frozenset[bytes]:
        with self._lock:
            return frozenset(self._left)


def _too_many(most: int) -> TooManyExtracts:
    return TooManyExtracts(
        f"A client may have {most} downloads running at once. Wait until one of yours has ended.",
        retry_after_seconds=RETRY_SECONDS,
    )
