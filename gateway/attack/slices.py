"""A lattice cut where nothing adds up: each slice is attacked alone.

An axis without lines ties no two of its codes together (a stock has no sum over months), so what a
reader knows of one code tells nothing of another. The geography is never cut. What is left of the
cells of a slice has three coordinates: measure, geography and *combination*, which is one code of
every other axis, flattened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gateway.model.cube import Axis, Lattice, Line
from gateway.model.product import AxisRole

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of a lattice, small enough to send to another process.

    geography: the geographic axis (None: the lattice has none, and all persons stand in one place).
    classes: the other axes of the slice; a combination is a row-major index over their codes.
    counts, known, designed: (measure, geography, combination).
    place: per axis of the lattice its fixed code, or -1 for an axis that the slice keeps.
    """

    geography: Axis | None
    classes: tuple[Axis, ...]
    measure_lines: tuple[Line, ...]
    counts: NDArray[np.int64]
    known: NDArray[np.bool_]
    designed: NDArray[np.bool_]
    place: tuple[int, ...]
    geography_place: int

    def cell(self, geography: int, combination: int) -> tuple[int, ...]:
        """The index over the axes of the lattice; a geography of -1 stays -1."""
        shape = tuple(len(axis.codes) for axis in self.classes)
        codes = (
            iter(int(code) for code in np.unravel_index(combination, shape)) if shape else iter(())
        )
        return tuple(
            geography if number == self.geography_place else next(codes) if code < 0 else code
            for number, code in enumerate(self.place)
        )


def slices_of(lattice: Lattice, known: NDArray[np.bool_]) -> Iterator[Slice]:
    """The slices of a lattice, in row-major order of the axes that are cut."""
    geography = next(
        (number for number, axis in enumerate(lattice.axes) if axis.role is AxisRole.GEO), -1
    )
    cut = [n for n, axis in enumerate(lattice.axes) if not axis.lines and n != geography]
    kept = [n for n in range(len(lattice.axes)) if n not in cut and n != geography]
    for codes in np.ndindex(*(len(lattice.axes[n].codes) for n in cut)):
        fixed = dict(zip(cut, codes, strict=True))
        place = tuple(fixed.get(number, -1) for number in range(len(lattice.axes)))
        yield Slice(
            geography=lattice.axes[geography] if geography >= 0 else None,
            classes=tuple(lattice.axes[number] for number in kept),
            measure_lines=lattice.measure_lines,
            counts=_flat(lattice.counts, place, geography),
            known=_flat(known, place, geography),
            designed=_flat(lattice.designed, place, geography),
            place=place,
            geography_place=geography,
        )


def slice_count(lattice: Lattice) -> int:
    return int(
        np.prod([len(a.codes) for a in lattice.axes if not a.lines and a.role is not AxisRole.GEO])
    )


def _flat(array: NDArray[Scalar], place: tuple[int, ...], geography: int) -> NDArray[Scalar]:
    """(measure, geography, combination) of the cells at `place`, contiguous."""
    part = array[(slice(None), *(code if code >= 0 else slice(None) for code in place))]
    if geography < 0:
        part = part[:, None]
    else:
        part = np.moveaxis(part, 1 + sum(code < 0 for code in place[:geography]), 1)
    return np.ascontiguousarray(part.reshape(*part.shape[:2], -1))
