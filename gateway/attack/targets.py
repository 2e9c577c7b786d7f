"""What an attacker is after: every small count that is not told, and how uncertain it must stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gateway.attack.borders import Border
from gateway.attack.columns import Columns
from gateway.attack.incidence import Indices
from gateway.attack.slices import Slice
from gateway.attack.viewers import Viewers
from gateway.model.product import DisclosureRules


class Kind(StrEnum):
    """Why a count must stay unknown: its combination is published, it follows from one line, or neither."""

    HIDDEN = "hidden"
    DERIVED = "derived"
    UNPUBLISHED = "unpublished"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a target is. code: of the geography, or -1 with the leaf geographies in `leaves`."""

    measure: int
    code: int
    combination: int
    kind: Kind
    leaves: Indices


@dataclass(frozen=True, slots=True)
class Targets:
    """Small counts as sums of columns: entries (owner[i], column[i]).

    value: (target) true persons. need: (target, viewer) the least width, -inf where not asked for.
    """

    spots: tuple[Spot, ...]
    owner: Indices
    column: Indices
    value: NDArray[np.int64]
    need: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.spots)

    @classmethod
    def of(
        cls,
        spots: tuple[Spot, ...],
        owner: Indices,
        column: Indices,
        *,
        truth: NDArray[np.int64],
        need: NDArray[np.float64],
    ) -> Targets:
        value = np.bincount(owner, weights=truth[column], minlength=len(spots))
        return cls(spots, owner, column, value.astype(np.int64), need)

    def joined(self, other: Targets) -> Targets:
        """These and then others, of the same columns and viewers."""
        return Targets(
            (*self.spots, *other.spots),
            np.concatenate([self.owner, other.owner + len(self)]),
            np.concatenate([self.column, other.column]),
            np.concatenate([self.value, other.value]),
            np.concatenate([self.need, other.need]),
        )


def told_targets(
    part: Slice,
    columns: Columns,
    *,
    borders: tuple[Border, ...],
    viewers: Viewers,
    rules: DisclosureRules,
) -> Targets:
    """Small designed cells and border pieces, for every viewer that does not hold a part of them.

    A small count that is known is a target as well: its width is 0.
    """
    found = Found(columns, len(viewers))
    small = (part.counts > 0) & (part.counts < rules.threshold) & (part.designed | part.known)
    for measure, code in np.argwhere(small.any(axis=2)).tolist():
        leaves = columns.geography.leaves.of(code)
        need = _need(viewers, leaves, rules)
        found.add(measure, code, leaves, np.flatnonzero(small[measure, code]), need, Kind.HIDDEN)
    for border in borders:
        need = _need(viewers, border.leaves, rules)
        for measure, chosen in _border_cells(part, columns, border, rules):
            found.add(measure, border.code, border.leaves, chosen, need, Kind.HIDDEN)
    return found.targets()


class Found:
    """Targets as they are found."""

    def __init__(self, columns: Columns, viewers: int) -> None:
        self._columns = columns
        self._viewers = viewers
        self._spots: list[Spot] = []
        self._owners: list[Indices] = [np.empty(0, dtype=np.intp)]
        self._entries: list[Indices] = [np.empty(0, dtype=np.intp)]
        self._needs: list[NDArray[np.float64]] = []

    def add(
        self,
        measure: int,
        code: int,
        leaves: Indices,
        chosen: Indices,
        need: NDArray[np.float64],
        kind: Kind,
    ) -> None:
        """The chosen combinations of one measure in one region of the map."""
        if not len(chosen):
            return
        owner, column = self._columns.of(measure, self._columns.geography.unit(leaves), chosen)
        self._owners.append(owner + len(self._spots))
        self._entries.append(column)
        self._spots += [Spot(measure, code, int(c), kind, leaves) for c in chosen]
        self._needs += [need] * len(chosen)

    def targets(self) -> Targets:
        owner, column = np.concatenate(self._owners), np.concatenate(self._entries)
        need = np.array(self._needs, dtype=np.float64).reshape(len(self._spots), self._viewers)
        return Targets.of(tuple(self._spots), owner, column, truth=self._columns.truth, need=need)


def _need(viewers: Viewers, leaves: Indices, rules: DisclosureRules) -> NDArray[np.float64]:
    need = np.where(viewers.foreign(leaves), float(rules.insider_width), -np.inf)
    need[0] = rules.outsider_width
    return need


def _border_cells(
    part: Slice, columns: Columns, border: Border, rules: DisclosureRules
) -> Iterator[tuple[int, Indices]]:
    unit = columns.geography.unit(border.leaves)
    told = np.logical_or.reduce([part.designed[:, way].all(axis=1) for way in border.ways])
    if border.code >= 0:
        told &= ~(part.designed | part.known)[:, border.code]
    for measure in range(len(told)):
        cells = np.flatnonzero(told[measure] & columns.says(measure, unit))
        owner, column = columns.of(measure, unit, cells)
        value = np.bincount(owner, weights=columns.truth[column], minlength=len(cells))
        small = cells[(value > 0) & (value < rules.threshold)]
        if len(small):
            yield measure, small
