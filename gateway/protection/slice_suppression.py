"""One slice protected, layer by layer: its counts in, its mask out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ReleaseRefused
from gateway.protection.blocks import Blocks
from gateway.protection.cells import Index, Layout, layout_of
from gateway.protection.hiding import Counts, Hiding
from gateway.protection.layers import everything, layers
from gateway.protection.slice_task import Mask, Task, Terms
from gateway.protection.tables import Tables, tables_of
from gateway.protection.unknowns import Widths

Layers = tuple[tuple[list[int], Task], ...]
_PERSONS_PER_COST = 2000.0  # a total of so many costs as much again as any cell
_PART_COST = 0.2  # how much dearer a part is than its whole: of the two, the whole is hidden
_LIKED = 0.7  # what a cell costs that is hidden in the slice which the others are likened to


def prepare() -> None:
    """Make a new process ready: nothing to do but to import this module."""


def hide_slice(task: Task) -> Mask:
    """(measure, *axes) True where hidden. Raises ReleaseRefused.

    In layers where that leaves enough to hide behind, else all measures together. What readers have
    already stays published under the same condition.
    """
    *others, last = _ways(task)
    for way in others:
        with suppress(ReleaseRefused):
            return _hide_layers(task, way)
    return _hide_layers(task, last)


def _ways(task: Task) -> Iterator[Layers]:
    """The ways to protect a slice, the one that keeps most first."""
    for way in [task, replace(task, told=task.told & False)] if task.told.any() else [task]:
        layered = tuple(layers(way))
        yield layered
        if len(layered) > 1:
            yield (everything(way),)


def _hide_layers(task: Task, layered: Layers) -> Mask:
    hidden = np.zeros(task.counts.shape, dtype=np.bool_)
    for measures, layer in layered:
        tables, blocks = _plan(layer.terms)
        own = tables.layout.spread(_hidden(layer, tables, blocks))
        own[list(layer.firm)] = False
        hidden[measures] |= own & layer.terms.designed
    for line in task.terms.measure_lines:  # what is left is unknown where a part or the whole is
        *parts, latent = line.children
        hidden[latent] = hidden[[line.parent, *parts]].any(axis=0)
    return hidden


def _hidden(task: Task, tables: Tables, blocks: Blocks) -> Mask:
    """(cells) True where hidden."""
    layout, rules = tables.layout, task.terms.rules
    values = layout.values(task.counts)
    firm = np.array([cell.measure in task.firm for cell in layout.cells], dtype=np.bool_)
    small = ((values > 0) & (values < rules.threshold)) | layout.gathered(task.also)
    small &= ~firm
    told = (layout.gathered(task.told) | firm) & ~small
    kept = layout.gathered(task.kept) & ~told
    if np.where(small, kept, told | kept)[layout.shown].all():
        return kept  # nothing has changed since: it is hidden as it was
    atoms = layout.atoms(task.counts)
    hiding = Hiding(
        layout,
        Counts(
            values=values,
            truth=tables.truth(atoms),
            others=tables.others(atoms, rules.coalition),
            costs=_costs(values, _depths(layout))
            * np.where(layout.gathered(task.liked), _LIKED, 1.0),
            small=small,
            told=told,
            kept=kept,
        ),
        threshold=rules.threshold,
        widths=Widths(rules.outsider_width, rules.insider_width, rules.coalition),
    )
    hiding.swap(tables, atoms)
    hiding.protect(blocks)
    hiding.spare(blocks)
    hiding.settle(blocks)
    return hiding.hidden


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
