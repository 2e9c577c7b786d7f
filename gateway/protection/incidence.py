"""Which columns add up to each cell of a layout, worked out once for all blocks of the country."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.protection.cells import Index
from gateway.protection.tables import Tables


@dataclass(frozen=True, slots=True)
class Incidence:
    """columns: of all cells, one cell after the other; starts: (cells + 1) where each one begins.

    places, finest: (cells) how many places, and how many of the finest classes, each one counts.
    """

    columns: Index
    starts: Index
    places: Index
    finest: Index

    def of(self, cell: int) -> Index:
        """The columns that add up to a cell."""
        return self.columns[self.starts[cell] : self.starts[cell + 1]]

    def any(self, marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(cells) True where any column is marked. marks: (columns)."""
        return np.logical_or.reduceat(marks[self.columns], self.starts[:-1])


def incidence_of(tables: Tables) -> Incidence:
    """The columns of every cell; each has some."""
    terms = [tables.terms(cell) for cell in tables.layout.cells]
    columns = np.array([column for own in terms for column in own], dtype=np.int64)
    return Incidence(
        columns,
        np.cumsum([0, *map(len, terms)]),
        places=np.array([len(cell.places) for cell in tables.layout.cells]),
        finest=np.array([len(tables.finest.of_cell(cell)) for cell in tables.layout.cells]),
    )
