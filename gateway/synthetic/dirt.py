"""Faults planted on purpose, each with its share: what real sources have.

None of them changes who is a job seeker on a day: they are rows beside, or values within, clean
ones, so that whoever handles them by a stated rule gets the margins back.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gateway.synthetic.calendar import ONGOING
from gateway.synthetic.columns import picked
from gateway.synthetic.draws import Ints, stream
from gateway.synthetic.spells import Spells
from gateway.synthetic.world import World

MISSING_MUNICIPALITY_SHARE = 0.003  # of persons
OLD_CODE_SHARE = 0.25  # of the persons of the municipality that took in an abolished one
REPEATED_PERSON_SHARE = 0.001  # of rows of atmt.henkilo, once more, value for value
REPEATED_SPELL_SHARE = 0.001  # of rows of atmt.tyonhakujakso, once more with the same jakso_id
OVERLAPPING_SHARE = 0.002  # of spells: another one within
END_BEFORE_START_SHARE = 0.0005  # of spells: another row that ends before it starts
PERSON_NOTE_SHARE = 0.04  # free text with the person's name in it
CONTACT_NOTE_SHARE = 0.08
PLAN_NOTE_SHARE = 0.10

LONG_ENOUGH_TO_OVERLAP = 60


def share_of(count: int, share: float, generator: np.random.Generator) -> Ints:
    """Indices of a share of `count` rows; at least one, so that no scale is without the fault."""
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    return np.sort(generator.choice(count, size=max(1, round(count * share)), replace=False))


def with_repeats(table: pa.Table, share: float, generator: np.random.Generator) -> pa.Table:
    """The table with a share of its rows a second time at the end."""
    again = share_of(table.num_rows, share, generator)
    return pa.concat_tables([table, table.take(pa.array(again))])


def municipality_column(world: World) -> pa.Array:
    """`kotikunta`: some missing, some with the code of a municipality that ended with 2024."""
    places, persons = world.places, world.persons
    generator = stream(world.seed, "municipality dirt")
    known = list(places.codes[:-1])
    unknown_place, old = len(known), len(known)
    index = persons.place.copy()
    index[persons.place == unknown_place] = -1
    residents = np.flatnonzero(persons.place == places.old_place)
    index[residents[share_of(len(residents), OLD_CODE_SHARE, generator)]] = old
    index[share_of(len(persons), MISSING_MUNICIPALITY_SHARE, generator)] = -1
    return picked([*known, places.old_code], index)


def faulty_spells(spells: Spells, *, seed: int) -> tuple[Ints, Ints, Ints]:
    """(spell, start, end) of rows to add: overlapping ones, then ones that end before they start."""
    generator = stream(seed, "spell dirt")
    long = np.flatnonzero((spells.end - spells.start) > LONG_ENOUGH_TO_OVERLAP)
    within = long[share_of(len(long), OVERLAPPING_SHARE, generator)]
    overlap_start = spells.start[within] + generator.integers(1, 50, len(within))
    ended = np.flatnonzero(spells.end != ONGOING)
    backward = ended[share_of(len(ended), END_BEFORE_START_SHARE, generator)]
    backward_end = spells.start[backward] - generator.integers(1, 30, len(backward))
    return (
        np.r_[within, backward],
        np.r_[overlap_start, spells.start[backward]],
        np.r_[spells.end[within], backward_end],
    )
