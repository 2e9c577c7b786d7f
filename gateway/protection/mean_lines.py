"""Means that are hidden so that no single line gives one back: n, contributors and the p % rule.

A mean times its published count is a sum, and sums add up along the lines of the axes. So the hidden
sums of a line are at least two, of enough persons together, and what a published line leaves over,
the sum of what is hidden in it, obeys the p % rule like a cell of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ContractFault
from gateway.model.product import Dominance, Measure
from gateway.protection.closure import closed
from gateway.protection.contributions import Amounts, Contributions, two_largest
from gateway.protection.ledger import Cells
from gateway.protection.mean_rounding import tells_of_one
from gateway.protection.relations import Index
from gateway.protection.slices import Slice

Mask = NDArray[np.bool_]
_NOBODY_COST = 1e6  # the mean of nobody is known whether it is hidden or not


def rule_of(measure: Measure) -> Dominance:
    """Raises ContractFault: a mean without a dominance rule is published nowhere."""
    if measure.dominance is None:
        raise ContractFault(f"The mean {measure.name} has no dominance rule.")
    return measure.dominance


def is_sensitive(measure: Measure, persons: Amounts, parts: Contributions) -> Mask:
    """True where a mean tells of few: under `minimum_n`, too few contributors, dominated, or too finely told."""
    few = (persons < measure.minimum_n) | parts.are_dominated(rule_of(measure))
    return (persons > 0) & (few | tells_of_one(persons, parts, measure))


def costs(persons: Amounts) -> NDArray[np.float64]:
    """What hiding a mean loses: more where it is of more persons."""
    return np.where(persons > 0, 1 + np.log2(np.maximum(persons, 1)), _NOBODY_COST)


@dataclass(frozen=True, slots=True)
class MeanCells:
    """The means of one slice, by cell number of its relations.

    persons, parts: (cells); needed: (cells) True where hidden whatever else is.
    """

    piece: Slice
    measure: Measure
    persons: Index
    parts: Contributions
    needed: Mask

    def hidden(self, forced: Mask) -> Mask:
        """(cells) True where hidden: what must be, `forced`, and complements. Raises ReleaseRefused."""
        needed = self.needed | (forced & self.piece.relations.known)
        cost = costs(self.persons)
        while True:
            cells = Cells(weights=self.persons, sensitive=needed, cost=cost)
            hidden, _ = closed(self.piece.relations, cells, threshold=self.measure.minimum_n)
            further = self._against_dominated_rests(hidden, cost)
            if not len(further):
                return hidden
            needed = needed.copy()
            needed[further] = True

    def _against_dominated_rests(self, hidden: Mask, cost: NDArray[np.float64]) -> Index:
        """One more cell to hide in each line that leaves over a sum which few persons make up."""
        relations = self.piece.relations
        unseen = hidden | ~relations.known
        parent = relations.entries[relations.starts[:-1]]
        child = np.ones(len(relations.entries), dtype=np.bool_)
        child[relations.starts[:-1]] = False
        told = ~unseen[parent]
        left = child & unseen[relations.entries] & told[relations.line_of]
        line, cell = relations.line_of[left], relations.entries[left]
        rest = self._together(line, cell, lines=len(parent))
        anybody = np.bincount(line, weights=self.persons[cell], minlength=len(parent)) > 0
        dominated = np.flatnonzero(rest.are_dominated(rule_of(self.measure)) & anybody)
        chosen: list[int] = []
        for number in dominated.tolist():
            members = relations.entries[relations.starts[number] : relations.starts[number + 1]]
            free = members[1:][~unseen[members[1:]]]
            free = free if len(free) and (self.persons[free] > 0).any() else members[:1]
            chosen.append(int(free[np.argmin(cost[free])]))
        return np.unique(np.array(chosen, dtype=np.int64))

    def _together(self, line: Index, cell: Index, *, lines: int) -> Contributions:
        """(lines) the contributions to the given cells of each line together."""
        sums, contributors = (np.zeros(lines, dtype=np.int64) for _ in range(2))
        np.add.at(sums, line, self.parts.sums[cell])
        np.add.at(contributors, line, self.parts.contributors[cell])
        largest, second = two_largest(
            np.concatenate([line, line]),
            np.concatenate([self.parts.largest[cell], self.parts.second[cell]]),
            groups=lines,
        )
        return Contributions(sums, largest, second, contributors)


def mean_cells(
    piece: Slice,
    measure: Measure,
    *,
    persons: NDArray[np.int64],
    contributions: Contributions,
    unseen: NDArray[np.bool_],
) -> MeanCells:
    """persons, contributions: (*axes) of the lattice; unseen: (*axes) True where the count is hidden."""
    wide = contributions.at(piece.where).widened(piece.axes)
    places = piece.relations.places
    parts = Contributions(
        *(
            part.reshape(-1)[places]
            for part in (wide.sums, wide.largest, wide.second, wide.contributors)
        )
    )
    own = piece.weights(persons[None])
    covered = piece.weights(unseen.astype(np.int64)[None]) > 0
    few = is_sensitive(measure, own, parts)
    needed = (few | (covered & piece.shown())) & piece.relations.known
    return MeanCells(piece, measure, own, parts, needed)
