"""Threads of their own for what waits for others, and an end to how many wait for such a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import ParamSpec, TypeVar

from gateway.errors import TooManyWaiting

AGAIN_SECONDS = 5
P = ParamSpec("P")
T = TypeVar("T")


class BoundedThreads:
    """A slow identity provider holds these threads, and nobody else's.

    most: how many are in them or wait for one.
    """

    def __init__(self, threads: Executor, *, most: int) -> None:
        self._threads = threads
        self._places = BoundedSemaphore(most)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the work gives. Raises TooManyWaiting, before it begins, and what the work raises."""
        if not self._places.acquire(blocking=False):
            raise TooManyWaiting("Try again in a moment.", retry_after_seconds=AGAIN_SECONDS)
        try:
            future = self._threads.submit(work, *args, **kwargs)
        except BaseException:
            self._places.release()
            raise
        # Given back when the work ends: whoever stops waiting for it does not end it.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)


@dataclass(frozen=True, slots=True)
class PortalThreads:
    """login: which anybody may begin; pages: for whoever has a session. Both may wait for the provider."""

    login: BoundedThreads
    pages: BoundedThreads
