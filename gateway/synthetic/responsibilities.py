"""`atmt.asiakasvastuu`: the team and the expert (A-TMT tags) that each spell belongs to."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gateway.synthetic.columns import dates, digits, fixed_width, joined, picked
from gateway.synthetic.draws import Ints, repeated, stream
from gateway.synthetic.world import World

CLIENTS_PER_EXPERT = 150
LEAST_EXPERTS_PER_TEAM = 2
TAG_CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
TAG_LENGTH = 6


def responsibility_table(world: World) -> pa.Table:
    """One row per spell of a person who lives in an area; Åland has no area and no team."""
    spells, places = world.spells, world.places
    area = places.area[world.persons.place[spells.person]]
    rows = np.flatnonzero(area >= 0)
    clients = np.bincount(
        area[: world.stock_size][area[: world.stock_size] >= 0], minlength=len(places.areas)
    )
    experts = np.maximum(
        places.teams * LEAST_EXPERTS_PER_TEAM, clients // CLIENTS_PER_EXPERT
    ).astype(np.int64)
    first = np.cumsum(experts) - experts
    # A person keeps the expert from spell to spell.
    lot = stream(world.seed, "experts").random(len(world.persons))[spells.person[rows]]
    own = (lot * experts[area[rows]]).astype(np.int64)
    expert = first[area[rows]] + own
    expert_area, number = repeated(experts)
    team = number % places.teams[expert_area]
    return pa.table(
        {
            "henkilo_id": world.persons.number[spells.person[rows]],
            "tiimitagi": picked(_team_tags(places.areas, expert_area, team), expert),
            "asiantuntijatagi": picked(_expert_tags(len(expert_area), world.seed), expert),
            "alkupvm": dates(spells.start[rows]),
            "loppupvm": dates(spells.end[rows]),
        }
    )


def _team_tags(areas: tuple[str, ...], area: Ints, team: Ints) -> pa.Array:
    """`T39-02`"""
    return joined("T", picked(areas, area), "-", fixed_width(digits(team + 1, 2)))


def _expert_tags(count: int, seed: int) -> pa.Array:
    """`AS-` and six characters, all different: a scattered number written in base 32."""
    base = len(TAG_CHARACTERS)
    space = base**TAG_LENGTH
    offset = int(stream(seed, "expert tags").integers(0, space))
    number = (np.arange(count) * 700_000_003 + offset) % space  # odd step, space a power of two
    powers = base ** np.arange(TAG_LENGTH)
    alphabet = np.frombuffer(TAG_CHARACTERS.encode(), dtype=np.uint8)
    return joined("AS-", fixed_width(alphabet[number[:, None] // powers % base]))
