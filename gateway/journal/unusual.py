"""Unusual volume: a client's day beyond its own history. Arithmetic that anybody can repeat by hand.

A day of a client is unusual when its deliveries, or its bytes, are more than

    max( floor,  2 x median,  median + 6 x MAD )

of its own 28 days before that day, where a day without deliveries counts as 0, and MAD is the median of
the distances from the median. The floor keeps small clients, and those that begin, from being told for
little; twice the median those that are the same every day, whose MAD is 0. Whoever fetches once a month has
a median of 0: the floor alone decides. Nothing is learnt, and nothing is compared between clients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

HISTORY_DAYS = 28
FLOOR_DELIVERIES = 50
FLOOR_BYTES = 100_000_000
_SPREADS = 6


@dataclass(frozen=True, slots=True)
class Volume:
    """Of one client on one day."""

    deliveries: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class UnusualDay:
    """most: what the day could have been without being unusual."""

    day: date
    volume: Volume
    most: Volume


_NOTHING = Volume()


def unusual_days(days: Mapping[date, Volume], *, first: date, last: date) -> Iterator[UnusualDay]:
    """Those of one client from `first` to `last`, in order. days: of the 28 before `first` as well."""
    for day in sorted(each for each in days if first <= each <= last):
        before = [
            days.get(day - timedelta(days=back), _NOTHING) for back in range(1, HISTORY_DAYS + 1)
        ]
        most = Volume(
            _most([each.deliveries for each in before], FLOOR_DELIVERIES),
            _most([each.bytes for each in before], FLOOR_BYTES),
        )
        volume = days[day]
        if volume.deliveries > most.deliveries or volume.bytes > most.bytes:
            yield UnusualDay(day, volume, most)


def _most(history: list[int], floor: int) -> int:
    """In whole units; 28 values have halves for medians at most."""
    usual = median(history)
    spread = median(abs(each - usual) for each in history)
    return max(floor, int(2 * usual), int(usual + _SPREADS * spread))
