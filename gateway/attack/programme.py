"""The linear programme with HiGHS: the cheapest change that moves targets as far as asked.

Each column changes by rise - fall, and every unit of either costs something between 1 and 2, drawn
once. So the cheapest change that moves a target moves little else: a *circuit* of a few cells in few
areas, which proves the target's width for every viewer who knows none of them. A target may fall
short of what is asked at a price far above any circuit's cost; so a programme always has an answer.

What is asked, and what a viewer knows, are bounds of rows and columns; costs never change. The last
optimum therefore stays dual feasible, and the dual simplex goes on from it in a few steps. Presolve is
off, since it would begin anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import highspy
import numpy as np
from numpy.typing import NDArray

from gateway.attack.fixing import changeable
from gateway.attack.formulation import formulated
from gateway.attack.incidence import Indices
from gateway.attack.model import Model
from gateway.errors import ReleaseRefused

PRICE = 1e4
"""For each person that a target falls short; a circuit would have to change thousands to cost as much."""

OPTIONS = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "presolve": "off",
    "solver": "simplex",
    "simplex_strategy": 1,  # dual
    "random_seed": 0,
}

Status = highspy.HighsModelStatus
Values = NDArray[np.float64]


class Programme:
    """Changes of some columns that keep every row, the other columns staying as they are.

    columns: the numbers of its own in the model, ascending. targets: those that it can be asked to
    move, ascending. `formulated` tells the order of unknowns and rows.
    """

    def __init__(
        self,
        model: Model,
        within: NDArray[np.bool_],
        wanted: NDArray[np.bool_],
        *,
        seconds_left: Callable[[], float],
    ) -> None:
        self._seconds_left = seconds_left
        free = changeable(model.rows, model.columns.truth, within)
        self.columns = np.flatnonzero(free)
        entry = free[model.targets.column] & wanted[model.targets.owner]
        self.targets = np.unique(model.targets.owner[entry])
        self.solved = 0
        self._solver = highspy.Highs()
        for name, value in OPTIONS.items():
            self._solver.setOptionValue(name, value)
        problem = formulated(model, self.columns, self.targets, price=PRICE)
        self._known = problem.num_row_ - len(self.targets)
        if self._solver.passModel(problem) == highspy.HighsStatus.kError:
            raise ReleaseRefused("The audit's programme is not understood by the solver.")

    def hold(self, rise: Values, fall: Values) -> None:
        """The most that each column of the model may rise and fall."""
        most = np.concatenate([rise[self.columns], fall[self.columns]])
        self._bound_columns(np.arange(len(most)), most)

    def move(self, targets: Indices, ask: Values) -> Values:
        """(own column) the cheapest change that moves targets by `ask` (signed), or as far as they go.

        Raises ReleaseRefused.
        """
        place = np.searchsorted(self.targets, targets)
        self._ask(place, ask, slack=np.inf)
        self._solve(Status.kOptimal)
        value = self._solver.getSolution().col_value
        self._ask(place, None, slack=0.0)
        count = len(self.columns)
        return np.array(value[:count]) - np.array(value[count : 2 * count])

    def is_out_of_reach(self, target: int, ask: float) -> bool:
        """True where no change moves the target that far. Raises ReleaseRefused when unknown."""
        place = np.searchsorted(self.targets, [target])
        self._ask(place, np.array([ask]), slack=0.0)
        status = self._solve(Status.kOptimal, Status.kInfeasible)
        self._ask(place, None, slack=0.0)
        return status == Status.kInfeasible

    def _ask(self, place: Indices, ask: Values | None, *, slack: float) -> None:
        """Set what targets are asked, and whether they may fall short of it; None: nothing."""
        count, start = len(self.targets), 2 * len(self.columns)
        least, most = np.full(len(place), -np.inf), np.full(len(place), np.inf)
        if ask is not None:
            np.copyto(least, ask, where=ask > 0)
            np.copyto(most, ask, where=ask < 0)
        rows = place + self._known
        for row, low, high in zip(rows.tolist(), least.tolist(), most.tolist(), strict=True):
            self._solver.changeRowBounds(row, low, high)
        short = np.concatenate([start + place, start + count + place])
        asked = np.concatenate([np.isfinite(least), np.isfinite(most)])
        self._bound_columns(short, np.where(asked, slack, 0.0))

    def _bound_columns(self, place: Indices, most: Values) -> None:
        self._solver.changeColsBounds(
            len(place), place.astype(np.int32), np.zeros(len(place)), most
        )

    def _solve(self, *answers: highspy.HighsModelStatus) -> highspy.HighsModelStatus:
        """Go on from the last basis; where that fails, begin anew with presolve, once.

        Raises ReleaseRefused when time is up or there is no answer.
        """
        status = self._run()
        if status not in answers:
            self._solver.clearSolver()
            self._solver.setOptionValue("presolve", "on")
            status = self._run()
            self._solver.setOptionValue("presolve", "off")
        if status not in answers:
            named = self._solver.modelStatusToString(status)
            raise ReleaseRefused(f"The audit has no answer: {named}.")
        return status

    def _run(self) -> highspy.HighsModelStatus:
        left = self._seconds_left()
        if left < math.inf:
            self._solver.setOptionValue("time_limit", self._solver.getRunTime() + max(left, 0.0))
        if left > 0:
            self._solver.run()
            self.solved += 1
        status = self._solver.getModelStatus()
        if left <= 0 or status == Status.kTimeLimit:
            raise ReleaseRefused("The audit's time is used up before every cell was attacked.")
        return status
