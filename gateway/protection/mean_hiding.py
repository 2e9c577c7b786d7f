"""Which means of a slice are hidden: by single lines first, then until no reader comes too close.

What the lines of the cube give back by plain subtraction is hidden with complements; then a linear
programme measures the interval of every hidden sum by everything that is published at once. Where it is
too narrow, the cells of the cheapest circuit are hidden that makes it wide. A hidden cell stays hidden,
so this comes to an end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ReleaseRefused
from gateway.protection.contributions import HUNDREDTHS, Contributions
from gateway.protection.mean_circuits import Circuits
from gateway.protection.mean_lines import MeanCells, costs, is_sensitive, rule_of
from gateway.protection.mean_programme import Asked, Reach, held_targets
from gateway.protection.mean_tables import Index, Mask, SumTables
from gateway.protection.slices import Slice

_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class SliceMeans:
    """The means of one slice, for the programme.

    designed: (*axes) True where the contract publishes the mean; nobody: True where everybody knows
    that no person is. persons, parts: (*axes) what the mean is of.
    """

    designed: Mask
    nobody: Mask
    persons: Index
    parts: Contributions


@dataclass(frozen=True, slots=True)
class Hidden:
    """marks: (*axes of the slice) True where hidden; rounds: how often the programme was asked."""

    marks: NDArray[np.bool_]
    rounds: int


def hide_means(cells: MeanCells, means: SliceMeans, tables: SumTables) -> Hidden:
    """Hide until every hidden sum is as open as the rule wants. Raises ReleaseRefused."""
    layout = tables.layout
    rule = rule_of(cells.measure)
    parts, persons = tables.by_cell(means.parts), tables.values(means.persons)
    sensitive = is_sensitive(cells.measure, persons, parts)
    nobody = layout.gathered(means.nobody[None]) & (persons == 0)
    width = np.where(sensitive, np.maximum(parts.within(rule), HUNDREDTHS), HUNDREDTHS)
    unit = float(np.median(width))
    reach = Reach(np.zeros(len(width)), np.zeros(len(width)))
    price = np.where(layout.shown, costs(persons), 0.0)
    circuits: Circuits | None = None
    marks = np.zeros(means.designed.shape, dtype=np.bool_)
    for rounds in range(1, _ROUNDS + 1):
        marks |= cells.piece.marks(cells.hidden(_numbered(cells.piece, marks)))[0]
        hidden = layout.gathered((marks & means.designed)[None])
        known = (layout.shown & ~hidden) | nobody
        asked = Asked(
            truth=tables.truth(means.parts.sums) / unit,
            stuck=tables.truth((~means.nobody).astype(np.int64)) == 0,
            known=known,
            target=~known & (sensitive | (layout.shown & hidden)),
            up=parts.uncovered(rule) / unit,
            width=width / unit,
        )
        held = list(held_targets(tables, asked, reach))
        if held:
            circuits = circuits or Circuits(tables, asked, price)
            for target in held:
                ask = float(max(asked.up[target], asked.width[target]))
                hidden |= circuits.changed(target, ask, free=hidden) & layout.shown
        marks = layout.spread(hidden)[0] & means.designed
        if not held:
            return Hidden(marks, rounds)
    raise ReleaseRefused(f"The means of {cells.measure.name} are not safe after {_ROUNDS} rounds.")


def _numbered(piece: Slice, marks: Mask) -> Mask:
    """(cells of the relations) what a mask over the slice's axes says of them, pieces left out."""
    wide = np.zeros(tuple(axis.size for axis in piece.axes), dtype=np.bool_)
    wide[tuple(slice(length) for length in marks.shape)] = marks
    return wide.reshape(-1)[piece.relations.places]
