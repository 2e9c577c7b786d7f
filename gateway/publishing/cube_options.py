"""What coarser detail would win: each step that a contract could take back, and what it would save.

An estimate. It counts the small counts that would not be there any more, and takes it that every
small count obliges as many complements as it does now; what is really won is told by publishing again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gateway.model.cube import Axis, Lattice, Status
from gateway.model.product import AxisRole, Combination, CubeSpec
from gateway.protection.lattice import designed_cells
from gateway.publishing.cube_seen import Mask, at_levels, share
from gateway.publishing.cube_times import slice_axes

_LEAST_PERSONS = (20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True, slots=True)
class Option:
    """One step back. combination: its number in the contract, from 1; change: what is given up.

    cells: designed cells that would not be published any more; hidden: those of them that are hidden
    now, so that nobody would miss them; small: small counts that would be gone, differences of nested
    measures included. hidden_share: of what is left, by estimate.
    """

    combination: int
    change: str
    cells: int
    hidden: int
    small: int
    hidden_share: float

    @property
    def price(self) -> float:
        """Numbers that readers would lose, for each small count that would be gone."""
        return (self.cells - self.hidden) / max(1, self.small)

    def told(self) -> str:
        return (
            f"combination {self.combination} {self.change} "
            f"(about {100 * self.hidden_share:.1f} % hidden)"
        )


def options(
    lattice: Lattice,
    status: NDArray[np.uint8],
    spec: CubeSpec,
    *,
    measures: frozenset[str] | None = None,
    levels: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Option, ...]:
    """Every step back that rids of a small count, those first that cost readers least.

    status: of the lattice's measures, as `protect` gives it. measures, levels: the cells that are
    counted, as in a limit; all of them when they are not given.
    """
    counted = None if measures is None else _counts_of(spec, measures)
    scope = _Scope(lattice, status, spec, _cells(lattice, counted, levels))
    found = (scope.option(*step) for step in _steps(lattice.axes, spec))
    useful = [option for option in found if option.small]
    return tuple(_distinct(sorted(useful, key=lambda option: option.price)))


def _counts_of(spec: CubeSpec, names: frozenset[str]) -> frozenset[str]:
    """The measures, and the counts behind those of them that are a mean or a share."""
    behind = {n for m in spec.measures if m.name in names for n in (*m.of, m.numerator)}
    return names | (behind - {""})


def _cells(
    lattice: Lattice,
    measures: frozenset[str] | None,
    levels: Mapping[str, Sequence[str]] | None,
) -> Mask:
    """(measure, *axes) True where it counts; a latent measure does with any of its own."""
    names = lattice.measure_names
    meant = np.array([measures is None or name in measures for name in names])
    for line in lattice.measure_lines:
        *parts, latent = line.children
        meant[latent] = meant[[line.parent, *parts]].any()
    return meant.reshape(-1, *([1] * len(lattice.axes))) & at_levels(lattice.axes, levels or {})


class _Scope:
    """What the steps are measured by: the cells that count, as they are published now."""

    def __init__(
        self, lattice: Lattice, status: NDArray[np.uint8], spec: CubeSpec, cells: Mask
    ) -> None:
        self._lattice = lattice
        self._spec = spec
        self._pattern = _pattern(lattice)
        self._designed = self._design(spec.combinations) & cells
        shown = self._designed.copy()
        shown[list(lattice.latent)] = False
        self._shown = shown
        self._hidden = shown & (status == Status.SUPPRESSED)
        counts, threshold = lattice.counts, spec.disclosure.threshold
        self._small = self._designed & (counts > 0) & (counts < threshold)

    def option(self, number: int, change: str, combination: Combination | None) -> Option:
        """What it wins to have another combination in the place of one, or none."""
        combinations = list(self._spec.combinations)
        combinations[number : number + 1] = [combination] if combination else []
        gone = self._designed & ~self._design(combinations)
        cells, hidden = int((gone & self._shown).sum()), int((gone & self._hidden).sum())
        small, all_small = int((gone & self._small).sum()), int(self._small.sum())
        left = share((all_small - small) * share(int(self._hidden.sum()), all_small), 1)
        return Option(
            number + 1, change, cells, hidden, small, min(1.0, share(left, self._left(cells)))
        )

    def _left(self, cells: int) -> int:
        return int(self._shown.sum()) - cells

    def _design(self, combinations: Sequence[Combination]) -> Mask:
        """Published cells and what is left of nested ones; nothing without its totals.

        (measure, *axes), one place along axes whose codes are published alike.
        """
        axes, counts = self._pattern
        names = self._lattice.measure_names
        designed = designed_cells(axes, names, counts, combinations=combinations)
        _close(axes, designed)
        for line in self._lattice.measure_lines:
            *parts, rest = line.children
            designed[rest] = designed[[line.parent, *parts]].all(axis=0)
        return designed


def _pattern(lattice: Lattice) -> tuple[tuple[Axis, ...], NDArray[np.int64]]:
    """The axes, with one code for all slices that are published alike, and the least of their counts."""
    axes, counts = list(lattice.axes), lattice.counts
    for number in slice_axes(lattice.axes):
        if len({code.level for code in axes[number].codes}) == 1:
            axes[number] = replace(axes[number], codes=axes[number].codes[:1])
            counts = counts.min(axis=number + 1, keepdims=True)
    return tuple(axes), counts


def _close(axes: Sequence[Axis], designed: Mask) -> None:
    """Take away, in place, what would be published without any of its totals along an axis."""
    before = -1
    while before != (before := int(designed.sum())):
        for number, axis in enumerate(axes, start=1):
            along = np.moveaxis(designed, number, 0)
            has_total = np.zeros_like(along)
            for line in axis.lines:
                has_total[list(line.children)] |= along[line.parent]
            parts = sorted({child for line in axis.lines for child in line.children})
            along[parts] &= has_total[parts]


def _steps(axes: Sequence[Axis], spec: CubeSpec) -> Iterator[tuple[int, str, Combination | None]]:
    """Each combination with a level, a measure or some small places fewer."""
    for number, combination in enumerate(spec.combinations):
        for axis in axes:
            yield from (
                (
                    number,
                    f"without {axis.name} {', '.join(gone)}",
                    _without(combination, axis, gone),
                )
                for gone in _given_up(axis, combination, spec)
            )
        for measure in sorted(combination.measures):
            kept = combination.measures - {measure}
            yield (
                number,
                f"without {measure}",
                replace(combination, measures=kept) if kept else None,
            )
        if any(axis.role is AxisRole.GEO for axis in axes):
            for least in _LEAST_PERSONS:
                if least > combination.least_persons:
                    change = f"with least_persons: {least}"
                    yield number, change, replace(combination, least_persons=least)


def _given_up(axis: Axis, combination: Combination, spec: CubeSpec) -> Iterator[tuple[str, ...]]:
    """The levels that could be taken back together: each division of the map, else the finest ones."""
    if not axis.lines:
        return
    ordered = next(d.levels for d in spec.dimensions if d.name == axis.name)
    named = [level for level in ordered if level in combination.levels[axis.name]]
    if axis.role is AxisRole.GEO:
        yield from ((level,) for level in (named[1:] or named))
        return
    yield from (tuple(named[first:]) for first in range(1, len(named)))


def _without(combination: Combination, axis: Axis, gone: tuple[str, ...]) -> Combination | None:
    kept = tuple(level for level in combination.levels[axis.name] if level not in gone)
    if not kept:
        return None
    return replace(combination, levels={**combination.levels, axis.name: kept})


def _distinct(found: Sequence[Option]) -> Iterator[Option]:
    """Without steps that give up the same as a milder one of their combination."""
    told: set[tuple[int, int, int, int]] = set()
    for option in found:
        key = (option.combination, option.cells, option.hidden, option.small)
        if key not in told:
            told.add(key)
            yield option
