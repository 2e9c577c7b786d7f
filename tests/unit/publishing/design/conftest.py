"""A country of two regions, three areas and six villages, small enough to attack in no time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gateway.model.codes import Code
from gateway.model.cube import Cube, Lattice, Status
from gateway.model.label import Label
from gateway.model.product import (
    AxisRole,
    Combination,
    CubeSpec,
    Dimension,
    DisclosureRules,
    Measure,
    MeasureKind,
    Nesting,
    Product,
)
from gateway.protection.axes import axis_from_codes
from gateway.protection.lattice import LeafCounts, build_lattice

TEXT = Label("", "", "")
MEASURES = ("seekers", "jobless")
LEVELS = {
    "geography": ("country", "region", "area", "municipality"),
    "sex": ("total", "sex"),
    "age": ("total", "age"),
    "month": ("month",),
}
ROLES = {"geography": AxisRole.GEO, "month": AxisRole.TIME}
PLACES = {f"K{i}": ("MK1" if i < 3 else "MK2", f"TA{1 + i // 2}") for i in range(6)}


def code(name: str, level: str, *parents: str) -> Code:
    return Code(name, TEXT, level, parents)


def dimension(name: str) -> Dimension:
    return Dimension(name, TEXT, ROLES.get(name, AxisRole.CLASS), name, LEVELS[name])


GEOGRAPHY = [
    code("SSS", "country"),
    *(code(name, "region", "SSS") for name in ("MK1", "MK2")),
    *(code(name, "area", "SSS") for name in ("TA1", "TA2", "TA3")),
    *(code(name, "municipality", *own) for name, own in PLACES.items()),
]
SEX = [code("SSS", "total"), code("1", "sex", "SSS"), code("2", "sex", "SSS")]
AGE = [code("SSS", "total"), *(code(name, "age", "SSS") for name in "abc")]
MONTHS = [code(f"2026M0{month}", "month") for month in (4, 5, 6)]
CODES = {"geography": GEOGRAPHY, "sex": SEX, "age": AGE, "month": MONTHS}
COMBINATIONS = (
    Combination({**LEVELS, "geography": ("country", "region", "area")}, frozenset(MEASURES)),
    Combination({**LEVELS, "geography": ("municipality",), "age": ("total",)}, frozenset(MEASURES)),
)
RULES = DisclosureRules(5, "a test", outsider_width=4, insider_width=4)


@pytest.fixture
def villages() -> Lattice:
    """Three months of about nine persons a leaf, the last month by far the smallest."""
    axes = [axis_from_codes(dimension(name), CODES[name]) for name in LEVELS]
    leaves = [
        (place, 1 + s, 1 + a, month)
        for place in range(6, 12)
        for s in range(2)
        for a in range(3)
        for month in range(3)
    ]
    dice = np.random.default_rng(7)
    means = np.array([30.0, 20.0, 9.0])[[leaf[3] for leaf in leaves]]
    seekers = dice.poisson(means).astype(np.int64)
    jobless = dice.binomial(seekers, 0.6).astype(np.int64)
    return build_lattice(
        axes,
        LeafCounts(np.array(leaves).T, {"seekers": seekers, "jobless": jobless}),
        nestings=(Nesting("seekers", ("jobless",)),),
        combinations=COMBINATIONS,
    )


@pytest.fixture
def spec() -> CubeSpec:
    return CubeSpec(
        "",
        tuple(dimension(name) for name in LEVELS),
        tuple(Measure(name, TEXT, TEXT, MeasureKind.COUNT, 0, column=name) for name in MEASURES),
        (Nesting("seekers", ("jobless",)),),
        COMBINATIONS,
        RULES,
    )


@pytest.fixture
def place(villages) -> Callable[..., tuple[int, ...]]:
    """`place("jobless", "TA1", "SSS", "a", "2026M06")`: the index of a cell, measure first."""

    def at(measure: str, *codes: str) -> tuple[int, ...]:
        found = (axis.position()[one] for axis, one in zip(villages.axes, codes, strict=True))
        return (villages.measure_names.index(measure), *found)

    return at


@pytest.fixture
def cube_of(villages, spec) -> Callable[[np.ndarray], Cube]:
    """A cube as a reader gets it under a mask (measure, *axes) of `Status`."""

    def made(status: np.ndarray) -> Cube:
        seen = status[: len(spec.measures)]
        counts = villages.counts[: len(spec.measures)].astype(np.float64)
        values = np.where(seen == Status.PUBLISHED, counts, np.nan)
        return Cube(villages.axes, spec.measures, values, seen)

    return made


@pytest.fixture
def counts_only(seekers) -> Product:
    """The cube of the small warehouse without means and shares."""
    counts = tuple(m for m in seekers.cube.measures if m.kind is MeasureKind.COUNT)
    names = frozenset(m.name for m in counts)
    combinations = tuple(replace(one, measures=names) for one in seekers.cube.combinations)
    cube = replace(seekers.cube, measures=counts, combinations=combinations)
    return replace(seekers, cube=cube)
