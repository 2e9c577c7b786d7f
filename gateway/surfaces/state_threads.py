"""Asking the state database: on few threads of their own, and for as long as somebody can wait.

While the database is locked each question waits in it. On the threads that verify tokens those would hold
up clients who need nothing of the state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar, TypeVarTuple

from gateway.errors import StateUnavailable

Ts = TypeVarTuple("Ts")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StateThreads:
    """wait_seconds: from the request to the answer; what was asked may still happen afterwards."""

    threads: Executor
    wait_seconds: float = 4.0

    async def run(self, ask: Callable[[*Ts], T], *given: *Ts) -> T:
        """Raises StateUnavailable, and whatever `ask` raises."""
        try:
            async with asyncio.timeout(self.wait_seconds):
                return await asyncio.get_running_loop().run_in_executor(self.threads, ask, *given)
        except TimeoutError:
            raise StateUnavailable(
                "The gateway's own state does not answer; try again in a moment.",
                retry_after_seconds=5,
            ) from None
