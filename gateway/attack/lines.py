"""Sums that one line gives away: a known parent less its known children.

Where several children are unknown, their sum is known all the same; when it is small, it is a
disclosure whatever the widths of its parts. With one unknown child that child is the sum; if it is
designed it is a target of its own and not told twice here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.attack.borders import Remainder
from gateway.attack.incidence import Indices
from gateway.attack.slices import Slice

Cell = tuple[int, int, int]
Cells = tuple[Indices, Indices, Indices]


@dataclass(frozen=True, slots=True)
class Derived:
    """The sum of `parts` (measure, geography, combination) and of the parent's persons in `rest`.

    parent: the known cell that gives it away; rest: leaf geographies that no part holds.
    """

    parent: Cell
    parts: tuple[Cell, ...]
    rest: tuple[int, ...]
    value: int


def derived_sums(
    part: Slice, remainders: Sequence[Remainder], threshold: int
) -> tuple[Derived, ...]:
    """Every sum of 1..threshold-1 that follows from one line, each once, line by line."""
    found: list[Derived] = []
    for parent, children in _lines(part):
        found += _small_sums(part, parent, children, (), threshold)
    for line in remainders:
        measure, combination = np.indices((len(part.counts), part.counts.shape[2])).reshape(2, -1)
        parent = (measure, np.full_like(measure, line.parent), combination)
        children = [(measure, np.full_like(measure, code), combination) for code in line.children]
        rest = tuple(int(leaf) for leaf in line.rest)
        found += _small_sums(part, parent, children, rest, threshold)
    return tuple(dict.fromkeys(found))


def _lines(part: Slice) -> Iterator[tuple[Cells, list[Cells]]]:
    """Every line of every axis, the measures' among them, at all other coordinates at once."""
    shape = (*part.counts.shape[:2], *(len(axis.codes) for axis in part.classes))
    number = np.arange(part.counts.size).reshape(shape)
    lines = [part.measure_lines, part.geography.lines if part.geography is not None else ()]
    lines += [axis.lines for axis in part.classes]
    for along, of_axis in enumerate(lines):
        by_code = np.moveaxis(number, along, 0)
        for line in of_axis:
            cells = [
                np.unravel_index(by_code[code].ravel(), part.counts.shape)
                for code in (line.parent, *line.children)
            ]
            parent, *children = [(m, g, k) for m, g, k in cells]
            yield parent, children


def _small_sums(
    part: Slice,
    parent: Cells,
    children: Sequence[Cells],
    rest: tuple[int, ...],
    threshold: int,
) -> Iterator[Derived]:
    """Where the parent is known, some child is, and what is left is small.

    A rest is never known; without one, two children or one that is not designed must be unknown.
    """
    known = np.stack([part.known[child] for child in children])
    counts = np.stack([part.counts[child] for child in children])
    left = part.counts[parent] - np.where(known, counts, 0).sum(axis=0)
    asked = part.known[parent] & known.any(axis=0) & ~known.all(axis=0)
    for place in np.flatnonzero(asked & (left > 0) & (left < threshold)).tolist():
        unknown = tuple(
            _cell(child, place) for child in children if not part.known[_cell(child, place)]
        )
        if rest or len(unknown) != 1 or not part.designed[unknown[0]]:
            yield Derived(_cell(parent, place), unknown, rest, int(left[place]))


def _cell(cells: Cells, place: int) -> Cell:
    measure, code, combination = cells
    return int(measure[place]), int(code[place]), int(combination[place])
