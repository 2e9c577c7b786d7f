"""What persons contribute to sums, and the rules for it, in the auditor's own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from gateway.attack.incidence import Sets
from gateway.errors import ReleaseRefused
from gateway.model.product import Dominance, Measure

UNIT = 100
"""Amounts are hundredths of the mean's unit; no hidden sum may be known to within one unit."""

Amounts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sums:
    """persons: counted; contributors: those with an amount; total: of all amounts; first, second: the
    largest amounts of single persons. All of one shape.
    """

    persons: Amounts
    contributors: Amounts
    total: Amounts
    first: Amounts
    second: Amounts

    def stacked(self) -> Amounts:
        return np.stack([getattr(self, field.name) for field in fields(self)])


def sums_of(stacked: Amounts) -> Sums:
    return Sums(*stacked)


def added(parts: Amounts) -> Amounts:
    """(5, part, ...) sums of disjoint groups of persons → (5, ...) of all of them."""
    ordered = np.sort(np.concatenate([parts[3], parts[4]]), axis=0)
    return np.concatenate([parts[:3].sum(axis=1), ordered[[-1, -2]]])


def over(leaves: Amounts, sets: Sets) -> Amounts:
    """(5, leaf, ...) → (5, set, ...)"""
    return np.stack([added(leaves[:, sets.of(number)]) for number in range(len(sets))], axis=1)


def joined(parts: Sequence[Amounts], within: NDArray[np.bool_]) -> Amounts:
    """(5, place) of those of the parts, (5, place) each, that are `within`, (part, place)."""
    chosen = np.stack(parts, axis=1)
    return added(np.where(within, chosen, 0))


def rule_of(measure: Measure) -> Dominance:
    if measure.dominance is None:
        raise ReleaseRefused(f"The mean {measure.name} has no rule to be judged by.")
    return measure.dominance


def closest(sums: Sums, measure: Measure) -> NDArray[np.float64]:
    """How close nobody may come to the largest contribution: p % of it."""
    return sums.first.astype(np.float64) * (rule_of(measure).percent / 100.0)


def missing(sums: Sums, measure: Measure) -> NDArray[np.float64]:
    """What the others lack to keep the second person that far from the first; 0 where nothing."""
    others = (sums.total - sums.first - sums.second).astype(np.float64)
    return np.maximum(closest(sums, measure) - others, 0.0)


def is_told_of_few(sums: Sums, measure: Measure) -> NDArray[np.bool_]:
    """True where a sum of somebody tells too much of a few."""
    few = (sums.persons < measure.minimum_n) | (
        sums.contributors < rule_of(measure).least_contributors
    )
    return (sums.persons > 0) & (few | (missing(sums, measure) > 0))
