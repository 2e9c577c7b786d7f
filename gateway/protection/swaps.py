"""Circuits that need no solver: two places swap persons between classes.

A hypercube swap adds to two opposite corners of a rectangle of classes in one place and takes from
the other two, and does the contrary in another place: every sum over the classes and over both
places stays. A pair of classes is swapped between two places of one piece. Most small counts find
their circuit here in no time; what does not is left to the linear programme.
Source: Giessing & Repsilber, Tools and strategies to protect multiple tables with the GHQUAR cell
suppression engine (2002), for the hypercube as a pattern.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from gateway.protection.cells import Index, Layout
from gateway.protection.tables import Tables

Floats = NDArray[np.float64]
Corners = tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class Swap:
    """A circuit. moves: (cell, change); areas: whose own figures change; cost: of shown cells."""

    moves: tuple[tuple[int, float], ...]
    areas: frozenset[int]
    cost: float


@dataclass(frozen=True, slots=True)
class _Pattern:
    """gains, loses: per corner its atoms (basic measure, leaf class), in one order for all corners."""

    gains: Corners
    loses: Corners


class Swaps:
    """The swaps of one slice. prices: what cells cost now, nothing where hidden or never shown."""

    def __init__(self, tables: Tables, atoms: Floats, prices: Floats) -> None:
        layout = self._layout = tables.layout
        self._tables, self._prices = tables, prices.copy()
        sizes, self._coarse = _coarse_classes(tables)
        coarse = np.zeros((int(np.prod(sizes)), layout.places, len(layout.basic)))
        np.add.at(coarse, self._coarse, atoms.T)
        by_place = np.moveaxis(coarse, 0, 2).reshape(layout.places, -1)
        self._patterns = list(_patterns([len(layout.basic), *sizes]))
        self._number(layout)
        self._effects()
        self._by_place = by_place
        self._up, self._down = (
            self._room_of_pieces([getattr(pattern, side) for pattern in self._patterns])
            for side in ("loses", "gains")
        )
        self._piece_of = {p: i for i, piece in enumerate(tables.pieces) for p in piece}
        self._piece_area = layout.area_of[[piece[0] for piece in tables.pieces]]

    def hide(self, cells: Index) -> None:
        """Cells cost nothing from now on."""
        self._prices[cells] = 0.0

    def find(self, target: int, amount: float, *, frozen: frozenset[int]) -> Swap | None:
        """The cheapest swap that changes a target by an amount, without the figures of some areas."""
        cell = self._layout.cells[target]
        place = min(cell.places)
        if len(cell.places) == 1 and place in self._tables.rows:
            return self._between_places(target, place, amount)
        return self._between_pieces(target, amount, frozen)

    def _between_pieces(self, target: int, amount: float, frozen: frozenset[int]) -> Swap | None:
        places = self._layout.cells[target].places
        pieces = range(len(self._tables.pieces))
        free = [i for i in pieces if int(self._piece_area[i]) not in frozen]
        inside = [i for i in free if self._tables.pieces[i][0] in places]
        effect = self._net[:, self._kind_of[target]] * np.sign(amount)
        chosen = np.flatnonzero((effect != 0) & self._wide)
        ups = effect[chosen] > 0
        best: tuple[float, int, int, int] | None = None
        for one in inside:
            room = np.where(ups, self._up[one, chosen], self._down[one, chosen]) >= abs(amount)
            for other in free if room.any() else ():
                if self._tables.pieces[other][0] in places:
                    continue
                back = np.where(ups, self._down[other, chosen], self._up[other, chosen])
                fits = np.flatnonzero(room & (back >= abs(amount)))
                if not len(fits):
                    continue
                between = self._codes_of[one] ^ self._codes_of[other]
                costs = np.add.reduce([self._cost(code) for code in between])[chosen[fits]]
                place = int(np.argmin(costs))
                if best is None or costs[place] < best[0]:
                    best = (float(costs[place]), int(chosen[fits][place]), one, other)
        if best is None:
            return None
        cost, pattern, one, other = best
        way = amount * float(self._net[pattern, self._kind_of[target]])
        moves = [
            move
            for code in sorted(self._codes_of[one] ^ self._codes_of[other])
            for move in self._moves(code, pattern, way if code in self._codes_of[one] else -way)
        ]
        areas = {int(self._piece_area[one]), int(self._piece_area[other])} - {-1}
        return Swap(tuple(moves), frozenset(areas), cost)

    def _room_of_pieces(self, corners: Sequence[Corners]) -> Floats:
        """(pieces, patterns) how many persons can move while every place keeps its own sums.

        None in a piece whose places publish what the pattern changes.
        """
        by_place = np.zeros((len(self._by_place), len(corners)))
        for number, own in enumerate(corners):
            by_place[:, number] = _room(self._by_place, own).sum(axis=1)
        pieces = self._tables.pieces
        found = np.stack([by_place[list(piece)].sum(axis=0) for piece in pieces])
        for number, piece in enumerate(pieces):
            alone = [frozenset({place}) for place in piece if len(piece) > 1]
            codes = [self._code_of[place] for place in alone if place in self._code_of]
            kinds = (self._cells[codes] >= 0).any(axis=0)
            found[number, self._touched[:, kinds].any(axis=1)] = 0.0
        return found

    def _between_places(self, target: int, place: int, amount: float) -> Swap | None:
        effect = self._net[:, self._kind_of[target]] * np.sign(amount)
        own = self._code_of[frozenset({place})]
        best: tuple[float, int, int] | None = None
        for other in self._tables.pieces[self._piece_of[place]]:
            code = self._code_of.get(frozenset({other}))
            if other == place or code is None:
                continue
            costs = self._cost(own) + self._cost(code)
            for number in np.flatnonzero(effect).tolist():
                if best is not None and costs[number] >= best[0]:
                    continue
                pattern = self._patterns[number]
                here, there = pattern.loses, pattern.gains
                if effect[number] < 0:
                    here, there = there, here
                room = np.minimum(
                    _room(self._by_place[[place]], here), _room(self._by_place[[other]], there)
                )
                if room.sum() >= abs(amount):
                    best = (float(costs[number]), number, code)
        if best is None:
            return None
        cost, number, code = best
        way = amount * float(self._net[number, self._kind_of[target]])
        moves = (*self._moves(own, number, way), *self._moves(code, number, -way))
        return Swap(moves, frozenset({int(self._layout.area_of[place])} - {-1}), cost)

    def _moves(self, code: int, pattern: int, way: float) -> tuple[tuple[int, float], ...]:
        kinds = np.flatnonzero(self._touched[pattern] & (self._cells[code] >= 0))
        changes = way * self._net[pattern, kinds]
        return tuple(zip(self._cells[code, kinds].tolist(), changes.tolist(), strict=True))

    def _cost(self, code: int) -> Floats:
        """(patterns) what the shown cells of a code cost that each pattern changes."""
        cells = self._cells[code]
        prices = np.where(cells >= 0, self._prices[cells], 0.0)
        return self._touched.astype(np.float64) @ prices

    def _number(self, layout: Layout) -> None:
        """Codes are sets of places, kinds are measure and classes: a cell is one of each."""
        kinds: dict[tuple[int, frozenset[int]], int] = {}
        self._code_of: dict[frozenset[int], int] = {}
        self._kind_of = np.zeros(len(layout.cells), dtype=np.int64)
        at: list[tuple[int, int, int]] = []
        for number, cell in enumerate(layout.cells):
            if self._tables.is_whole(cell):
                continue  # no swap between places changes the country
            kind = kinds.setdefault((cell.measure, cell.classes), len(kinds))
            self._kind_of[number] = kind
            at.append((number, self._code_of.setdefault(cell.places, len(self._code_of)), kind))
        self._cells = np.full((len(self._code_of), len(kinds)), -1, dtype=np.int64)
        for number, code, kind in at:
            self._cells[code, kind] = number
        self._codes_of = [
            frozenset(code for places, code in self._code_of.items() if places.issuperset(piece))
            for piece in self._tables.pieces
        ]
        self._kinds = list(kinds)

    def _effects(self) -> None:
        """What each pattern changes of each kind, per person; touched: though by what is not sure."""
        layout = self._layout
        coarse = int(self._coarse.max()) + 1
        covers = np.zeros((len(self._kinds), len(layout.basic), coarse), dtype=np.int64)
        for kind, (measure, classes) in enumerate(self._kinds):
            for part in layout.parts[measure]:
                covers[kind, self._tables.basic[part], self._coarse[sorted(classes)]] = 1
        covers = covers.reshape(len(self._kinds), len(layout.basic) * coarse)
        shape = (len(self._patterns), len(self._kinds))
        self._net, self._touched = np.zeros(shape), np.zeros(shape, dtype=np.bool_)
        for number, pattern in enumerate(self._patterns):
            gained = np.add.reduce([covers[:, corner] for corner in pattern.gains])
            change = gained - np.add.reduce([covers[:, corner] for corner in pattern.loses])
            self._touched[number] = (change != 0).any(axis=1)
            self._net[number] = np.where((change == change[:, :1]).all(axis=1), change[:, 0], 0)
        # Two places may move different classes beneath a pattern: what tells those apart would change
        # in the sum over both places.
        sure = ~(self._touched & (self._net == 0)).any(axis=1)
        # Where the country tells finer classes apart, so would what it tells of each class and measure.
        single = [
            not len(self._tables.finest) or len(pattern.gains[0]) == 1 for pattern in self._patterns
        ]
        two = [len(pattern.gains) == 2 for pattern in self._patterns]
        self._wide = sure & np.array(single, dtype=np.bool_) & np.array(two, dtype=np.bool_)


def _room(counts: Floats, corners: Corners) -> Floats:
    """(rows, other classes) how many persons a place can move out of all its corners at once."""
    return np.minimum.reduce([counts[:, corner] for corner in corners])


def _coarse_classes(tables: Tables) -> tuple[list[int], Index]:
    """Per axis of classes how many of its leaves the places tell apart; (leaf classes) the coarse one."""
    layout = tables.layout
    sizes = [len(own) for axis, own in enumerate(layout.leaves) if axis != layout.geo]
    kinds = np.array([tables.kinds.of[leaf] for leaf in range(layout.classes)]).reshape(sizes)
    labels = [
        _by_first_row(np.moveaxis(kinds, axis, 0).reshape(size, -1))
        for axis, size in enumerate(sizes)
    ]
    coarse = [int(label.max()) + 1 for label in labels]
    return coarse, np.ravel_multi_index(np.ix_(*labels), coarse).reshape(-1)


def _by_first_row(rows: Index) -> Index:
    """(rows) 0.. the same for rows that are the same, in the order of the first of each."""
    _, first, label = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[label]


def _patterns(sizes: Sequence[int]) -> Iterator[_Pattern]:
    """Rectangles and pairs of measures and classes, the other axes taken together.

    sizes: how many measures there are, and how many classes on each axis.
    """
    atoms = np.arange(int(np.prod(sizes))).reshape(sizes)

    def corner(fixed: dict[int, int]) -> Index:
        return atoms[tuple(fixed.get(axis, slice(None)) for axis in range(len(sizes)))].reshape(-1)

    for first, second in combinations(range(len(sizes)), 2):
        for measure in [{}] if first == 0 else [{0: part} for part in range(sizes[0])]:
            for a, b in combinations(range(sizes[first]), 2):
                for c, d in combinations(range(sizes[second]), 2):
                    yield _Pattern(
                        (
                            corner({**measure, first: a, second: c}),
                            corner({**measure, first: b, second: d}),
                        ),
                        (
                            corner({**measure, first: a, second: d}),
                            corner({**measure, first: b, second: c}),
                        ),
                    )
    for axis in range(len(sizes)):
        for measure in [{}] if axis == 0 else [{0: part} for part in range(sizes[0])]:
            for a, b in combinations(range(sizes[axis]), 2):
                yield _Pattern((corner({**measure, axis: a}),), (corner({**measure, axis: b}),))
