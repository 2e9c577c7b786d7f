"""A few tables that differ much from the truth, put together from many small witnesses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.attack.incidence import Indices
from gateway.attack.model import Model
from gateway.attack.witnesses import NEGATIVE

MOST = 6


class Tables:
    """Sums of witnesses that change different columns: each keeps what is told, so their sum does.

    That no count becomes negative follows as well, as each column is changed by one witness alone.
    """

    def __init__(self, model: Model) -> None:
        self._truth = model.columns.truth.astype(np.float64)
        self._changes: list[NDArray[np.float64]] = []

    def add(self, column: Indices, change: NDArray[np.float64]) -> None:
        """Put a witness where it changes nothing that another one does, or drop it."""
        moved = np.abs(change) > NEGATIVE
        column, change = column[moved], change[moved]
        for table in self._changes:
            if not table[column].any():
                table[column] = change
                return
        if len(self._changes) < MOST and len(column):
            self._changes.append(np.zeros(len(self._truth)))
            self._changes[-1][column] = change

    def all(self) -> list[NDArray[np.float64]]:
        """(column) persons: the truth first."""
        return [self._truth, *(self._truth + change for change in self._changes)]
