"""What to hide besides, after an attack found something: for each finding, cells that it follows from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gateway.attack import Attacked, Finding
from gateway.model.cube import Lattice, Status
from gateway.model.product import AxisRole
from gateway.publishing.cube_findings import holders, leaves_of

Cell = tuple[int, ...]  # a measure and a code of every axis
Mask = NDArray[np.bool_]


def cells_to_hide(lattice: Lattice, status: NDArray[np.uint8], found: Attacked) -> Mask:
    """(measure, *axes) True for published cells that hiding would take from who found something.

    On each line through a finding the smallest published cell that is no zero, and that the finder
    does not know of itself. status: (measure, *axes) uint8, of the lattice's measures.
    """
    chosen = np.zeros(lattice.counts.shape, dtype=np.bool_)
    published = (status == Status.PUBLISHED) & (lattice.counts > 0)
    published[list(lattice.latent)] = False
    for finding in found.findings:
        own = _own_codes(lattice, finding)
        for line in _lines(lattice, finding):
            cells = [cell for cell in line if published[cell] and not _is_own(lattice, cell, own)]
            if cells and not any(chosen[cell] for cell in cells):
                chosen[min(cells, key=lambda cell: (int(lattice.counts[cell]), cell))] = True
    return chosen


def _lines(lattice: Lattice, finding: Finding) -> Iterator[list[Cell]]:
    """The cells on each line through a finding; of a latent one, those that it is made from as well."""
    for start in _starts(lattice, finding):
        yield from _lines_through(lattice, start)
        for line in lattice.measure_lines:
            if start[0] == line.children[-1]:
                for measure in (line.parent, *line.children[:-1]):
                    yield from _lines_through(lattice, (measure, *start[1:]))


def _starts(lattice: Lattice, finding: Finding) -> Iterator[Cell]:
    """Where a finding stands: its cell, its unknown parts, or for a border piece what holds it."""
    yield from finding.parts
    if all(code >= 0 for code in finding.cell):
        yield (finding.measure, *finding.cell)
    else:
        number = next(n for n, code in enumerate(finding.cell) if code < 0)
        for holder in holders(lattice, number, finding.leaves):
            cell = (*finding.cell[:number], holder, *finding.cell[number + 1 :])
            yield (finding.measure, *cell)


def _lines_through(lattice: Lattice, cell: Cell) -> Iterator[list[Cell]]:
    """The cell by itself, then per line its parent and children, the measures' lines first."""
    yield [cell]
    axes = (lattice.measure_lines, *(axis.lines for axis in lattice.axes))
    for number, lines in enumerate(axes):
        for line in lines:
            places = (line.parent, *line.children)
            if cell[number] in places:
                yield [(*cell[:number], place, *cell[number + 1 :]) for place in places]


def _own_codes(lattice: Lattice, finding: Finding) -> tuple[int, set[int]]:
    """The geographic axis, and the leaves of it that the finder knows; -1 where there is none."""
    number = next((n for n, axis in enumerate(lattice.axes) if axis.role is AxisRole.GEO), -1)
    if number < 0:
        return number, set()
    position = lattice.axes[number].position()
    known = (leaves_of(lattice, number, position[area]) for area in finding.viewer)
    return number, set[int]().union(*known)


def _is_own(lattice: Lattice, cell: Cell, own: tuple[int, set[int]]) -> bool:
    number, leaves = own
    return bool(leaves) and leaves_of(lattice, number, cell[number + 1]) <= leaves
