"""Why spells ended, and what the persons earned: work found, work beside the search, benefits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gateway.synthetic.calendar import ONGOING, Window, month_of
from gateway.synthetic.draws import Ints, repeated, stream, waiting_days, weighted
from gateway.synthetic.employment import Intervals, Periods
from gateway.synthetic.spells import Spells

REASONS = ("1", "2", "3", "4", "5")
REASON_WEIGHTS = (0.45, 0.05, 0.15, 0.2, 0.15)
FOUND_WORK = 0
PLACED_SHARE, PLACEMENT_MEAN_DAYS, HIRED_SHARE = 0.6, 90.0, 0.75

JOB_MEAN_MONTHS = 24.0
FULL_WAGE, PART_WAGE = 2_650, 1_050  # median euros a month
BENEFIT_LOW, BENEFIT_HIGH = 700, 1_500
BENEFIT_MONTHS = 12
PAID_CODES = (0, 1, 4)  # 00 supported work, 01 open market, 04 short week


@dataclass(frozen=True, slots=True)
class Incomes:
    """One value per person and month with income. month: since 1970-01; wage, benefit: cents."""

    person: Ints
    month: Ints
    wage: Ints
    benefit: Ints


def end_by_placement(spells: Spells, periods: Periods, *, seed: int) -> tuple[Spells, Ints]:
    """(spells, reasons): some ended spells end soon after their last service, mostly into work.

    reasons: index into `REASONS`, -1 while the spell goes on.
    """
    generator = stream(seed, "reasons")
    ongoing = spells.end == ONGOING
    reasons = np.where(ongoing, -1, weighted(generator, REASON_WEIGHTS, len(spells)))
    last_service = np.full(len(spells), -1)
    np.maximum.at(last_service, periods.spell, periods.end)
    placed = (last_service >= 0) & ~ongoing & (generator.random(len(spells)) < PLACED_SHARE)
    wait = waiting_days(generator, PLACEMENT_MEAN_DAYS, len(spells))
    end = np.where(placed, np.minimum(spells.end, last_service + wait), spells.end)
    hired = placed & (generator.random(len(spells)) < HIRED_SHARE)
    return replace(spells, end=end), np.where(hired, FOUND_WORK, reasons)


def draw_incomes(
    spells: Spells,
    reasons: Ints,
    intervals: Intervals,
    codes: Ints,
    periods: Periods,
    window: Window,
    *,
    seed: int,
) -> Incomes:
    """Incomes of the window's months. codes: employment code of each interval as a number.

    A month of a person appears once: a job found goes before work beside the search, that before
    a benefit after a service.
    """
    generator = stream(seed, "incomes")
    found = _found_work(spells, reasons, window, generator)
    beside = _beside_search(spells, intervals, codes, window, generator)
    after = _benefits(spells, periods, window, generator)
    parts = (found, beside, after)
    person = np.concatenate([part.person for part in parts])
    month = np.concatenate([part.month for part in parts])
    _, kept = np.unique(person * 10_000 + month, return_index=True)
    return Incomes(
        person=person[kept],
        month=month[kept],
        wage=np.concatenate([part.wage for part in parts])[kept],
        benefit=np.concatenate([part.benefit for part in parts])[kept],
    )


def _found_work(
    spells: Spells, reasons: Ints, window: Window, generator: np.random.Generator
) -> Incomes:
    """From the month after the end of a spell to the end of the job or the next spell."""
    ended = np.flatnonzero(reasons == FOUND_WORK)
    first = month_of(spells.end[ended]) + 1
    job = generator.exponential(JOB_MEAN_MONTHS, len(ended)).astype(np.int64)
    last = np.minimum(first + job, _month_before_next(spells)[ended])
    return _monthly(spells.person[ended], first, last, window, FULL_WAGE, generator)


def _month_before_next(spells: Spells) -> Ints:
    """The month before the person's next spell; far away when there is none."""
    order = np.lexsort((spells.start, spells.person))
    person, start = spells.person[order], spells.start[order]
    following = np.full(len(spells), ONGOING)
    same = person[1:] == person[:-1]
    following[order[:-1][same]] = month_of(start[1:][same]) - 1
    return following


def _beside_search(
    spells: Spells,
    intervals: Intervals,
    codes: Ints,
    window: Window,
    generator: np.random.Generator,
) -> Incomes:
    rows = np.flatnonzero(np.isin(codes, PAID_CODES))
    first = month_of(intervals.start[rows])
    last = month_of(np.minimum(intervals.end[rows], window.as_of))
    return _monthly(spells.person[intervals.spell[rows]], first, last, window, PART_WAGE, generator)


def _benefits(
    spells: Spells, periods: Periods, window: Window, generator: np.random.Generator
) -> Incomes:
    """Unemployment benefit of the year after a service, as long as the search goes on."""
    ended = np.flatnonzero(periods.end <= window.as_of)
    spell = periods.spell[ended]
    first = month_of(periods.end[ended]) + 1
    last = np.minimum(first + BENEFIT_MONTHS - 1, month_of(spells.last_day(window)[spell]))
    rows = _monthly(spells.person[spell], first, last, window, 0, generator)
    benefit = generator.integers(BENEFIT_LOW * 100, BENEFIT_HIGH * 100, len(rows.person))
    return Incomes(rows.person, rows.month, rows.wage, benefit)


def _monthly(
    person: Ints,
    first: Ints,
    last: Ints,
    window: Window,
    median: int,
    generator: np.random.Generator,
) -> Incomes:
    """One row a month from `first` to `last`, inside the window; the wage varies little by month."""
    first = np.maximum(first, window.first_month)
    last = np.minimum(last, window.last_month)
    level = median * 100 * np.exp(generator.normal(0.0, 0.35, len(person)))
    owner, offset = repeated(np.maximum(last - first + 1, 0))
    wage = level[owner] * generator.normal(1.0, 0.04, len(owner))
    benefit = np.zeros(len(owner), dtype=np.int64)
    return Incomes(person[owner], first[owner] + offset, np.rint(wage).astype(np.int64), benefit)
