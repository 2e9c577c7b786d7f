"""`tmt.tyopaikka`: notices whose vacancies meet the open and new counts of the margins."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gateway.synthetic import margins
from gateway.synthetic.calendar import ONGOING, Window, first_day_of
from gateway.synthetic.columns import dates, picked
from gateway.synthetic.draws import Ints, evenly, repeated, stream, weighted
from gateway.synthetic.person_records import OCCUPATIONS
from gateway.synthetic.world import World

NOTICE_NUMBER_BASE = 80_000_000_000
MEAN_OPEN_DAYS = 28.0
RUN_UP_MONTHS = 3
NEW_AMONG_OPEN = 0.7  # of the open vacancies, at most this share of the month's new ones
NEW_NOTICE_CHANCE = 0.65  # a vacancy begins a notice of its own, else joins the one before
LANGUAGES = ("fi", "sv", "en")
LANGUAGE_WEIGHTS = (0.91, 0.03, 0.06)
LANGUAGE_WEIGHTS_SWEDISH = (0.35, 0.6, 0.05)
# New vacancies by month against those of June.
SEASON = (1.05, 1.0, 1.1, 1.1, 1.05, 1.0, 0.75, 0.95, 1.0, 0.95, 0.85, 0.65)


def vacancy_table(world: World) -> pa.Table:
    """Single vacancies are drawn first, then neighbours of one kind are put into one notice."""
    generator = stream(world.seed, "vacancies")
    place, opened, closed = _vacancies(world, generator)
    order = np.lexsort((closed, opened, place))
    kept = order[evenly(generator, max(1, round(len(order) * world.scale)), len(order))]
    place, opened, closed = place[kept], opened[kept], closed[kept]
    differs = (np.diff(place) != 0) | (np.diff(opened) != 0) | (np.diff(closed) != 0)
    begins = np.r_[True, differs | (generator.random(len(place) - 1) < NEW_NOTICE_CHANCE)]
    first = np.flatnonzero(begins)
    count = len(first)
    place, opened, closed = place[first], opened[first], closed[first]
    swedish = world.places.swedish[place]
    language = np.where(
        swedish,
        weighted(generator, LANGUAGE_WEIGHTS_SWEDISH, count),
        weighted(generator, LANGUAGE_WEIGHTS, count),
    )
    unknown = len(world.places.codes) - 1
    return pa.table(
        {
            "paikka_id": NOTICE_NUMBER_BASE + np.arange(1, count + 1),
            "kunta": picked(world.places.codes[:-1], np.where(place == unknown, -1, place)),
            "ammattikoodi": picked(OCCUPATIONS, generator.integers(0, len(OCCUPATIONS), count)),
            "tyokieli": picked(LANGUAGES, language),
            "paikkojen_maara": np.diff(np.r_[first, len(kept)]).astype(np.int32),
            "avattu": dates(opened),
            "suljettu": dates(closed),
        }
    )


def _vacancies(world: World, generator: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """(place, opened, closed) of single vacancies at full scale."""
    counts, window = world.margins.counts, world.window
    open_now, new = counts[margins.OPEN_VACANCIES], counts[margins.NEW_VACANCIES]
    fresh = np.minimum(np.rint(new * NEW_AMONG_OPEN), open_now).astype(np.int64)
    month = first_day_of(np.asarray([window.last_month]))[0]
    passed = int(window.as_of - month)
    groups = (
        _open(fresh, month, window.as_of, generator),
        _open(open_now - fresh, month - 60, month - 1, generator),
        _closed(new - fresh, int(month), passed, window, generator),
        *(
            _closed(_seasonal(new, earlier), int(first), 28, window, generator)
            for earlier, first in _earlier_months(window)
        ),
    )
    return (
        np.concatenate([group[0] for group in groups]),
        np.concatenate([group[1] for group in groups]),
        np.concatenate([group[2] for group in groups]),
    )


def _earlier_months(window: Window) -> list[tuple[int, int]]:
    months = np.arange(window.first_month - RUN_UP_MONTHS, window.last_month)
    return list(zip((months % 12).tolist(), first_day_of(months).tolist(), strict=True))


def _seasonal(new: Ints, month: int) -> Ints:
    return np.rint(new * SEASON[month]).astype(np.int64)


def _open(
    counts: Ints, first: int, last: int, generator: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    place, _ = repeated(counts)
    opened = generator.integers(first, last + 1, len(place))
    return place, opened, np.full(len(place), ONGOING)


def _closed(
    counts: Ints, first: int, days: int, window: Window, generator: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Opened within `days` of `first`, closed again before the as-of day."""
    place, _ = repeated(counts)
    opened = first + generator.integers(0, max(days, 1), len(place))
    length = generator.exponential(MEAN_OPEN_DAYS, len(place)).astype(np.int64)
    return place, opened, np.minimum(opened + length, window.as_of - 1)
