"""The sums that tie the cells of one slice together, as flat arrays of cell numbers.

A slice is the part of a lattice that no sum connects to the rest: one month of a stock. Its cells
are those a reader sees, and those a reader can work out from them while nothing is hidden: an
unpublished cell that stands alone in a line of published ones is as good as published.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.model.cube import Line
from gateway.protection.divisions import WideAxis

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Relations:
    """Cells and lines by number; a cell number is measure * places + its index in `places`.

    places: flat index of each cell into one measure's widened slice.
    known: (cells) True where a reader sees or can work out the cell while nothing is hidden; the
    others can never be worked out along one line, and count as hidden.
    entries: the cell numbers of all lines, one line after another, each line's parent first.
    starts, line_of: (lines + 1) where each line begins, the last number being the end; and which
    line each entry is in.
    ranks: (lines) 0 along the axes of a published measure, 1 across measures, 2 along the axes of
    a latent one. entries_by_cell, cell_starts: the entries of each cell, and (cells + 1) where they
    begin there.
    """

    places: Index
    known: NDArray[np.bool_]
    entries: Index
    starts: Index
    line_of: Index
    ranks: Index
    entries_by_cell: Index
    cell_starts: Index

    def entries_of_lines(self, lines: Index) -> Index:
        """The entries of some lines, one line after another."""
        return _ranges(self.starts, lines)

    def entries_of_cells(self, cells: Index) -> Index:
        """The entries of some cells, one cell after another."""
        return self.entries_by_cell[_ranges(self.cell_starts, cells)]


def _ranges(starts: Index, chosen: Index) -> Index:
    """All numbers from starts[i] up to starts[i + 1], for each chosen i, one after another."""
    first = starts[chosen]
    lengths = starts[chosen + 1] - first
    before = np.cumsum(lengths) - lengths
    return np.repeat(first - before, lengths) + np.arange(int(lengths.sum()))


def relations_of(
    axes: Sequence[WideAxis],
    designed: NDArray[np.bool_],
    *,
    measure_lines: Sequence[Line],
    latent: frozenset[int],
) -> Relations:
    """The relations of a slice.

    axes: the slice's axes, widened; designed: (measure, *axes) bool, latent pieces False; measures
    of `latent` are never published.
    """
    known = np.stack([known_cells(axes, one) for one in designed])
    blocks = [
        (measure, block)
        for measure, one in enumerate(known)
        for axis, wide in enumerate(axes)
        for block in _blocks(wide, axis, one)
    ]
    used = known.any(axis=0).reshape(-1)
    for _, block in blocks:
        used[block] = True
    number = np.cumsum(used) - 1
    cells = int(used.sum())
    lines = [
        (number[block] + measure * cells, 2 if measure in latent else 0)
        for measure, block in blocks
    ]
    for line in measure_lines:
        members = [line.parent, *line.children]
        seen = number[np.flatnonzero(known[members].all(axis=0))][:, None]
        lines.append((seen + np.array(members) * cells, 1))
    return _numbered(
        lines, np.flatnonzero(used), known.reshape(len(known), -1)[:, used].reshape(-1)
    )


def _numbered(
    lines: Sequence[tuple[Index, int]], places: Index, known: NDArray[np.bool_]
) -> Relations:
    """lines: (lines, members) cell numbers with their rank."""
    entries = _joined([block.reshape(-1) for block, _ in lines])
    lengths = _joined([np.full(len(block), block.shape[1]) for block, _ in lines])
    return Relations(
        places=places,
        known=known,
        entries=entries,
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        line_of=np.repeat(np.arange(len(lengths)), lengths),
        ranks=_joined([np.full(len(block), rank) for block, rank in lines]),
        entries_by_cell=np.argsort(entries, kind="stable"),
        cell_starts=np.searchsorted(np.sort(entries), np.arange(len(known) + 1)),
    )


def _joined(parts: Sequence[Index]) -> Index:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def known_cells(axes: Sequence[WideAxis], designed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(*axes) True for published cells, and for each one that is alone unknown in some line."""
    known = designed.copy()
    found = True
    while found:
        found = False
        for number, wide in enumerate(axes):
            along = np.moveaxis(known, number, 0)
            for line in wide.lines:
                members = [line.parent, *line.children]
                alone = (~along[members]).sum(axis=0) == 1
                if alone.any():
                    along[members] |= alone
                    found = True
    return known


def _blocks(wide: WideAxis, axis: int, known: NDArray[np.bool_]) -> Iterator[Index]:
    """Per line of an axis a (places along the other axes, members) array of flat places.

    A line matters when all its cells are known, or when its parent and a child are: the sum of the
    cells that are not known then follows from the published ones.
    """
    places = np.moveaxis(np.arange(known.size).reshape(known.shape), axis, 0)
    along = np.moveaxis(known, axis, 0)
    for line in wide.lines:
        members = [line.parent, *line.children]
        matters = along[line.parent] & along[list(line.children)].any(axis=0)
        if matters.any():
            yield places[members][:, matters].T
