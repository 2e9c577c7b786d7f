"""Job-seeking spells: those open on the as-of day, and 24 months of ended ones before them.

The process is in balance: lengths are a mixture of short and long exponentials, ended spells end
at an even rate, and open ones have the elapsed lengths that such a process shows on any day. So
every month-end has nearly the stock of the last, without a simulation by day. Holidays and
winters add short spells on top.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from gateway.synthetic import activities
from gateway.synthetic.calendar import ONGOING, Window, month_of
from gateway.synthetic.draws import Flags, Ints, among, evenly, stream
from gateway.synthetic.people import Stock

SHORT_MEAN, LONG_MEAN = 152.0, 791.0
LONG_SHARE_OF_SPELLS = 0.378
MEAN_LENGTH = SHORT_MEAN * (1 - LONG_SHARE_OF_SPELLS) + LONG_MEAN * LONG_SHARE_OF_SPELLS
LONG_SHARE_OF_STOCK = LONG_MEAN * LONG_SHARE_OF_SPELLS / MEAN_LENGTH
LONGEST = 15 * 365
SHORTEST = 5
LONG_TERM_DAYS = 366
# Spells that end early by placement (`outcomes`) are made up for by more of them.
PLACEMENT_MAKEUP = 1.05
LINKED_SHARE = 0.42
SWITCHING_SHARE = 0.2

# Share of the stock that a month-end has on top: school holidays in July, lay-offs in winter.
SEASON = {1: 0.035, 2: 0.02, 3: 0.01, 7: 0.04, 8: 0.015, 12: 0.045}

# What an ended spell mainly was, and what a spell may have begun as.
MAIN_SHARES = {
    activities.UNEMPLOYED: 0.735,
    activities.LAID_OFF: 0.045,
    activities.SHORT_WEEK: 0.018,
    activities.WORKING: 0.10,
    activities.OUTSIDE: 0.035,
    activities.PENSION: 0.007,
    activities.STUDYING: 0.06,
}
FIRST_SHARES = {activities.WORKING: 0.45, activities.STUDYING: 0.3, activities.OUTSIDE: 0.25}


@dataclass(frozen=True, slots=True)
class Spells:
    """One value per spell in every array; the first ones are the stock's, in its order.

    person: 0 … ; below the stock's size its own persons, above it persons of history only.
    start, end: days, end inclusive or ONGOING. main: what the spell is or was, apart from
    services; first: what it began as; switch: the day `main` began (= start when it is all).
    """

    person: Ints
    start: Ints
    end: Ints
    main: Ints
    first: Ints
    switch: Ints
    long_term: Flags

    def __len__(self) -> int:
        return len(self.person)

    def take(self, index: Ints | Flags) -> Spells:
        return Spells(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    def last_day(self, window: Window) -> Ints:
        """The last day of each spell that has been seen."""
        return np.minimum(self.end, window.as_of)


def draw_spells(stock: Stock, window: Window, *, seed: int) -> Spells:
    """Open spells for the stock, ended ones before, some of them by the same persons."""
    generator = stream(seed, "spells")
    current_start = window.as_of - _elapsed(stock, generator)
    ended_start, ended_end = _ended(len(stock), window, generator)
    start = np.r_[current_start, ended_start]
    end = np.r_[np.full(len(stock), ONGOING), ended_end]
    main = np.r_[_mains_of_stock(stock), among(generator, MAIN_SHARES, len(ended_end))]
    long_term = np.r_[stock.long_term, np.zeros(len(ended_end), dtype=np.bool_)]
    first, switch = _beginnings(start, end, main, long_term, window, generator)
    person = _persons(start, end, len(stock), window, generator)
    return Spells(person, start, end, main, first, switch, long_term)


def _mains_of_stock(stock: Stock) -> Ints:
    """Who is in a service now was, and will be, unemployed."""
    services = np.isin(stock.activity, activities.SERVICES)
    return np.where(services, activities.UNEMPLOYED, stock.activity).astype(np.int64)


def _elapsed(stock: Stock, generator: np.random.Generator) -> Ints:
    """Days since the start: over a year for the long-term unemployed, under one for the others."""
    count = len(stock)
    unemployed = stock.activity <= activities.LAID_OFF
    long = generator.random(count) < np.where(unemployed, LONG_SHARE_OF_STOCK, 0.92)
    mean = np.where(long, LONG_MEAN, SHORT_MEAN)
    # Truncated to less than a year, by the inverse of the distribution function.
    below_year = 1.0 - np.exp(-(LONG_TERM_DAYS - 3) / mean)
    recent = -mean * np.log1p(-generator.random(count) * below_year)
    free = generator.exponential(mean)
    since_year = LONG_TERM_DAYS + 1 + generator.exponential(LONG_MEAN, count)
    days = np.where(unemployed, np.where(stock.long_term, since_year, recent), free)
    return np.minimum(days, LONGEST).astype(np.int64)


def _ended(stock: int, window: Window, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """(start, end) of ended spells: the even flow of the balance, then the seasons' extra."""
    days = window.as_of - window.first
    count = round(stock * days / MEAN_LENGTH * PLACEMENT_MAKEUP)
    end = window.first + generator.integers(0, days, count)
    long = generator.random(count) < LONG_SHARE_OF_SPELLS
    length = generator.exponential(np.where(long, LONG_MEAN, SHORT_MEAN)).astype(np.int64)
    starts, ends = [end - np.clip(length, SHORTEST, LONGEST)], [end]
    for month_end in window.month_ends()[:-1]:
        month = int(month_of(np.asarray([month_end]))[0]) % 12 + 1
        extra = round(stock * SEASON.get(month, 0.0))
        starts.append(month_end - generator.integers(3, 29, extra))
        ends.append(np.minimum(month_end + generator.integers(2, 27, extra), window.as_of - 1))
    return np.concatenate(starts), np.concatenate(ends)


def _beginnings(
    start: Ints,
    end: Ints,
    main: Ints,
    long_term: Flags,
    window: Window,
    generator: np.random.Generator,
) -> tuple[Ints, Ints]:
    """(first, switch): a fifth of the spells began as something else."""
    last = np.where(long_term, window.as_of - LONG_TERM_DAYS - 1, np.minimum(end, window.as_of))
    room = last - start
    switching = (generator.random(len(start)) < SWITCHING_SHARE) & (room > 30)
    part = 0.1 + 0.5 * generator.random(len(start))
    switch = np.where(switching, start + (room * part).astype(np.int64), start)
    first = np.where(switching, among(generator, FIRST_SHARES, len(start)), main)
    return first.astype(np.int64), switch.astype(np.int64)


def _persons(
    start: Ints, end: Ints, stock: int, window: Window, generator: np.random.Generator
) -> Ints:
    """Persons of the spells: most have one, some two, the second well after the first."""
    count = len(start)
    ended = np.arange(stock, count)
    earlier = ended[generator.random(len(ended)) < LINKED_SHARE]
    is_earlier = np.zeros(count, dtype=np.bool_)
    is_earlier[earlier] = True
    later = np.flatnonzero(~is_earlier & (start > window.first + 60))
    later = later[evenly(generator, min(len(earlier), len(later)), len(later))]
    # Sorted against sorted, with some disorder in the gap, the pairs follow one another.
    later = later[np.argsort(start[later] + generator.integers(-60, 60, len(later)))]
    earlier = earlier[np.argsort(end[earlier])][: len(later)]
    follows = start[later] > end[earlier] + 7
    person = np.full(count, -1, dtype=np.int64)
    person[:stock] = np.arange(stock)
    alone = np.ones(count, dtype=np.bool_)
    alone[:stock] = False
    alone[earlier[follows]] = False
    person[alone] = stock + np.arange(int(alone.sum()))
    person[earlier[follows]] = person[later[follows]]
    return person
