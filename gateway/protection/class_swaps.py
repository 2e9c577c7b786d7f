"""Circuits of the whole country that need no solver: some of its classes swap persons.

Where the country is published by finer classes than its places are, those that the places do not tell
apart (the courses of one service) swap persons of a measure, or one measure's against another's: one
class changes, and one or a few others make up for it. Every sum over all of them stays, and nothing
below the country knows of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from gateway.protection.cells import Index, Leaves
from gateway.protection.swaps import Swap
from gateway.protection.tables import Tables

Floats = NDArray[np.float64]
_MOST = 6  # classes that make up for one
_ROUNDING = 1e-6  # of prices added and taken off


class ClassSwaps:
    """The class swaps of one slice. prices: what cells cost, nothing where hidden or never shown."""

    def __init__(self, tables: Tables, atoms: Floats, prices: Floats) -> None:
        layout = self._layout = tables.layout
        self._finest, self._prices = tables.finest, prices.copy()
        self._persons = tables.truth(atoms)[tables.first_w :].reshape(-1, len(tables.basic))
        self._alike = [np.array(own) for own in tables.finest_of_kinds()]
        self._kind_of = np.zeros(len(tables.finest), dtype=np.int64)
        for kind, own in enumerate(self._alike):
            self._kind_of[own] = kind
        self._ways = np.array(list(_ways(tables))).reshape(-1, len(tables.basic))
        covers = np.zeros((max(layout.parts) + 1, len(tables.basic)))
        for measure, parts in layout.parts.items():
            covers[measure, [tables.basic[part] for part in parts]] = 1
        self._effect = self._ways @ covers.T
        self._number(tables)
        self._costs = np.zeros((len(self._ways), len(tables.finest)))
        for cell in self._at:
            self._add_cost(cell, float(self._prices[cell]))

    def hide(self, cells: Index) -> None:
        """Cells cost nothing from now on."""
        for cell in (cell for cell in cells.tolist() if cell in self._at):
            self._add_cost(cell, -float(self._prices[cell]))
            self._prices[cell] = 0.0

    def find(self, target: int, amount: float, *, frozen: frozenset[int]) -> Swap | None:
        """The cheapest swap found that changes a target by an amount; none without an area's figures."""
        if frozen:
            return None
        cell = self._layout.cells[target]
        inside = self._finest.of_cell(cell)
        found: list[Swap] = []
        for way in np.flatnonzero(self._effect[:, cell.measure]).tolist():
            by = amount * self._effect[way, cell.measure]
            for one in inside:
                if (self._persons[one] + by * self._ways[way] >= 0).all():
                    others = self._partners(one, inside)
                    found += [
                        self._swap(way, [(one, by), *parts])
                        for parts in self._answers(others, way, -by)
                    ]
        return min(found, key=lambda swap: swap.cost, default=None)

    def _partners(self, one: int, inside: list[int]) -> Index:
        """The classes that no place tells from one, outside a target."""
        alike = self._alike[self._kind_of[one]]
        return alike[~np.isin(alike, inside)] if len(inside) > 1 else alike[alike != one]

    def _answers(self, others: Index, way: int, by: float) -> Iterator[list[tuple[int, float]]]:
        """What makes up for a change: the cheapest class that can by itself; a few that cost nothing."""
        room, costs = self._room(others, way, by), self._costs[way, others]
        able = np.flatnonzero(room >= abs(by))
        cheapest = np.inf
        if len(able):
            place = int(able[np.argmin(costs[able])])
            cheapest = costs[place]
            yield [(int(others[place]), by)]
        free = (
            np.flatnonzero((costs < _ROUNDING) & (room > 0)) if cheapest > _ROUNDING else able[:0]
        )
        largest = free[np.argsort(-room[free], kind="stable")][:_MOST]
        if room[largest].sum() >= abs(by):
            before = np.concatenate([[0.0], np.cumsum(room[largest])[:-1]])
            each = np.clip(abs(by) - before, 0.0, room[largest])
            yield [
                (int(others[place]), float(np.copysign(part, by)))
                for place, part in zip(largest, each, strict=True)
                if part > 0
            ]

    def _room(self, others: Index, way: int, by: float) -> Floats:
        """(others) how far each can go the way before one of its measures is at nobody."""
        falling = np.flatnonzero(self._ways[way] * by < 0)
        if not len(falling):
            return np.full(len(others), np.inf)
        return self._persons[np.ix_(others, falling)].min(axis=1)

    def _swap(self, way: int, parts: list[tuple[int, float]]) -> Swap:
        changes: dict[int, float] = defaultdict(float)
        for finest, by in parts:
            for held in self._sets_of[finest]:
                changes[held] += by
        moves = tuple(
            (cell, by * float(self._effect[way, measure]))
            for held, by in sorted(changes.items())
            for measure in (np.flatnonzero(self._effect[way]).tolist() if by else ())
            if (cell := int(self._cells[held, measure])) >= 0
        )
        cost = float(sum(self._prices[cell] for cell, _ in moves))
        return Swap(moves, frozenset(range(len(self._layout.areas))), cost)

    def _add_cost(self, cell: int, price: float) -> None:
        """Each class that a cell counts costs so much more, by every way that changes the cell."""
        held, measure = self._at[cell]
        ways = np.flatnonzero(self._effect[:, measure])
        self._costs[np.ix_(ways, self._members[held])] += price

    def _number(self, tables: Tables) -> None:
        """The sets of classes that the country's cells count and that a swap may change."""
        sets: dict[Leaves, int] = {}
        self._members: list[Index] = []
        self._at: dict[int, tuple[int, int]] = {}
        for number, cell in enumerate(self._layout.cells):
            if not tables.is_whole(cell):
                continue
            if cell.classes not in sets:
                members = np.array(tables.finest.of_cell(cell))
                kinds = np.unique(self._kind_of[members])
                if len(members) == sum(len(self._alike[kind]) for kind in kinds.tolist()):
                    continue  # whoever swaps, it stays
                sets[cell.classes] = len(sets)
                self._members.append(members)
            self._at[number] = sets[cell.classes], cell.measure
        self._cells = np.full((len(sets), self._effect.shape[1]), -1, dtype=np.int64)
        for number, where in self._at.items():
            self._cells[where] = number
        self._sets_of: list[list[int]] = [[] for _ in self._kind_of]
        for held, members in enumerate(self._members):
            for member in members.tolist():
                self._sets_of[member].append(held)


def _ways(tables: Tables) -> Iterator[Floats]:
    """(basic measures) what one person more is: one in a measure, or one moved between two.

    A measure that is divided twice changes by as much in both divisions.
    """
    unit = np.eye(len(tables.basic))
    between = [unit[one] - unit[other] for one, other in combinations(range(len(unit)), 2)]
    for way in (*unit, *between):
        of = {measure: way[number] for measure, number in tables.basic.items()}
        if all(
            sum(of[m] for m in first) == sum(of[m] for m in second)
            for first, second in tables.layout.splits
        ):
            yield way
