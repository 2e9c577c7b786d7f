"""Which intervals are proven: the ledger of checked witnesses.

A *witness* is a change that keeps everything that is told. The truth and all witnesses are tables
that the attacker cannot tell apart, so a target's interval is at least as wide as what they span; no
solver has to be believed for that. A witness counts for a viewer when it changes none of what the
viewer knows of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.attack.columns import Columns
from gateway.attack.incidence import Indices
from gateway.attack.model import Model
from gateway.attack.viewers import Viewers

NEGATIVE, CHANGED, WIDTH = 1e-7, 1e-6, 1e-6


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What each viewer knows of its own, for a slice.

    alone: (area, column) True for columns of the area's own persons only.
    mixed: columns that hold persons of an area and of others; own: (area, mixed) its persons there.
    """

    alone: NDArray[np.bool_]
    mixed: Indices
    own: NDArray[np.int64]


def knowledge_of(columns: Columns, viewers: Viewers) -> Knowledge:
    """Of the areas that are in some coalition; of the others nothing is asked."""
    geography = columns.geography
    alone = np.zeros((len(geography.areas), len(columns.truth)), dtype=np.bool_)
    own = np.zeros(alone.shape, dtype=np.int64)
    for area in np.flatnonzero(viewers.members.any(axis=0)).tolist():
        leaves = np.zeros(geography.leaves.universe, dtype=np.bool_)
        leaves[geography.leaves.of(int(geography.areas[area]))] = True
        alone[area] = ~columns.touching(~leaves)
        own[area] = np.where(alone[area], 0, columns.persons_of(leaves))
    mixed = np.flatnonzero(own.any(axis=0))
    return Knowledge(alone, mixed, own[:, mixed])


class Ledger:
    """The widest proven interval of each (target, viewer): low and high, the truth at first."""

    def __init__(self, model: Model, viewers: Viewers) -> None:
        columns, rows, targets = model.columns, model.rows, model.targets
        self.low = np.repeat(targets.value.astype(np.float64)[:, None], len(viewers), axis=1)
        self.high = self.low.copy()
        self.targets = targets
        self.need = targets.need.copy()
        self.knowledge = knowledge_of(columns, viewers)
        self._viewers = viewers
        self._columns = columns
        self._rows = rows
        self._order = np.argsort(rows.column, kind="stable")
        self._start = np.searchsorted(rows.column[self._order], np.arange(len(columns.truth) + 1))
        self._target_order = np.argsort(targets.column, kind="stable")
        self._target_start = np.searchsorted(
            targets.column[self._target_order], np.arange(len(columns.truth) + 1)
        )

    def open(self) -> NDArray[np.bool_]:
        """(target, viewer) True where the proven interval is still too narrow."""
        return self.high - self.low < self.need - WIDTH

    def is_open(self, viewers: Indices, targets: Indices) -> NDArray[np.bool_]:
        """(target, viewer) the same for some of them."""
        some = np.ix_(targets, viewers)
        return self.high[some] - self.low[some] < self.need[some] - WIDTH

    def open_to(self, viewer: int) -> Indices:
        """The targets that one viewer sees too narrow as yet."""
        width = self.high[:, viewer] - self.low[:, viewer]
        return np.flatnonzero(width < self.need[:, viewer] - WIDTH)

    def give_up(self, target: int, viewer: int) -> None:
        """A refuted width needs no refuting again by who knows more and must be told no more."""
        members = self._viewers.members
        more = (members | ~members[viewer]).all(axis=1)
        more &= self.need[target] >= self.need[target, viewer]
        self.need[target, more] = -np.inf

    def enter(self, column: Indices, change: NDArray[np.float64]) -> bool:
        """Take a witness, the change of some columns; False when it does not stand the check."""
        moved = np.abs(change) > NEGATIVE
        column, change = column[moved], change[moved]
        if not self._keeps(column, change):
            return False
        blind = self._blind(column, change)
        entry, source = _expand(self._target_order, self._target_start, column)
        owner, position = np.unique(self.targets.owner[entry], return_inverse=True)
        value = self.targets.value[owner] + np.bincount(
            position, weights=change[source], minlength=len(owner)
        )
        where = np.ix_(owner, np.flatnonzero(blind))
        self.low[where] = np.minimum(self.low[where], value[:, None])
        self.high[where] = np.maximum(self.high[where], value[:, None])
        return True

    def _keeps(self, column: Indices, change: NDArray[np.float64]) -> bool:
        """True for a table without negative counts in which every known sum is the true one."""
        if (self._columns.truth[column] + change < -NEGATIVE).any():
            return False
        entry, source = _expand(self._order, self._start, column)
        row, position = np.unique(self._rows.row[entry], return_inverse=True)
        total = np.bincount(position, weights=self._rows.sign[entry] * change[source])
        least, most = self._rows.lower[row] - CHANGED, self._rows.upper[row] + CHANGED
        return bool(((total >= least) & (total <= most)).all())

    def _blind(self, column: Indices, change: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(viewer) True where nothing that the viewer knows of its own changes."""
        touched = self.knowledge.alone[:, column].any(axis=1)
        blind = np.array(~(self._viewers.members & touched).any(axis=1))
        mixed = np.isin(column, self.knowledge.mixed)
        column, change = column[mixed], change[mixed]
        place = np.searchsorted(self.knowledge.mixed, column)
        own = self._viewers.members.astype(np.int64) @ self.knowledge.own[:, place]
        blind &= (self._columns.truth[column] + change >= own - NEGATIVE).all(axis=1)
        return blind


def _expand(order: Indices, start: Indices, column: Indices) -> tuple[Indices, Indices]:
    """(entry, position in `column`) of every entry in one of the columns."""
    size = start[column + 1] - start[column]
    source = np.repeat(np.arange(len(column)), size)
    within = np.arange(len(source)) - np.repeat(np.cumsum(size) - size, size)
    return order[start[column][source] + within], source
