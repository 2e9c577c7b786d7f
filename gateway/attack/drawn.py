"""Other tables that a reader cannot tell from the true one, drawn so as to lie far from it.

Nobody is told a count of most combinations, and there are tens of thousands of small ones. One table
in which many of them are different at once, and one in which they go the other way, show most of them
free; some dozen pairs leave a few hundred for the search. Each table is checked against everything
that is told, so no solver has to be believed.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import highspy
import numpy as np
from numpy.typing import NDArray

from gateway.attack.columns import Columns
from gateway.attack.fixing import changeable
from gateway.attack.formulation import fill, known_rows
from gateway.attack.incidence import Indices
from gateway.attack.programme import OPTIONS
from gateway.attack.rows import Rows
from gateway.attack.witnesses import CHANGED, NEGATIVE
from gateway.errors import ReleaseRefused

Table = NDArray[np.float64]
_STEP = 6.0
"""No column changes by more persons: so many of them change, not a few by much."""


class Draw:
    """The tables that keep every row, of which one can be drawn far out in a direction."""

    def __init__(self, columns: Columns, rows: Rows, seconds_left: Callable[[], float]) -> None:
        self._rows = rows
        self._seconds_left = seconds_left
        self._truth = columns.truth.astype(np.float64)
        everything = np.ones(len(self._truth), dtype=np.bool_)
        self._free = np.flatnonzero(changeable(rows, columns.truth, everything))
        self._solver = self._programme()

    def pair(self, direction: Table) -> list[Table]:
        """Two tables, one far out in a direction and one in the opposite. direction: (column)."""
        if not len(self._free):
            return []
        found = (self._furthest(sign * direction[self._free]) for sign in (1.0, -1.0))
        return [table for table in found if table is not None]

    def _furthest(self, direction: Table) -> Table | None:
        """None where the solver has no answer that stands the check. Raises ReleaseRefused."""
        left = self._seconds_left()
        if left <= 0:
            raise ReleaseRefused("The audit's time is used up before every cell was attacked.")
        count = len(self._free)
        self._solver.changeColsCost(count, np.arange(count, dtype=np.int32), -direction)
        self._solver.clearSolver()  # far from the last one, so presolve gains more than its basis
        if left < math.inf:
            self._solver.setOptionValue("time_limit", self._solver.getRunTime() + left)
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        change = np.zeros(len(self._truth))
        change[self._free] = np.array(self._solver.getSolution().col_value)
        change[np.abs(change) < NEGATIVE] = 0.0
        return self._truth + change if self._is_kept(change) else None

    def _is_kept(self, change: Table) -> bool:
        """True for a table without negative counts in which every known sum is the true one."""
        rows = self._rows
        sums = np.bincount(rows.row, weights=rows.sign * change[rows.column], minlength=len(rows))
        kept = (sums >= rows.lower - CHANGED) & (sums <= rows.upper + CHANGED)
        return bool(kept.all() and (self._truth + change >= -NEGATIVE).all())

    def _programme(self) -> highspy.Highs:
        row, column, sign, kept = known_rows(self._rows, self._free)
        count = len(self._free)
        problem = highspy.HighsLp()
        problem.num_col_, problem.num_row_ = count, len(kept)
        problem.col_cost_ = np.zeros(count)
        problem.col_lower_ = -np.minimum(self._truth[self._free], _STEP)
        problem.col_upper_ = np.full(count, _STEP)
        problem.row_lower_, problem.row_upper_ = self._rows.lower[kept], self._rows.upper[kept]
        fill(problem.a_matrix_, row, column, sign)
        solver = highspy.Highs()
        for name, value in (OPTIONS | {"presolve": "on"}).items():
            solver.setOptionValue(name, value)
        if solver.passModel(problem) == highspy.HighsStatus.kError:
            raise ReleaseRefused("The audit's programme is not understood by the solver.")
        return solver


def signed(owner: Indices, column: Indices, columns: int, random: np.random.Generator) -> Table:
    """(columns) a direction in which each owner of columns goes up or down, as drawn."""
    owners, size = int(owner.max(initial=-1)) + 1, np.bincount(owner)
    sign = random.uniform(0.5, 1.0, owners) * random.choice([-1.0, 1.0], owners)
    weights = sign[owner] / np.sqrt(size[owner])
    direction = np.zeros(columns)
    np.add.at(direction, column, weights)
    return direction
