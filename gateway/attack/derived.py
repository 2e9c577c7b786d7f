"""The audit of means and shares: what do they tell beyond the counts?

A published mean times its published count is a sum, and sums add up as counts do. So an attacker has
sums of published cells, knows that no sum of leaves is negative, and that where nobody is nothing is
summed. Attacked are

- every published mean: of enough persons, of enough contributors, and dominated by none (the p % rule);
- what a known sum leaves over beside the known parts of one line, also one that crossing divisions imply:
  it obeys the same rules;
- every hidden mean, and every border piece that the rules would hide: the interval of its sum by all
  that is published at once must be p % of its largest contribution wide, and reach upward by what the p %
  rule lacks.

A share with its published whole is its part: it is shown only where both are.

Published means are taken as exact, although they are rounded: who reckons with the rounding knows
less. Not attacked: sums over several lines as targets, combinations that are not published, areas that
know sums of their own, and what is known of amounts beforehand.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gateway.attack.mean_search import too_close
from gateway.attack.mean_slice import MeanSlice, mean_slices
from gateway.attack.mean_sums import Sums, is_told_of_few
from gateway.errors import ReleaseRefused
from gateway.model.cube import Lattice, Status
from gateway.model.product import Measure


class Reason(StrEnum):
    """Why a mean or a share may not stand as it is."""

    SHOWN = "shown"  # it is published against the rules
    REST = "rest"  # a line leaves over a sum that is against the rules
    CLOSE = "close"  # the interval of a hidden sum is too narrow


@dataclass(frozen=True, slots=True)
class DerivedFinding:
    """cell: index over the lattice's axes; of a border piece, or what a line leaves over beside codes
    that cross its parent, the geographic index is -1.
    """

    measure: str
    cell: tuple[int, ...]
    reason: Reason


def attacked_mean(
    lattice: Lattice,
    status: NDArray[np.uint8],
    *,
    measure: Measure,
    shown: NDArray[np.uint8],
    leaves: Sums,
    budget_seconds: float = math.inf,
) -> tuple[DerivedFinding, ...]:
    """Everything that the published means of one measure tell and should not.

    status: of the lattice's counts; shown: (*axes) of the mean. leaves: (*axes), of which the cells
    that are no sum of others are believed, and no other. Raises ReleaseRefused when the time is used
    up, the solver has no answer, or the sums do not add up.
    """
    ends = time.monotonic() + budget_seconds
    found: list[DerivedFinding] = []
    for part in mean_slices(lattice, status, measure=measure, shown=shown, leaves=leaves):
        found += [DerivedFinding(measure.name, cell, Reason.SHOWN) for cell in _shown(part)]
        found += [DerivedFinding(measure.name, cell, Reason.REST) for cell in _rests(part)]
        close = too_close(part, lambda: _left(ends))
        found += [DerivedFinding(measure.name, part.cell(*at), Reason.CLOSE) for at in close]
    return tuple(dict.fromkeys(found))


def attacked_share(
    lattice: Lattice, status: NDArray[np.uint8], *, measure: Measure, shown: NDArray[np.uint8]
) -> tuple[DerivedFinding, ...]:
    """Shares of somebody that are shown where a count is not, or of fewer than `minimum_n`."""
    whole = [lattice.measure_names.index(name) for name in measure.of]
    parts = [*whole, lattice.measure_names.index(measure.numerator)]
    persons = lattice.counts[whole].sum(axis=0)
    told = (status[parts] == Status.PUBLISHED).all(axis=0) & (persons >= measure.minimum_n)
    wrong = (shown == Status.PUBLISHED) & ~told
    wrong &= (persons > 0) | (status[parts] != Status.PUBLISHED).any(axis=0)
    cells = (tuple(int(code) for code in cell) for cell in np.argwhere(wrong))
    return tuple(DerivedFinding(measure.name, cell, Reason.SHOWN) for cell in cells)


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise ReleaseRefused("The audit's time is used up before every mean was attacked.")
    return left


def _shown(part: MeanSlice) -> list[tuple[int, ...]]:
    """Published means against the rules, or of hidden counts."""
    wrong = part.shown & (is_told_of_few(part.sums, part.measure) | ~part.counted)
    return [part.cell(code, combination) for code, combination in np.argwhere(wrong).tolist()]


def _rests(part: MeanSlice) -> list[tuple[int, ...]]:
    """Parents of lines whose rest is against the rules."""
    found: list[tuple[int, ...]] = []
    for rest in part.rests():
        wrong = np.flatnonzero(is_told_of_few(rest.sums, part.measure))
        found += [part.cell(int(rest.code[at]), int(rest.combination[at])) for at in wrong.tolist()]
    return found
