"""The cells of one slice: every number that a reader sees, or can work out while nothing is hidden.

A slice is a part of a lattice that no sum connects to the rest, such as one month of a stock. Its
cells are numbered here once for all slices that publish alike. A number that stands in several
places (a region that is one employment area) is one cell. Numbers that nobody is shown but that
follow from others along one line (a border piece, job seekers who are not unemployed) are cells
too: whoever protects only what is shown leaves them open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from gateway.model.cube import Axis, Line
from gateway.model.product import AxisRole
from gateway.protection.divisions import WideAxis, widen
from gateway.protection.lattice import leaf_sets
from gateway.protection.relations import known_cells

Index = NDArray[np.int64]
Leaves = frozenset[int]


@dataclass(frozen=True, slots=True)
class Cell:
    """measure; places, classes: the leaf places and leaf classes that it counts, by number."""

    measure: int
    places: Leaves
    classes: Leaves


@dataclass(frozen=True, slots=True)
class Layout:
    """How the slices of a lattice are made up; the same for all that publish alike.

    axes: the widened axes with sums, in the lattice's order; geo: which of them is the geography,
    None without one. ids: (measure, *axes) number of the cell, -1 where there is none. cells: by
    number; shown: (cells) True where a reader sees the number unless it is hidden.
    area_of: (leaf places) number of the insider area, -1 outside every area; areas: its code.
    leaves: per axis the codes that are leaves. parts: measure → the basic measures that add up to
    it; splits: two lists of basic measures with the same sum.
    """

    axes: tuple[WideAxis, ...]
    geo: int | None
    ids: NDArray[np.int32]
    cells: tuple[Cell, ...]
    shown: NDArray[np.bool_]
    places: int
    classes: int
    area_of: Index
    areas: tuple[str, ...]
    leaves: tuple[Index, ...]
    parts: Mapping[int, tuple[int, ...]]
    splits: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    measure_lines: tuple[Line, ...]

    @property
    def basic(self) -> tuple[int, ...]:
        """The measures that every other one is a sum of."""
        return tuple(dict.fromkeys(part for own in self.parts.values() for part in own))

    def atoms(self, inside: NDArray[np.int64]) -> NDArray[np.float64]:
        """(basic measure, leaf place, leaf class) counts of a slice (measure, *axes)."""
        leaves = inside[np.ix_(np.array(self.basic), *self.leaves)]
        if self.geo is not None:
            leaves = np.moveaxis(leaves, 1 + self.geo, 1)
        return leaves.reshape(len(self.basic), self.places, -1).astype(np.float64)

    def values(self, inside: NDArray[np.int64]) -> Index:
        """(cells) their counts. inside: (measure, *axes) of a slice, pieces not among them."""
        wide = inside
        for number, axis in enumerate(self.axes, start=1):
            wide = axis.widened(wide, number)
        found = np.zeros(len(self.cells), dtype=np.int64)
        numbered = self.ids >= 0
        found[self.ids[numbered]] = wide[numbered]
        atoms = self.atoms(inside)
        basic = {measure: i for i, measure in enumerate(self.basic)}
        for number in sorted(set(range(len(self.cells))) - set(self.ids[numbered].tolist())):
            cell = self.cells[number]
            parts = [basic[part] for part in self.parts[cell.measure]]
            own = atoms[np.ix_(parts, sorted(cell.places), sorted(cell.classes))]
            found[number] = int(own.sum())
        return found

    def gathered(self, marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(cells) True where a mask over (measure, *axes) marks any place of the cell."""
        inside = self.ids[(slice(None), *(slice(a.size - len(a.pieces)) for a in self.axes))]
        found = np.zeros(len(self.cells), dtype=np.bool_)
        found[inside[marks & (inside >= 0)]] = True
        return found

    def sums(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Each line of cells, parent and children, that are all cells of the layout."""
        for axis, wide in enumerate(self.axes, start=1):
            along = np.moveaxis(self.ids, axis, 0)
            for line in wide.lines:
                yield from _full(along[[line.parent, *line.children]])
        for line in self.measure_lines:
            yield from _full(self.ids[[line.parent, *line.children]])

    def spread(self, marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(measure, *axes), pieces left out: what a mask by cell number says of each code."""
        inside = self.ids[(slice(None), *(slice(a.size - len(a.pieces)) for a in self.axes))]
        return (inside >= 0) & marks[inside]


def layout_of(
    axes: Sequence[Axis],
    designed: NDArray[np.bool_],
    *,
    measure_lines: Sequence[Line],
    latent: frozenset[int],
) -> Layout:
    """The layout of a slice. axes: those with sums; designed: (measure, *axes) bool."""
    wide = tuple(widen(axis) for axis in axes)
    geo = next((i for i, axis in enumerate(axes) if axis.role is AxisRole.GEO), None)
    padded = np.zeros((len(designed), *(axis.size for axis in wide)), dtype=np.bool_)
    padded[(slice(None), *(slice(len(axis.codes)) for axis in axes))] = designed
    known = np.stack([known_cells(wide, one) for one in padded])
    sets = [_leaf_numbers(axis, own) for axis, own in zip(axes, wide, strict=True)]
    place_sets = [frozenset({0})] if geo is None else sets[geo]
    class_sets, classes = _class_sets([own for i, own in enumerate(sets) if i != geo])
    ids = np.full(known.shape, -1, dtype=np.int32)
    numbers: dict[Cell, int] = {}
    for where in zip(*np.nonzero(known), strict=True):
        measure, *at = (int(i) for i in where)
        place = place_sets[0] if geo is None else place_sets[at[geo]]
        kind = class_sets[tuple(i for j, i in enumerate(at) if j != geo)]
        ids[where] = numbers.setdefault(Cell(measure, place, kind), len(numbers))
    if geo is not None:
        places = np.moveaxis(padded, 1 + geo, 1)
        for piece, codes in _pieces(axes[geo], sets[geo]):
            for measure, *at in zip(*np.nonzero(places[:, codes].any(axis=1)), strict=True):
                kind = class_sets[tuple(int(i) for i in at)]
                numbers.setdefault(Cell(int(measure), piece, kind), len(numbers))
    seen = padded.copy()
    seen[list(latent)] = False
    shown = np.zeros(len(numbers), dtype=np.bool_)
    shown[ids[seen]] = True
    leaf_places = max(max(one) for one in place_sets) + 1
    area_of, areas = _areas(None if geo is None else axes[geo], place_sets, leaf_places)
    return Layout(
        axes=wide,
        geo=geo,
        ids=ids,
        cells=tuple(numbers),
        shown=shown,
        places=leaf_places,
        classes=classes,
        area_of=area_of,
        areas=areas,
        leaves=tuple(np.array(leaf_codes(axis)) for axis in axes),
        parts=(parts := _parts(len(designed), measure_lines)),
        splits=tuple(_splits(parts, measure_lines)),
        measure_lines=tuple(measure_lines),
    )


def _full(members: NDArray[np.int32]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """members: (parent and children, ...) cell numbers, -1 for none; each whole line once."""
    lines = members.reshape(len(members), -1)
    for parent, *children in np.unique(lines[:, (lines >= 0).all(axis=0)], axis=1).T.tolist():
        yield parent, tuple(children)


def leaf_codes(axis: Axis) -> list[int]:
    """The codes that are no sum of others, in order; their order numbers the leaves."""
    return [i for i, own in enumerate(leaf_sets(axis)) if own == frozenset({i})]


def _leaf_numbers(axis: Axis, wide: WideAxis) -> list[Leaves]:
    """(codes and pieces) the leaves in each, numbered from 0."""
    number = {code: i for i, code in enumerate(leaf_codes(axis))}
    sets = [frozenset(number[code] for code in own) for own in leaf_sets(axis)]
    return sets + [frozenset(number[code] for code in piece) for piece in wide.pieces]


def _class_sets(sets: Sequence[Sequence[Leaves]]) -> tuple[Mapping[tuple[int, ...], Leaves], int]:
    """Per combination of class codes the leaf classes in it; and how many leaf classes there are."""
    sizes = [max(max(one) for one in own) + 1 for own in sets]
    number = {leaf: i for i, leaf in enumerate(product(*(range(size) for size in sizes)))}
    found = {
        at: frozenset(
            number[leaf] for leaf in product(*(own[i] for own, i in zip(sets, at, strict=True)))
        )
        for at in product(*(range(len(own)) for own in sets))
    }
    return found, len(number)


def _pieces(geography: Axis, sets: Sequence[Leaves]) -> Iterator[tuple[Leaves, list[int]]]:
    """What two crossing codes have in common, and what a code has besides the codes within it.

    An area that knows its own figures can work such a piece out where no other reader can. With each
    piece the codes that tell of it when they are published.
    """
    finest = {geography.codes[i].level for i in leaf_codes(geography)}
    coarse = [i for i, code in enumerate(geography.codes) if code.level not in finest]
    whole = {sets[i] for i in coarse}
    for one, other in combinations(coarse, 2):
        piece = sets[one] & sets[other]
        if piece and piece not in whole:
            yield piece, [one, other]
    for one in coarse:
        for level in sorted(
            {geography.codes[i].level for i in coarse} - {geography.codes[one].level}
        ):
            within = [
                i for i in coarse if geography.codes[i].level == level and sets[i] < sets[one]
            ]
            rest = sets[one].difference(*(sets[i] for i in within))
            if within and rest and rest not in whole:
                yield rest, [one]


def _areas(
    geography: Axis | None, sets: Sequence[Leaves], places: int
) -> tuple[Index, tuple[str, ...]]:
    area_of = np.full(places, -1, dtype=np.int64)
    if geography is None:
        return area_of, ()
    codes = geography.areas()
    for area, code in enumerate(codes):
        area_of[list(sets[code])] = area
    return area_of, tuple(geography.codes[code].code for code in codes)


def _splits(
    parts: Mapping[int, tuple[int, ...]], lines: Sequence[Line]
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """What a second division of a measure says: both divisions have the same sum."""
    for line in lines:
        other = tuple(part for child in line.children for part in parts[child])
        first = parts[line.parent]
        if set(other) != set(first):  # what both have says nothing
            yield (
                tuple(part for part in first if part not in other),
                tuple(part for part in other if part not in first),
            )


def _parts(measures: int, lines: Sequence[Line]) -> Mapping[int, tuple[int, ...]]:
    """Each measure as a sum of basic ones. A whole that is divided twice has the first division."""
    children: dict[int, tuple[int, ...]] = {}
    for line in lines:
        children.setdefault(line.parent, line.children)

    def expanded(measure: int) -> tuple[int, ...]:
        if measure not in children:
            return (measure,)
        return tuple(part for child in children[measure] for part in expanded(child))

    return {measure: expanded(measure) for measure in range(measures)}
