"""What comes from other systems: subsidies (YA), incomes (Tulorekisteri), integration (Koto-AJ)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from gateway.synthetic import activities
from gateway.synthetic.activities import ACTIVITIES
from gateway.synthetic.calendar import ONGOING, first_day_of, years_before
from gateway.synthetic.columns import dates, euros, picked
from gateway.synthetic.draws import stream
from gateway.synthetic.outcomes import draw_incomes
from gateway.synthetic.world import World

DECISION_NUMBER_BASE = 70_000_000_000
SUBSIDY_KINDS = ("PALKKATUKI", "STARTTIRAHA", "55TUKI")
SUBSIDY_EUROS_A_DAY = (38, 26, 47)
SENIOR_AGE = 55
SENIOR_SHARE = 0.5
INTEGRATING_SHARE = 0.35
DECISION_LEAST_DAYS = 30


def register_tables(world: World) -> Iterator[tuple[str, pa.Table]]:
    yield "ya.tukipaatos", _subsidies(world)
    yield "tulorekisteri.kuukausitulo", _incomes(world)
    yield "kotoaj.kotoasiakas", _integration_clients(world)


def _subsidies(world: World) -> pa.Table:
    """One decision per period of subsidised work or start-up grant."""
    generator, periods = stream(world.seed, "subsidies"), world.periods
    rows = np.flatnonzero(np.isin(periods.activity, (activities.SUBSIDISED, activities.STARTUP)))
    person = world.spells.person[periods.spell[rows]]
    start = periods.start[rows]
    planned = start + DECISION_LEAST_DAYS + generator.integers(60, 300, len(rows))
    as_of = world.window.as_of
    end = np.where(periods.end[rows] == ONGOING, np.maximum(planned, as_of + 10), periods.end[rows])
    senior = world.persons.birth[person] <= years_before(start, SENIOR_AGE)
    senior &= generator.random(len(rows)) < SENIOR_SHARE
    startup = periods.activity[rows] == activities.STARTUP
    kind = np.where(startup, 1, np.where(senior, 2, 0))
    rate = np.asarray(SUBSIDY_EUROS_A_DAY)[kind]
    bound = rate * (end - start + 1) * 100
    paid = rate * np.clip(np.minimum(end, as_of) - start + 1, 0, None) * 100
    paid = (paid * generator.uniform(0.85, 1.0, len(rows))).astype(np.int64)
    return pa.table(
        {
            "paatos_id": DECISION_NUMBER_BASE + np.arange(1, len(rows) + 1),
            "henkilo_id": world.persons.number[person],
            "tukilaji": picked(SUBSIDY_KINDS, kind),
            "alkupvm": dates(start),
            "loppupvm": dates(end),
            "sidottu_eur": euros(bound, 12),
            "maksettu_eur": euros(paid, 12),
        }
    )


def _incomes(world: World) -> pa.Table:
    codes = np.asarray([int(activity.code) for activity in ACTIVITIES])
    incomes = draw_incomes(
        world.spells,
        world.reasons,
        world.intervals,
        codes[world.intervals.activity],
        world.periods,
        world.window,
        seed=world.seed,
    )
    return pa.table(
        {
            "henkilo_id": world.persons.number[incomes.person],
            "kuukausi": dates(first_day_of(incomes.month)),
            "palkka_eur": euros(incomes.wage, 10),
            "etuus_eur": euros(incomes.benefit, 10),
        }
    )


def _integration_clients(world: World) -> pa.Table:
    """A share of the migrants, clients since about the start of their first spell."""
    generator, persons = stream(world.seed, "integration"), world.persons
    first = np.full(len(persons), ONGOING)
    np.minimum.at(first, world.spells.person, world.spells.start)
    client = persons.foreign & (first != ONGOING)
    client &= generator.random(len(persons)) < INTEGRATING_SHARE
    rows = np.flatnonzero(client)
    as_of = world.window.as_of
    start = np.minimum(first[rows] - generator.integers(0, 60, len(rows)), as_of)
    assessed = start + generator.integers(5, 90, len(rows))
    planned = assessed + generator.integers(5, 60, len(rows))
    place = persons.place[rows]
    unknown = len(world.places.codes) - 1
    return pa.table(
        {
            "henkilo_id": persons.number[rows],
            "kunta": picked(world.places.codes[:-1], np.where(place == unknown, -1, place)),
            "asiakkuus_alkupvm": dates(start),
            "osaamisarvio_pvm": dates(np.where(assessed > as_of, ONGOING, assessed)),
            "kotosuunnitelma_pvm": dates(np.where(planned > as_of, ONGOING, planned)),
        }
    )
