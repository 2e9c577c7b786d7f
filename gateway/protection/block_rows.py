"""The rows of a block's programme: which cells of a slice are one number within some pieces.

A cell that counts more than the block changes by what it has inside. So cells with the same inside
are one row. Rows that nobody is shown, and that no small count stands in, need not be there at all.
Rows that may not change are equations; those that follow from others are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.protection.cells import Cell, Index, Layout, Leaves

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BlockRows:
    """rows: cells of each row that may change; still: of each row that may not, none redundant.

    row_of: (cells) its row, -1 for what may not change, is outside the block or has no row.
    shorter: row → the rows that add up to it, where the others of that sum do not change.
    """

    rows: tuple[tuple[int, ...], ...]
    still: tuple[tuple[int, ...], ...]
    row_of: Index
    shorter: dict[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Groups:
    """The cells that are one number within some places, and the sums between them.

    members: the cells of each group; of: (cells) its group, -1 outside; sums: group of a whole and
    those of its parts, each line once.
    """

    members: tuple[tuple[int, ...], ...]
    of: Index
    sums: tuple[tuple[int, tuple[int, ...]], ...]


def groups_of(
    layout: Layout, places: Leaves, touched: Mask, sums: Iterable[tuple[int, tuple[int, ...]]]
) -> Groups:
    """The groups of a layout within some places.

    touched: (cells) those that may change there; sums: those of the layout.
    """
    found: dict[Cell, list[int]] = {}
    for number in np.flatnonzero(touched).tolist():
        cell = layout.cells[number]
        inside = Cell(cell.measure, cell.places & places, cell.classes)
        found.setdefault(inside, []).append(number)
    of = np.full(len(layout.cells), -1, dtype=np.int64)
    for group, members in enumerate(found.values()):
        of[members] = group
    within: dict[tuple[int, tuple[int, ...]], None] = {}
    place = of.tolist()
    for parent, children in sums:
        own = tuple(group for child in children if (group := place[child]) >= 0)
        if own and place[parent] >= 0 and place[parent] not in own:
            within.setdefault((place[parent], own))
    return Groups(tuple(map(tuple, found.values())), of, tuple(within))


def block_rows(groups: Groups, *, kept: Mask, fixed: Mask) -> BlockRows:
    """kept: (cells) those that need a row; fixed: (cells) those that do not change."""
    needed = _any(groups, kept)
    stuck = needed & _any(groups, fixed)
    moving = needed & ~stuck
    row_of = np.where(moving, np.cumsum(moving) - 1, -1)
    follows = np.zeros(len(needed), dtype=np.bool_)
    shorter: dict[int, tuple[int, ...]] = {}
    for parent, children in groups.sums:
        if not needed[parent] or not all(needed[child] for child in children):
            continue
        if stuck[parent]:
            follows[parent] |= all(stuck[child] for child in children)
            continue
        row, parts = int(row_of[parent]), tuple(int(row_of[c]) for c in children if moving[c])
        if row not in shorter or len(parts) < len(shorter[row]):
            shorter[row] = parts
    return BlockRows(
        rows=tuple(groups.members[group] for group in np.flatnonzero(moving)),
        still=tuple(groups.members[group] for group in np.flatnonzero(stuck & ~follows)),
        row_of=np.where(groups.of >= 0, row_of[groups.of], -1),
        shorter=shorter,
    )


def _any(groups: Groups, marks: Mask) -> Mask:
    """(groups) True where any cell of it is marked."""
    found = np.zeros(len(groups.members), dtype=np.bool_)
    found[groups.of[marks & (groups.of >= 0)]] = True
    return found
