"""Courses and their procurements: what a service period was bought as."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gateway.model.label import Label
from gateway.synthetic.activities import ACTIVITIES
from gateway.synthetic.calendar import ONGOING
from gateway.synthetic.columns import dates, digits, fixed_width, joined, picked
from gateway.synthetic.draws import Ints, rank_within, stream, weighted
from gateway.synthetic.world import World

SMALLEST_FULL_COURSE, LARGEST_COURSE = 12, 25
COURSES_PER_PROCUREMENT = 6
COMPLETION_WEIGHTS = {"SUORITTI": 0.78, "KESKEYTTI": 0.14, "TYOLLISTYI": 0.08}
PERIOD_NUMBER_BASE = 50_000_000_000

TOPICS = (
    Label("Metalliala", "Metallbranschen", "Metalwork"),
    Label("Rakennusala", "Byggbranschen", "Construction"),
    Label("Logistiikka", "Logistik", "Logistics"),
    Label("Hoiva-ala", "Vårdbranschen", "Care work"),
    Label("Ravitsemisala", "Restaurangbranschen", "Catering"),
    Label("Ohjelmointi", "Programmering", "Programming"),
    Label("Taloushallinto", "Ekonomiförvaltning", "Accounting"),
    Label("Puhdistusala", "Städbranschen", "Cleaning"),
    Label("Kaupan ala", "Handelsbranschen", "Retail"),
    Label("Yrittäjyys", "Företagande", "Entrepreneurship"),
)


@dataclass(frozen=True, slots=True)
class Courses:
    """of_period: course of each service period, -1 for none; service, area, procurement: per course."""

    of_period: Ints
    service: Ints
    area: Ints
    procurement: Ints


def draw_courses(world: World) -> Courses:
    """Courses of up to 25, taken in order of start within one service and area.

    A period gets a course when its service is bought as courses and its person lives in an area.
    """
    generator = stream(world.seed, "courses")
    periods = world.periods
    area = world.places.area[world.persons.place[world.spells.person[periods.spell]]]
    bought = np.asarray([activity.has_courses for activity in ACTIVITIES])[periods.activity]
    rows = np.flatnonzero(bought & (area >= 0))
    group = periods.activity[rows] * len(world.places.areas) + area[rows]
    size = np.bincount(group)
    capacity = generator.integers(SMALLEST_FULL_COURSE, LARGEST_COURSE + 1, len(size))
    courses = -(-size // capacity)
    rank = rank_within(group, periods.start[rows].astype(np.float64))
    first = np.cumsum(courses) - courses
    of_period = np.full(len(periods), -1, dtype=np.int64)
    of_period[rows] = first[group] + rank * courses[group] // size[group]
    group_of_course = np.repeat(np.arange(len(size)), courses)
    service, course_area = np.divmod(group_of_course, len(world.places.areas))
    bundle = (np.arange(len(group_of_course)) - first[group_of_course]) // COURSES_PER_PROCUREMENT
    _, procurement = np.unique(group_of_course * 100_000 + bundle, return_inverse=True)
    return Courses(of_period, service, course_area, procurement.astype(np.int64))


def service_tables(world: World) -> Iterator[tuple[str, pa.Table]]:
    """`atmt.palvelu`, `hankinta`, `kurssi`, `palvelujakso`."""
    courses = draw_courses(world)
    yield "atmt.palvelu", _services()
    yield "atmt.hankinta", _procurements(world, courses)
    yield "atmt.kurssi", _courses(world, courses)
    yield "atmt.palvelujakso", _periods(world, courses)


def _services() -> pa.Table:
    labels = {
        activity.service: activity.label for activity in ACTIVITIES if activity.label is not None
    }
    return pa.table(
        {
            "palvelu": list(labels),
            "nimi_fi": [label.fi for label in labels.values()],
            "nimi_sv": [label.sv for label in labels.values()],
            "nimi_en": [label.en for label in labels.values()],
        }
    )


def _procurements(world: World, courses: Courses) -> pa.Table:
    count, first = np.unique(courses.procurement, return_index=True)
    generator = stream(world.seed, "producers")
    return pa.table(
        {
            "hankinta_id": _numbered("H", count + 1),
            "palvelu": picked(_service_codes(), courses.service[first]),
            "tuottaja_ytunnus": _business_ids(len(count), generator),
            "alue": picked(world.places.areas, courses.area[first]),
        }
    )


def _courses(world: World, courses: Courses) -> pa.Table:
    count = len(courses.service)
    topic = stream(world.seed, "topics").integers(0, len(TOPICS), count)
    number = _numbered("K", np.arange(1, count + 1))
    return pa.table(
        {
            "kurssi_id": number,
            "palvelu": picked(_service_codes(), courses.service),
            "hankinta_id": _numbered("H", courses.procurement + 1),
            "nimi_fi": joined(picked([label.fi for label in TOPICS], topic), " ", number),
            "nimi_sv": joined(picked([label.sv for label in TOPICS], topic), " ", number),
            "nimi_en": joined(picked([label.en for label in TOPICS], topic), " ", number),
            "alue": picked(world.places.areas, courses.area),
        }
    )


def _periods(world: World, courses: Courses) -> pa.Table:
    periods, spells = world.periods, world.spells
    generator = stream(world.seed, "completions")
    reason = weighted(generator, list(COMPLETION_WEIGHTS.values()), len(periods))
    course = courses.of_period
    has_course = course >= 0
    numbers = _numbered("K", np.arange(1, len(courses.service) + 1))
    bought_under = _numbered("H", courses.procurement + 1)
    return pa.table(
        {
            "palvelujakso_id": PERIOD_NUMBER_BASE + np.arange(1, len(periods) + 1),
            "henkilo_id": world.persons.number[spells.person[periods.spell]],
            "palvelu": picked(_service_codes(), periods.activity),
            "kurssi_id": picked(numbers, np.where(has_course, course, -1)),
            "hankinta_id": picked(bought_under, np.where(has_course, course, -1)),
            "alkupvm": dates(periods.start),
            "loppupvm": dates(periods.end),
            "paattymissyy": picked(
                list(COMPLETION_WEIGHTS), np.where(periods.end == ONGOING, -1, reason)
            ),
        }
    )


def _service_codes() -> list[str]:
    return [activity.service for activity in ACTIVITIES]


def _numbered(letter: str, number: Ints) -> pa.Array:
    return joined(letter, fixed_width(digits(number, 5)))


def _business_ids(count: int, generator: np.random.Generator) -> pa.Array:
    """Y-tunnus with a valid check digit, from 9000000 up, where none has been given."""
    number = 9_000_000 + generator.permutation(1_000_000)[: 2 * count + 10]
    weights = np.asarray([7, 9, 10, 5, 8, 4, 2])
    rest = ((digits(number, 7) - ord("0")) * weights).sum(axis=1) % 11
    number, rest = number[rest != 1][:count], rest[rest != 1][:count]
    check = np.where(rest == 0, 0, 11 - rest)
    return joined(fixed_width(digits(number, 7)), "-", fixed_width(digits(check, 1)))
