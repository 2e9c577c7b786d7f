"""Service periods within spells, and the employment code of every day of every spell."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from gateway.synthetic import activities
from gateway.synthetic.activities import ACTIVITIES, SERVICES
from gateway.synthetic.calendar import ONGOING, Window
from gateway.synthetic.draws import Flags, Floats, Ints, stream, weighted
from gateway.synthetic.people import Stock
from gateway.synthetic.spells import LONG_TERM_DAYS, Spells

SHORTEST_SERVICE = 5
# Services begin a year before the window, so that its first months are not empty of them.
RUN_UP_DAYS = 365
# Makes good what the ends of spells and overlaps cut away.
CUT_SHARE = 1.2
MORE_IN_THE_LAST_YEAR = 0.35
INTEGRATION_LEAN = 6.0  # integration training is for migrants


@dataclass(frozen=True, slots=True)
class Periods:
    """Service periods, sorted by spell and start. spell: index into `Spells`; end as in `Spells`."""

    spell: Ints
    activity: Ints
    start: Ints
    end: Ints

    def __len__(self) -> int:
        return len(self.spell)

    def take(self, index: Ints | Flags) -> Periods:
        return Periods(**{field.name: getattr(self, field.name)[index] for field in fields(self)})


@dataclass(frozen=True, slots=True)
class Intervals:
    """Days with one employment code. activity: index into `ACTIVITIES`; end as in `Spells`."""

    spell: Ints
    activity: Ints
    start: Ints
    end: Ints


def draw_periods(
    stock: Stock, spells: Spells, foreign: Flags, window: Window, *, seed: int
) -> Periods:
    """The services of the as-of day, which are open, and earlier ones at the same density.

    foreign: per spell. Ended periods are placed evenly over all days on which a service is
    possible: not in the last year of the long-term unemployed, which it would interrupt, so the
    others have more of them in that year.
    """
    generator = stream(seed, "services")
    rates = _starts_per_seeker_day(stock)
    present = _present(stock, spells, window, generator)
    limit = spells.last_day(window)
    limit[spells.end == ONGOING] = window.as_of - 1
    limit[present.spell] = present.start - 10
    limit[spells.long_term] = window.as_of - LONG_TERM_DAYS - 1
    parts = (
        present,
        _past(spells, foreign, limit, window.first - RUN_UP_DAYS, rates, generator),
        _past(
            spells,
            foreign,
            limit,
            window.as_of - LONG_TERM_DAYS,
            rates * MORE_IN_THE_LAST_YEAR,
            generator,
        ),
    )
    columns = [
        np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Periods)
    ]
    both = Periods(*columns)
    both = both.take(np.lexsort((both.start, both.spell)))
    return both.take(_apart(both) | (both.end == ONGOING))


def _present(
    stock: Stock, spells: Spells, window: Window, generator: np.random.Generator
) -> Periods:
    """The stock's spells come first in `spells`, in the stock's order."""
    spell = np.flatnonzero(np.isin(stock.activity, SERVICES))
    activity = stock.activity[spell]
    elapsed = generator.exponential(_mean_days()[activity]).astype(np.int64)
    start = np.maximum(window.as_of - elapsed, spells.switch[spell])
    return Periods(spell, activity, start, np.full(len(spell), ONGOING))


def _past(
    spells: Spells,
    foreign: Flags,
    limit: Ints,
    since: int,
    rates: Floats,
    generator: np.random.Generator,
) -> Periods:
    """Ended periods that begin on or after `since` and end by the spell's `limit`."""
    opens = np.maximum(spells.switch, since)
    room = np.maximum(limit - SHORTEST_SERVICE - opens + 1, 0)
    edges = np.cumsum(room)
    count = int(edges[-1] * rates.sum())
    step = edges[-1] / max(count, 1)
    points = ((np.arange(count) + generator.random()) * step).astype(np.int64)
    spell = np.searchsorted(edges, points, side="right").astype(np.int64)
    start = opens[spell] + points - (edges[spell] - room[spell])
    activity = _services(rates, foreign[spell], generator)
    mean = _mean_days()[activity]
    end = start + (SHORTEST_SERVICE + generator.gamma(2.0, mean / 2)).astype(np.int64)
    # A spell that ended took its service with it. In an open one, a service that is not over
    # would be one of the present ones: it is left out, or services would pile up at the limit.
    over = (spells.end[spell] != ONGOING) | (end <= limit[spell])
    found = Periods(spell, activity, start, np.minimum(end, limit[spell]))
    return found.take(over)


def _starts_per_seeker_day(stock: Stock) -> Floats:
    """Per service, starts a day per job seeker: what keeps the stock's share at its mean length."""
    counts = np.bincount(stock.activity, minlength=len(ACTIVITIES))[list(SERVICES)]
    return CUT_SHARE * counts / len(stock) / _mean_days()[list(SERVICES)]


def _services(rates: Floats, foreign: Flags, generator: np.random.Generator) -> Ints:
    """A service for each period; integration training for migrants only."""
    integration = np.asarray(SERVICES) == activities.INTEGRATION
    drawn = np.where(
        foreign,
        weighted(generator, np.where(integration, rates * INTEGRATION_LEAN, rates), len(foreign)),
        weighted(generator, np.where(integration, 0.0, rates), len(foreign)),
    )
    return np.asarray(SERVICES, dtype=np.int64)[drawn]


def _apart(periods: Periods) -> Flags:
    """True where the one before, in the same spell, has ended at least a day earlier."""
    same = periods.spell[1:] == periods.spell[:-1]
    close = periods.start[1:] <= periods.end[:-1] + 1
    return np.r_[True, ~(same & close)][: len(periods)]


def _mean_days() -> Floats:
    return np.asarray([activity.mean_days for activity in ACTIVITIES], dtype=np.float64)


def employment_codes(spells: Spells, periods: Periods) -> Intervals:
    """The intervals that cover each spell: its beginning, its main activity, its services."""
    index = np.arange(len(spells))
    resumed = periods.end < spells.end[periods.spell]
    back = periods.take(resumed)
    spell = np.r_[index, index, back.spell, periods.spell]
    start = np.r_[spells.start, spells.switch, back.end + 1, periods.start]
    activity = np.r_[spells.first, spells.main, spells.main[back.spell], periods.activity]
    # On the same day the later word wins: first < main < back to main < a service.
    word = np.repeat(np.arange(4), [len(index), len(index), len(back), len(periods)])
    order = np.lexsort((word, start, spell))
    spell, start, activity = spell[order], start[order], activity[order]
    last_word = np.r_[(spell[1:] != spell[:-1]) | (start[1:] != start[:-1]), True]
    spell, start, activity = spell[last_word], start[last_word], activity[last_word]
    code = _codes()[activity]
    changed = np.r_[True, (spell[1:] != spell[:-1]) | (code[1:] != code[:-1])]
    spell, start, activity = spell[changed], start[changed], activity[changed]
    followed = np.r_[spell[1:] == spell[:-1], False]
    end = np.where(followed, np.r_[start[1:], 0] - 1, spells.end[spell])
    return Intervals(spell, activity, start, end)


def _codes() -> Ints:
    return np.asarray([int(activity.code) for activity in ACTIVITIES], dtype=np.int64)
