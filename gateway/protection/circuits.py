"""The cheapest way to keep a cell unknown: a linear programme over a block of the country.

To a reader a cell is unknown as far as there is another table with the same published numbers. A
circuit is the difference between such a table and the true one. The programme looks for the circuit
that changes a given cell by a given amount, at the least cost of published cells that it changes
too: those must be hidden. Everything outside the block stays as it is, so a circuit of a block is
one of the whole slice. Source: Hundepool et al., Statistical Disclosure Control (2012), 4.4; Kelly,
Golden & Assad, Cell suppression: disclosure protection for sensitive tabular data (1992).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from gateway.errors import ReleaseRefused
from gateway.protection.cells import Cell, Index, Leaves
from gateway.protection.tables import Tables

Floats = NDArray[np.float64]
_ENDLESS = 1e6  # persons; no cell moves by more
_OPTIONS = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "solver": "simplex",
    "simplex_strategy": 1,  # dual: a change of bounds and prices is followed in a few steps
    "random_seed": 0,
}
_STILL = 1e-6  # persons; less than this is the solver's rounding


@dataclass(frozen=True, slots=True)
class Circuit:
    """Another table behind the same published numbers, as a difference from the true one.

    moves: (rows of the block) change of each cell; areas: the insiders whose own figures change;
    cost: of the published cells that change.
    """

    moves: Floats
    areas: frozenset[int]
    cost: float


class Block:
    """The programme of some pieces: columns of their tables, and two per cell that may change.

    cells: (cells of the layout) row of each cell, -1 outside; rows: the cells that are one number
    within the block, by row.
    """

    def __init__(
        self, tables: Tables, pieces: Sequence[int], *, sums: Sequence[tuple[int, tuple[int, ...]]]
    ) -> None:
        self._tables = tables
        self._pieces = tuple(pieces)
        self._places = frozenset(p for piece in pieces for p in tables.pieces[piece])
        self.rows = self._group()
        self.row_of = np.full(len(tables.layout.cells), -1, dtype=np.int64)
        for row, members in enumerate(self.rows):
            self.row_of[members] = row
        self._columns = self._inside()
        self._areas = tables.areas()[self._columns]
        place = {column: i for i, column in enumerate(self._columns.tolist())}
        terms = (tables.terms(tables.layout.cells[own[0]]) for own in self.rows)
        self._sums = [[place[column] for column in own if column in place] for own in terms]
        self._contributions = self._by_area()
        self._shorter = _shorter_sums(self.rows, self.row_of, sums, self._sums)
        self._solver = self._programme(
            [([place[c] for c in one], [place[c] for c in two]) for one, two in tables.ties(pieces)]
        )

    @property
    def places(self) -> Leaves:
        """The leaf places of the block."""
        return self._places

    def start(
        self, truth: Floats, costs: Floats, *, fixed: NDArray[np.bool_] | None = None
    ) -> None:
        """Take up a slice. truth: (columns of the tables); costs: (cells); fixed: never change."""
        self._solver.clearSolver()  # the same slice is solved alike, whatever came before it
        self._lower = -truth[self._columns]
        count = len(self._columns)
        self._bound(np.arange(count), self._lower, np.full(count, _ENDLESS))
        stuck = np.array([fixed is not None and bool(fixed[own].any()) for own in self.rows])
        self._most = np.where(stuck, 0.0, _ENDLESS)
        moves = np.arange(count, count + 2 * len(self.rows))
        self._bound(moves, np.zeros(len(moves)), np.tile(self._most, 2))
        self.price(costs)

    def price(self, costs: Floats) -> None:
        """What each cell costs from now on, per person that it changes by."""
        sums = np.array([costs[members].sum() for members in self.rows])
        moves = np.arange(len(self._columns), len(self._columns) + 2 * len(self.rows))
        self._solver.changeColsCost(len(moves), moves.astype(np.int32), np.tile(sums, 2))

    def hold(self, row: int) -> None:
        """Let a row change no more."""
        self._most[row] = 0.0
        self._limit(row)

    def release(self, row: int) -> None:
        """Let a row change again."""
        self._most[row] = _ENDLESS
        self._limit(row)

    def circuit(self, row: int, amount: float, *, frozen: Iterable[int] = ()) -> Circuit | None:
        """The cheapest circuit that changes a row by an amount; None when there is none.

        frozen: areas whose own figures stay as they are.
        """
        still = np.flatnonzero(np.isin(self._areas, list(frozen)))
        up, down = len(self._columns) + row, len(self._columns) + len(self.rows) + row
        ends = np.array([max(amount, 0.0), max(-amount, 0.0)])
        self._bound(np.array([up, down]), ends, ends)
        self._bound(still, np.zeros(len(still)), np.zeros(len(still)))
        self._solver.run()
        found = None
        if self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            found = self._read(np.array(self._solver.getSolution().col_value))
        self._limit(row)
        self._bound(still, self._lower[still], np.full(len(still), _ENDLESS))
        return found

    def _read(self, solution: Floats) -> Circuit:
        count, rows = len(self._columns), len(self.rows)
        moves = solution[count : count + rows] - solution[count + rows :]
        moves[np.abs(moves) < _STILL] = 0.0
        return Circuit(
            moves, self._touched(solution[:count]), self._solver.getInfo().objective_function_value
        )

    def _touched(self, changes: Floats) -> frozenset[int]:
        """The areas with a change that some cell would show, were it the area's alone."""
        found: set[int] = set()
        for area, sums in self._contributions.items():
            starts, columns = sums
            totals = np.add.reduceat(changes[columns], starts) if len(starts) else np.zeros(0)
            if (np.abs(totals) > _STILL).any():
                found.add(area)
        return frozenset(found)

    def _by_area(self) -> Mapping[int, tuple[Index, Index]]:
        """area → what it contributes to each row: where the rows begin, and their columns."""
        found: dict[int, tuple[list[int], list[int]]] = {}
        for columns in self._sums:
            areas = self._areas[columns]
            for area in np.unique(areas[areas >= 0]).tolist():
                starts, members = found.setdefault(area, ([], []))
                starts.append(len(members))
                members.extend(np.array(columns)[areas == area].tolist())
        return {area: (np.array(starts), np.array(own)) for area, (starts, own) in found.items()}

    def _group(self) -> list[list[int]]:
        """The cells that are the same number as long as nothing outside the block changes."""
        found: dict[Cell, list[int]] = {}
        for number, cell in enumerate(self._tables.layout.cells):
            if inside := cell.places & self._places:
                found.setdefault(Cell(cell.measure, inside, cell.classes), []).append(number)
        return list(found.values())

    def _inside(self) -> Index:
        """The columns of the block's pieces."""
        tables = self._tables
        basic = range(len(tables.basic))
        pieces = [
            tables.n(piece, kind, part)
            for piece in self._pieces
            for kind in range(tables.layout.classes)
            for part in basic
        ]
        places = [
            tables.x(place, group, part)
            for place in tables.rows
            if place in self._places
            for group in range(len(tables.groups))
            for part in basic
        ]
        return np.array(pieces + places, dtype=np.int64)

    def _limit(self, row: int) -> None:
        up, down = len(self._columns) + row, len(self._columns) + len(self.rows) + row
        self._bound(np.array([up, down]), np.zeros(2), np.full(2, self._most[row]))

    def _bound(self, columns: Index, lower: Floats, upper: Floats) -> None:
        if len(columns):
            self._solver.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def _programme(self, ties: Sequence[tuple[list[int], list[int]]]) -> highspy.Highs:
        """Rows: cell = its columns, written as short as other cells allow; then the ties."""
        count, rows = len(self._columns), len(self.rows)
        index: list[int] = []
        value: list[float] = []
        starts = [0]
        for row, columns in enumerate(self._sums):
            if parts := self._shorter.get(row):
                index += [count + part for part in parts] + [count + rows + part for part in parts]
                value += [1.0] * len(parts) + [-1.0] * len(parts)
            else:
                index += columns
                value += [1.0] * len(columns)
            index += [count + row, count + rows + row]
            value += [-1.0, 1.0]
            starts.append(len(index))
        for one, two in ties:
            index += [*one, *two]
            value += [1.0] * len(one) + [-1.0] * len(two)
            starts.append(len(index))
        programme = highspy.HighsLp()
        programme.num_col_ = count + 2 * rows
        programme.num_row_ = len(starts) - 1
        programme.col_cost_ = np.zeros(programme.num_col_)
        programme.col_lower_ = np.zeros(programme.num_col_)
        programme.col_upper_ = np.full(programme.num_col_, _ENDLESS)
        programme.row_lower_ = np.zeros(programme.num_row_)
        programme.row_upper_ = np.zeros(programme.num_row_)
        programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        programme.a_matrix_.start_ = np.array(starts)
        programme.a_matrix_.index_ = np.array(index)
        programme.a_matrix_.value_ = np.array(value)
        solver = highspy.Highs()
        for name, chosen in _OPTIONS.items():
            solver.setOptionValue(name, chosen)
        if solver.passModel(programme) != highspy.HighsStatus.kOk:
            raise ReleaseRefused("The solver does not take the programme of a block.")
        return solver


def _shorter_sums(
    rows: Sequence[Sequence[int]],
    row_of: Index,
    sums: Sequence[tuple[int, tuple[int, ...]]],
    columns: Sequence[Sequence[int]],
) -> dict[int, tuple[int, ...]]:
    """row → the rows that add up to it, where that says it with fewer terms than its columns do."""
    found: dict[int, tuple[int, ...]] = {}
    places = row_of.tolist()
    for parent, children in sums:
        row = places[parent]
        if row < 0 or parent != rows[row][0]:
            continue
        parts = tuple(part for child in children if (part := places[child]) >= 0)
        fewest = len(found[row]) if row in found else len(columns[row]) / 2
        if parts and row not in parts and len(parts) < fewest:
            found[row] = parts
    return found
