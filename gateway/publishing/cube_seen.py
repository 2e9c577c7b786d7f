"""A protected cube beside what is true: what the reports on hiding are computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.model.cube import Axis, Cube, Lattice, Status
from gateway.model.product import AxisRole, CubeSpec, MeasureKind

Mask = NDArray[np.bool_]
ROUNDED_TO = 10  # persons: a report tells no smaller number of them


@dataclass(frozen=True, slots=True)
class Seen:
    """status: (measure, *axes) uint8 of `Status`, measures in the contract's order.

    persons: the same shape, whom a cell tells of: its count, or what a mean or a share is of.
    levels: dimension → its levels, coarsest first.
    """

    axes: tuple[Axis, ...]
    measures: tuple[str, ...]
    status: NDArray[np.uint8]
    persons: NDArray[np.int64]
    levels: Mapping[str, tuple[str, ...]]

    def designed(self, measure: int) -> Mask:
        return self.status[measure] != Status.NOT_PUBLISHED

    def hidden(self, measure: int) -> Mask:
        return self.status[measure] == Status.SUPPRESSED


def seen_of(cube: Cube, lattice: Lattice, spec: CubeSpec) -> Seen:
    place = {name: index for index, name in enumerate(lattice.measure_names)}
    persons = np.empty(cube.status.shape, dtype=np.int64)
    for index, measure in enumerate(spec.measures):
        of = [measure.name] if measure.kind is MeasureKind.COUNT else measure.of
        persons[index] = lattice.counts[[place[name] for name in of]].sum(axis=0)
    return Seen(
        lattice.axes,
        tuple(measure.name for measure in spec.measures),
        cube.status,
        persons,
        {dimension.name: dimension.levels for dimension in spec.dimensions},
    )


def at_levels(axes: Sequence[Axis], levels: Mapping[str, Sequence[str]]) -> Mask:
    """(*axes) True for cells whose codes are all at the named levels; an axis not named is whole."""
    places = [
        [
            place
            for place, code in enumerate(axis.codes)
            if axis.name not in levels or code.level in levels[axis.name]
        ]
        for axis in axes
    ]
    mask = np.zeros(tuple(len(axis.codes) for axis in axes), dtype=np.bool_)
    mask[np.ix_(*places)] = True
    return mask


def leaves_among(seen: Seen, cells: Mask) -> Mask:
    """(*axes) True for the cells that no other of the cells is a part of.

    Along the geography: those of its finest level among the cells. Elsewhere: those that are the sum
    of none of them. Linked tables have leaves each, and each counts everybody once.
    """
    found = cells.copy()
    for number, axis in enumerate(seen.axes):
        if axis.role is AxisRole.GEO:
            kept = np.zeros(len(axis.codes), dtype=np.bool_)
            kept[_finest(seen, number, cells)] = True
            np.moveaxis(found, number, -1)[...] &= kept
            continue
        whole, leaves = np.moveaxis(cells, number, 0), np.moveaxis(found, number, 0)
        for line in axis.lines:
            leaves[line.parent] &= ~whole[list(line.children)].any(axis=0)
    return found


def _finest(seen: Seen, number: int, cells: Mask) -> list[int]:
    axis = seen.axes[number]
    along = np.moveaxis(cells, number, 0)
    there = {code.level for place, code in enumerate(axis.codes) if along[place].any()}
    ordered = seen.levels.get(axis.name, tuple(dict.fromkeys(c.level for c in axis.codes)))
    finest = next((level for level in reversed(ordered) if level in there), None)
    return [place for place, code in enumerate(axis.codes) if code.level == finest]


def share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def persons_share(hidden: NDArray[np.int64], persons: NDArray[np.int64]) -> NDArray[np.float64]:
    """(slices) the share of persons, those in hidden cells rounded up to tens."""
    rounded = -(-hidden // ROUNDED_TO) * ROUNDED_TO
    return np.minimum(1.0, rounded / np.maximum(1, persons))
