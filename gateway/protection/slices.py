"""A lattice cut where no sum connects it: one month of a stock is a slice of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from gateway.model.cube import Axis, Line
from gateway.protection.divisions import WideAxis, widen
from gateway.protection.relations import Index, Relations, relations_of


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice and its relations.

    where: index of the slice in an array over the axes; axes: the widened axes within it;
    designed: (measure, *axes) bool, pieces not among them; relations: over all measures.
    """

    where: tuple[int | slice, ...]
    axes: tuple[WideAxis, ...]
    designed: NDArray[np.bool_]
    relations: Relations

    def weights(self, values: NDArray[np.int64]) -> Index:
        """(cells) the values of a (measure, *axes) array, pieces summed up, by cell number."""
        inside = values[(slice(None), *self.where)]
        for number, wide in enumerate(self.axes, start=1):
            inside = wide.widened(inside, number)
        return inside.reshape(len(values), -1)[:, self.relations.places].reshape(-1)

    def marks(self, cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(measure, *axes of the slice) bool: what a mask by cell number says of the real codes."""
        measures = len(self.designed)
        dense = np.zeros((measures, self.designed[0].size), dtype=np.bool_)
        dense[:, self.relations.places] = cells.reshape(measures, -1)
        inside = dense.reshape(measures, *(wide.size for wide in self.axes))
        return inside[(slice(None), *(slice(wide.size - len(wide.pieces)) for wide in self.axes))]

    def shown(self, *, latent: frozenset[int] = frozenset()) -> NDArray[np.bool_]:
        """(cells) True for the cells that a reader sees unless they are hidden."""
        seen = self.designed.reshape(len(self.designed), -1)[:, self.relations.places].copy()
        seen[list(latent)] = False
        return seen.reshape(-1)


def slices(
    axes: Sequence[Axis],
    designed: NDArray[np.bool_],
    *,
    measure_lines: Sequence[Line] = (),
    latent: frozenset[int] = frozenset(),
) -> Iterator[Slice]:
    """The slices of a lattice, in order. Slices that publish alike share their relations.

    designed: (measure, *axes) bool.
    """
    wide = [widen(axis) for axis in axes]
    tied = tuple(axis for axis in wide if axis.lines)
    built: dict[bytes, Relations] = {}
    for where in product(*(_steps(axis) for axis in wide)):
        inside = np.asarray(designed[(slice(None), *where)])
        widened = np.zeros((len(inside), *(axis.size for axis in tied)), dtype=np.bool_)
        widened[tuple(slice(length) for length in inside.shape)] = inside
        relations = built.get(key := inside.tobytes())
        if relations is None:
            relations = relations_of(tied, widened, measure_lines=measure_lines, latent=latent)
            built = {key: relations}  # months publish alike: the last one is enough
        yield Slice(where, tied, widened, relations)


def _steps(axis: WideAxis) -> Sequence[int | slice]:
    """All codes at once along an axis with sums, one after another along one without."""
    return (slice(None),) if axis.lines else range(axis.size)
