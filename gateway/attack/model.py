"""One programme's worth of a slice: its unknowns, what is known of them, and what is sought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.attack.columns import Columns
from gateway.attack.fixing import changeable
from gateway.attack.rows import Rows
from gateway.attack.splits import Splits
from gateway.attack.targets import Spot, Targets

FAR = 10.0
"""A column may grow to this many times the slice's persons, not for ever.

So an unbounded target has an optimum too. A box can only narrow an interval: it hides no disclosure.
"""


@dataclass(frozen=True, slots=True)
class Model:
    """lower, upper: (column) the least and the largest change; free: it can change at all."""

    columns: Columns
    rows: Rows
    targets: Targets
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    free: NDArray[np.bool_]


def model_of(columns: Columns, rows: Rows, targets: Targets) -> Model:
    far = FAR * (max(int(table.sum()) for table in columns.table.values()) + 100)
    everything = np.ones(len(columns.truth), dtype=np.bool_)
    return Model(
        columns,
        rows,
        targets,
        -columns.truth.astype(np.float64),
        np.full(len(columns.truth), far),
        changeable(rows, columns.truth, everything),
    )


def split_model(columns: Columns, rows: Rows, spots: Sequence[Spot], *, width: float) -> Model:
    """With split columns for spots that no column says; their only viewer is the outsider."""
    splits = Splits(columns)
    entries = [
        splits.of(spot.measure, columns.geography.unit(spot.leaves), spot.combination)
        for spot in spots
    ]
    owner = np.repeat(np.arange(len(spots)), [len(own) for own in entries])
    need = np.full((len(spots), 1), width)
    columns, rows = splits.extended(rows)
    column = np.concatenate([np.empty(0, dtype=np.intp), *entries])
    targets = Targets.of(tuple(spots), owner, column, truth=columns.truth, need=need)
    return model_of(columns, rows, targets)
