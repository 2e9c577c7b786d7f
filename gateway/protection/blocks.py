"""The blocks of a country in which circuits are looked for, narrow to wide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gateway.protection.block_rows import Groups, block_rows, groups_of
from gateway.protection.cells import Leaves
from gateway.protection.circuits import Block
from gateway.protection.incidence import incidence_of
from gateway.protection.tables import Tables

Mask = NDArray[np.bool_]


class Blocks:
    """What the blocks of a layout have in common, whatever the counts of a slice."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._incidence = incidence_of(tables)
        self._groups: dict[Leaves, Groups] = {}
        layout = tables.layout
        numbers = range(len(layout.areas))
        areas = [frozenset(np.flatnonzero(layout.area_of == a).tolist()) for a in numbers]
        sums = {cell.places for cell in layout.cells if 1 < len(cell.places) <= layout.places // 2}
        self.areas = areas
        self.parts = _joined([*sorted(sums, key=sorted), *areas])

    def stages(self) -> Iterator[Sequence[Leaves]]:
        """Each area by itself, then the parts of the country, two of them, and all of it.

        No sum crosses from one part to another but the sum over everything.
        """
        yield self.areas
        yield self.parts
        yield [one | other for one, other in pairwise(self.parts)]
        yield [frozenset(range(self._tables.layout.places))]

    def block(
        self, places: Leaves, *, truth: NDArray[np.float64], kept: Mask, fixed: Mask
    ) -> Block:
        """The programme of some places for one slice.

        truth: (columns of the tables); kept: (cells) those that matter; fixed: (cells) those of them
        that may not change.
        """
        pieces = [i for i, own in enumerate(self._tables.pieces) if places & set(own)]
        whole = frozenset(p for piece in pieces for p in self._tables.pieces[piece])
        if whole not in self._groups:
            self._groups[whole] = groups_of(self._tables.layout, whole)
        rows = block_rows(self._groups[whole], kept=kept, fixed=fixed)
        return Block(self._tables, pieces, rows=rows, incidence=self._incidence, truth=truth)


def _joined(sets: Iterable[Leaves]) -> list[Leaves]:
    """Sets that overlap, as one."""
    found: list[Leaves] = []
    for one in sets:
        joined = one.union(*(other for other in found if other & one))
        found = [other for other in found if not other & one] + [joined]
    return found
