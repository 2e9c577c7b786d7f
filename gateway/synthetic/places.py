"""Where people live, by index into `Margins.places`: the area, the language, the team count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.organisations.tables import load_abolished, load_areas, load_municipalities
from gateway.synthetic import margins
from gateway.synthetic.draws import Flags, Ints
from gateway.synthetic.margins import Margins

SEEKERS_PER_TEAM = 4000


@dataclass(frozen=True, slots=True)
class Places:
    """codes: municipality codes, None for the unknown place; the rest is by the same index.

    area: index into `areas`, -1 for Åland and the unknown place. teams: per area, at least one.
    old_code, old_place: a code that ended with 2024, and the place that it belongs to today.
    """

    codes: tuple[str | None, ...]
    area: Ints
    areas: tuple[str, ...]
    swedish: Flags
    teams: Ints
    old_code: str
    old_place: int


def load_places(table: Margins) -> Places:
    """The places of the margins; number of teams by the area's job seekers at full scale."""
    municipalities = load_municipalities()
    areas = tuple(area.code for area in load_areas())
    number = {code: index for index, code in enumerate(areas)}
    area = np.asarray(
        [-1 if place.area is None else number[place.area] for place in municipalities] + [-1],
        dtype=np.int64,
    )
    mainland = area >= 0
    seekers = np.bincount(
        area[mainland], weights=table.counts[margins.SEEKERS][mainland], minlength=len(areas)
    )
    gone = load_abolished()[0]
    return Places(
        codes=table.places,
        area=area,
        areas=areas,
        swedish=np.asarray([place.language == "sv" for place in municipalities] + [False]),
        teams=1 + (seekers / SEEKERS_PER_TEAM).astype(np.int64),
        old_code=gone.code,
        old_place=table.places.index(gone.successor),
    )
