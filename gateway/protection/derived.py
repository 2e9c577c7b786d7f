"""Means and shares: published only where their parts are, and without giving back what is hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ContractFault, NegativeCount
from gateway.model.cube import Lattice, Status
from gateway.model.product import Measure
from gateway.protection.closure import closed
from gateway.protection.ledger import Cells
from gateway.protection.slices import slices

_NOBODY_COST = 1000.0


@dataclass(frozen=True, slots=True)
class Derived:
    """One mean or share over the lattice.

    values: (*axes) float64, NaN wherever status is not PUBLISHED, or of nobody; status: (*axes)
    uint8 of `Status`; report: JSON-able.
    """

    values: NDArray[np.float64]
    status: NDArray[np.uint8]
    report: Mapping[str, Any]


def mask_means(
    lattice: Lattice,
    status: NDArray[np.uint8],
    *,
    measure: Measure,
    sums: NDArray[np.number],
    designed: NDArray[np.bool_],
) -> Derived:
    """The mean `sums / count`, rounded, where the count is published and large enough.

    status: of the lattice's counts, as `protect` gives it; sums: (*axes), e.g. by `summed`;
    designed: (*axes) True where the contract publishes the mean.
    A mean times its published count is a sum, and sums add up along the lines of the axes: so the
    hidden means of a line are always two at least, and of `minimum_n` persons together.
    Raises ContractFault, NegativeCount, ReleaseRefused.
    """
    if len(measure.of) != 1:
        raise ContractFault(f"The mean {measure.name} has one count measure beneath it.")
    place = _place(lattice, measure.of[0], measure)
    persons, counted = lattice.counts[place], status[place]
    if persons.min(initial=0) < 0:
        raise NegativeCount("A cell of the lattice is negative.")
    marks = np.where(designed, counted, np.uint8(Status.NOT_PUBLISHED))
    for piece in slices(lattice.axes, designed[None]):
        weights = piece.weights(persons[None])
        few = (weights > 0) & (weights < measure.minimum_n)
        unseen = piece.weights((counted == Status.SUPPRESSED).astype(np.int64)[None]) > 0
        cells = Cells(
            weights=weights,
            sensitive=(few | (unseen & piece.shown())) & piece.relations.known,
            cost=np.where(weights > 0, 1 + np.log2(np.maximum(weights, 1)), _NOBODY_COST),
        )
        hidden, _ = closed(piece.relations, cells, threshold=measure.minimum_n)
        inside = marks[piece.where]
        covered = piece.marks(hidden)[0] & (inside == Status.PUBLISHED)
        marks[piece.where] = np.where(covered, np.uint8(Status.SUPPRESSED), inside)
    return _derived(sums.astype(np.float64), persons, marks, measure)


def mask_shares(
    lattice: Lattice,
    status: NDArray[np.uint8],
    *,
    measure: Measure,
    designed: NDArray[np.bool_],
) -> Derived:
    """The share `100 * numerator / sum of the counts beneath`, rounded, where all are published.

    status: of the lattice's counts; designed: (*axes) as for means. Whatever a share says, its published counts say already, so no
    complement is needed; `minimum_n` only keeps shares of very few from being read as findings.
    Raises ContractFault.
    """
    if not measure.of:
        raise ContractFault(f"The share {measure.name} has no count measures beneath it.")
    beneath = [_place(lattice, name, measure) for name in measure.of]
    above = _place(lattice, measure.numerator, measure)
    persons = lattice.counts[beneath].sum(axis=0)
    few = (persons > 0) & (persons < measure.minimum_n)
    hidden = few | (status[[above, *beneath]] == Status.SUPPRESSED).any(axis=0)
    marks = np.where(designed, status[above], np.uint8(Status.NOT_PUBLISHED))
    marks[hidden & (marks == Status.PUBLISHED)] = Status.SUPPRESSED
    return _derived(100.0 * lattice.counts[above], persons, marks, measure)


def _derived(
    tops: NDArray[np.float64],
    persons: NDArray[np.int64],
    marks: NDArray[np.uint8],
    measure: Measure,
) -> Derived:
    shown = (marks == Status.PUBLISHED) & (persons > 0)
    values = np.full(marks.shape, np.nan)
    values[shown] = _rounded(tops[shown] / persons[shown], measure)
    designed = int((marks != Status.NOT_PUBLISHED).sum())
    hidden = int((marks == Status.SUPPRESSED).sum())
    report = {
        "measure": measure.name,
        "minimum_n": measure.minimum_n,
        "round_to": measure.round_to,
        "designed": designed,
        "hidden": hidden,
        "hidden_share": hidden / max(1, designed),
    }
    return Derived(values, marks, report)


def _rounded(values: NDArray[np.float64], measure: Measure) -> NDArray[np.float64]:
    """To the contract's step first (euros, days), then to its decimals."""
    if measure.round_to > 0:
        values = np.round(values / measure.round_to) * measure.round_to
    return np.round(values, measure.decimals)


def _place(lattice: Lattice, name: str, measure: Measure) -> int:
    """The index of a published count measure. Raises ContractFault."""
    if name not in lattice.measure_names:
        raise ContractFault(f"{measure.name} needs {name}, which is not a count measure.")
    place = lattice.measure_names.index(name)
    if place in lattice.latent:
        raise ContractFault(f"{measure.name} needs {name}, which is never published.")
    return place
