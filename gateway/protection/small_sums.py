"""What one published line leaves over: a sum with its published parts taken off.

It follows by one subtraction, so it must be no small count, however wide each of its hidden parts
is by itself. And where it is a single cell, that cell is told: then it need not be hidden.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gateway.protection.cells import Index, Layout


def small_sums(
    layout: Layout, values: Index, known: NDArray[np.bool_], threshold: int
) -> list[list[int]]:
    """Per line that leaves 1..threshold-1 over, its known cells: hiding one of them mends it.

    values, known: (cells).
    """
    found: list[list[int]] = []
    for members in _lines(layout):
        seen = (members >= 0) & known[members]
        counts = np.where(seen, values[members], 0)
        left = counts[0] - counts[1:].sum(axis=0)
        told = seen[0] & seen[1:].any(axis=0) & ~seen[1:].all(axis=0)
        for line in np.flatnonzero(told & (left > 0) & (left < threshold)).tolist():
            shown = members[:, line][seen[:, line] & (counts[:, line] > 0)]
            found.append(shown.tolist())
    return found


def told_by_lines(layout: Layout, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(cells) True for hidden cells that one line tells, by subtraction or by addition."""
    found = np.zeros(len(layout.cells), dtype=np.bool_)
    for members in _lines(layout):
        unknown = (members >= 0) & ~known[members]
        alone = (members >= 0).all(axis=0) & (unknown.sum(axis=0) == 1)
        found[members[:, alone][unknown[:, alone]]] = True
    return found & layout.shown & ~known


def _lines(layout: Layout) -> Iterator[NDArray[np.int32]]:
    """Per line of an axis, or of measures, (parent and children, other places) cell numbers.

    What a measure leaves over when some of its parts are taken off is a measure of its own.
    """
    for axis, wide in enumerate(layout.axes, start=1):
        along = np.moveaxis(layout.ids, axis, 0)
        for line in wide.lines:
            yield along[[line.parent, *line.children]].reshape(1 + len(line.children), -1)
    for line in layout.measure_lines:
        members = layout.ids[[line.parent, *line.children]].reshape(1 + len(line.children), -1)
        yield members[:, (members >= 0).all(axis=0)]
