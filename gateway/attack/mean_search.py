"""Which hidden sums a reader comes too close to, by linear programming over everything published.

The unknowns and rows are those of counts (`columns`, `rows`): sums are added up alike. A part of them
that no row connects to the rest is a programme of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from gateway.attack.borders import Border, borders_of
from gateway.attack.columns import Columns, columns_of, persons
from gateway.attack.fixing import changeable
from gateway.attack.incidence import Indices
from gateway.attack.mean_slice import MeanSlice
from gateway.attack.mean_sums import UNIT, Sums, added, closest, is_told_of_few, missing, sums_of
from gateway.attack.nest import nest_of
from gateway.attack.rows import Rows, rows_of
from gateway.errors import ReleaseRefused

TOLERANCE = 1e-6
FURTHER = 10.0
"""How much further than needed a sum may go: it takes others along."""
OPTIONS = {"output_flag": False, "threads": 1, "parallel": "off", "random_seed": 0}

Floats = NDArray[np.float64]
Status = highspy.HighsModelStatus


@dataclass(frozen=True, slots=True)
class Sought:
    """Hidden sums: where they are, their columns (owner[i], column[i]), and what they must keep open.

    at: (geography or -1, combination) of each. up, width: hundredths.
    """

    at: tuple[tuple[int, int], ...]
    owner: Indices
    column: Indices
    up: Floats
    width: Floats


def too_close(part: MeanSlice, seconds_left: Callable[[], float]) -> list[tuple[int, int]]:
    """(geography, combination) of every hidden sum whose interval is too narrow.

    Raises ReleaseRefused.
    """
    columns = columns_of(
        part.total,
        part.geography,
        part.combinations,
        leaves=part.class_leaves,
        nest=nest_of((), 1),
    )
    rows = rows_of(part.total, columns)
    free = changeable(rows, columns.truth, ~_certain(part, columns))
    sought = _sought(part, columns)
    if not sought.at:
        return []
    unit = float(np.median(sought.width))
    low, high = np.zeros(len(sought.at)), np.zeros(len(sought.at))
    for programme in _programmes(rows, columns.truth / unit, free, sought, unit):
        programme.seconds_left = seconds_left
        programme.run()
        low[programme.targets], high[programme.targets] = programme.low, programme.high
    wrong = _is_close(low, high, sought.up / unit, sought.width / unit)
    return [sought.at[target] for target in np.flatnonzero(wrong).tolist()]


def _is_close(low: Floats, high: Floats, up: Floats, width: Floats) -> NDArray[np.bool_]:
    margin = TOLERANCE * np.maximum(up, width)
    return (high < up - margin) | (high - low < width - margin)


def _certain(part: MeanSlice, columns: Columns) -> NDArray[np.bool_]:
    """(column) True where everybody knows that nobody is."""
    somebody = (~part.empty).astype(np.int64)
    found = np.zeros(len(columns.truth), dtype=np.bool_)
    for (_, tier), block in columns.blocks.items():
        found[block.span()] = persons(part.geography, tier, block.atoms, somebody).ravel() == 0
    return found


def _sought(part: MeanSlice, columns: Columns) -> Sought:
    """Hidden means, and border pieces that are of few."""
    at: list[tuple[int, int]] = []
    owners, entries = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.intp)]
    needs: list[Floats] = []
    hidden = part.designed & ~part.known
    places = [
        (
            code,
            part.geography.leaves.of(code),
            np.flatnonzero(hidden[code]),
            part.sums.stacked()[:, code],
        )
        for code in np.flatnonzero(hidden.any(axis=1)).tolist()
    ]
    places += [
        (border.code, border.leaves, *_border(part, border))
        for border in borders_of(part.geography)
    ]
    for code, leaves, wanted, stacked in places:
        unit = part.geography.unit(leaves)
        chosen = wanted[columns.says(0, unit)[wanted]]
        owner, column = columns.of(0, unit, chosen)
        own = sums_of(stacked[:, chosen])
        owners.append(owner + len(at))
        entries.append(column)
        at += [(code, combination) for combination in chosen.tolist()]
        needs.append(np.stack([missing(own, part.measure), _width(own, part)]))
    up, width = np.concatenate([np.zeros((2, 0)), *needs], axis=1)
    return Sought(tuple(at), np.concatenate(owners), np.concatenate(entries), up, width)


def _width(sums: Sums, part: MeanSlice) -> Floats:
    """p % of the largest contribution where the rules hide the sum; else no more than not exactly."""
    few = is_told_of_few(sums, part.measure)
    return np.where(few, np.maximum(closest(sums, part.measure), UNIT), UNIT)


def _border(part: MeanSlice, border: Border) -> tuple[Indices, NDArray[np.int64]]:
    """Combinations in which a border piece is of few and may be told, and what is in it in each."""
    told = np.logical_or.reduce([part.designed[way].all(axis=0) for way in border.ways])
    if border.code >= 0:
        told &= ~part.designed[border.code] & ~part.known[border.code]
    table = added(part.table[:, border.leaves])
    members = [part.combinations.of(number) for number in range(len(part.combinations))]
    stacked = np.stack([added(table[:, own]) for own in members], axis=1)
    return np.flatnonzero(told & is_told_of_few(sums_of(stacked), part.measure)), stacked


def _programmes(
    rows: Rows, truth: Floats, free: NDArray[np.bool_], sought: Sought, unit: float
) -> Iterator[_Programme]:
    """One for each connected part with targets."""
    known = rows.needed[rows.row] & free[rows.column]
    asked = free[sought.column]
    pairs = [(rows.row[known], rows.column[known])]
    pairs.append((sought.owner[asked] + len(rows), sought.column[asked]))
    row, column = (np.concatenate(each) for each in zip(*pairs, strict=True))
    part = _connected(row, column, len(rows) + len(sought.at), len(truth))
    for number in np.unique(part[sought.column[asked]]).tolist():
        own = part == number
        yield _Programme(
            np.flatnonzero(own & free),
            truth,
            _those(rows.row, rows.column, rows.sign, known & own[rows.column]),
            _those(sought.owner, sought.column, np.ones(len(asked)), asked & own[sought.column]),
            sought.up / unit,
            sought.width / unit,
        )


def _those(
    row: Indices, column: Indices, sign: Floats, kept: NDArray[np.bool_]
) -> tuple[Indices, Indices, Floats]:
    return row[kept], column[kept], sign[kept]


def _connected(row: Indices, column: Indices, rows: int, columns: int) -> Indices:
    """(column) a number that connected columns share."""
    root = list(range(rows + columns))

    def find(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for one, other in zip(row.tolist(), (column + rows).tolist(), strict=True):
        root[find(one)] = find(other)
    return np.array([find(node) for node in range(rows, rows + columns)], dtype=np.intp)


class _Programme:
    """The unknowns of one part; changes of them that keep what is known, and how far targets go."""

    def __init__(
        self,
        columns: Indices,
        truth: Floats,
        known: tuple[Indices, Indices, Floats],
        asked: tuple[Indices, Indices, Floats],
        up: Floats,
        width: Floats,
    ) -> None:
        self.seconds_left: Callable[[], float] = lambda: float("inf")
        self.targets, owner = np.unique(asked[0], return_inverse=True)
        self._up, self._width = up[self.targets], width[self.targets]
        self.low, self.high = np.zeros(len(self.targets)), np.zeros(len(self.targets))
        self._least = -truth[columns]
        self._rows, row = np.unique(known[0], return_inverse=True)
        self._known = (row, np.searchsorted(columns, known[1]), known[2])
        self._asked = (owner, np.searchsorted(columns, asked[1]))
        self._solver = self._formulated()

    def run(self) -> None:
        """Widen the intervals as far as they are asked to be: many at once while it helps, then each.

        Many at once each go their own way, up or down as it is drawn: all of them could not rise.
        """
        random = np.random.default_rng(0)
        waiting, before = np.flatnonzero(self._open()), -1
        while len(waiting) and len(waiting) != before:
            before = len(waiting)
            sign = np.where(random.random(before) < 0.5, 1.0, -1.0)
            self._push(waiting, sign)
            self._push(waiting, -sign)
            waiting = np.flatnonzero(self._open())
        for target in waiting.tolist():
            for sign in (np.ones(1), -np.ones(1)):
                if self._open()[target]:
                    self._push(np.array([target]), sign)

    def _open(self) -> NDArray[np.bool_]:
        return _is_close(self.low, self.high, self._up, self._width)

    def _push(self, targets: Indices, sign: Floats) -> None:
        """The greatest changes of the targets together, each by its sign, and not for ever."""
        self.seconds_left()
        ask = FURTHER * np.maximum(self._up, self._width)[targets]
        pull = np.zeros(len(self.targets))
        pull[targets] = sign / ask
        cost = np.zeros(len(self._least))
        np.add.at(cost, self._asked[1], -pull[self._asked[0]])
        self._solver.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        for target, most in zip(targets.tolist(), ask.tolist(), strict=True):
            self._solver.changeRowBounds(len(self._rows) + target, -most, most)
        self._solver.run()
        if self._solver.getModelStatus() != Status.kOptimal:
            raise ReleaseRefused("The audit has no answer about a mean.")
        self._enter(np.array(self._solver.getSolution().col_value))
        for target in targets.tolist():
            self._solver.changeRowBounds(len(self._rows) + target, -np.inf, np.inf)

    def _enter(self, change: Floats) -> None:
        """Take a table that a reader cannot tell from the true one, after making sure of it."""
        row, column, sign = self._known
        kept = np.bincount(row, weights=sign * change[column], minlength=len(self._rows))
        if (np.abs(kept) > TOLERANCE).any() or (change < self._least - TOLERANCE).any():
            raise ReleaseRefused("The audit's solver breaks what is known of a mean.")
        owner, column = self._asked
        moved = np.bincount(owner, weights=change[column], minlength=len(self.targets))
        self.low, self.high = np.minimum(self.low, moved), np.maximum(self.high, moved)

    def _formulated(self) -> highspy.Highs:
        count = len(self._least)
        row = np.concatenate([self._known[0], self._asked[0] + len(self._rows)])
        column = np.concatenate([self._known[1], self._asked[1]])
        sign = np.concatenate([self._known[2], np.ones(len(self._asked[0]))])
        order = np.argsort(row, kind="stable")
        problem = highspy.HighsLp()
        problem.num_col_, problem.num_row_ = count, len(self._rows) + len(self.targets)
        problem.col_cost_ = np.zeros(count)
        problem.col_lower_, problem.col_upper_ = self._least, np.full(count, np.inf)
        most = np.concatenate([np.zeros(len(self._rows)), np.full(len(self.targets), np.inf)])
        problem.row_lower_, problem.row_upper_ = -most, most
        problem.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        starts = np.searchsorted(row[order], np.arange(problem.num_row_ + 1))
        problem.a_matrix_.start_ = starts.astype(np.int32)
        problem.a_matrix_.index_ = column[order].astype(np.int32)
        problem.a_matrix_.value_ = sign[order]
        solver = highspy.Highs()
        for name, value in OPTIONS.items():
            solver.setOptionValue(name, value)
        if solver.passModel(problem) == highspy.HighsStatus.kError:
            raise ReleaseRefused("The audit's programme is not understood by the solver.")
        return solver
