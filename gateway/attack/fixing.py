"""Columns that cannot change, found without solving anything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.attack.rows import Rows


def changeable(rows: Rows, truth: NDArray[np.int64], free: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(column) True where `free` and not held to the truth by a single row.

    A row that does not change holds its columns when only one of them is free, or when all that are
    free have one sign and no person in them: none can fall, so none can rise. Each column held may
    hold others, so this goes on until nothing new is found.
    """
    free = free.copy()
    equal = rows.lower == rows.upper
    positive = rows.sign > 0
    while True:
        open_entry = free[rows.column]
        row, column = rows.row[open_entry], rows.column[open_entry]
        left = np.bincount(row, minlength=len(rows))
        rising = np.bincount(row, weights=positive[open_entry], minlength=len(rows))
        people = np.bincount(row, weights=truth[column], minlength=len(rows))
        one_sign = (rising == 0) | (rising == left)
        holds = equal & (left > 0) & ((left == 1) | (one_sign & (people == 0)))
        held = column[holds[row]]
        if not len(held):
            return free
        free[held] = False
