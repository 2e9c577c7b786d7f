"""How far hidden sums can move, by linear programming in one connected part of a slice.

Columns change by d >= -truth, so that no sum of leaves becomes negative; sums that are known do not
change. Hidden sums are asked to move, some up and others down as it is drawn, since they cannot all
rise; what is left is asked one by one. Every optimum is a table that a reader cannot tell from the true
one, so it counts for all sums that it moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import highspy
import numpy as np

from gateway.errors import ReleaseRefused
from gateway.protection.mean_tables import Entries, Floats, Index, Mask, SumTables

_OPTIONS = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "solver": "simplex",
    "random_seed": 0,
}
_ENOUGH = 1e-6  # of what is asked
_GENEROUS = 10.0  # who may move further than needed moves more of the others


@dataclass(frozen=True, slots=True)
class Asked:
    """What hidden sums must leave open, as multiples of one amount, so that numbers are near 1.

    truth: (columns) their sums; stuck: (columns) True where no person is, as everybody knows.
    known: (cells) True where a reader knows the sum. target: (cells) True where it must stay open:
    upward: by `up`; between the least and the most: `width`.
    """

    truth: Floats
    stuck: Mask
    known: Mask
    target: Mask
    up: Floats
    width: Floats


@dataclass(frozen=True, slots=True)
class Reach:
    """(cells) how far down and up each sum is known to be able to go; it stays true when more is hidden."""

    low: Floats
    high: Floats

    def falls_short(self, asked: Asked) -> Mask:
        """(cells) True for targets that are not known to be open enough."""
        return asked.target & _is_close(self.low, self.high, asked.up, asked.width)


def held_targets(tables: SumTables, asked: Asked, reach: Reach) -> Iterator[int]:
    """The cells of targets that a reader could come too close to. reach: added to. Raises ReleaseRefused."""
    wanted = reach.falls_short(asked)
    needed = asked.known & ~tables.implied(asked.known)
    known = _some(tables.cells, needed, asked.stuck)
    ties = _some(tables.ties, np.ones(tables.ties.rows, dtype=np.bool_), asked.stuck)
    targets = _some(tables.cells, wanted, asked.stuck)
    part = _parts(len(asked.truth), [known, ties, targets])
    parts = np.unique(part[targets.column])
    stuck = np.setdiff1d(np.flatnonzero(wanted), targets.row)
    yield from stuck.tolist()  # nothing of them can change: they are known to be nothing
    for number in parts.tolist():
        inside = part == number
        own = [_inside(each, inside) for each in (known, ties, targets)]
        programme = _Programme(np.flatnonzero(inside & ~asked.stuck), own, asked)
        yield from programme.held()
        reach.low[programme.targets] = programme.low
        reach.high[programme.targets] = programme.high


def _is_close(low: Floats, high: Floats, up: Floats, width: Floats) -> Mask:
    margin = _ENOUGH * np.maximum(up, width)
    return (high < up - margin) | (high - low < width - margin)


class _Programme:
    """One connected part. own: its known cells, ties and targets, by numbers of the whole slice."""

    def __init__(self, columns: Index, own: list[Entries], asked: Asked) -> None:
        known, ties, targets = own
        self._cells, self.targets = np.unique(known.row), np.unique(targets.row)
        self._count = len(columns)
        self._known = len(self._cells) + len(np.unique(ties.row))
        self._up, self._width = asked.up[self.targets], asked.width[self.targets]
        self._entry = (
            np.searchsorted(self.targets, targets.row),
            np.searchsorted(columns, targets.column),
        )
        self.low, self.high = np.zeros(len(self.targets)), np.zeros(len(self.targets))
        self._solver = self._formulated(columns, known, ties, asked.truth)

    def held(self) -> Iterator[int]:
        """The targets that move too little: many at once while that helps, then each by itself."""
        random = np.random.default_rng(0)
        waiting, before = np.flatnonzero(self._open()), -1
        while len(waiting) > 1 and len(waiting) != before:
            before = len(waiting)
            sign = random.choice([-1.0, 1.0], before)
            self._move(waiting, sign * self._most()[waiting])
            self._move(waiting, -sign * self._most()[waiting])
            waiting = np.flatnonzero(self._open())
        for target in waiting.tolist():
            for sign in (1.0, -1.0):
                if self._open()[target]:
                    one = np.array([target])
                    self._move(one, sign * self._most()[one])
            if self._open()[target]:
                yield int(self.targets[target])

    def _most(self) -> Floats:
        return _GENEROUS * np.maximum(self._up, self._width)

    def _open(self) -> Mask:
        return _is_close(self.low, self.high, self._up, self._width)

    def _move(self, targets: Index, ask: Floats) -> None:
        """Move targets by `ask` (signed) or as far as they go together, and enter where all stand then.

        Raises ReleaseRefused.
        """
        row, column = self._entry
        pull = np.zeros(len(self.targets))
        pull[targets] = -1.0 / ask
        cost = np.zeros(self._count)
        np.add.at(cost, column, pull[row])
        self._solver.changeColsCost(self._count, np.arange(self._count, dtype=np.int32), cost)
        self._limit(targets, np.abs(ask))
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise ReleaseRefused("The solver has no answer for the sums behind a mean.")
        change = np.array(self._solver.getSolution().col_value)
        self._limit(targets, np.full(len(targets), np.inf))
        moved = np.bincount(row, weights=change[column], minlength=len(self.low))
        self.low, self.high = np.minimum(self.low, moved), np.maximum(self.high, moved)

    def _limit(self, targets: Index, most: Floats) -> None:
        for row, limit in zip((self._known + targets).tolist(), most.tolist(), strict=True):
            self._solver.changeRowBounds(row, -limit, limit)

    def _formulated(
        self, columns: Index, known: Entries, ties: Entries, truth: Floats
    ) -> highspy.Highs:
        """Unknowns: changes. Rows: known cells, ties, and the targets, which are free until asked."""
        row = np.concatenate(
            [
                np.searchsorted(self._cells, known.row),
                len(self._cells) + np.unique(ties.row, return_inverse=True)[1],
                self._known + self._entry[0],
            ]
        )
        column = np.concatenate(
            [
                np.searchsorted(columns, known.column),
                np.searchsorted(columns, ties.column),
                self._entry[1],
            ]
        )
        sign = np.concatenate([known.sign, ties.sign, np.ones(len(self._entry[0]))])
        problem = highspy.HighsLp()
        problem.num_col_, problem.num_row_ = self._count, self._known + len(self.targets)
        problem.col_cost_ = np.zeros(self._count)
        problem.col_lower_, problem.col_upper_ = -truth[columns], np.full(self._count, np.inf)
        free = np.concatenate([np.zeros(self._known), np.full(len(self.targets), np.inf)])
        problem.row_lower_, problem.row_upper_ = -free, free
        fill(problem, row, column, sign)
        return solver_of(problem)


def fill(problem: highspy.HighsLp, row: Index, column: Index, sign: Floats) -> None:
    """Give a programme its matrix."""
    order = np.argsort(row, kind="stable")
    problem.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    starts = np.searchsorted(row[order], np.arange(problem.num_row_ + 1))
    problem.a_matrix_.start_ = starts.astype(np.int32)
    problem.a_matrix_.index_ = column[order].astype(np.int32)
    problem.a_matrix_.value_ = sign[order]


def solver_of(problem: highspy.HighsLp) -> highspy.Highs:
    """Raises ReleaseRefused."""
    solver = highspy.Highs()
    for name, value in _OPTIONS.items():
        solver.setOptionValue(name, value)
    if solver.passModel(problem) == highspy.HighsStatus.kError:
        raise ReleaseRefused("The solver does not take the sums behind a mean.")
    return solver


def _some(entries: Entries, rows: Mask, stuck: Mask) -> Entries:
    """The entries of some rows, without columns that never change."""
    return _kept(entries, rows[entries.row] & ~stuck[entries.column])


def _inside(entries: Entries, columns: Mask) -> Entries:
    return _kept(entries, columns[entries.column])


def _kept(entries: Entries, kept: Mask) -> Entries:
    return Entries(entries.row[kept], entries.column[kept], entries.sign[kept], entries.rows)


def _parts(columns: int, matrices: list[Entries]) -> Index:
    """(columns) the least column that each is connected with through rows."""
    part = np.arange(columns)
    while True:
        before = part.copy()
        for entries in matrices:
            least = np.full(entries.rows, columns, dtype=np.int64)
            np.minimum.at(least, entries.row, part[entries.column])
            np.minimum.at(part, entries.column, least[entries.row])
        part = np.minimum(part, part[part])
        if (part == before).all():
            return part
