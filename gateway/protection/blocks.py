"""The blocks of a country in which circuits are looked for, narrow to wide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gateway.protection.block_rows import Groups, block_rows, groups_of
from gateway.protection.cells import Leaves
from gateway.protection.circuits import Block
from gateway.protection.extents import Extent, extent_of
from gateway.protection.incidence import incidence_of
from gateway.protection.tables import Tables

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Blocks:
    """What the blocks of a layout have in common, whatever the counts of a slice.

    parts: of the country, such that no sum crosses from one to another but the sum over everything,
    and the country's finest classes, kind by kind.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._incidence = incidence_of(tables)
        self._ties = list(tables.ties()), list(tables.country_ties())
        self._sums = list(tables.layout.sums())
        self._groups: dict[Extent, Groups] = {}
        layout = tables.layout
        numbers = range(len(layout.areas))
        areas = [frozenset(np.flatnonzero(layout.area_of == a).tolist()) for a in numbers]
        sums = {cell.places for cell in layout.cells if 1 < len(cell.places) <= layout.places // 2}
        parts = _joined([*sorted(sums, key=sorted), *areas])
        if not any(len(part) > 1 and part not in areas for part in parts):
            parts = [frozenset(range(layout.places))]  # nothing between the areas and the country
        self._areas = [self._of(area) for area in areas]
        self.parts = [self._of(part) for part in parts]
        self.parts += [
            extent_of(tables, self._incidence, pieces=(), finest=own)
            for own in tables.finest_of_kinds()
            if len(own) > 1
        ]
        self._pairs = [self._of(one | other) for one, other in pairwise(parts)]
        self._everything = extent_of(
            tables,
            self._incidence,
            pieces=range(len(tables.pieces)),
            finest=range(len(tables.finest)),
        )

    def stages(self) -> Iterator[Sequence[Extent]]:
        """Each area by itself, then the parts of the country, two of them, and all of it."""
        yield self._areas
        yield self.parts
        yield self._pairs
        yield [self._everything]

    def block(
        self, extent: Extent, *, truth: Floats, others: Floats, kept: Mask, fixed: Mask
    ) -> Block:
        """The programme of an extent for one slice.

        truth, others: as a block takes them; kept: (cells) those that matter; fixed: (cells) those of them
        that may not change.
        """
        if extent not in self._groups:
            self._groups[extent] = groups_of(
                self._tables.layout, extent.places, extent.touched, self._sums
            )
        rows = block_rows(self._groups[extent], kept=kept, fixed=fixed)
        return Block(
            self._tables,
            extent,
            rows=rows,
            incidence=self._incidence,
            ties=self._ties,
            truth=truth,
            others=others,
        )

    def _of(self, places: Leaves) -> Extent:
        own = self._tables.pieces
        pieces = [i for i, piece in enumerate(own) if places & set(piece)]
        return extent_of(self._tables, self._incidence, pieces=pieces)


def _joined(sets: Iterable[Leaves]) -> list[Leaves]:
    """Sets that overlap, as one."""
    found: list[Leaves] = []
    for one in sets:
        joined = one.union(*(other for other in found if other & one))
        found = [other for other in found if not other & one] + [joined]
    return found
