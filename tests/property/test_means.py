"""Means against a plain attacker, on random small cubes in which some persons dominate.

The plain attacker has one unknown per leaf, every published sum as an equation, and asks for the least
and the most of every hidden sum. It uses nothing of the protector, nor of the auditor.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import highspy
import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.attack.derived import Reason, attacked_mean
from gateway.attack.mean_sums import Sums
from gateway.model.codes import Code
from gateway.model.cube import Status
from gateway.model.label import Label
from gateway.model.product import (
    AxisRole,
    Combination,
    Dimension,
    DisclosureRules,
    Dominance,
    Measure,
    MeasureKind,
)
from gateway.protection import derived as protector
from gateway.protection.axes import axis_from_codes
from gateway.protection.contributions import Contributions, contributions_of
from gateway.protection.derived import mask_means
from gateway.protection.lattice import LeafCounts, build_lattice
from gateway.protection.mean_hiding import Hidden
from gateway.protection.mean_lines import is_sensitive
from gateway.protection.mean_rounding import rounded, steps
from gateway.protection.suppression import protect

TEXT = Label("", "", "")
RULE = Dominance(10, 3, "contributors", "largest", "second", "a test")
MEAN = Measure(
    "mean", TEXT, TEXT, MeasureKind.MEAN, 0, of=("persons",), minimum_n=4, dominance=RULE
)
UNIT = 100
DESIGNS = (
    (("country", "region", "area", "municipality"), ("total", "class"), ("total", "group")),
    (("country", "region", "area"), ("total", "class"), ("total",)),
    (("country", "region", "area"), ("total",), ("total", "group")),
    (("municipality",), ("total",), ("total", "group")),
    (("municipality",), ("total", "class"), ("total",)),
    (("country",), ("total", "class"), ("total", "group")),
)


def leaf_sets(axis):
    lines = {line.parent: line.children for line in axis.lines}

    def below(index):
        children = lines.get(index)
        return frozenset().union(*map(below, children)) if children else frozenset({index})

    return [below(index) for index in range(len(axis.codes))]


def geography(region_of, area_of):
    codes = [Code("SSS", TEXT, "country")]
    codes += [Code(f"MK{n}", TEXT, "region", ("SSS",)) for n in sorted(set(region_of))]
    codes += [Code(f"TA{n}", TEXT, "area", ("SSS",)) for n in sorted(set(area_of))]
    for number, (region, area) in enumerate(zip(region_of, area_of, strict=True)):
        codes.append(Code(f"KU{number}", TEXT, "municipality", (f"MK{region}", f"TA{area}")))
    levels = ("country", "region", "area", "municipality")
    return axis_from_codes(Dimension("geography", TEXT, AxisRole.GEO, "g", levels), codes)


def classes(name, level, count):
    codes = [Code("SSS", TEXT, "total")]
    codes += [Code(f"{name}{n}", TEXT, level, ("SSS",)) for n in range(count)]
    return axis_from_codes(Dimension(name, TEXT, AxisRole.CLASS, name, ("total", level)), codes)


@st.composite
def cubes(draw):
    """A lattice of persons, what they contribute, and a threshold for the counts."""
    places = draw(st.integers(2, 4))
    region_of = draw(st.lists(st.integers(1, 2), min_size=places, max_size=places))
    area_of = draw(st.lists(st.integers(1, 3), min_size=places, max_size=places))
    axes = [
        geography(region_of, area_of),
        classes("sex", "class", draw(st.integers(1, 2))),
        classes("kind", "group", draw(st.integers(1, 3))),
    ]
    designs = [DESIGNS[i] for i in draw(st.sets(st.integers(0, 5), min_size=1, max_size=3))]
    combinations = [
        Combination(
            dict(zip(("geography", "sex", "kind"), levels, strict=True)), frozenset({"persons"})
        )
        for levels in designs
    ]
    dice = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    most = draw(st.sampled_from([3, 8, 20]))
    giants = draw(st.sampled_from([0.0, 0.02, 0.2]))
    nothing = draw(st.sampled_from([0.0, 0.3]))
    leaves = list(product(*([i for i, own in enumerate(leaf_sets(a)) if own == {i}] for a in axes)))
    rows = []
    for _ in leaves:
        size = int(dice.integers(0, most + 1)) if dice.random() > 0.2 else 0
        amounts = dice.integers(1, 3000, size) * np.where(dice.random(size) < giants, 100, 1)
        amounts = np.sort(np.where(dice.random(size) < nothing, 0, amounts) * UNIT)[::-1]
        top = [*amounts[:2].tolist(), 0, 0]
        rows.append((size, int(amounts.sum()), top[0], top[1], int((amounts > 0).sum())))
    persons, total, largest, second, contributors = np.array(rows, dtype=np.int64).T
    positions = np.array(leaves).T
    lattice = build_lattice(
        axes,
        LeafCounts(positions, {"persons": persons}),
        nestings=(),
        combinations=combinations,
    )
    contributed = contributions_of(
        axes, positions, Contributions(total, largest, second, contributors)
    )
    return lattice, contributed, draw(st.sampled_from([2, 5]))


def masked(lattice, contributed, threshold):
    status = protect(lattice, DisclosureRules(threshold, "a test")).status
    made = mask_means(
        lattice, status, measure=MEAN, contributions=contributed, designed=lattice.designed[0]
    )
    return status, made


def audit(lattice, contributed, status, shown):
    leaves = Sums(
        lattice.counts[0],
        contributed.contributors,
        contributed.sums,
        contributed.largest,
        contributed.second,
    )
    return attacked_mean(lattice, status, measure=MEAN, shown=shown, leaves=leaves)


# --- the plain attacker ------------------------------------------------------------------------


class Attack:
    def __init__(self, lattice, contributed, status, shown):
        self.sets = [leaf_sets(axis) for axis in lattice.axes]
        self.leaves = list(product(*([i for i, s in enumerate(o) if s == {i}] for o in self.sets)))
        self.number = {leaf: i for i, leaf in enumerate(self.leaves)}
        persons = lattice.counts[0]
        self.truth = np.array([contributed.sums[leaf] for leaf in self.leaves], dtype=float)
        empty = (status[0] == Status.PUBLISHED) & (persons == 0)
        known = (shown == Status.PUBLISHED) | empty
        self.rows = [self.of(tuple(cell)) for cell in np.argwhere(known)]
        self.hidden = [tuple(cell) for cell in np.argwhere((shown == Status.SUPPRESSED) & ~empty)]

    def of(self, cell):
        row = np.zeros(len(self.leaves))
        for leaf in product(*(own[code] for own, code in zip(self.sets, cell, strict=True))):
            row[self.number[leaf]] = 1
        return row

    def interval(self, cell, reach):
        """The least and the most of a sum, no further than `reach` from the truth."""
        row = self.of(cell)
        return [self._furthest(row, sign, reach) for sign in (-1.0, 1.0)]

    def _furthest(self, row, sign, reach):
        scale = max(reach, 1.0)
        lp = highspy.HighsLp()
        matrix = np.array([*self.rows, row])
        lp.num_col_, lp.num_row_ = len(self.truth), len(matrix)
        lp.col_cost_ = -sign * row
        lp.col_lower_ = -self.truth / scale
        lp.col_upper_ = np.full(len(self.truth), np.inf)
        bounds = np.zeros(len(matrix))
        bounds[-1] = 2.0
        lp.row_lower_, lp.row_upper_ = -bounds, bounds
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        where, column = np.nonzero(matrix)
        lp.a_matrix_.start_ = np.searchsorted(where, np.arange(len(matrix) + 1)).astype(np.int32)
        lp.a_matrix_.index_ = column.astype(np.int32)
        lp.a_matrix_.value_ = matrix[where, column]
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.passModel(lp)
        solver.run()
        assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return float(row @ np.array(solver.getSolution().col_value)) * scale


def too_close(lattice, contributed, status, shown):
    attack = Attack(lattice, contributed, status, shown)
    for cell in attack.hidden:
        first, second = contributed.largest[cell], contributed.second[cell]
        near = first * RULE.percent / 100
        lacks = max(0.0, near - (contributed.sums[cell] - first - second))
        few = contributed.contributors[cell] < RULE.least_contributors
        is_sensitive = lacks > 0 or few or lattice.counts[0][cell] < MEAN.minimum_n
        width = max(near, UNIT) if is_sensitive and lattice.counts[0][cell] else UNIT
        low, high = attack.interval(cell, width)
        if high < lacks * (1 - 1e-5) or high - low < width * (1 - 1e-5):
            yield cell


# --- what must hold ----------------------------------------------------------------------------


@settings.get_profile("many")
@given(cube=cubes())
def test_no_reader_comes_closer_to_a_hidden_sum_than_p_per_cent_of_its_largest_contribution(cube):
    lattice, contributed, threshold = cube
    status, made = masked(lattice, contributed, threshold)

    assert list(too_close(lattice, contributed, status, made.status)) == []


@settings.get_profile("many")
@given(cube=cubes())
def test_no_published_mean_is_of_few_or_dominated(cube):
    lattice, contributed, threshold = cube
    status, made = masked(lattice, contributed, threshold)
    shown = (made.status == Status.PUBLISHED) & (lattice.counts[0] > 0)
    others = contributed.sums - contributed.largest - contributed.second

    assert (lattice.counts[0][shown] >= MEAN.minimum_n).all()
    assert (contributed.contributors[shown] >= RULE.least_contributors).all()
    assert (others[shown] >= contributed.largest[shown] * RULE.percent / 100).all()
    assert (status[0][shown] == Status.PUBLISHED).all()
    assert (np.isnan(made.values) == ~shown).all()


WAGES = st.integers(min_value=1_00, max_value=30_000_00)


@settings.get_profile("many")
@given(
    stay=st.lists(WAGES, min_size=10, max_size=80),
    come=WAGES,
    step=st.sampled_from([200.0, 1000.0, 3000.0]),
)
def test_two_releases_tell_what_one_who_came_contributes_no_closer_than_p_per_cent(
    stay, come, step
):
    measure = replace(MEAN, round_to=10.0, sum_step=step)
    least, most = 0.0, 0.0
    for wages, sign in ((stay, -1), ([*stay, come], 1)):
        persons = np.array(len(wages))
        top = sorted(wages)[-2:]
        parts = Contributions(*(np.array(n) for n in (sum(wages), top[1], top[0], len(wages))))
        assume(not is_sensitive(measure, persons, parts))  # else hidden in one of the two releases
        told = rounded(parts.sums / 100 / persons, persons, measure)
        half = steps(persons, measure) / 2
        ends = [persons * (told - half), persons * (told + half)][::sign]
        least, most = least + sign * ends[0], most + sign * ends[1]
    assert least - 0.01 <= come / 100 <= most + 0.01
    assert most - least >= come / 100 * RULE.percent / 100 - 0.01


@settings.get_profile("many")
@given(cube=cubes())
def test_the_auditor_passes_what_the_protector_makes(cube):
    lattice, contributed, threshold = cube
    status, made = masked(lattice, contributed, threshold)

    assert audit(lattice, contributed, status, made.status) == ()


@settings.get_profile("many")
@given(cube=cubes(), share=st.sampled_from([0.1, 0.5]), seed=st.integers(0, 1000))
def test_the_auditor_finds_whatever_the_plain_attacker_finds(cube, share, seed):
    # Any mask at all: what the rules hide of single cells, and then some cells at random.
    lattice, contributed, threshold = cube
    status, made = masked(lattice, contributed, threshold)
    shown = made.status.copy()
    opened = np.random.default_rng(seed).random(shown.shape) < share
    shown[opened & (shown == Status.SUPPRESSED)] = Status.PUBLISHED
    close = set(too_close(lattice, contributed, status, shown))
    found = audit(lattice, contributed, status, shown)

    told = {one.cell for one in found if one.reason is Reason.CLOSE and -1 not in one.cell}

    assert {cell for cell in told if shown[cell] == Status.SUPPRESSED} == close


def test_with_the_complements_left_out_the_auditor_finds_the_dominated_sum(monkeypatch):
    axes = [
        geography([1, 1, 2, 2], [1, 1, 2, 2]),
        classes("sex", "class", 2),
        classes("kind", "group", 2),
    ]
    positions = np.array(
        list(product(*([i for i, own in enumerate(leaf_sets(a)) if own == {i}] for a in axes)))
    ).T
    size = positions.shape[1]
    persons = np.full(size, 30)
    largest = np.full(size, 4000 * UNIT)
    total = np.full(size, 90_000 * UNIT)
    largest[5] = 10_000_000 * UNIT
    total[5] += largest[5]
    rows = Contributions(total, largest, np.full(size, 4000 * UNIT), persons)
    lattice = build_lattice(
        axes,
        LeafCounts(positions, {"persons": persons}),
        nestings=(),
        combinations=[
            Combination(
                dict(zip(("geography", "sex", "kind"), DESIGNS[0], strict=True)),
                frozenset({"persons"}),
            )
        ],
    )
    contributed = contributions_of(axes, positions, rows)
    status, made = masked(lattice, contributed, 5)
    assert (made.status == Status.SUPPRESSED).sum() > 1
    assert audit(lattice, contributed, status, made.status) == ()

    def careless(cells, means, tables):
        return Hidden(cells.piece.marks(cells.needed)[0], 0)

    monkeypatch.setattr(protector, "hide_means", careless)
    status, made = masked(lattice, contributed, 5)
    found = audit(lattice, contributed, status, made.status)

    assert {one.reason for one in found} >= {Reason.CLOSE}
    assert any(True for _ in too_close(lattice, contributed, status, made.status))
    shown = replace(made, status=np.zeros_like(made.status)).status
    bare = audit(lattice, contributed, status, shown)
    assert {one.reason for one in bare} == {Reason.SHOWN}
