"""Counting people, not rows: one person may have many rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def numbered(persons: NDArray[np.int64]) -> NDArray[np.int64]:
    """(rows) the persons as 0, 1, 2 … in order of first appearance."""
    return (
        pa.array(persons, type=pa.int64()).dictionary_encode().indices.to_numpy().astype(np.int64)
    )


def each_once(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """The distinct numbers, ascending. By sorting: `np.unique` hashes, which takes ten times longer."""
    ordered = np.sort(numbers)
    is_first = np.ones(len(ordered), dtype=np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_first]


def distinct_persons(
    groups_of_rows: NDArray[np.int64], persons: NDArray[np.int64], *, groups: int
) -> NDArray[np.int64]:
    """(groups) int64: how many distinct persons have a row in each group.

    groups_of_rows: (rows) 0..groups-1; persons: (rows) as `numbered` gives them.
    """
    width = int(persons.max(initial=0)) + 1
    pairs = each_once(groups_of_rows * width + persons)
    return np.bincount(pairs // width, minlength=groups).astype(np.int64)
