"""What is hidden in every line, kept up to date while cells are hidden and published.

A line is `parent = sum of children`. With the hidden ones among its cells, a line is safe when

* its parent is hidden, and at least one child is too; or
* its parent is published, and the hidden children add up to something that is no small count
  itself, at least two of them are not zero, and they are not all of the smallest or all of the
  largest sensitive value, which a reader who knows them to be sensitive could conclude.

No safe line has exactly one unknown cell, so repeated subtraction finds no first step either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.protection.relations import Index, Relations

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one slice, by cell number.

    weights: int64 >= 0, what sums are made of (persons); sensitive: must be hidden; cost: float64
    > 0, how much is lost by hiding the cell.
    """

    weights: Index
    sensitive: Mask
    cost: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is hidden in some lines.

    parent: its parent; children: how many of them; nonzero, harmless: how many of those are not
    zero, and not sensitive; total: what they add up to; blurred: some of the line's cells are
    unknown whatever is published.
    """

    parent: Mask
    children: Index
    nonzero: Index
    harmless: Index
    total: Index
    blurred: Mask

    def of(self, lines: Index) -> Hidden:
        """The same for some of the lines."""
        return Hidden(
            self.parent[lines],
            self.children[lines],
            self.nonzero[lines],
            self.harmless[lines],
            self.total[lines],
            self.blurred[lines],
        )

    def unsafe(self, threshold: int) -> Mask:
        """(lines) True where the line gives something back."""
        alone = self.parent & (self.children == 0)
        small = (self.total > 0) & (self.total < threshold)
        least, most = self.children, self.children * (threshold - 1)
        extreme = (self.harmless == 0) & ((self.total == least) | (self.total == most))
        told = small | (~self.blurred & ((self.nonzero < 2) | extreme))
        return alone | (~self.parent & (self.children > 0) & told)


class Ledger:
    """The hidden cells of a slice and what they amount to in each line.

    hidden: (cells) True where hidden or unknown anyway; lines: the same, counted line by line.
    """

    __slots__ = ("_threshold", "_unsafe", "cells", "hidden", "lines", "relations")

    def __init__(self, relations: Relations, cells: Cells, *, threshold: int) -> None:
        count = len(relations.starts) - 1
        self.relations = relations
        self.cells = cells
        self.hidden: Mask = np.zeros(len(relations.known), dtype=np.bool_)
        self._threshold = threshold
        self._unsafe: Mask = np.zeros(count, dtype=np.bool_)
        unknown = ~relations.known[relations.entries]
        blurred = np.zeros(count, dtype=np.bool_)
        blurred[relations.line_of[unknown]] = True
        self.lines = Hidden(
            parent=np.zeros(count, dtype=np.bool_),
            children=np.zeros(count, dtype=np.int64),
            nonzero=np.zeros(count, dtype=np.int64),
            harmless=np.zeros(count, dtype=np.int64),
            total=np.zeros(count, dtype=np.int64),
            blurred=blurred,
        )
        self.hide(np.flatnonzero(cells.sensitive | ~relations.known))

    def hide(self, cells: Index) -> None:
        """Hide published cells."""
        self._change(cells, hide=True)

    def publish(self, cells: Index) -> None:
        """Publish hidden cells."""
        self._change(cells, hide=False)

    def unsafe_lines(self) -> Index:
        """The numbers of the lines that give something back."""
        return np.flatnonzero(self._unsafe)

    def untouched(self, lines: Index) -> Mask:
        """(lines, as given) True where nothing is hidden."""
        return ~self.lines.parent[lines] & (self.lines.children[lines] == 0)

    def needed(self, cells: Index) -> Mask:
        """(cells, as given) True where some line would be unsafe with this one cell published."""
        relations = self.relations
        entries = relations.entries_of_cells(cells)
        line, number = relations.line_of[entries], relations.entries[entries]
        is_parent = entries == relations.starts[line]
        child = (~is_parent).astype(np.int64)
        weights = self.cells.weights[number] * child
        now = self.lines.of(line)
        after = Hidden(
            parent=now.parent & ~is_parent,
            children=now.children - child,
            nonzero=now.nonzero - (weights > 0),
            harmless=now.harmless - child * ~self.cells.sensitive[number],
            total=now.total - weights,
            blurred=now.blurred,
        )
        needed = np.zeros(len(self.hidden), dtype=np.bool_)
        needed[number[after.unsafe(self._threshold)]] = True
        return needed[cells]

    def _change(self, cells: Index, *, hide: bool) -> None:
        self.hidden[cells] = hide
        relations, lines = self.relations, self.lines
        entries = relations.entries_of_cells(cells)
        line, number = relations.line_of[entries], relations.entries[entries]
        is_parent = entries == relations.starts[line]
        changed = line
        lines.parent[line[is_parent]] = hide
        line, number = line[~is_parent], number[~is_parent]
        weights = self.cells.weights[number]
        sign = 1 if hide else -1
        np.add.at(lines.children, line, sign)
        np.add.at(lines.nonzero, line, sign * (weights > 0))
        np.add.at(lines.harmless, line, sign * ~self.cells.sensitive[number])
        np.add.at(lines.total, line, sign * weights)
        self._unsafe[changed] = lines.of(changed).unsafe(self._threshold)
