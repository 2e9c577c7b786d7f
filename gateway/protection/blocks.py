"""The blocks of a country in which circuits are looked for, narrow to wide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from gateway.protection.cells import Leaves
from gateway.protection.circuits import Block
from gateway.protection.tables import Tables


class Blocks:
    """The programmes of a layout, narrow to wide, each made when it is first needed."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._made: dict[tuple[int, ...], Block] = {}
        self._sums = list(tables.layout.sums())
        layout = tables.layout
        numbers = range(len(layout.areas))
        self._areas = [frozenset(np.flatnonzero(layout.area_of == a).tolist()) for a in numbers]
        sums = {cell.places for cell in layout.cells if 1 < len(cell.places) <= layout.places // 2}
        self._parts = _joined([*sorted(sums, key=sorted), *self._areas])

    def stages(self) -> Iterator[Iterable[Block]]:
        """Each area by itself, then the parts of the country, two of them, and all of it."""
        everything = frozenset(range(self._tables.layout.places))
        yield (self._block(places) for places in self._areas)
        yield self.parts
        yield (self._block(one | other) for one, other in pairwise(self._parts))
        yield (self._block(places) for places in (everything,))

    @property
    def parts(self) -> Sequence[Block]:
        """The parts of the country that no sum crosses, but the sum over everything."""
        return [self._block(places) for places in self._parts]

    def _block(self, places: Leaves) -> Block:
        pieces = tuple(i for i, own in enumerate(self._tables.pieces) if places & set(own))
        if pieces not in self._made:
            self._made[pieces] = Block(self._tables, pieces, sums=self._sums)
        return self._made[pieces]


def _joined(sets: Iterable[Leaves]) -> list[Leaves]:
    """Sets that overlap, as one."""
    found: list[Leaves] = []
    for one in sets:
        joined = one.union(*(other for other in found if other & one))
        found = [other for other in found if not other & one] + [joined]
    return found
