"""The cheapest way to keep a cell unknown: a linear programme over a block of the country.

To a reader a cell is unknown as far as there is another table with the same published numbers. A
circuit is the difference between such a table and the true one. The programme looks for the circuit
that changes a given cell by a given amount, at the least cost of published cells that it changes
too: those must be hidden. Everything outside the block stays as it is, so a circuit of a block is
one of the whole slice. Source: Hundepool et al., Statistical Disclosure Control (2012), 4.4; Kelly,
Golden & Assad, Cell suppression: disclosure protection for sensitive tabular data (1992).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from gateway.errors import ReleaseRefused
from gateway.protection.block_rows import BlockRows
from gateway.protection.cells import Index
from gateway.protection.extents import Extent
from gateway.protection.incidence import Incidence
from gateway.protection.tables import EVERYBODYS, Tables, Tie

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

    moves: (rows of the block) change of each cell; areas: the insiders whose own figures change.
    """

    moves: Floats
    areas: frozenset[int]


class Block:
    """The programme of an extent: columns of its tables, and two per row that may change.

    rows: the cells that are one number within the block, by row.
    ties: those of pieces, and those of the country. truth: (columns of the tables); others: (areas, W columns) persons of them that an area does not know.
    """

    def __init__(
        self,
        tables: Tables,
        extent: Extent,
        *,
        rows: BlockRows,
        incidence: Incidence,
        ties: tuple[Sequence[Tie], Sequence[Tie]],
        truth: Floats,
        others: Floats,
    ) -> None:
        self.rows, self.extent = rows.rows, extent
        self._row_of = rows.row_of
        self._columns = extent.columns
        self._areas = tables.areas()[self._columns]
        self._country = np.flatnonzero(self._areas == EVERYBODYS)
        self._others = others[:, self._columns[self._country] - tables.first_w]
        self._lower = -truth[self._columns]
        self._most = np.full(len(self.rows), _ENDLESS)
        place = np.full(tables.columns, -1, dtype=np.int64)
        place[self._columns] = np.arange(len(self._columns))
        sums = [_inside(place[incidence.of(own[0])]) for own in (*rows.rows, *rows.still)]
        own, country = (
            [(_inside(place[list(one)]), _inside(place[list(two)])) for one, two in some]
            for some in ties
        )
        self._shares = _Shares([*sums, *(pieces for _, pieces in country)], self._areas)
        inside = [tie for tie in (*own, *country) if any(tie)]
        self._solver = self._programme(sums, rows, inside)

    def row_of(self, cell: int) -> int:
        """The row of a cell, -1 when it cannot change within the block."""
        return int(self._row_of[cell])

    def price(self, costs: Floats) -> None:
        """What each cell costs from now on, per person that it changes by. costs: (cells)."""
        held = self._row_of >= 0
        sums = np.zeros(len(self.rows))
        np.add.at(sums, self._row_of[held], costs[held])
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

        frozen: areas whose own figures stay as they are; the country's never fall below them.
        """
        reader = list(frozen)
        still = np.flatnonzero(np.isin(self._areas, reader))
        country = self._country if reader else self._country[:0]
        up, down = len(self._columns) + row, len(self._columns) + len(self.rows) + row
        ends = np.array([max(amount, 0.0), max(-amount, 0.0)])
        self._bound(np.array([up, down]), ends, ends)
        self._bound(still, np.zeros(len(still)), np.zeros(len(still)))
        if len(country):
            self._bound(country, -self._others[reader].min(axis=0), np.full(len(country), _ENDLESS))
        self._solver.run()
        found = None
        if self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            found = self._read(np.array(self._solver.getSolution().col_value))
        self._limit(row)
        back = np.concatenate([still, country])
        self._bound(back, self._lower[back], np.full(len(back), _ENDLESS))
        return found

    def _read(self, solution: Floats) -> Circuit:
        count, rows = len(self._columns), len(self.rows)
        moves = solution[count : count + rows] - solution[count + rows :]
        moves[np.abs(moves) < _STILL] = 0.0
        changes = solution[:count]
        below = (changes[self._country] < -self._others - _STILL).any(axis=1)
        known = self._shares.touched(changes).union(np.flatnonzero(below).tolist())
        return Circuit(moves, known)

    def _limit(self, row: int) -> None:
        up, down = len(self._columns) + row, len(self._columns) + len(self.rows) + row
        self._bound(np.array([up, down]), np.zeros(2), np.full(2, self._most[row]))

    def _bound(self, columns: Index, lower: Floats, upper: Floats) -> None:
        if len(columns):
            self._solver.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def _programme(
        self,
        sums: Sequence[list[int]],
        rows: BlockRows,
        ties: Sequence[tuple[list[int], list[int]]],
    ) -> highspy.Highs:
        """Rows: cell = its columns, written as short as other cells allow; then what stays; ties."""
        count, moving = len(self._columns), len(self.rows)
        index: list[int] = []
        value: list[float] = []
        starts = [0]
        for row, columns in enumerate(sums):
            parts = rows.shorter.get(row) if row < moving else None
            if parts is not None and 2 * len(parts) < len(columns):
                index += [count + part for part in parts]
                index += [count + moving + part for part in parts]
                value += [1.0] * len(parts) + [-1.0] * len(parts)
            else:
                index += columns
                value += [1.0] * len(columns)
            if row < moving:
                index += [count + row, count + moving + row]
                value += [-1.0, 1.0]
            starts.append(len(index))
        for one, two in ties:
            index += [*one, *two]
            value += [1.0] * len(one) + [-1.0] * len(two)
            starts.append(len(index))
        programme = highspy.HighsLp()
        programme.num_col_ = count + 2 * moving
        programme.num_row_ = len(starts) - 1
        programme.col_cost_ = np.zeros(programme.num_col_)
        programme.col_lower_ = np.concatenate([self._lower, np.zeros(2 * moving)])
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


class _Shares:
    """What each area contributes to each row, and to each sum that is tied to the country's.

    An area whose share of every row stays is none whose figures a circuit changes: without its
    part the circuit would be the same.
    """

    def __init__(self, sums: Sequence[list[int]], areas: Index) -> None:
        rows = np.repeat(np.arange(len(sums)), [len(own) for own in sums])
        columns = np.array([column for own in sums for column in own], dtype=np.int64)
        of = areas[columns]
        own = np.flatnonzero(of >= 0)
        own = own[np.lexsort((rows[own], of[own]))]
        self._columns = columns[own]
        first = np.ones(len(own), dtype=np.bool_)
        first[1:] = (np.diff(of[own]) != 0) | (np.diff(rows[own]) != 0)
        self._starts = np.flatnonzero(first)
        self._owner = of[own][self._starts]

    def touched(self, changes: Floats) -> frozenset[int]:
        """The areas with a share that changes. changes: (columns of the block)."""
        if not len(self._starts):
            return frozenset()
        shares = np.add.reduceat(changes[self._columns], self._starts)
        return frozenset(self._owner[np.abs(shares) > _STILL].tolist())


def _inside(places: Index) -> list[int]:
    return places[places >= 0].tolist()
