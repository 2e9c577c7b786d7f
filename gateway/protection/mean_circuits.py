"""The cheapest cells to hide so that a hidden sum opens, by linear programming over a whole slice.

A *circuit* is the difference between another table of leaf sums and the true one. It moves the sum as
far as needed and changes some published cells; when these are hidden, nobody can tell the two tables
apart. Every published cell has its price per amount that it changes by; hidden ones cost nothing.
Source: Fischetti and Salazar, Solving the cell suppression problem on tabular data with linear
constraints (2001).
"""

from __future__ import annotations

import highspy
import numpy as np

from gateway.errors import ReleaseRefused
from gateway.protection.mean_programme import Asked, fill, solver_of
from gateway.protection.mean_tables import Floats, Index, Mask, SumTables

_MARGIN = 1.001  # how much further than needed a sum is moved
_STILL = 1e-6  # a change below it is none


class Circuits:
    """The circuits of one slice. price: (cells) per amount; free: (cells) True where hidden by now."""

    def __init__(self, tables: SumTables, asked: Asked, price: Floats) -> None:
        self._columns, self._cells = len(asked.truth), tables.cells.rows
        self._price = price
        self._solver = self._formulated(tables, asked)

    def changed(self, target: int, ask: float, *, free: Mask) -> Mask:
        """(cells) True where the cheapest circuit changes a sum, `target` rising by what is asked.

        Raises ReleaseRefused when there is none: the sum follows from what everybody knows.
        """
        self._charge(np.where(free, 0.0, self._price))
        self._lift(target, ask * _MARGIN)
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise ReleaseRefused("A hidden mean follows from what everybody knows.")
        found = np.array(self._solver.getSolution().col_value)[self._columns :]
        self._lift(target, None)
        return np.abs(found[: self._cells] - found[self._cells :]) > _STILL

    def _charge(self, price: Floats) -> None:
        moves = self._columns + np.arange(2 * self._cells)
        self._solver.changeColsCost(len(moves), moves.astype(np.int32), np.tile(price, 2))

    def _lift(self, target: int, ask: float | None) -> None:
        """Fix a cell's rise and fall, or let them go."""
        moves = (self._columns + np.array([target, self._cells + target])).astype(np.int32)
        least = np.zeros(2) if ask is None else np.array([ask, 0.0])
        self._solver.changeColsBounds(2, moves, least, np.full(2, np.inf) if ask is None else least)

    def _formulated(self, tables: SumTables, asked: Asked) -> highspy.Highs:
        """Unknowns: changes of columns, then each cell's rise and fall. Rows: cells, then ties."""
        every: Index = np.arange(self._cells)
        cells, ties = tables.cells, tables.ties
        row = np.concatenate([cells.row, self._cells + ties.row, every, every])
        column = np.concatenate(
            [
                cells.column,
                ties.column,
                self._columns + every,
                self._columns + self._cells + every,
            ]
        )
        ones = np.ones(self._cells)
        problem = highspy.HighsLp()
        problem.num_col_ = self._columns + 2 * self._cells
        problem.num_row_ = self._cells + ties.rows
        problem.col_cost_ = np.zeros(problem.num_col_)
        moves = np.zeros(2 * self._cells)
        problem.col_lower_ = np.concatenate([np.where(asked.stuck, 0.0, -asked.truth), moves])
        problem.col_upper_ = np.concatenate([np.where(asked.stuck, 0.0, np.inf), moves + np.inf])
        problem.row_lower_ = np.zeros(problem.num_row_)
        problem.row_upper_ = np.zeros(problem.num_row_)
        fill(problem, row, column, np.concatenate([cells.sign, ties.sign, -ones, ones]))
        return solver_of(problem)
