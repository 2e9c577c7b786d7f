"""A slice protected sum by sum: what no single subtraction gives back.

For contracts that state no widths. It is quick, and it promises less: several sums at once, or an
area that knows its own figures, can still narrow a hidden count.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gateway.model.cube import Lattice
from gateway.model.product import DisclosureRules
from gateway.protection.closure import closed
from gateway.protection.ledger import Cells, Mask
from gateway.protection.relations import Index
from gateway.protection.slices import Slice, slices

_PERSONS_PER_COST = 1000.0
_ZERO_COST = 1000.0
_UNSEEN = 0.1


def hide_by_lines(
    lattice: Lattice, rules: DisclosureRules, also: Mask
) -> Iterator[tuple[tuple[int | slice, ...], Mask]]:
    """Per slice its index over the axes and (measure, *axes) True where hidden.

    also: (measure, *axes) cells to hide besides.
    Raises ReleaseRefused.
    """
    for piece in slices(
        lattice.axes,
        lattice.designed,
        measure_lines=lattice.measure_lines,
        latent=lattice.latent,
    ):
        yield piece.where, _hidden(piece, lattice, rules, also)


def _hidden(piece: Slice, lattice: Lattice, rules: DisclosureRules, also: Mask) -> Mask:
    weights = piece.weights(lattice.counts)
    small = (weights > 0) & (weights < rules.threshold)
    small |= piece.weights((also & lattice.designed).astype(np.int64)) > 0
    cells = Cells(
        weights=weights,
        sensitive=small & piece.relations.known,
        cost=_cost(weights, piece.shown(latent=lattice.latent)),
    )
    hidden, _ = closed(piece.relations, cells, threshold=rules.threshold)
    return piece.marks(hidden)


def _cost(weights: Index, shown: Mask) -> NDArray[np.float64]:
    """What is lost by hiding a cell: small counts little, totals much, what nobody sees least.

    A zero is dear: hiding it hides nobody, and obliges every published line through it to hide two
    cells that are not zero.
    """
    persons = np.maximum(weights, 1)
    cost = np.where(weights > 0, 1 + np.log2(persons) + persons / _PERSONS_PER_COST, _ZERO_COST)
    return np.where(shown, cost, _UNSEEN * cost)
