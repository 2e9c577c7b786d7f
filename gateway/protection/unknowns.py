"""What each small count could be instead, by the circuits found so far, to each reader.

A small count is safe from a reader when two circuits that leave that reader's own figures as they
are put it far enough apart. The true table is a circuit too: the empty one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from gateway.protection.cells import Index, Layout

Coalition = frozenset[int]
OUTSIDER: Coalition = frozenset()
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Widths:
    """How far apart, in persons: to a reader of the cube alone, and to `coalition` areas together."""

    outsider: float
    insider: float
    coalition: int


@dataclass(frozen=True, slots=True)
class _Found:
    """change: of the target; touched: (areas) True where own figures change; shown: to be hidden."""

    change: float
    shown: frozenset[int]
    touched: NDArray[np.bool_]


class Unknowns:
    """The circuits of a slice, by the targets that they change."""

    def __init__(self, layout: Layout, widths: Widths) -> None:
        self._widths, self._layout = widths, layout
        self._is_target: set[int] = set()
        self._others = np.ones((len(layout.cells), len(layout.areas)), dtype=np.bool_)
        self._by_target: dict[int, list[_Found]] = defaultdict(list)
        self._by_shown: dict[int, set[int]] = defaultdict(set)
        self._stacked: dict[int, tuple[NDArray[np.float64], NDArray[np.bool_]]] = {}

    def want(self, targets: Iterable[int]) -> None:
        """Follow these cells from now on."""
        for target in targets:
            self._is_target.add(target)
            own = np.unique(self._layout.area_of[list(self._layout.cells[target].places)])
            self._others[target, own[own >= 0]] = False

    def add(self, moved: Iterable[tuple[int, float]], areas: frozenset[int], shown: Index) -> None:
        """Keep a circuit. moved: cells and their changes; shown: those of them that readers see."""
        changes = [(cell, by) for cell, by in moved if cell in self._is_target]
        hidden = frozenset(shown.tolist())
        touched = np.zeros(self._others.shape[1], dtype=np.bool_)
        touched[list(areas)] = True
        for target, by in changes:
            self._by_target[target].append(_Found(by, hidden, touched))
            self._stacked.pop(target, None)
            for cell in hidden:
                self._by_shown[cell].add(target)

    def open_to(self, target: int, *, without: int = -1) -> Coalition | None:
        """The first reader from whom a target is not safe yet, None when there is none.

        An area whose figures no circuit changes knows no more of the target than the outsider.
        without: a cell that may not change; circuits that change it do not count.
        """
        changes, touched = self._circuits(target, without)
        if np.ptp(changes) < self._widths.outsider - _ROUNDING:
            return OUTSIDER
        who = np.flatnonzero(touched.any(axis=0) & self._others[target])
        if self._widths.coalition == 1:
            narrow = _narrow(changes, touched[:, who], self._widths.insider)
            return frozenset({int(who[narrow][0])}) if narrow.any() else None
        return self._first(changes, touched, who.tolist())

    def is_wide(self, target: int, reader: Coalition, *, without: int = -1) -> bool:
        """Whether the circuits put a target far enough apart for a reader. without: as in `open_to`."""
        changes, touched = self._circuits(target, without)
        kept = changes[~touched[:, list(reader)].any(axis=1)]
        width = self._widths.insider if reader else self._widths.outsider
        return bool(np.ptp(kept) >= width - _ROUNDING)

    def users(self, cell: int) -> list[int]:
        """The targets with a circuit that changes a cell."""
        return sorted(self._by_shown[cell])

    def drop(self, cell: int) -> None:
        """Forget the circuits that change a cell: it is published now."""
        for target in self._by_shown.pop(cell, ()):
            kept = [found for found in self._by_target[target] if cell not in found.shown]
            self._by_target[target] = kept
            self._stacked.pop(target, None)

    def _circuits(self, target: int, without: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """(true table and circuits) change of a target; (same, areas) whose own figures change."""
        found = self._by_target[target]
        if target not in self._stacked:
            changes = np.array([0.0, *(one.change for one in found)])
            touched = np.zeros((1 + len(found), self._others.shape[1]), dtype=np.bool_)
            if found:
                touched[1:] = [one.touched for one in found]
            self._stacked[target] = changes, touched
        changes, touched = self._stacked[target]
        if without < 0:
            return changes, touched
        valid = np.array([True, *(without not in one.shown for one in found)], dtype=np.bool_)
        return changes[valid], touched[valid]

    def _first(
        self, changes: NDArray[np.float64], touched: NDArray[np.bool_], who: Sequence[int]
    ) -> Coalition | None:
        for members in _coalitions(who, self._widths.coalition):
            any_touched = np.logical_or.reduce(touched[:, members], axis=1)[:, np.newaxis]
            if _narrow(changes, any_touched, self._widths.insider).any():
                return frozenset(members)
        return None


def _narrow(
    changes: NDArray[np.float64], touched: NDArray[np.bool_], width: float
) -> NDArray[np.bool_]:
    """(readers) True where the circuits that leave a reader's figures are not far enough apart."""
    column = changes[:, np.newaxis]
    highest = np.where(touched, 0.0, column).max(axis=0, initial=0.0)
    lowest = np.where(touched, 0.0, column).min(axis=0, initial=0.0)
    return highest - lowest < width - _ROUNDING


def _coalitions(areas: Sequence[int], most: int) -> Iterator[list[int]]:
    for size in range(1, most + 1):
        yield from map(list, combinations(areas, size))
