"""Every table that a reader could imagine behind one slice, as columns of a linear programme.

A reader knows that each cell is a sum of leaves, and that no leaf is negative. There are as many
leaves as places, classes and measures multiplied, but far fewer columns say the same:

* `N[piece, kind, measure]`, where a piece is a set of places that no cell of several places tells
  apart, and a kind a set of leaf classes that no cell tells apart: sums over areas never need to
  know in which municipality somebody lives;
* `X[place, group, measure]` for the places of a piece that has several, where a group is a set of
  leaf classes that no cell of such a place tells apart: municipalities are published by less detail;
* one tie per piece, group and measure: both say the same sum.

Nothing is lost: non-negative X and N give `X[place, group] * N[piece, kind] / N[piece, group]` for
each place and kind, which are not negative and have every sum that X and N have.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.protection.cells import Cell, Index, Layout, Leaves

Terms = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """The columns of all tables of a layout.

    pieces: leaf places of each piece; rows: the places of pieces with several, with their order;
    kinds, groups: leaf classes of each; basic: the layout's basic measures, with their order.
    Columns are numbered N first, then X, the basic measure running fastest.
    """

    layout: Layout
    pieces: tuple[tuple[int, ...], ...]
    rows: Mapping[int, int]
    kinds: tuple[tuple[int, ...], ...]
    groups: tuple[tuple[int, ...], ...]
    basic: Mapping[int, int]

    @property
    def first_x(self) -> int:
        """The number of N columns."""
        return len(self.pieces) * len(self.kinds) * len(self.basic)

    @property
    def columns(self) -> int:
        return self.first_x + len(self.rows) * len(self.groups) * len(self.basic)

    def n(self, piece: int, kind: int, part: int) -> int:
        return (piece * len(self.kinds) + kind) * len(self.basic) + part

    def x(self, place: int, group: int, part: int) -> int:
        return self.first_x + (self.rows[place] * len(self.groups) + group) * len(self.basic) + part

    def truth(self, atoms: NDArray[np.float64]) -> NDArray[np.float64]:
        """(columns) the true table. atoms: (basic measure, leaf place, leaf class)."""
        pieced = np.stack([atoms[:, list(piece)].sum(axis=1) for piece in self.pieces], axis=1)
        parts = [
            np.stack([at[:, :, list(own)].sum(axis=2) for own in classes], axis=2)
            for at, classes in ((pieced, self.kinds), (atoms[:, list(self.rows)], self.groups))
            if classes
        ]
        return np.concatenate([np.moveaxis(part, 0, -1).reshape(-1) for part in parts])

    def areas(self) -> Index:
        """(columns) the area that knows them as its own, -1 for none."""
        per_part = len(self.basic)
        own = self.layout.area_of
        of_pieces = own[[piece[0] for piece in self.pieces]]
        of_places = own[list(self.rows)]
        return np.concatenate(
            [
                np.repeat(of_pieces, len(self.kinds) * per_part),
                np.repeat(of_places, len(self.groups) * per_part),
            ]
        )

    def terms(self, cell: Cell) -> Terms:
        """The columns that add up to a cell."""
        parts = [self.basic[measure] for measure in self.layout.parts[cell.measure]]
        if len(cell.places) == 1 and (place := min(cell.places)) in self.rows:
            groups = [i for i, group in enumerate(self.groups) if group[0] in cell.classes]
            return tuple(self.x(place, group, part) for group in groups for part in parts)
        pieces = [i for i, piece in enumerate(self.pieces) if piece[0] in cell.places]
        kinds = [i for i, own in enumerate(self.kinds) if own[0] in cell.classes]
        return tuple(self.n(piece, k, part) for piece in pieces for k in kinds for part in parts)

    def ties(self, pieces: Iterable[int]) -> Iterator[tuple[Terms, Terms]]:
        """Two sums that are one number, for each piece, group and measure, and each split."""
        parts = range(len(self.basic))
        for piece in pieces:
            for group, own in enumerate(self.groups):
                kinds = [kind for kind, classes in enumerate(self.kinds) if classes[0] in own]
                for part in parts if len(self.pieces[piece]) > 1 else ():
                    yield (
                        tuple(self.x(place, group, part) for place in self.pieces[piece]),
                        tuple(self.n(piece, kind, part) for kind in kinds),
                    )
            yield from self._splits(piece)

    def _splits(self, piece: int) -> Iterator[tuple[Terms, Terms]]:
        for first, second in self.layout.splits:
            one, two = [self.basic[m] for m in first], [self.basic[m] for m in second]
            for kind in range(len(self.kinds)):
                yield (
                    tuple(self.n(piece, kind, part) for part in one),
                    tuple(self.n(piece, kind, part) for part in two),
                )
            for place in self.pieces[piece] if len(self.pieces[piece]) > 1 else ():
                for group in range(len(self.groups)):
                    yield (
                        tuple(self.x(place, group, part) for part in one),
                        tuple(self.x(place, group, part) for part in two),
                    )


def tables_of(layout: Layout) -> Tables:
    """The columns of a layout: what its cells tell apart, and no more."""
    several = {cell.places for cell in layout.cells if len(cell.places) > 1}
    pieces = _told_apart(range(layout.places), several, layout.area_of.tolist())
    together = sorted(place for piece in pieces if len(piece) > 1 for place in piece)
    rows = {place: row for row, place in enumerate(together)}
    kinds = _told_apart(
        range(layout.classes), {cell.classes for cell in layout.cells}, [0] * layout.classes
    )
    single = {c.classes for c in layout.cells if len(c.places) == 1 and min(c.places) in rows}
    groups = _told_apart(range(layout.classes), single, [0] * layout.classes) if rows else ()
    basic = {measure: i for i, measure in enumerate(layout.basic)}
    return Tables(layout, pieces, rows, kinds, groups, basic)


def _told_apart(
    members: Sequence[int], sets: Iterable[Leaves], also: Sequence[Hashable]
) -> tuple[tuple[int, ...], ...]:
    """The members, put together where every set holds all of them or none."""
    ordered = sorted(sets, key=sorted)
    found: dict[Hashable, list[int]] = {}
    for member in members:
        signature = tuple(member in one for one in ordered)
        found.setdefault((signature, also[member]), []).append(member)
    return tuple(tuple(own) for own in found.values())
