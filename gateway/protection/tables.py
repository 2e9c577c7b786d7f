"""Every table that a reader could imagine behind one slice, as columns of a linear programme.

A reader knows that each cell is a sum of leaves, and that no leaf is negative. There are as many
leaves as places, classes and measures multiplied, but far fewer columns say the same:

* `N[piece, kind, measure]`, where a piece is a set of places that no cell of several places tells
  apart, and a kind a set of leaf classes that no cell tells apart: sums over areas never need to
  know in which municipality somebody lives;
* `X[place, group, measure]` for the places of a piece that has several, where a group is a set of
  leaf classes that no cell of such a place tells apart: municipalities are published by less detail;
* `W[class, measure]` for the whole country, where its cells tell more classes apart than those of its
  pieces do: single courses, say. They are sets of leaf classes that no cell at all tells apart;
* one tie per piece, group and measure, and per kind and measure: both say the same sum.

Nothing is lost: non-negative X and N give `X[place, group] * N[piece, kind] / N[piece, group]` for
each place and kind, which are not negative and have every sum that X and N have. The same goes for N
and W.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.protection.cells import Cell, Index, Layout, Leaves

Terms = tuple[int, ...]
Tie = tuple[Terms, Terms]
Groups = tuple[tuple[int, ...], ...]
EVERYBODYS = -2  # of a column that no area has alone; -1 where no area has any of it


@dataclass(frozen=True, slots=True)
class Classes:
    """The leaf classes in sets that nothing tells apart. sets: leaf classes; of: leaf class → its set."""

    sets: Groups
    of: Mapping[int, int]

    def __len__(self) -> int:
        return len(self.sets)

    def of_cell(self, cell: Cell) -> list[int]:
        """Which of the sets a cell counts."""
        return sorted({self.of[leaf] for leaf in cell.classes}) if self.sets else []


_NONE = Classes((), {})


@dataclass(frozen=True, slots=True)
class Tables:
    """The columns of all tables of a layout.

    pieces: leaf places of each piece; rows: the places of pieces with several, with their order;
    kinds, groups, finest: leaf classes of each, none of the finest where kinds say as much;
    basic: the layout's basic measures, with their order.
    Columns are numbered N first, then X, then W, the basic measure running fastest.
    """

    layout: Layout
    pieces: Groups
    rows: Mapping[int, int]
    kinds: Classes
    groups: Classes
    finest: Classes
    basic: Mapping[int, int]

    @property
    def first_x(self) -> int:
        """The number of N columns."""
        return len(self.pieces) * len(self.kinds) * len(self.basic)

    @property
    def first_w(self) -> int:
        """The number of N and X columns."""
        return self.first_x + len(self.rows) * len(self.groups) * len(self.basic)

    @property
    def columns(self) -> int:
        return self.first_w + len(self.finest) * len(self.basic)

    def n(self, piece: int, kind: int, part: int) -> int:
        return (piece * len(self.kinds) + kind) * len(self.basic) + part

    def x(self, place: int, group: int, part: int) -> int:
        return self.first_x + (self.rows[place] * len(self.groups) + group) * len(self.basic) + part

    def w(self, finest: int, part: int) -> int:
        return self.first_w + finest * len(self.basic) + part

    def truth(self, atoms: NDArray[np.float64]) -> NDArray[np.float64]:
        """(columns) the true table. atoms: (basic measure, leaf place, leaf class)."""
        pieced = np.stack([atoms[:, list(piece)].sum(axis=1) for piece in self.pieces], axis=1)
        of_places = atoms[:, list(self.rows)]
        return np.concatenate(
            [
                _summed(pieced, self.kinds),
                _summed(of_places, self.groups),
                self._of_country(atoms),
            ]
        )

    def areas(self) -> Index:
        """(columns) the area that knows them as its own, -1 for none, or EVERYBODYS."""
        per_part = len(self.basic)
        own = self.layout.area_of
        of_pieces = own[[piece[0] for piece in self.pieces]]
        of_places = own[list(self.rows)]
        return np.concatenate(
            [
                np.repeat(of_pieces, len(self.kinds) * per_part),
                np.repeat(of_places, len(self.groups) * per_part),
                np.full(len(self.finest) * per_part, EVERYBODYS),
            ]
        )

    def others(self, atoms: NDArray[np.float64], coalition: int) -> NDArray[np.float64]:
        """(areas, W columns) persons in them whom no coalition that an area may join knows.

        With each area go the largest of the others in each column, whoever they are there.
        """
        own = np.zeros((len(self.layout.areas), self.columns - self.first_w))
        for area in range(len(own)):
            own[area] = self._of_country(atoms[:, self.layout.area_of == area])
        found = self._of_country(atoms) - own
        for area in range(len(own)) if coalition > 1 else ():
            largest = np.sort(np.delete(own, area, axis=0), axis=0)[1 - coalition :]
            found[area] = np.maximum(found[area] - largest.sum(axis=0), 0.0)
        return found

    def _of_country(self, atoms: NDArray[np.float64]) -> NDArray[np.float64]:
        """(W columns) what the atoms of some places add up to."""
        return _summed(atoms.sum(axis=1, keepdims=True), self.finest)

    def terms(self, cell: Cell) -> Terms:
        """The columns that add up to a cell."""
        parts = [self.basic[measure] for measure in self.layout.parts[cell.measure]]
        if self.is_whole(cell):
            return tuple(self.w(one, part) for one in self.finest.of_cell(cell) for part in parts)
        if len(cell.places) == 1 and (place := min(cell.places)) in self.rows:
            groups = self.groups.of_cell(cell)
            return tuple(self.x(place, group, part) for group in groups for part in parts)
        pieces = [i for i, piece in enumerate(self.pieces) if piece[0] in cell.places]
        kinds = self.kinds.of_cell(cell)
        return tuple(self.n(piece, k, part) for piece in pieces for k in kinds for part in parts)

    def is_whole(self, cell: Cell) -> bool:
        """Whether a cell is a sum of W."""
        return len(self.finest) > 0 and len(cell.places) == self.layout.places

    def ties(self) -> Iterator[Tie]:
        """Two sums of one piece that are one number, and two measures that are divided twice."""
        parts = range(len(self.basic))
        kinds_of_groups = _within(self.kinds, self.groups)
        for piece in range(len(self.pieces)):
            for group, kinds in enumerate(kinds_of_groups if len(self.pieces[piece]) > 1 else ()):
                for part in parts:
                    yield (
                        tuple(self.x(place, group, part) for place in self.pieces[piece]),
                        tuple(self.n(piece, kind, part) for kind in kinds),
                    )
        for first, second in self.layout.splits:
            one, two = [self.basic[m] for m in first], [self.basic[m] for m in second]
            for start in range(0, self.columns, len(self.basic)):
                yield tuple(start + part for part in one), tuple(start + part for part in two)

    def country_ties(self) -> Iterator[Tie]:
        """The country's finest classes of a kind, and the kind in all pieces: one number."""
        for kind, own in enumerate(self.finest_of_kinds()):
            for part in range(len(self.basic)):
                yield (
                    tuple(self.w(one, part) for one in own),
                    tuple(self.n(piece, kind, part) for piece in range(len(self.pieces))),
                )

    def finest_of_kinds(self) -> Sequence[Sequence[int]]:
        """(kinds) the finest classes of each; empty where kinds are the finest."""
        return _within(self.finest, self.kinds) if len(self.finest) else ()


def tables_of(layout: Layout) -> Tables:
    """The columns of a layout: what its cells tell apart, and no more."""
    cells = layout.cells
    several = {cell.places for cell in cells if len(cell.places) > 1}
    pieces = _told_apart(range(layout.places), several, layout.area_of.tolist())
    together = sorted(place for piece in pieces if len(piece) > 1 for place in piece)
    rows = {place: row for row, place in enumerate(together)}
    kinds = _classes(layout, [cell for cell in cells if len(cell.places) < layout.places])
    groups = _classes(
        layout, [cell for cell in cells if len(cell.places) == 1 and min(cell.places) in rows]
    )
    finest = _classes(layout, cells)
    if len(pieces) == 1 or len(finest) == len(kinds):
        kinds, finest = finest, _NONE
    basic = {measure: i for i, measure in enumerate(layout.basic)}
    return Tables(layout, pieces, rows, kinds, groups if rows else _NONE, finest, basic)


def _classes(layout: Layout, cells: Iterable[Cell]) -> Classes:
    """The leaf classes, put together where no cell tells them apart."""
    members = range(layout.classes)
    sets = _told_apart(members, {cell.classes for cell in cells}, [0] * layout.classes)
    return Classes(sets, {leaf: number for number, own in enumerate(sets) for leaf in own})


def _summed(atoms: NDArray[np.float64], classes: Classes) -> NDArray[np.float64]:
    """(places, classes, basic measures), flattened, of atoms (basic measure, place, leaf class)."""
    if not len(classes):
        return np.zeros(0)
    by_class = np.zeros((len(classes), *atoms.shape[1::-1]))
    labels = [classes.of[leaf] for leaf in range(atoms.shape[2])]
    np.add.at(by_class, labels, atoms.T)
    return np.moveaxis(by_class, 0, 1).reshape(-1)


def _within(fine: Classes, coarse: Classes) -> list[list[int]]:
    """(sets of the coarse classes) the sets of the fine ones in each."""
    found: list[list[int]] = [[] for _ in coarse.sets]
    for number, own in enumerate(fine.sets):
        if len(coarse):
            found[coarse.of[own[0]]].append(number)
    return found


def _told_apart(members: Sequence[int], sets: Iterable[Leaves], also: Sequence[Hashable]) -> Groups:
    """The members, put together where every set holds all of them or none."""
    held: list[list[int]] = [[] for _ in members]
    for number, one in enumerate(sets):
        for member in one:
            held[member].append(number)
    found: dict[Hashable, list[int]] = {}
    for member in members:
        found.setdefault((tuple(held[member]), also[member]), []).append(member)
    return tuple(tuple(own) for own in found.values())
