"""One slice as a task that another process can take: its counts in, its mask out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.model.cube import Axis, Line
from gateway.model.product import DisclosureRules
from gateway.protection.blocks import Blocks
from gateway.protection.cells import Index, Layout, layout_of
from gateway.protection.hiding import Counts, Hiding
from gateway.protection.tables import Tables, tables_of
from gateway.protection.unknowns import Widths

Mask = NDArray[np.bool_]
_PERSONS_PER_COST = 2000.0  # a total of so many costs as much again as any cell
_PART_COST = 0.2  # how much dearer a part is than its whole: of the two, the whole is hidden
_LIKED = 0.7  # what a cell costs that is hidden in the slice which the others are likened to


@dataclass(frozen=True)
class Terms:
    """What slices that publish alike have in common.

    axes: those with sums; designed: (measure, *axes) bool.
    """

    axes: tuple[Axis, ...]
    designed: Mask
    measure_lines: tuple[Line, ...]
    latent: frozenset[int]
    rules: DisclosureRules

    def _key(self) -> tuple[Any, ...]:
        return (self.axes, self.designed.tobytes(), self.measure_lines, self.rules)

    def __hash__(self) -> int:
        return hash(self._key()[1:])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Terms) and self._key() == other._key()


@dataclass(frozen=True, slots=True)
class Task:
    """counts: (measure, *axes); liked: the same shape, True where it is cheaper to hide."""

    terms: Terms
    counts: NDArray[np.int64]
    liked: Mask


def prepare() -> None:
    """Make a new process ready: nothing to do but to import this module."""


def hide_slice(task: Task) -> Mask:
    """(measure, *axes) True where hidden. Raises ReleaseRefused."""
    tables, blocks = _plan(task.terms)
    layout, rules = tables.layout, task.terms.rules
    values = layout.values(task.counts)
    liked = layout.gathered(task.liked)
    hiding = Hiding(
        tables,
        Counts(
            values=values,
            truth=tables.truth(layout.atoms(task.counts)),
            costs=_costs(values, _depths(layout)) * np.where(liked, _LIKED, 1.0),
        ),
        small=(values > 0) & (values < rules.threshold),
        threshold=rules.threshold,
        widths=Widths(rules.outsider_width, rules.insider_width, rules.coalition),
    )
    hiding.swap(tables, layout.atoms(task.counts))
    hiding.protect(blocks)
    hiding.spare(blocks)
    hidden = layout.spread(hiding.hidden)
    for line in task.terms.measure_lines:  # what is left is unknown where a part or the whole is
        *parts, latent = line.children
        hidden[latent] = hidden[[line.parent, *parts]].any(axis=0)
    return hidden


@lru_cache(maxsize=2)  # slices mostly publish alike, and a plan takes seconds to make
def _plan(terms: Terms) -> tuple[Tables, Blocks]:
    layout = layout_of(
        terms.axes,
        terms.designed,
        measure_lines=terms.measure_lines,
        latent=terms.latent,
    )
    tables = tables_of(layout)
    return tables, Blocks(tables)


def _costs(values: Index, depths: Index) -> NDArray[np.float64]:
    """What hiding a cell loses. Every cell is one fewer; large ones are missed by more readers."""
    return (1.0 + values / _PERSONS_PER_COST) * (1.0 + _PART_COST * depths)


def _depths(layout: Layout) -> Index:
    """(cells) how many measures each one's measure is a part of."""
    above = {child: line.parent for line in layout.measure_lines for child in line.children}

    def depth(measure: int) -> int:
        return 1 + depth(above[measure]) if measure in above else 0

    return np.array([depth(cell.measure) for cell in layout.cells], dtype=np.int64)
