"""Spells, employment codes, plans, contacts and responsibilities of the case system (A-TMT)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from gateway.synthetic import dirt
from gateway.synthetic.activities import ACTIVITIES
from gateway.synthetic.calendar import ONGOING
from gateway.synthetic.columns import dates, picked
from gateway.synthetic.draws import Ints, repeated, stream, weighted
from gateway.synthetic.free_text import Identities, notes
from gateway.synthetic.outcomes import REASONS
from gateway.synthetic.world import World

SPELL_NUMBER_BASE = 30_000_000_000
PLAN_NUMBER_BASE = 40_000_000_000
CONTACT_NUMBER_BASE = 60_000_000_000

PLAN_TYPES = ("TYO", "AKT", "KOTO", "MONI")
PLAN_WEIGHTS = (0.72, 0.13, 0.03, 0.12)
OPEN_PLAN_SHARE, ENDED_PLAN_SHARE = 0.85, 0.25
PLAN_DAYS = 180

CHANNELS = ("PUH", "KASV", "VERK", "VIES")
CHANNEL_WEIGHTS = (0.5, 0.2, 0.2, 0.1)
CONTACT_REASONS = ("ALKU", "HAAST", "TAYD", "PALV", "MUU")
LATER_REASON_WEIGHTS = (0.0, 0.35, 0.35, 0.2, 0.1)
CONTACT_DAYS = 365  # contacts are kept for a year
CONTACTS_PER_DAY = 1 / 400
DAY_SECONDS = 86_400


def case_tables(world: World, identities: Identities) -> Iterator[tuple[str, pa.Table]]:
    """The tables of A-TMT that hang on spells."""
    yield "atmt.tyonhakujakso", _spells(world)
    yield "atmt.tyollisyyskoodi", _codes(world)
    yield "atmt.tyollistymissuunnitelma", _plans(world, identities)
    yield "atmt.yhteydenotto", _contacts(world, identities)


def _spells(world: World) -> pa.Table:
    spells = world.spells
    spell, start, end = dirt.faulty_spells(spells, seed=world.seed)
    source = np.r_[np.arange(len(spells)), spell]
    reason = world.reasons[source]
    ends = np.r_[spells.end, end]
    table = pa.table(
        {
            "jakso_id": SPELL_NUMBER_BASE + np.arange(1, len(source) + 1),
            "henkilo_id": world.persons.number[spells.person[source]],
            "alkupvm": dates(np.r_[spells.start, start]),
            "loppupvm": dates(ends),
            "paattymissyy": picked(REASONS, np.where(ends == ONGOING, -1, reason)),
        }
    )
    generator = stream(world.seed, "repeated spells")
    return dirt.with_repeats(table, dirt.REPEATED_SPELL_SHARE, generator)


def _codes(world: World) -> pa.Table:
    intervals = world.intervals
    return pa.table(
        {
            "henkilo_id": world.persons.number[world.spells.person[intervals.spell]],
            "koodi": picked([activity.code for activity in ACTIVITIES], intervals.activity),
            "alkupvm": dates(intervals.start),
            "loppupvm": dates(intervals.end),
        }
    )


def _plans(world: World, identities: Identities) -> pa.Table:
    """One plan for most open spells and some ended ones, made in the spell's first weeks."""
    generator, spells = stream(world.seed, "plans"), world.spells
    ongoing = spells.end == ONGOING
    share = np.where(ongoing, OPEN_PLAN_SHARE, ENDED_PLAN_SHARE)
    rows = np.flatnonzero(generator.random(len(spells)) < share)
    last = spells.last_day(world.window)[rows]
    made = np.minimum(spells.start[rows] + generator.integers(0, 45, len(rows)), last)
    # Older open spells have had their plan renewed.
    made = np.maximum(
        made, np.where(ongoing[rows], last - generator.integers(0, 240, len(rows)), 0)
    )
    person = spells.person[rows]
    written = generator.random(len(rows)) < dirt.PLAN_NOTE_SHARE
    return pa.table(
        {
            "suunnitelma_id": PLAN_NUMBER_BASE + np.arange(1, len(rows) + 1),
            "henkilo_id": world.persons.number[person],
            "suunnitelmatyyppi": picked(
                PLAN_TYPES, _plan_types(world.persons.foreign[person], generator)
            ),
            "laadittu": dates(made),
            "voimassa_asti": dates(
                np.where(generator.random(len(rows)) < 0.05, ONGOING, made + PLAN_DAYS)
            ),
            "tehtavat": notes(identities, person, written, generator),
        }
    )


def _plan_types(foreign: np.ndarray, generator: np.random.Generator) -> Ints:
    drawn = weighted(generator, PLAN_WEIGHTS, len(foreign))
    integrating = foreign & (generator.random(len(foreign)) < 0.3)
    return np.where(integrating, PLAN_TYPES.index("KOTO"), drawn)


def _contacts(world: World, identities: Identities) -> pa.Table:
    """Contacts of the last year: one as a spell begins, then about one in 400 days."""
    generator, spells, window = stream(world.seed, "contacts"), world.spells, world.window
    since = window.as_of - CONTACT_DAYS
    begun = np.flatnonzero(spells.start > since)
    last = spells.last_day(window)
    opens = np.maximum(spells.start, since)
    room = np.maximum(last - opens, 0)
    spell, _ = repeated(generator.poisson(room * CONTACTS_PER_DAY))
    later = opens[spell] + (generator.random(len(spell)) * room[spell]).astype(np.int64)
    day = np.r_[np.minimum(spells.start[begun] + 3, last[begun]), later]
    reason = np.r_[
        np.zeros(len(begun), dtype=np.int64),
        weighted(generator, LATER_REASON_WEIGHTS, len(spell)),
    ]
    person = np.r_[spells.person[begun], spells.person[spell]]
    second = day * DAY_SECONDS + generator.integers(8 * 3600, 16 * 3600, len(day))
    written = generator.random(len(day)) < dirt.CONTACT_NOTE_SHARE
    return pa.table(
        {
            "yhteydenotto_id": CONTACT_NUMBER_BASE + np.arange(1, len(day) + 1),
            "henkilo_id": world.persons.number[person],
            "ajankohta": pa.array(second * 1_000_000).view(pa.timestamp("us")),
            "kanava": picked(CHANNELS, weighted(generator, CHANNEL_WEIGHTS, len(day))),
            "syy": picked(CONTACT_REASONS, reason),
            "muistiinpano": notes(identities, person, written, generator),
        }
    )
