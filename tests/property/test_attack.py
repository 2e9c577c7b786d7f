"""The auditor agrees with the plain programme over every leaf, on random small cubes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from unittest.mock import patch

import highspy
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gateway.attack import Attacked, attacked, unpublished
from gateway.model.codes import Code
from gateway.model.cube import Axis, Lattice, Line
from gateway.model.label import Label
from gateway.model.product import AxisRole, DisclosureRules

LABEL = Label("", "", "")
EVERYTHING = 1e9  # a width nothing has, so that every interval is a finding


@dataclass(frozen=True)
class World:
    """A lattice, what is known of it, and the leaf table behind it: (measure, *leaf codes)."""

    lattice: Lattice
    known: NDArray[np.bool_]
    leaves: tuple[tuple[frozenset[int], ...], ...]  # per axis: leaf codes of each code


# --- the plain attack: one unknown per measure and leaf --------------------------------------


class Oracle:
    """The feasible table of all leaves of all measures, the measures' lines included."""

    def __init__(self, world: World) -> None:
        self.world = world
        lattice = world.lattice
        self.shape = lattice.counts.shape
        leaf_codes = [
            [code for code, own in enumerate(sets) if own == frozenset({code})]
            for sets in world.leaves
        ]
        self.cells = [
            (measure, *place)
            for measure in range(self.shape[0])
            for place in itertools.product(*leaf_codes)
        ]
        self.number = {cell: index for index, cell in enumerate(self.cells)}
        self.truth = np.array([lattice.counts[cell] for cell in self.cells], dtype=np.float64)
        rows = [
            (self.of(tuple(cell)), lattice.counts[tuple(cell)]) for cell in np.argwhere(world.known)
        ]
        for line in lattice.measure_lines:
            for place in itertools.product(*leaf_codes):
                row = np.zeros(len(self.cells))
                row[self.number[line.parent, *place]] = 1
                for child in line.children:
                    row[self.number[child, *place]] = -1
                rows.append((row, 0))
        self.matrix = np.array([row for row, _ in rows]).reshape(-1, len(self.cells))
        self.right = np.array([value for _, value in rows], dtype=np.float64)

    def of(
        self, cell: tuple[int, ...], geography: frozenset[int] | None = None
    ) -> NDArray[np.float64]:
        """The row of a cell; geography: other leaf codes than the cell's own."""
        measure, *place = cell
        row = np.zeros(len(self.cells))
        sets = [own[code] for own, code in zip(self.world.leaves, place, strict=True)]
        if geography is not None:
            sets[0] = geography
        for leaf in itertools.product(*sets):
            row[self.number[measure, *leaf]] = 1
        return row

    def interval(self, row: NDArray[np.float64], own: frozenset[int]) -> tuple[float, float]:
        """Least and most of a row for a viewer who knows some leaf geographies."""
        fixed = np.array([cell[1] in own for cell in self.cells])
        lower = np.where(fixed, self.truth, 0.0)
        upper = np.where(fixed, self.truth, highspy.kHighsInf)
        return self._solve(row, lower, upper), -self._solve(-row, lower, upper)

    def _solve(self, cost: NDArray, lower: NDArray, upper: NDArray) -> float:
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(cost), len(self.right)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, lower, upper
        lp.row_lower_ = lp.row_upper_ = self.right
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        row, column = np.nonzero(self.matrix)
        lp.a_matrix_.start_ = np.searchsorted(row, np.arange(len(self.right) + 1)).astype(np.int32)
        lp.a_matrix_.index_ = column.astype(np.int32)
        lp.a_matrix_.value_ = self.matrix[row, column]
        solver.passModel(lp)
        solver.run()
        status = solver.getModelStatus()
        unbounded = (
            highspy.HighsModelStatus.kUnbounded,
            highspy.HighsModelStatus.kUnboundedOrInfeasible,
        )
        if status in unbounded:
            return -math.inf
        if status != highspy.HighsModelStatus.kOptimal:
            raise AssertionError(status)
        return solver.getObjectiveValue()


# --- random cubes -----------------------------------------------------------------------------


def axis(
    name: str, role: AxisRole, levels: list[str], lines: list[tuple[int, tuple[int, ...]]]
) -> Axis:
    codes = tuple(Code(f"{name}{i}", LABEL, level) for i, level in enumerate(levels))
    return Axis(name, LABEL, role, codes, tuple(Line(p, c) for p, c in lines), 0 if lines else None)


def leaf_codes_of(one: Axis) -> tuple[frozenset[int], ...]:
    below = {line.parent: line.children for line in one.lines}

    def leaves(code: int) -> frozenset[int]:
        if code not in below:
            return frozenset({code})
        return frozenset[int]().union(*map(leaves, below[code]))

    return tuple(leaves(code) for code in range(len(one.codes)))


@st.composite
def geographies(draw: st.DrawFn) -> Axis:
    """A country of 3-6 municipalities: in areas and in regions that cross, or nest; or of areas alone."""
    leaves = draw(st.integers(3, 6))
    shape = draw(st.sampled_from(["cross", "cross", "nest", "flat"]))
    if shape == "flat":
        country = (0, tuple(range(1, 1 + leaves)))
        return axis("geo", AxisRole.GEO, ["country", *["area"] * leaves], [country])
    levels, lines = ["country"], []
    divisions: dict[str, list[list[int]]] = {}
    for level in ("area", "region"):
        count = draw(st.integers(1, 3))
        belongs = [draw(st.integers(0, count)) for _ in range(leaves)]
        if shape == "nest":  # neighbours are in one area, and the first areas in one region
            belongs = [leaf // (2 if level == "area" else 4) for leaf in range(leaves)]
            count = belongs[-1] + 1
        divisions[level] = [
            [leaf for leaf in range(leaves) if belongs[leaf] == part] for part in range(count)
        ]
    first = 1 + sum(bool(part) for parts in divisions.values() for part in parts)
    for level, parts in divisions.items():
        members: list[int] = []
        covered: set[int] = set()
        for part in parts:
            if part:
                lines.append((len(levels), tuple(first + leaf for leaf in part)))
                members.append(len(levels))
                levels.append(level)
                covered |= set(part)
        if members:
            rest = [first + leaf for leaf in range(leaves) if leaf not in covered]
            lines.append((0, (*members, *rest)))
    if not any(parent == 0 for parent, _ in lines):
        lines.append((0, tuple(first + leaf for leaf in range(leaves))))
    return axis("geo", AxisRole.GEO, [*levels, *["municipality"] * leaves], lines)


@st.composite
def classifications(draw: st.DrawFn, name: str) -> Axis:
    shape = draw(st.sampled_from(["two", "three", "deep"]))
    if shape == "two":
        return axis(name, AxisRole.CLASS, ["total", "fine", "fine"], [(0, (1, 2))])
    if shape == "three":
        return axis(name, AxisRole.CLASS, ["total", *["fine"] * 3], [(0, (1, 2, 3))])
    return axis(
        name,
        AxisRole.CLASS,
        ["total", "broad", "broad", "fine", "fine"],
        [(0, (1, 2)), (2, (3, 4))],
    )


MEASURES = {
    "one": (1, []),
    "nested": (3, [(0, (1, 2))]),
    "two lines": (5, [(0, (1, 2)), (0, (3, 4))]),
    "chain": (7, [(0, (1, 2)), (1, (3, 4)), (1, (5, 6))]),
}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    classes = [draw(classifications(name)) for name in "ab"[: draw(st.integers(0, 2))]]
    axes = (draw(geographies()), *classes)
    count, lines = MEASURES[draw(st.sampled_from([*MEASURES, "one", "nested"]))]
    latent = {children[-1] for _, children in lines}
    random = np.random.default_rng(draw(st.integers(0, 2**31)))
    leaves = tuple(leaf_codes_of(one) for one in axes)
    shares = (draw(st.floats(0, 0.7)), draw(st.sampled_from([2, 4, 9])))
    counts = drawn_counts(random, leaves, count, lines, shares)
    design = draw(st.sampled_from([any_levels, finer_upwards]))
    designed = np.zeros(counts.shape, dtype=bool)
    for measure in range(count):
        if measure not in latent and (measure == 0 or random.random() < 0.8):
            designed[measure] = design(random, axes)
    for parent, children in lines:
        designed[children[-1]] = designed[[parent, *children[:-1]]].all(axis=0)
    known = designed & (random.random(counts.shape) > draw(st.sampled_from([0, 0.1, 0.3, 0.6])))
    if draw(st.booleans()):
        known &= ~((counts > 0) & (counts < 5))
    known[list(latent)] = False
    names = tuple(f"m{measure}" for measure in range(count))
    drawn = tuple(Line(parent, children) for parent, children in lines)
    return World(Lattice(axes, names, counts, drawn, frozenset(latent), designed), known, leaves)


def drawn_counts(
    random: np.random.Generator,
    leaves: tuple[tuple[frozenset[int], ...], ...],
    count: int,
    lines: list[tuple[int, tuple[int, ...]]],
    shares: tuple[float, int],
) -> NDArray[np.int64]:
    """(measure, *axes) small numbers, `shares` of them zero and none as large as the second."""
    zero, most = shares
    counts = np.zeros((count, *map(len, leaves)), dtype=np.int64)
    for place in itertools.product(*[[c for c, own in enumerate(s) if own == {c}] for s in leaves]):
        counts[(0, *place)] = 0 if random.random() < zero else random.integers(0, most)
        for parent, (part, rest) in lines:
            whole = int(counts[(parent, *place)])
            counts[(part, *place)] = random.integers(0, whole + 1)
            counts[(rest, *place)] = whole - counts[(part, *place)]
    for cell in np.ndindex(*counts.shape):
        sets = [own[code] for own, code in zip(leaves, cell[1:], strict=True)]
        counts[cell] = sum(counts[(cell[0], *leaf)] for leaf in itertools.product(*sets))
    return counts


def any_levels(random: np.random.Generator, axes: tuple[Axis, ...]) -> NDArray[np.bool_]:
    """(*axes) a few combinations of levels, whatever they are."""
    designed = np.zeros([len(one.codes) for one in axes], dtype=bool)
    for _ in range(random.integers(1, 5)):
        designed[np.ix_(*(some_levels(random, one) for one in axes))] = True
    return designed


def finer_upwards(random: np.random.Generator, axes: tuple[Axis, ...]) -> NDArray[np.bool_]:
    """(*axes) totals everywhere, and more and more combinations of levels higher up."""
    designed = np.zeros([len(one.codes) for one in axes], dtype=bool)
    designed[(slice(None), *(0 for _ in axes[1:]))] = random.random() < 0.7
    levels = np.array([code.level for code in axes[0].codes])
    below = np.ones(len(levels), dtype=bool)
    for level in ("municipality", "area", "region"):
        if random.random() < 0.6:
            below &= levels != level
            places = [some_levels(random, one) for one in axes[1:]]
            designed[np.ix_(np.flatnonzero(below), *places)] = True
    designed[0] |= random.random() < 0.7
    return designed


def some_levels(random: np.random.Generator, one: Axis) -> list[int]:
    """The codes of some levels of an axis, of one at least."""
    levels = sorted({code.level for code in one.codes})
    chosen = random.choice(levels, size=random.integers(1, len(levels) + 1), replace=False)
    return [place for place, code in enumerate(one.codes) if code.level in chosen]


# --- what must agree --------------------------------------------------------------------------


def found(result: Attacked, kinds: set[str]) -> dict[tuple, tuple[float, float]]:
    return {
        (f.viewer, f.measure, f.cell, f.leaves): (f.low, f.high)
        for f in result.findings
        if f.kind in kinds
    }


def area_leaves(world: World) -> dict[str, frozenset[int]]:
    return {
        code.code: world.leaves[0][place]
        for place, code in enumerate(world.lattice.axes[0].codes)
        if code.level == "area"
    }


def small_cells(world: World, threshold: int) -> Iterator[tuple[int, ...]]:
    counts = world.lattice.counts
    for cell in np.argwhere((counts > 0) & (counts < threshold)):
        yield tuple(int(code) for code in cell)


def agrees(mine: tuple[float, float], true: tuple[float, float]) -> bool:
    return abs(mine[0] - true[0]) < 1e-5 and (
        abs(mine[1] - true[1]) < 1e-5 or mine[1] > 900 < true[1]
    )


@settings.get_profile("some")
@given(worlds())
def test_every_interval_of_the_outsider_is_that_of_the_plain_programme(world: World) -> None:
    oracle = Oracle(world)
    rules = DisclosureRules(5, "", outsider_width=int(EVERYTHING), insider_width=0)
    intervals = found(attacked(world.lattice, world.known, rules), {"hidden"})
    cells = [
        cell for cell in small_cells(world, 5) if world.lattice.designed[cell] or world.known[cell]
    ]
    for cell in cells:
        true = oracle.interval(oracle.of(cell), frozenset())
        assert agrees(intervals.pop(((), cell[0], cell[1:], ())), true), cell
    for (_, measure, cell, leaves), mine in intervals.items():  # border pieces
        region = frozenset(leaves) if leaves else None
        row = oracle.of((measure, max(cell[0], 0), *cell[1:]), region)
        assert agrees(mine, oracle.interval(row, frozenset()))


@settings.get_profile("some")
@given(worlds(), st.sampled_from([1, 1, 2]))
def test_every_interval_of_a_coalition_is_that_of_the_plain_programme(
    world: World, size: int
) -> None:
    oracle = Oracle(world)
    rules = DisclosureRules(5, "", outsider_width=0, insider_width=3, coalition=size)
    intervals = found(attacked(world.lattice, world.known, rules), {"hidden"})
    areas = area_leaves(world)
    coalitions = [c for n in range(1, size + 1) for c in itertools.combinations(areas, n)]
    for cell in small_cells(world, 5):
        if not (world.lattice.designed[cell] or world.known[cell]):
            continue
        narrow: list[set[str]] = []
        for viewer in coalitions:
            own = frozenset[int]().union(*(areas[area] for area in viewer))
            if own & world.leaves[0][cell[1]] or any(less <= set(viewer) for less in narrow):
                continue
            low, high = oracle.interval(oracle.of(cell), own)
            key = (viewer, cell[0], cell[1:], ())
            if high - low < 3 - 1e-6:
                narrow.append(set(viewer))
                assert agrees(intervals.pop(key), (low, high))
            else:
                assert key not in intervals
    for (viewer, measure, cell, leaves), mine in intervals.items():  # border pieces
        own = frozenset[int]().union(*(areas[area] for area in viewer))
        region = frozenset(leaves) if leaves else None
        assert not own & (region or world.leaves[0][cell[0]])
        row = oracle.of((measure, max(cell[0], 0), *cell[1:]), region)
        low, high = oracle.interval(row, own)
        assert agrees(mine, (low, high))
        assert high - low < 3


@settings.get_profile("some")
@given(worlds(), st.booleans())
def test_finds_exactly_the_unpublished_counts_that_are_pinned(world: World, drawn: bool) -> None:
    oracle = Oracle(world)
    rules = DisclosureRules(5, "", outsider_width=0, insider_width=0)
    with patch.object(
        unpublished, "FEW", 0 if drawn else unpublished.FEW
    ):  # draw tables, or search
        intervals = found(attacked(world.lattice, world.known, rules), {"unpublished"})
    for cell in small_cells(world, 5):
        if world.lattice.designed[cell] or world.known[cell]:
            continue
        low, high = oracle.interval(oracle.of(cell), frozenset())
        mine = intervals.pop(((), cell[0], cell[1:], ()), None)
        value = int(world.lattice.counts[cell])
        pinned = max(value - low, high - value) < 1 - 1e-6
        assert (mine is not None) == pinned, (cell, low, high, mine)
        assert mine is None or agrees(mine, (low, high))
    assert not intervals


@settings.get_profile("some")
@given(worlds())
def test_finds_every_small_sum_that_one_line_tells(world: World) -> None:
    lattice, counts = world.lattice, world.lattice.counts
    rules = DisclosureRules(5, "", outsider_width=0, insider_width=0)
    mine = {
        ((f.measure, *f.cell), frozenset(f.parts)): f.low
        for f in attacked(lattice, world.known, rules).findings
        if f.kind == "derived" and not f.leaves
    }
    true: dict[tuple, float] = {}
    lines = [(0, line) for line in lattice.measure_lines]
    lines += [(n, line) for n, one in enumerate(lattice.axes, start=1) for line in one.lines]
    for along, line in lines:
        for parent in map(tuple, np.argwhere(world.known)):
            children = [(*parent[:along], child, *parent[along + 1 :]) for child in line.children]
            unknown = [child for child in children if not world.known[child]]
            total = sum(counts[child] for child in unknown)
            alone = len(unknown) == 1 and lattice.designed[unknown[0]]
            several = 0 < len(unknown) < len(children) and not alone
            if parent[along] == line.parent and several and 0 < total < 5:
                cells = frozenset(tuple(map(int, child)) for child in unknown)
                true[tuple(map(int, parent)), cells] = total
    assert mine == true
