"""Cubes whose country has finer classes than its places: single courses of a service."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.attack import attacked
from gateway.model.codes import Code
from gateway.model.cube import Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, Combination, Dimension, DisclosureRules, Nesting
from gateway.protection.axes import axis_from_codes
from gateway.protection.cells import layout_of
from gateway.protection.lattice import LeafCounts, build_lattice
from gateway.protection.suppression import protect
from gateway.protection.tables import tables_of

TEXT = Label("", "", "")
RULES = DisclosureRules(10, "a test", outsider_width=4, insider_width=4)
COURSES = {"A": 4, "B": 2, "C": 1}  # of each service; C has none but what is without a course
SEXES = ("1", "2")


def code(name, level, *parents):
    return Code(name, TEXT, level, parents)


def axis(name, codes, role=AxisRole.CLASS):
    levels = tuple(dict.fromkeys(one.level for one in codes))
    return axis_from_codes(Dimension(name, TEXT, role, name, levels), codes)


SERVICE = axis(
    "service",
    [
        code("SSS", "total"),
        *(code(name, "service", "SSS") for name in COURSES),
        *(
            code(f"{name}{i}", "course", name)
            for name, many in COURSES.items()
            for i in range(many)
        ),
    ],
)
SEX = axis("sex", [code("SSS", "total"), *(code(name, "sex", "SSS") for name in SEXES)])


def country(areas, regions):
    """Some areas, in as many regions; without regions nothing is between them and the country."""
    codes = [code("SSS", "country"), *(code(f"MK{r}", "region", "SSS") for r in range(regions))]
    parents = [("SSS", f"MK{a % regions}") if regions else ("SSS",) for a in range(areas)]
    codes += [code(f"TA{a}", "area", *own) for a, own in enumerate(parents)]
    return axis("geography", codes, AxisRole.GEO)


def cube(geography, finished, employed, *, course_by_sex, crossed=True, places=None):
    """finished, employed: (area, course, sex) counts, the second at most the first.

    crossed: whether places publish service by sex, and not one of them at a time; places: the levels
    that publish anything, all of them for None.
    """
    areas = [i for i, one in enumerate(geography.codes) if one.level == "area"]
    courses = [i for i, one in enumerate(SERVICE.codes) if one.level == "course"]
    positions = np.array([(a, c, 1 + s) for a in areas for c in courses for s in range(2)]).T
    counts = {"finished": finished.reshape(-1), "employed": employed.reshape(-1)}
    above = places or tuple(dict.fromkeys(one.level for one in geography.codes))
    services, sexes, total = ("total", "service"), ("total", "sex"), ("total",)
    below = [(services, sexes)] if crossed else [(services, total), (total, sexes)]
    designs = [
        *((above, *levels) for levels in below),
        (("country",), services, sexes),
        (("country",), ("course",), sexes if course_by_sex else total),
    ]
    return build_lattice(
        (geography, SERVICE, SEX),
        LeafCounts(positions, counts),
        nestings=(Nesting("finished", ("employed",)),),
        combinations=[
            Combination({"geography": g, "service": c, "sex": s}, frozenset(counts))
            for g, c, s in designs
        ],
    )


@st.composite
def lattices(draw):
    areas = draw(st.integers(2, 5))
    dice = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mean = draw(st.sampled_from([0.3, 1.0, 4.0, 20.0]))
    finished = dice.poisson(mean, (areas, sum(COURSES.values()), 2))
    if draw(st.booleans()):
        finished[0] *= 30
    if draw(st.booleans()):  # a course belongs to one area
        finished[np.arange(finished.shape[1]) % areas != np.arange(areas)[:, None]] = 0
    employed = dice.binomial(finished, draw(st.sampled_from([0.1, 0.5, 0.95])))
    return cube(
        country(areas, draw(st.sampled_from([0, 2]))),
        finished.astype(np.int64),
        employed.astype(np.int64),
        course_by_sex=draw(st.booleans()),
        crossed=draw(st.booleans()),
    )


def audit(lattice, status):
    known = status == Status.PUBLISHED
    known[list(lattice.latent)] = False
    return attacked(lattice, known, RULES)


@settings.get_profile("some")
@given(lattice=lattices())
def test_no_reader_and_no_area_finds_a_small_count(lattice):
    status = protect(lattice, RULES).status
    small = (lattice.counts > 0) & (lattice.counts < RULES.threshold) & lattice.designed

    assert (status[small] == Status.SUPPRESSED).all()
    assert audit(lattice, status).findings == ()


def many_courses():
    dice = np.random.default_rng(3)
    finished = dice.poisson(6, (4, sum(COURSES.values()), 2)).astype(np.int64)
    employed = dice.binomial(finished, 0.5)
    return cube(country(4, 0), finished, employed, course_by_sex=True)


def test_with_the_complements_left_out_the_attack_succeeds():
    lattice = many_courses()
    status = protect(lattice, RULES).status
    small = (lattice.counts > 0) & (lattice.counts < RULES.threshold)
    careless = np.where((status == Status.SUPPRESSED) & ~small, np.uint8(Status.PUBLISHED), status)

    assert audit(lattice, status).findings == ()
    assert audit(lattice, careless).exact > 0


def test_courses_are_columns_of_the_whole_country_alone():
    lattice = many_courses()
    axes = [one for one in lattice.axes if one.lines]

    tables = tables_of(
        layout_of(
            axes, lattice.designed, measure_lines=lattice.measure_lines, latent=lattice.latent
        )
    )

    assert len(tables.kinds) == len(COURSES) * len(SEXES)
    assert len(tables.finest) == sum(COURSES.values()) * len(SEXES)
    assert tables.columns < lattice.counts.shape[0] * lattice.counts[0].size


@pytest.mark.parametrize("course_by_sex", [True, False])
def test_the_true_table_keeps_every_tie(course_by_sex):
    dice = np.random.default_rng(4)
    finished = dice.poisson(3, (3, sum(COURSES.values()), 2)).astype(np.int64)
    lattice = cube(country(3, 2), finished, finished // 2, course_by_sex=course_by_sex)
    axes = [one for one in lattice.axes if one.lines]
    layout = layout_of(
        axes, lattice.designed, measure_lines=lattice.measure_lines, latent=lattice.latent
    )
    tables = tables_of(layout)

    truth = tables.truth(layout.atoms(lattice.counts))

    ties = [*tables.ties(), *tables.country_ties()]
    assert all(truth[list(one)].sum() == truth[list(two)].sum() for one, two in ties)
    values = layout.values(lattice.counts)
    assert all(
        truth[list(tables.terms(cell))].sum() == values[number]
        for number, cell in enumerate(layout.cells)
    )


def test_a_cube_of_the_country_alone_is_protected_though_it_has_areas():
    dice = np.random.default_rng(5)
    finished = dice.poisson(4, (3, sum(COURSES.values()), 2)).astype(np.int64)
    lattice = cube(country(3, 0), finished, finished // 2, course_by_sex=True, places=("country",))

    assert audit(lattice, protect(lattice, RULES).status).findings == ()
