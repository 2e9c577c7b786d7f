"""What is hidden of a cube, level by level and table by table: for who designs its contract.

It stays on the publish road. No number of it is a count of persons; shares of persons are of
hundreds of cells mostly, and those in hidden cells are rounded up to tens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from gateway.model.cube import Axis
from gateway.model.product import AxisRole
from gateway.publishing.cube_limits import Worst, hidden_persons, worst
from gateway.publishing.cube_seen import Mask, Seen, at_levels, persons_share, share
from gateway.publishing.cube_times import by_slice, slice_axes, slice_names

EVERYWHERE = "all"


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One measure at one geography level, over all slices.

    cells: designed; median, worst: the hidden share in the median slice, and in the slice where it is
    largest. persons_median, persons_worst: shares of the persons in hidden leaves, a leaf being a cell
    of this level without parts at it.
    margins: cells that are the sum of others; margins_kept: those that are published.
    """

    measure: str
    geography: str
    cells: int
    hidden: int
    median: float
    worst: Worst
    persons_median: float
    persons_worst: Worst
    margins: int
    margins_kept: int

    @property
    def hidden_share(self) -> float:
        return share(self.hidden, self.cells)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One measure at one geography level, crossed by levels of other dimensions; total where none.

    crossed: (dimension, level) of those that do not stand at their total. persons_share: of the
    persons in these cells, those in hidden ones.
    """

    measure: str
    geography: str
    crossed: tuple[tuple[str, str], ...]
    cells: int
    hidden: int
    worst: Worst
    persons_share: float

    @property
    def hidden_share(self) -> float:
        return share(self.hidden, self.cells)


def level_rows(seen: Seen) -> tuple[LevelRow, ...]:
    """In the order of the measures, then of the geography's levels."""
    names = slice_names(seen.axes)
    return tuple(
        _level_row(seen, measure, level, cells, names)
        for measure in range(len(seen.measures))
        for level, cells in _by_geography(seen, seen.designed(measure))
    )


def table_rows(seen: Seen) -> tuple[TableRow, ...]:
    """In the order of the measures, of the geography's levels, then of the others'."""
    names = slice_names(seen.axes)
    crossed = list(_crossings(seen.axes))
    return tuple(
        _table_row(seen, measure, level, way, block, names)
        for measure in range(len(seen.measures))
        for level, cells in _by_geography(seen, seen.designed(measure))
        for way, places in crossed
        if (block := cells & places).any()
    )


def _level_row(seen: Seen, measure: int, level: str, cells: Mask, names: Sequence[str]) -> LevelRow:
    hidden = cells & seen.hidden(measure)
    shares = _shares(seen, hidden, cells)
    persons = hidden_persons(seen, measure, cells)
    margins = _sums(seen.axes, seen.designed(measure)) & cells
    return LevelRow(
        seen.measures[measure],
        level,
        int(cells.sum()),
        int(hidden.sum()),
        float(np.median(shares)) if len(shares) else 0.0,
        worst(shares, names),
        float(np.median(persons)) if len(persons) else 0.0,
        worst(persons, names),
        int(margins.sum()),
        int((margins & ~seen.hidden(measure)).sum()),
    )


def _table_row(
    seen: Seen,
    measure: int,
    level: str,
    crossed: tuple[tuple[str, str], ...],
    cells: Mask,
    names: Sequence[str],
) -> TableRow:
    hidden = cells & seen.hidden(measure)
    persons = np.array([np.where(part, seen.persons[measure], 0).sum() for part in (hidden, cells)])
    return TableRow(
        seen.measures[measure],
        level,
        crossed,
        int(cells.sum()),
        int(hidden.sum()),
        worst(_shares(seen, hidden, cells), names),
        float(persons_share(persons[:1], persons[1:])[0]),
    )


def _shares(seen: Seen, hidden: Mask, cells: Mask) -> np.ndarray:
    return by_slice(seen.axes, hidden) / np.maximum(1, by_slice(seen.axes, cells))


def _by_geography(seen: Seen, designed: Mask) -> Iterator[tuple[str, Mask]]:
    """Each level of the geography that has a cell, coarsest first, and its cells."""
    axis = next((axis for axis in seen.axes if axis.role is AxisRole.GEO), None)
    if axis is None:
        yield EVERYWHERE, designed
        return
    there = dict.fromkeys(code.level for code in axis.codes)
    ordered = [level for level in seen.levels.get(axis.name, ()) if level in there]
    for level in dict.fromkeys((*ordered, *there)):
        cells = designed & at_levels(seen.axes, {axis.name: (level,)})
        if cells.any():
            yield level, cells


def _crossings(axes: Sequence[Axis]) -> Iterator[tuple[tuple[tuple[str, str], ...], Mask]]:
    """Each way to cross levels of the classes, and where it is. Slices are told apart elsewhere."""
    classes = [
        axis
        for number, axis in enumerate(axes)
        if axis.role is not AxisRole.GEO and number not in slice_axes(axes)
    ]
    choices = [tuple(dict.fromkeys(code.level for code in axis.codes)) for axis in classes]
    for levels in product(*choices):
        chosen = {axis.name: (level,) for axis, level in zip(classes, levels, strict=True)}
        crossed = tuple(
            (axis.name, level)
            for axis, level in zip(classes, levels, strict=True)
            if axis.total is None or axis.codes[axis.total].level != level
        )
        yield crossed, at_levels(axes, chosen)


def _sums(axes: Sequence[Axis], designed: Mask) -> Mask:
    """(*axes) True for cells that are the sum of published combinations along some axis."""
    found = np.zeros(designed.shape, dtype=np.bool_)
    for number, axis in enumerate(axes):
        along, parts = np.moveaxis(found, number, 0), np.moveaxis(designed, number, 0)
        for line in axis.lines:
            along[line.parent] |= parts[list(line.children)].any(axis=0)
    return found & designed
