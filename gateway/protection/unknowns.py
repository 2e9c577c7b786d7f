"""What each small count could be instead, by the circuits found so far, to each reader.

A small count is safe from a reader when two circuits that leave that reader's own figures as they
are put it far enough apart. The true table is a circuit too: the empty one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

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
    """changes: target → change; areas: whose own figures change; shown: cells that must be hidden."""

    changes: Mapping[int, float]
    areas: frozenset[int]
    shown: frozenset[int]


class Unknowns:
    """The circuits of a slice, by the targets that they change."""

    def __init__(self, layout: Layout, targets: Index, widths: Widths) -> None:
        self._widths = widths
        self._is_target = frozenset(targets.tolist())
        self._own = {
            target: frozenset(layout.area_of[list(layout.cells[target].places)].tolist())
            for target in self._is_target
        }
        self._by_target: dict[int, list[_Found]] = defaultdict(list)
        self._by_shown: dict[int, set[int]] = defaultdict(set)

    def add(self, moved: Iterable[tuple[int, float]], areas: frozenset[int], shown: Index) -> None:
        """Keep a circuit. moved: cells and their changes; shown: those of them that readers see."""
        changes = {cell: by for cell, by in moved if cell in self._is_target}
        found = _Found(changes, areas, frozenset(shown.tolist()))
        for target in changes:
            self._by_target[target].append(found)
            for cell in found.shown:
                self._by_shown[cell].add(target)

    def open_to(self, target: int, *, without: int = -1) -> Coalition | None:
        """The first reader from whom a target is not safe yet, None when there is none.

        without: a cell that may not change; circuits that change it do not count.
        """
        return next(
            (
                reader
                for reader in self._readers(target)
                if not self.is_wide(target, reader, without=without)
            ),
            None,
        )

    def is_wide(self, target: int, reader: Coalition, *, without: int = -1) -> bool:
        """Whether the circuits put a target far enough apart for a reader."""
        changes = [
            0.0,
            *(
                found.changes[target]
                for found in self._by_target[target]
                if without not in found.shown and not found.areas & reader
            ),
        ]
        width = self._widths.insider if reader else self._widths.outsider
        return max(changes) - min(changes) >= width - _ROUNDING

    def users(self, cell: int) -> list[int]:
        """The targets with a circuit that changes a cell."""
        return sorted(self._by_shown[cell])

    def drop(self, cell: int) -> None:
        """Forget the circuits that change a cell: it is published now."""
        for target in self._by_shown.pop(cell, ()):
            kept = [found for found in self._by_target[target] if cell not in found.shown]
            self._by_target[target] = kept

    def _readers(self, target: int) -> Iterator[Coalition]:
        """Those who could know more of a target than others do, the outsider first.

        An area whose figures no circuit changes knows no more of the target than the outsider.
        """
        yield OUTSIDER
        touched = {area for found in self._by_target[target] for area in found.areas}
        others = sorted(touched - self._own[target])
        for size in range(1, self._widths.coalition + 1):
            yield from (frozenset(members) for members in combinations(others, size))
