"""One slice: hide its small counts, and as little more as keeps each of them unknown to everybody.

First circuit by circuit: for every small count and every reader from whom it is not safe yet, one
of what is hidden already, and where there is none the cheapest one. A block of the country is tried
first, and a wider one where the circuit would hide a sum over more than the block. Then back again,
dearest first: what is not needed after all is published. What is left is hidden because somebody
could otherwise be known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ReleaseRefused
from gateway.protection.blocks import Blocks
from gateway.protection.cells import Index, Layout
from gateway.protection.circuits import Block, Circuit
from gateway.protection.class_swaps import ClassSwaps
from gateway.protection.extents import Extent
from gateway.protection.small_sums import small_sums, told_by_lines
from gateway.protection.swaps import Swaps
from gateway.protection.tables import Tables
from gateway.protection.unknowns import Coalition, Unknowns, Widths

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
_FREE = 0.01  # of a hidden cell: not nothing, so that circuits stay short
_CHEAP = 12.0  # of a swap: dearer ones are worth a linear programme
_NEVER = 1e9  # what readers have already cannot be hidden
_FEW = 6  # small counts that may need another circuit for a cell to be published again


@dataclass(frozen=True, slots=True)
class Counts:
    """A slice to be protected.

    values: (cells); truth: (columns of the tables); others: (areas, W columns) persons whom an area does
    not know; costs: (cells) of hiding.
    small: (cells) those that must stay unknown; told: those that readers have from elsewhere, never
    hidden; kept: those that are hidden whatever comes.
    """

    values: Index
    truth: Floats
    others: Floats
    costs: Floats
    small: Mask
    told: Mask
    kept: Mask


class Hiding:
    """The hidden cells of one slice while they are being chosen."""

    def __init__(self, layout: Layout, counts: Counts, *, threshold: int, widths: Widths) -> None:
        self._layout, self._counts = layout, counts
        self._threshold, self._widths = threshold, widths
        self._small = counts.small.copy()
        self.hidden: Mask = self._small | counts.kept
        self._unknowns = Unknowns(layout, widths)
        self._costs = np.where(layout.shown, counts.costs, 0.0)
        self._costs[self.hidden & layout.shown] = _FREE
        self._waiting: set[int] = set()
        self._want(np.flatnonzero(self._small).tolist())

    def _want(self, targets: Sequence[int]) -> None:
        """Keep cells unknown from now on."""
        self._small[targets] = self.hidden[targets] = True
        self._costs[self.hidden & self._layout.shown] = _FREE
        self._unknowns.want(targets)
        self._waiting.update(targets)

    def swap(self, tables: Tables, atoms: Floats) -> None:
        """Hide what cheap swaps need: they are found at once, so that fewer programmes are solved."""
        layout = self._layout
        prices = np.where(layout.shown & ~self.hidden, self._counts.costs, 0.0)
        prices[self._counts.told] = _NEVER
        of_places = Swaps(tables, atoms, prices)
        of_classes = ClassSwaps(tables, atoms, prices) if len(tables.finest) else of_places
        for target in sorted(self._waiting, key=lambda t: (self._counts.values[t], t)):
            swaps = of_classes if tables.is_whole(layout.cells[target]) else of_places
            if self._is_swapped(target, swaps):
                self._waiting.discard(target)
        self._costs[self.hidden & layout.shown] = _FREE

    def _is_swapped(self, target: int, swaps: Swaps | ClassSwaps) -> bool:
        return self._is_made_wide(
            target, lambda amount, reader: self._takes_swap(swaps, target, amount, reader)
        )

    def _takes_swap(
        self, swaps: Swaps | ClassSwaps, target: int, amount: float, reader: Coalition
    ) -> bool:
        """Hide what the cheapest swap changes, unless that is dear."""
        found = swaps.find(target, amount, frozen=reader)
        if found is None or found.cost > _CHEAP:
            return False
        cells = np.array([cell for cell, _ in found.moves], dtype=np.int64)
        shown = cells[self._layout.shown[cells]]
        self.hidden[shown] = True
        swaps.hide(shown)
        self._unknowns.add(found.moves, found.areas, shown)
        return True

    def _is_made_wide(
        self, target: int, move: Callable[[float, Coalition], bool], *, without: int = -1
    ) -> bool:
        """Move a target by an amount for each reader from whom it is not safe yet, until it is.

        move: False when it cannot. without: a cell that is to change no more.
        """
        tried: set[Coalition] = set()
        while (reader := self._unknowns.open_to(target, without=without)) is not None:
            if reader in tried:
                return False
            tried.add(reader)
            for amount in self._amounts(target, reader):
                if self._unknowns.is_wide(target, reader, without=without):
                    break
                if not move(amount, reader):
                    return False
        return True

    def protect(self, blocks: Blocks) -> None:
        """Hide until every small count is wide enough for every reader. Raises ReleaseRefused."""
        for stage in blocks.stages():
            for extent in stage:
                if extent.is_everything:  # what is hidden by now is mostly enough
                    self._keep_safe(blocks, extent, only_hidden=True)
                self._keep_safe(blocks, extent, only_hidden=False)
        if self._waiting:
            raise ReleaseRefused(
                f"{len(self._waiting)} small counts cannot be kept unknown whatever is hidden."
            )

    def _keep_safe(self, blocks: Blocks, extent: Extent, *, only_hidden: bool) -> None:
        """Find the circuits of the small counts that wait, within an extent."""
        inside = [target for target in self._waiting if extent.free[target]]
        if not inside:
            return
        shown = self._layout.shown & ~self.hidden
        block = self._block(blocks, extent, fixed=shown if only_hidden else self._counts.told)
        for target in sorted(inside, key=lambda t: (self._counts.values[t], t)):
            if self._is_made_safe(target, block):
                self._waiting.discard(target)

    def _block(self, blocks: Blocks, extent: Extent, *, fixed: Mask) -> Block:
        kept = self._layout.shown | self._small
        counts = self._counts
        block = blocks.block(
            extent, truth=counts.truth, others=counts.others, kept=kept, fixed=fixed
        )
        block.price(self._costs)
        return block

    def spare(self, blocks: Blocks) -> None:
        """Publish again what is not needed, dearest first."""
        layout = self._layout
        spared: set[int] = set()
        for extent in blocks.parts:
            may = self.hidden & layout.shown & ~self._small & ~self._counts.kept
            chosen = np.flatnonzero(may & extent.inside).tolist()
            if not chosen:
                continue
            block = self._block(blocks, extent, fixed=layout.shown & ~self.hidden)
            for cell in sorted(chosen, key=lambda c: (-self._counts.costs[c], c)):
                if cell not in spared and self._is_needless(cell, block):
                    spared.add(cell)

    def settle(self, blocks: Blocks) -> None:
        """What one published line leaves over is no small count, and no cell that is told is hidden.

        Raises ReleaseRefused.
        """
        while True:
            known = (self._layout.shown & ~self.hidden) | self._counts.told
            told = told_by_lines(self._layout, known) & ~self._small & ~self._counts.kept
            if told.any():
                self._publish(np.flatnonzero(told).tolist())
                continue
            sums = small_sums(self._layout, self._counts.values, known, self._threshold)
            self._want(sorted({self._cheapest(members) for members in sums}))
            if not self._waiting:
                return
            self.protect(blocks)

    def _publish(self, cells: Sequence[int]) -> None:
        """Hide cells no longer. Small counts whose circuits changed them wait for others."""
        self.hidden[cells] = False
        users = {target for cell in cells for target in self._unknowns.users(cell)}
        for cell in cells:
            self._unknowns.drop(cell)
        self._costs[cells] = self._counts.costs[cells]
        self._waiting.update(t for t in users if self._unknowns.open_to(t) is not None)

    def _is_made_safe(self, target: int, block: Block, *, without: int = -1) -> bool:
        """Hide what keeps a target unknown; nothing when that reaches beyond the block.

        without: a cell that is held, and to change no more.
        """
        row = block.row_of(target)

        def move(amount: float, reader: Coalition) -> bool:
            found = block.circuit(row, amount, frozen=reader)
            return found is not None and self._is_taken(found, block)

        return row >= 0 and self._is_made_wide(target, move, without=without)

    def _amounts(self, target: int, reader: Coalition) -> Iterator[float]:
        """Down to nobody and up by what is missing, the longer way first: the other often follows."""
        value = float(self._counts.values[target])
        width = self._widths.insider if reader else self._widths.outsider
        ways = [-min(value, width), max(0.0, width - value)]
        yield from sorted((way for way in ways if way), key=abs, reverse=True)

    def _is_taken(self, found: Circuit, block: Block) -> bool:
        """Hide what a circuit changes, unless that is a sum over more than the block."""
        moved = self._moved(found, block)
        cells = np.array([cell for cell, _ in moved], dtype=np.int64)
        shown = cells[self._layout.shown[cells]]
        fresh = shown[~self.hidden[shown]]
        if not block.extent.inside[fresh].all():
            return False
        if len(fresh):
            self.hidden[fresh] = True
            self._costs[fresh] = _FREE
            block.price(self._costs)
        self._unknowns.add(moved, found.areas, shown)
        return True

    def _moved(self, found: Circuit, block: Block) -> list[tuple[int, float]]:
        rows = np.flatnonzero(found.moves)
        return [(cell, float(found.moves[row])) for row in rows for cell in block.rows[row]]

    def _is_needless(self, cell: int, block: Block) -> bool:
        """Publish a cell if everything is safe without it, by other circuits if need be."""
        unknowns = self._unknowns
        lacking: list[int] = []
        for target in unknowns.users(cell):
            if unknowns.open_to(target, without=cell) is not None:
                lacking.append(target)
                if len(lacking) > _FEW or not block.extent.inside[target]:
                    return False
        row = block.row_of(cell)
        if row < 0:  # it is the same number as one that is published
            return False
        block.hold(row)
        if not all(self._is_made_safe(target, block, without=cell) for target in lacking):
            block.release(row)
            return False
        self._publish([cell])
        return True

    def _cheapest(self, members: Sequence[int]) -> int:
        """Raises ReleaseRefused when readers have all of them from elsewhere."""
        free = [cell for cell in members if not self._counts.told[cell]]
        if not free:
            raise ReleaseRefused("A line leaves a small count over whatever is hidden.")
        return min(free, key=lambda cell: (self._counts.costs[cell], cell))
