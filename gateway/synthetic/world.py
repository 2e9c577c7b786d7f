"""Everything that is drawn as numbers, before it is written as tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from gateway.synthetic.calendar import Window, window_to
from gateway.synthetic.draws import Ints
from gateway.synthetic.employment import Intervals, Periods, draw_periods, employment_codes
from gateway.synthetic.margins import Margins, load_margins
from gateway.synthetic.outcomes import end_by_placement
from gateway.synthetic.people import draw_stock
from gateway.synthetic.persons import Persons, draw_persons
from gateway.synthetic.places import Places, load_places
from gateway.synthetic.spells import Spells, draw_spells


@dataclass(frozen=True, slots=True)
class World:
    """stock_size: job seekers of the as-of day; theirs are the first persons and first spells.

    reasons: why each spell ended, an index into `REASONS`, -1 while it goes on.
    """

    seed: int
    scale: float
    window: Window
    margins: Margins
    places: Places
    stock_size: int
    persons: Persons
    spells: Spells
    reasons: Ints
    periods: Periods
    intervals: Intervals


def draw_world(
    *, scale: float, seed: int, as_of: date, report: Callable[[str, float], None]
) -> World:
    """Draw people, spells, codes and services; `scale` in (0, 1].

    report: told what is being drawn, and the share of the drawing that is done.
    """
    report("job seekers", 0.0)
    window = window_to(as_of)
    margins = load_margins(seed)
    stock = draw_stock(margins, scale=scale, seed=seed)
    report("spells", 0.2)
    spells = draw_spells(stock, window, seed=seed)
    persons, spells = draw_persons(stock, spells, window, seed=seed)
    report("services", 0.5)
    foreign = persons.foreign[spells.person]
    periods = draw_periods(stock, spells, foreign, window, seed=seed)
    spells, reasons = end_by_placement(spells, periods, seed=seed)
    report("employment codes", 0.7)
    return World(
        seed=seed,
        scale=scale,
        window=window,
        margins=margins,
        places=load_places(margins),
        stock_size=len(stock),
        persons=persons,
        spells=spells,
        reasons=reasons,
        periods=periods,
        intervals=employment_codes(spells, periods),
    )
