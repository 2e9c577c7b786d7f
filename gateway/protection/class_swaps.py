"""Circuits of the whole country that need no solver: two of its classes swap persons.

Where the country is published by finer classes than its places are, two of those that the places do
not tell apart (two courses of one service) swap persons of a measure, or one measure's against
another's. Every sum over both classes stays, and nothing below the country knows of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gateway.protection.cells import Index, Leaves
from gateway.protection.swaps import Swap
from gateway.protection.tables import Tables

Floats = NDArray[np.float64]


class ClassSwaps:
    """The class swaps of one slice. prices: what cells cost now, nothing where hidden or never shown."""

    def __init__(self, tables: Tables, atoms: Floats, prices: Floats) -> None:
        layout = self._layout = tables.layout
        self._tables, self.prices = tables, prices
        self._persons = tables.truth(atoms)[tables.first_w :].reshape(-1, len(tables.basic))
        self._alike = [np.array(own) for own in tables.finest_of_kinds()]
        self._kind_of = np.zeros(len(tables.finest), dtype=np.int64)
        for kind, own in enumerate(self._alike):
            self._kind_of[own] = kind
        self._ways = np.array(list(_ways(len(tables.basic))))
        covers = np.zeros((max(layout.parts) + 1, len(tables.basic)))
        for measure, parts in layout.parts.items():
            covers[measure, [tables.basic[part] for part in parts]] = 1
        self._effect = self._ways @ covers.T
        self._number()

    def find(self, target: int, amount: float, *, frozen: frozenset[int]) -> Swap | None:
        """The cheapest swap that changes a target by an amount; none without an area's figures."""
        if frozen:
            return None
        cell = self._layout.cells[target]
        inside = self._tables.finest.of_cell(cell)
        best: tuple[float, int, int, int] | None = None
        for way in np.flatnonzero(self._effect[:, cell.measure]).tolist():
            change = self._ways[way] * amount * self._effect[way, cell.measure]
            prices = self._prices_of(way)
            for one in inside:
                if (self._persons[one] + change < 0).any():
                    continue
                others = self._partners(one, inside)
                others = others[(self._persons[others] >= change).all(axis=1)]
                if not len(others):
                    continue
                costs = self._costs(one, others, prices)
                place = int(np.argmin(costs))
                if best is None or costs[place] < best[0]:
                    best = (float(costs[place]), way, one, int(others[place]))
        if best is None:
            return None
        cost, way, one, other = best
        by = amount * self._effect[way, cell.measure] * self._effect[way]
        moves = (*self._moves(one, other, by), *self._moves(other, one, -by))
        return Swap(moves, frozenset(range(len(self._layout.areas))), cost)

    def _partners(self, one: int, inside: list[int]) -> Index:
        """The classes that no place tells from one, outside a target."""
        alike = self._alike[self._kind_of[one]]
        return alike[~np.isin(alike, inside)] if len(inside) > 1 else alike[alike != one]

    def _prices_of(self, way: int) -> Floats:
        """(sets) what the cells cost that a way changes."""
        cells = self._cells[:, self._effect[way] != 0]
        return np.where(cells >= 0, self.prices[cells], 0.0).sum(axis=1)

    def _costs(self, one: int, others: Index, prices: Floats) -> Floats:
        """(others) of swapping with each: the sets that hold both stay."""
        each = np.zeros(len(self._kind_of))
        np.add.at(each, self._member, prices[self._set])
        for held in self._sets_of[one]:
            each[self._members[held]] -= 2 * prices[held]
        return each[others] + sum(prices[held] for held in self._sets_of[one])

    def _moves(self, one: int, other: int, by: Floats) -> Iterator[tuple[int, float]]:
        """The cells that count one class and not the other, with their changes."""
        for held in sorted(self._sets_of[one] - self._sets_of[other]):
            for measure in np.flatnonzero(by).tolist():
                if (cell := int(self._cells[held, measure])) >= 0:
                    yield cell, float(by[measure])

    def _number(self) -> None:
        """The sets of classes that the country's cells count, and what each class is in."""
        sets: dict[Leaves, int] = {}
        whole = [i for i, one in enumerate(self._layout.cells) if self._tables.is_whole(one)]
        for number in whole:
            sets.setdefault(self._layout.cells[number].classes, len(sets))
        self._cells = np.full((len(sets), self._effect.shape[1]), -1, dtype=np.int64)
        self._members: list[Index] = [np.zeros(0, dtype=np.int64)] * len(sets)
        self._sets_of: list[set[int]] = [set() for _ in self._kind_of]
        for number in whole:
            cell = self._layout.cells[number]
            held = sets[cell.classes]
            self._cells[held, cell.measure] = number
            self._members[held] = np.array(self._tables.finest.of_cell(cell))
        for held, members in enumerate(self._members):
            for member in members.tolist():
                self._sets_of[member].add(held)
        self._member = np.concatenate(self._members)
        self._set = np.repeat(np.arange(len(sets)), [len(own) for own in self._members])


def _ways(basic: int) -> Iterator[Floats]:
    """(basic measures) what one person more is: one in a measure, or one moved between two."""
    unit = np.eye(basic)
    yield from unit
    for first in range(basic):
        for second in range(first + 1, basic):
            yield unit[first] - unit[second]
