"""What persons contribute to the sum behind a mean, and when too few of them make up too much of it.

Amounts are whole numbers of hundredths of the mean's unit (cents, hundredths of a day), so that sums
are exact. Nobody contributes less than nothing, and a person stands in one leaf of a slice only: then
the largest contribution to several leaves is the largest of their largest ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.errors import NegativeCount, ReleaseRefused
from gateway.model.cube import Axis
from gateway.model.product import Dominance
from gateway.protection.divisions import WideAxis
from gateway.protection.lattice import leaf_sets, summed

HUNDREDTHS = 100
_ROUNDING = 2  # hundredths by which rounded amounts may miss each other

Amounts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Contributions:
    """sums, largest, second: hundredths of the unit; contributors: persons. All of one shape.

    second: the largest contribution but one, 0 where there is no second person.
    """

    sums: Amounts
    largest: Amounts
    second: Amounts
    contributors: Amounts

    def at(self, where: tuple[int | slice, ...]) -> Contributions:
        """Those of a part of the lattice."""
        return Contributions(
            self.sums[where], self.largest[where], self.second[where], self.contributors[where]
        )

    def widened(self, axes: Sequence[WideAxis]) -> Contributions:
        """Those of the latent pieces too. self: of a slice, whose axes these are."""
        wide = self
        for number, axis in enumerate(axes):
            if axis.pieces:
                wide = wide._with_pieces(axis, number)
        return wide

    def _with_pieces(self, axis: WideAxis, number: int) -> Contributions:
        tops = [
            merged(
                self.largest.take(leaves, axis=number),
                self.second.take(leaves, axis=number),
                number,
            )
            for leaves in axis.pieces
        ]
        return Contributions(
            axis.widened(self.sums, number),
            np.concatenate([self.largest, *(one for one, _ in tops)], axis=number),
            np.concatenate([self.second, *(two for _, two in tops)], axis=number),
            axis.widened(self.contributors, number),
        )

    def uncovered(self, rule: Dominance) -> Amounts:
        """How much less the others contribute than p % of the largest contribution, 0 at least.

        The second person knows what remains when the own contribution is taken off; it must not come
        closer to the first one's than p %.
        """
        others = self.sums - self.largest - self.second
        return np.maximum(0, self.within(rule) - others)

    def within(self, rule: Dominance) -> Amounts:
        """p % of the largest contribution, rounded up: how close nobody may come."""
        return np.ceil(self.largest * (rule.percent / 100)).astype(np.int64)

    def are_dominated(self, rule: Dominance) -> NDArray[np.bool_]:
        """True where few persons make up so much that the sum tells of one of them."""
        return (self.uncovered(rule) > 0) | (self.contributors < rule.least_contributors)


def in_hundredths(amounts: NDArray[np.float64]) -> Amounts:
    """Raises ReleaseRefused when an amount is no number, NegativeCount when it is negative."""
    if not np.isfinite(amounts).all():
        raise ReleaseRefused("An amount of the extract is no number.")
    if (amounts < 0).any():
        raise NegativeCount("An amount of the extract is negative.")
    return np.rint(amounts * HUNDREDTHS).astype(np.int64)


def contributions_of(
    axes: Sequence[Axis], positions: NDArray[np.intp], rows: Contributions
) -> Contributions:
    """The contributions to every cell of a lattice, (*axes), from those of the rows of an extract.

    positions: (axes, rows) the leaf of each row; rows of one leaf are of different persons.
    Raises ContractFault; ReleaseRefused when the rows' largest contributions do not fit their sums.
    """
    _check(rows)
    shape = tuple(len(axis.codes) for axis in axes)
    leaf = np.ravel_multi_index(tuple(positions), shape)
    largest, second = (
        part.reshape(shape)
        for part in two_largest(
            np.concatenate([leaf, leaf]),
            np.concatenate([rows.largest, rows.second]),
            groups=int(np.prod(shape)),
        )
    )
    for number, axis in enumerate(axes):
        one, two = np.moveaxis(largest, number, 0), np.moveaxis(second, number, 0)
        for code, leaves in enumerate(map(sorted, leaf_sets(axis))):
            if leaves != [code]:
                one[[code]], two[[code]] = merged(one[leaves], two[leaves])
    return Contributions(
        summed(axes, positions, rows.sums).astype(np.int64),
        largest,
        second,
        summed(axes, positions, rows.contributors).astype(np.int64),
    )


def merged(largest: Amounts, second: Amounts, along: int = 0) -> tuple[Amounts, Amounts]:
    """The largest two contributions to several cells together, which stand along an axis.

    The axis stays, one long.
    """
    both = np.concatenate([largest, second], axis=along)
    count = both.shape[along]
    top = np.partition(both, count - 2, axis=along)
    return top.take([count - 1], axis=along), top.take([count - 2], axis=along)


def two_largest(group: NDArray[np.intp], amounts: Amounts, *, groups: int) -> tuple[Amounts, ...]:
    """(groups) the largest amount of each group, and the largest but one; 0 for what is missing."""
    order = np.lexsort((-amounts, group))
    group, amounts = group[order], amounts[order]
    is_first = np.ones(len(group), dtype=np.bool_)
    is_first[1:] = group[1:] != group[:-1]
    is_second = np.zeros_like(is_first)
    is_second[1:] = is_first[:-1] & ~is_first[1:]
    found = tuple(np.zeros(groups, dtype=np.int64) for _ in range(2))
    for which, place in zip((is_first, is_second), found, strict=True):
        place[group[which]] = amounts[which]
    return found


def _check(rows: Contributions) -> None:
    """What an extract says of a leaf must be possible: else its rule would protect nobody."""
    rest = rows.sums - rows.largest - rows.second
    ordered = (rows.second >= 0) & (rows.largest >= rows.second) & (rows.contributors >= 0)
    first = (rows.largest == 0) | (rows.contributors >= 1)
    second = (rows.second == 0) | (rows.contributors >= 2)
    # Each of the others contributes no more than the second does.
    most = np.maximum(rows.contributors - 2, 0) * rows.second
    others = (rest >= -_ROUNDING) & (rest <= most + _ROUNDING * (rows.contributors + 1))
    fits = ordered & first & second & others
    if not fits.all():
        raise ReleaseRefused("The largest contributions of the extract do not fit its sums.")
