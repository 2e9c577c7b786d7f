"""Small counts of combinations that the contract does not publish, and which of them may be pinned.

A reader who can say that one of them is 3 has learnt what was never to be told. Most are free by what
the true table and a few others say of them (`spreads`, `drawn`); the rest are targets of the search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.attack.columns import Columns
from gateway.attack.drawn import Draw, signed
from gateway.attack.geography import Unit
from gateway.attack.incidence import Indices
from gateway.attack.rows import Rows
from gateway.attack.slices import Slice
from gateway.attack.spreads import Widths
from gateway.attack.targets import Found, Kind, Spot, Targets
from gateway.attack.viewers import Viewers

UNPUBLISHED_WIDTH = 2.0
"""A closed interval of this length holds two whole numbers wherever it begins, so it is proof enough.

What stays narrower is asked for its ends: see `PERSON` in `search`.
"""

_ROUNDS = 12
FEW = 3000  # the search is as quick as another pair of tables
_HELPS = 0.85  # of the targets before; when more are left, the search goes on


@dataclass(frozen=True, slots=True)
class Unpublished:
    """Small counts that nobody is told.

    count: of all of them. targets: those that tables did not prove free and that are sums of columns;
    split: those that need columns of their own (`splits`).
    """

    targets: Targets
    split: list[Spot]
    count: int


@dataclass(frozen=True, slots=True)
class _Group:
    """The small counts of one measure in one region. tight: (combination) not proven free as yet."""

    measure: int
    code: int
    unit: Unit
    tight: NDArray[np.bool_]
    says: NDArray[np.bool_]


def unpublished_targets(
    part: Slice,
    columns: Columns,
    rows: Rows,
    *,
    viewers: Viewers,
    threshold: int,
    seconds_left: Callable[[], float],
) -> Unpublished:
    """What is asked for the outsider: at least UNPUBLISHED_WIDTH. Raises ReleaseRefused."""
    small = (part.counts > 0) & (part.counts < threshold) & ~(part.designed | part.known)
    groups = [
        _Group(measure, code, unit, small[measure, code].copy(), columns.says(measure, unit))
        for measure, code in np.argwhere(small.any(axis=2)).tolist()
        for unit in [columns.geography.unit(columns.geography.leaves.of(code))]
    ]
    _prove(groups, columns, rows, seconds_left)
    found = Found(columns, len(viewers))
    need = np.full(len(viewers), -np.inf)
    need[0] = UNPUBLISHED_WIDTH
    split: list[Spot] = []
    for group in groups:
        leaves = columns.geography.leaves.of(group.code)
        chosen = np.flatnonzero(group.tight & group.says)
        found.add(group.measure, group.code, leaves, chosen, need, Kind.UNPUBLISHED)
        split += [
            Spot(group.measure, group.code, combination, Kind.UNPUBLISHED, leaves)
            for combination in np.flatnonzero(group.tight & ~group.says).tolist()
        ]
    return Unpublished(found.targets(), split, int(small.sum()))


def _prove(
    groups: list[_Group], columns: Columns, rows: Rows, seconds_left: Callable[[], float]
) -> None:
    """Strike out what the true table shows free, then what others do that were drawn for the rest."""
    widths = Widths(columns, [columns.truth.astype(np.float64)])
    random = np.random.default_rng(0)
    left = _strike(groups, widths)
    if left <= FEW:
        return
    draw = Draw(columns, rows, seconds_left)
    for _ in range(_ROUNDS):
        entries = list(_entries(groups, columns))
        owner = np.repeat(np.arange(len(entries)), [len(own) for own in entries])
        direction = signed(owner, np.concatenate(entries), len(columns.truth), random)
        widths.add(draw.pair(direction))
        before, left = left, _strike(groups, widths)
        if left <= FEW or left > _HELPS * before:
            return


def _strike(groups: list[_Group], widths: Widths) -> int:
    """Strike out what is wide enough; how many are left."""
    for group in groups:
        if group.tight.any():
            group.tight[widths.of(group.measure, group.unit) >= UNPUBLISHED_WIDTH] = False
    return sum(int(group.tight.sum()) for group in groups)


def _entries(groups: list[_Group], columns: Columns) -> Iterator[Indices]:
    """Per target the columns that it is made of, or of which it is a part."""
    for group in groups:
        for combination in np.flatnonzero(group.tight).tolist():
            own: list[Indices] = []
            for variable in columns.nest.basis[group.measure]:
                tier, nodes = columns.stored(variable, group.unit)
                block = columns.blocks[variable, tier]
                atoms = block.atoms.meets.of(combination)
                own.append(block.columns(nodes)[:, atoms].ravel())
            yield np.concatenate(own)
