"""What a reader knows, as rows over the columns.

Rows speak of the *change* d from the true table: a known sum does not change (row = 0), and a column
changes by no less than minus the persons in it. So the truth is d = 0, and every other table that a
reader cannot tell from it is another d.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.attack.columns import Columns
from gateway.attack.geography import LEAF, PIECE
from gateway.attack.incidence import Indices
from gateway.attack.partitions import Partition
from gateway.attack.slices import Slice
from gateway.errors import ReleaseRefused
from gateway.model.cube import Line


@dataclass(frozen=True, slots=True)
class Rows:
    """Sums of columns, one entry per (row, column): row[i], column[i], sign[i].

    lower, upper: (row) the least and the largest change: 0 and 0 for what is known.
    needed: (row) False where other rows imply it.
    """

    row: Indices
    column: Indices
    sign: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    needed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.upper)


Entries = tuple[Indices, Indices, NDArray[np.float64]]


def told_rows(part: Slice, columns: Columns) -> Iterator[tuple[Entries, NDArray[np.bool_]]]:
    """Per measure and code: the known cells' entries, and which of them no line implies.

    Raises ReleaseRefused when a true count is not the sum of its leaves: then nothing can be audited.
    """
    geography = columns.geography
    needed = part.known & ~implied(part)
    for measure, code in np.ndindex(*part.known.shape[:2]):
        chosen = np.flatnonzero(part.known[measure, code])
        if not len(chosen):
            continue
        owner, column = columns.of(measure, geography.unit(geography.leaves.of(code)), chosen)
        summed = np.bincount(owner, weights=columns.truth[column], minlength=len(chosen))
        if (summed != part.counts[measure, code, chosen]).any():
            raise ReleaseRefused("A count of the cube is not the sum of its leaves.")
        yield (owner, column, np.ones(len(owner))), needed[measure, code, chosen]


def tying_rows(columns: Columns) -> Iterator[Entries]:
    """Tiers to each other, and shares to their owners."""
    geography = columns.geography
    several = np.flatnonzero(geography.pieces.sizes() > 1).tolist()
    for (variable, tier), block in columns.blocks.items():
        below = columns.blocks.get((variable, tier - 1))
        if below is None:
            continue
        for node in several if tier == PIECE else range(block.nodes):
            nodes = geography.pieces.of(node) if tier == PIECE else np.arange(below.nodes)
            yield _tied(
                below.columns(nodes), below.atoms, to=block.columns([node])[0], of=block.atoms
            )
    leaves = np.flatnonzero(np.isin(geography.piece_of, several))
    for owner, shares in columns.nest.shares:
        for tier, nodes in ((LEAF, leaves), (PIECE, np.arange(len(geography.pieces)))):
            whole, *parts = (columns.blocks[variable, tier] for variable in (owner, *shares))
            for node in nodes.tolist():
                lower = np.concatenate([part.columns([node]) for part in parts])
                yield _tied(lower, parts[0].atoms, to=whole.columns([node])[0], of=whole.atoms)


def rows_of(part: Slice, columns: Columns) -> Rows:
    """Everything that is known of a slice. Raises ReleaseRefused."""
    pieces: list[Entries] = []
    needed: list[NDArray[np.bool_]] = []
    for entries, own in told_rows(part, columns):
        pieces.append(entries)
        needed.append(own)
    for entries in tying_rows(columns):
        pieces.append(entries)
        needed.append(np.ones(int(entries[0].max()) + 1, dtype=np.bool_))
    counts = [len(own) for own in needed]
    offset = np.cumsum([0, *counts])
    none = np.empty(0, dtype=np.intp)
    return Rows(
        np.concatenate(
            [none, *(row + at for (row, _, _), at in zip(pieces, offset, strict=False))]
        ),
        np.concatenate([none, *(column for _, column, _ in pieces)]),
        np.concatenate([np.empty(0), *(sign for _, _, sign in pieces)]),
        np.zeros(sum(counts)),
        np.zeros(sum(counts)),
        np.concatenate([np.empty(0, dtype=np.bool_), *needed]),
    )


def implied(part: Slice) -> NDArray[np.bool_]:
    """(measure, geography, combination) True for a parent of a line whose children are all known."""
    shape = tuple(len(axis.codes) for axis in part.classes)
    known = part.known.reshape(*part.known.shape[:2], *shape)
    found = np.zeros_like(known)
    axes: list[tuple[int, tuple[Line, ...]]] = [
        (number + 2, axis.lines) for number, axis in enumerate(part.classes)
    ]
    if part.geography is not None:
        axes.append((1, part.geography.lines))
    for number, lines in axes:
        along, result = np.moveaxis(known, number, 0), np.moveaxis(found, number, 0)
        for line in lines:
            result[line.parent] |= along[list(line.children)].all(axis=0)
    return found.reshape(part.known.shape)


def _tied(lower: Indices, atoms: Partition, *, to: Indices, of: Partition) -> Entries:
    """Per atom, the columns of it in `lower` (any, atom) = those of the finer atoms within it."""
    each = np.tile(np.arange(len(atoms)), len(lower))
    return (
        np.concatenate([each, atoms.label[of.first]]),
        np.concatenate([lower.ravel(), to]),
        np.concatenate([np.ones(lower.size), -np.ones(len(to))]),
    )
