"""Which counts of a cube are hidden: one mask for everybody, made once, over the whole lattice.

Small counts, and then what would give them back by subtraction. Source: Hundepool et al.,
Statistical Disclosure Control (2012), ch. 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.errors import NegativeCount
from gateway.model.cube import Lattice, Status
from gateway.model.product import DisclosureRules
from gateway.protection.closure import closed
from gateway.protection.ledger import Cells, Mask
from gateway.protection.relations import Index
from gateway.protection.slices import Slice, slices
from gateway.protection.suppression_report import report_of

_PERSONS_PER_COST = 1000.0
_ZERO_COST = 1000.0
_UNSEEN = 0.1


@dataclass(frozen=True, slots=True)
class Protected:
    """status: (measure, *axes) uint8 of `Status`, measures as in the lattice, latent ones included.

    A latent cell is never shown whatever its status: SUPPRESSED is one that nobody can compute,
    PUBLISHED one that follows from the published whole and parts, and may.
    """

    status: NDArray[np.uint8]
    report: Mapping[str, Any]


def protect(lattice: Lattice, rules: DisclosureRules) -> Protected:
    """Hide every count of 1..threshold-1, differences of nested measures included, and complements.

    Only what the contract publishes is looked at, and what follows from it along one line; the rest
    is NOT_PUBLISHED. A threshold of 0 hides nothing. Deterministic.
    Raises NegativeCount, ReleaseRefused.
    """
    if lattice.counts.min(initial=0) < 0:
        raise NegativeCount("A cell of the lattice is negative.")
    status = np.where(lattice.designed, np.uint8(Status.PUBLISHED), np.uint8(Status.NOT_PUBLISHED))
    status = np.repeat(status[None], len(lattice.counts), axis=0)
    rounds = 0
    if rules.threshold > 1:
        for piece in _slices(lattice):
            hidden, taken = _hidden(piece, lattice, rules)
            rounds = max(rounds, taken)
            inside = status[(slice(None), *piece.where)]
            inside[hidden & (inside == Status.PUBLISHED)] = Status.SUPPRESSED
    return Protected(status, report_of(lattice, status, rules, rounds=rounds))


def _slices(lattice: Lattice) -> Iterator[Slice]:
    return slices(
        lattice.axes,
        lattice.designed,
        measures=len(lattice.counts),
        measure_lines=lattice.measure_lines,
        latent=lattice.latent,
    )


def _hidden(piece: Slice, lattice: Lattice, rules: DisclosureRules) -> tuple[Mask, int]:
    """(measure, *axes of the slice) True where hidden; and how many rounds it took."""
    measures = len(lattice.counts)
    weights = piece.weights(lattice.counts)
    cells = Cells(
        weights=weights,
        sensitive=(weights > 0) & (weights < rules.threshold) & piece.relations.known,
        cost=_cost(weights, piece.shown(measures=measures, latent=lattice.latent)),
    )
    hidden, rounds = closed(piece.relations, cells, threshold=rules.threshold)
    return piece.marks(hidden, measures=measures), rounds


def _cost(weights: Index, shown: Mask) -> NDArray[np.float64]:
    """What is lost by hiding a cell: small counts little, totals much, what nobody sees least.

    A zero is dear: hiding it hides nobody, and obliges every published line through it to hide two
    cells that are not zero.
    """
    persons = np.maximum(weights, 1)
    cost = np.where(weights > 0, 1 + np.log2(persons) + persons / _PERSONS_PER_COST, _ZERO_COST)
    return np.where(shown, cost, _UNSEEN * cost)
