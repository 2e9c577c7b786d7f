"""Trying again: after an outage, a limit or a broken connection, and never without an end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from gateway.pull.config import Patience
from gateway.pull.faults import TryLater

T = TypeVar("T")
FIRST_WAIT_SECONDS = 1.0
WAIT_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Retrying:
    """told: hears how long it waits and why, before it does."""

    patience: Patience
    told: Callable[[float, TryLater], None]
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def __call__(self, attempt: Callable[[], T]) -> T:
        """The first success. Raises what the last attempt raised; all but TryLater at once."""
        for number in range(1, self.patience.attempts):
            try:
                return attempt()
            except TryLater as fault:
                wait = self._wait(fault, number)
                if wait > self.patience.wait_seconds_max:
                    raise
                self.told(wait, fault)
                self.sleep(wait)
        return attempt()

    def _wait(self, fault: TryLater, number: int) -> float:
        """What the gateway asks for; else twice as long each time, and up to half of it by chance.

        Chance keeps the jobs of three hundred municipalities from coming back in the same second.
        """
        if fault.wait_seconds is not None:
            return fault.wait_seconds
        longest = min(FIRST_WAIT_SECONDS * 2 ** (number - 1), WAIT_SECONDS_MAX)
        return longest * (0.5 + self.chance() / 2)
