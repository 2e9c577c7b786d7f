"""Means and shares: published only where their parts are, and without giving back what is hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ContractFault, NegativeCount
from gateway.model.cube import Lattice, Status
from gateway.model.product import Measure
from gateway.protection.contributions import HUNDREDTHS, Contributions
from gateway.protection.mean_hiding import SliceMeans, hide_means
from gateway.protection.mean_lines import mean_cells, rule_of
from gateway.protection.mean_rounding import rounded
from gateway.protection.mean_tables import SumTables, sum_tables
from gateway.protection.slices import slices


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
    contributions: Contributions,
    designed: NDArray[np.bool_],
) -> Derived:
    """The mean `sum / count`, rounded, where the count is published and the rules allow it.

    status: of the lattice's counts, as `protect` gives it; contributions: (*axes), what persons add
    to the sums; designed: (*axes) True where the contract publishes the mean.
    Hidden are means of fewer than `minimum_n`, of too few contributors, where one person makes up
    too much (the p % rule), and where a sum is told so finely that two releases would tell of one; and others, so that no hidden sum comes back from published means and
    counts, nor closer than p % of its largest contribution.
    Raises ContractFault (a mean without a rule), NegativeCount, ReleaseRefused.
    """
    if len(measure.of) != 1:
        raise ContractFault(f"The mean {measure.name} has one count measure beneath it.")
    rule = rule_of(measure)
    place = _place(lattice, measure.of[0], measure)
    persons, counted = lattice.counts[place], status[place]
    if persons.min(initial=0) < 0:
        raise NegativeCount("A cell of the lattice is negative.")
    marks = np.where(designed, counted, np.uint8(Status.NOT_PUBLISHED))
    nobody = _nobody(lattice, (counted == Status.PUBLISHED) & (persons == 0))
    plan: dict[bytes, SumTables] = {}
    rounds = 0
    for piece in slices(lattice.axes, designed[None]):
        inside = marks[piece.where]
        shown = piece.designed[0][tuple(slice(length) for length in inside.shape)]
        if shown.tobytes() not in plan:  # months publish alike: the last one is enough
            tied = [axis for axis in lattice.axes if axis.lines]
            plan = {shown.tobytes(): sum_tables(tied, shown)}
        cells = mean_cells(
            piece,
            measure,
            persons=persons,
            contributions=contributions,
            unseen=counted == Status.SUPPRESSED,
        )
        means = SliceMeans(
            shown, nobody[piece.where], persons[piece.where], contributions.at(piece.where)
        )
        hidden = hide_means(cells, means, plan[shown.tobytes()])
        rounds = max(rounds, hidden.rounds)
        inside[hidden.marks & (inside == Status.PUBLISHED)] = Status.SUPPRESSED
    made = _derived(contributions.sums / HUNDREDTHS, persons, marks, measure)
    stated = {"percent": rule.percent, "least_contributors": rule.least_contributors}
    return replace(made, report={**made.report, "dominance": stated, "rounds": rounds})


def _nobody(lattice: Lattice, empty: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(*axes) True for cells that are published as empty, and for all parts of them."""
    found = empty.copy()
    before = -1
    while before < found.sum():
        before = int(found.sum())
        for number, axis in enumerate(lattice.axes):
            along = np.moveaxis(found, number, 0)
            for line in axis.lines:
                along[list(line.children)] |= along[line.parent]
    return found


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
    values[shown] = rounded(tops[shown] / persons[shown], persons[shown], measure)
    designed = int((marks != Status.NOT_PUBLISHED).sum())
    hidden = int((marks == Status.SUPPRESSED).sum())
    report = {
        "measure": measure.name,
        "minimum_n": measure.minimum_n,
        "round_to": measure.round_to,
        "sum_step": measure.sum_step,
        "designed": designed,
        "hidden": hidden,
        "hidden_share": hidden / max(1, designed),
    }
    return Derived(values, marks, report)


def _place(lattice: Lattice, name: str, measure: Measure) -> int:
    """The index of a published count measure. Raises ContractFault."""
    if name not in lattice.measure_names:
        raise ContractFault(f"{measure.name} needs {name}, which is not a count measure.")
    place = lattice.measure_names.index(name)
    if place in lattice.latent:
        raise ContractFault(f"{measure.name} needs {name}, which is never published.")
    return place
