"""The sums that a reader could imagine behind the published means of a slice.

A published mean times its published count is a sum. The sums of the leaves are unknown, but not
negative, and those of published cells add up. Every table of leaf sums that keeps this is possible;
what such tables leave open of a hidden sum is its interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.model.cube import Axis
from gateway.protection.cells import Layout, layout_of
from gateway.protection.contributions import Contributions, merged
from gateway.protection.tables import Tables, tables_of

Mask = NDArray[np.bool_]
Index = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Entries:
    """A sparse matrix: row, column, sign of each entry; rows of them."""

    row: Index
    column: Index
    sign: Floats
    rows: int


@dataclass(frozen=True, slots=True)
class SumTables:
    """What slices that publish alike have in common.

    cells: the columns of each cell of the layout; ties: sums of columns that are one number;
    lines: (parent, children) cells of each line.
    """

    layout: Layout
    tables: Tables
    cells: Entries
    ties: Entries
    lines: tuple[tuple[int, tuple[int, ...]], ...]

    def by_cell(self, inside: Contributions) -> Contributions:
        """(cells) what is contributed to each. inside: of the slice, (*axes)."""
        wide = inside.widened(self.layout.axes)
        numbered = self.layout.ids[0] >= 0
        tops = [np.zeros(len(self.layout.cells), dtype=np.int64) for _ in range(2)]
        for own, whole in zip(tops, (wide.largest, wide.second), strict=True):
            own[self.layout.ids[0][numbered]] = whole[numbered]
        beside = set(range(len(self.layout.cells))) - set(self.layout.ids[0][numbered].tolist())
        leaves = [self._leaves(part) for part in (inside.largest, inside.second)]
        for number in sorted(beside):
            cell = self.layout.cells[number]
            at = np.ix_(sorted(cell.places), sorted(cell.classes))
            one, two = merged(leaves[0][at].reshape(-1), leaves[1][at].reshape(-1))
            tops[0][number], tops[1][number] = one[0], two[0]
        return Contributions(
            self.values(inside.sums), tops[0], tops[1], self.values(inside.contributors)
        )

    def values(self, inside: NDArray[np.int64]) -> Index:
        """(cells) what an array of the slice, (*axes), adds up to in each."""
        return self.layout.values(inside[None])

    def truth(self, inside: NDArray[np.int64]) -> Floats:
        """(columns) the same in each column."""
        return self.tables.truth(self.layout.atoms(inside[None]))

    def implied(self, known: Mask) -> Mask:
        """(cells) True for a sum of known cells: it says nothing that they do not say."""
        found = np.zeros(len(known), dtype=np.bool_)
        for parent, children in self.lines:
            found[parent] |= known[list(children)].all() and parent not in children
        return found

    def _leaves(self, inside: NDArray[np.int64]) -> Index:
        """(leaf place, leaf class)"""
        return self.layout.atoms(inside[None])[0].astype(np.int64)


def sum_tables(axes: Sequence[Axis], designed: Mask) -> SumTables:
    """axes: those with sums; designed: (*axes) True where the contract publishes the mean."""
    layout = layout_of(axes, designed[None], measure_lines=(), latent=frozenset())
    tables = tables_of(layout)
    terms = [tables.terms(cell) for cell in layout.cells]
    ties = [*tables.ties(), *tables.country_ties()]
    ones = [np.repeat([1.0, -1.0], [len(left), len(right)]) for left, right in ties]
    return SumTables(
        layout,
        tables,
        _entries(terms, [np.ones(len(own)) for own in terms]),
        _entries([(*left, *right) for left, right in ties], ones),
        tuple(layout.sums()),
    )


def _entries(columns: Sequence[Sequence[int]], signs: Sequence[Floats]) -> Entries:
    sizes = [len(own) for own in columns]
    return Entries(
        np.repeat(np.arange(len(columns)), sizes),
        np.array([column for own in columns for column in own], dtype=np.int64),
        np.concatenate([np.zeros(0), *signs]),
        len(columns),
    )
