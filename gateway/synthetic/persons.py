"""Who the spells belong to: the stock's persons first, then those of history only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.synthetic.calendar import ONGOING, Window, years_before
from gateway.synthetic.draws import Flags, Ints, stream
from gateway.synthetic.people import MIDDLE, OLDER, TEENS, YOUNG, Stock
from gateway.synthetic.spells import LONG_TERM_DAYS, SHORTEST, Spells

# Ages by class: from, to (exclusive), in whole years on the reference day.
AGES = {TEENS: (17, 20), YOUNG: (20, 25), MIDDLE: (25, 50), OLDER: (50, 67)}
SCHOOL_LEAVING_AGE = 16
# So that a teenager who has been unemployed for a year was sixteen when it began.
BIRTHDAY_MARGIN_DAYS = LONG_TERM_DAYS + 2 - 365
# Ids have ten digits; in bytes their upper half is 1 and their lower half is over 2**31, which no
# pair of small 32-bit numbers looks like: a grep for their bytes means something.
ID_BASE = 3 * 2**31
ID_PRIME = 2_147_483_647
ID_STEP = 1_234_567_891


@dataclass(frozen=True, slots=True)
class Persons:
    """One value per person in every array.

    number: `henkilo_id`; place: index into `Margins.places`; birth: day number; sex, foreign: as
    in `Stock`.
    """

    number: Ints
    place: Ints
    birth: Ints
    sex: Ints
    foreign: Flags

    def __len__(self) -> int:
        return len(self.number)


def draw_persons(
    stock: Stock, spells: Spells, window: Window, *, seed: int
) -> tuple[Persons, Spells]:
    """The persons, and the spells without the days before anybody's sixteenth birthday.

    Persons of history take their traits from persons of the stock, drawn at random, and their age
    class is that of the day their last spell ended.
    """
    generator = stream(seed, "persons")
    count = int(spells.person.max()) + 1
    donor = np.r_[np.arange(len(stock)), generator.integers(0, len(stock), count - len(stock))]
    reference = np.zeros(count, dtype=np.int64)
    np.maximum.at(reference, spells.person, spells.last_day(window))
    birth = _births(stock.age[donor], reference, generator)
    persons = Persons(
        number=_numbers(count, seed),
        place=stock.place[donor],
        birth=birth,
        sex=stock.sex[donor],
        foreign=stock.foreign[donor],
    )
    return persons, _after_school(spells, birth, window)


def _numbers(count: int, seed: int) -> Ints:
    """Distinct, scattered ids: steps around a prime never meet before the prime is used up."""
    offset = int(stream(seed, "ids").integers(0, ID_PRIME))
    return ID_BASE + (np.arange(count, dtype=np.int64) * ID_STEP + offset) % ID_PRIME


def _births(age: Ints, reference: Ints, generator: np.random.Generator) -> Ints:
    """A day of birth in the class, exact to the calendar on the reference day."""
    births = np.zeros(len(age), dtype=np.int64)
    for group, (youngest, limit) in AGES.items():
        members = np.flatnonzero(age == group)
        latest = years_before(reference[members], youngest) - BIRTHDAY_MARGIN_DAYS
        earliest = years_before(reference[members], limit) + 1
        part = generator.random(len(members))
        births[members] = earliest + (part * (latest - earliest + 1)).astype(np.int64)
    return births


def _after_school(spells: Spells, birth: Ints, window: Window) -> Spells:
    """No spell begins before sixteen; a spell that would then be over is left out."""
    sixteen = years_before(birth, -SCHOOL_LEAVING_AGE)[spells.person]
    start = np.maximum(spells.start, sixteen)
    # A teenager's long-term unemployment has lasted its year all the same.
    latest = np.where(spells.long_term, window.as_of - LONG_TERM_DAYS - 1, start)
    start = np.minimum(start, latest)
    early = spells.switch <= start
    clipped = Spells(
        person=spells.person,
        start=start,
        end=spells.end,
        main=spells.main,
        first=np.where(early, spells.main, spells.first),
        switch=np.maximum(spells.switch, start),
        long_term=spells.long_term,
    )
    kept = (spells.end == ONGOING) | (spells.end - start >= SHORTEST)
    return clipped.take(kept)
