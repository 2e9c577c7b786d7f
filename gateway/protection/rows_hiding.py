"""Local suppression: values are hidden in the few rows that are left when the ladder stops.

A value that is hidden stays hidden, and combinations only ever grow together, so every step keeps
what the steps before it have reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.model.product import AnonymityRules
from gateway.protection.diversity import HIDDEN, uniform_groups
from gateway.protection.generalise import Coded
from gateway.protection.persons import distinct_persons
from gateway.protection.rows_slice import RowSlice, combinations
from gateway.protection.told import Crowd


@dataclass(frozen=True, slots=True)
class Hiding:
    """What is hidden so far, changed in place. known, secret: (columns, rows) bool.

    crowds: combinations that a reader knows the persons by from elsewhere, beside those here.
    """

    piece: RowSlice
    coding: Sequence[Coded]
    rules: AnonymityRules
    crowds: Sequence[Crowd]
    known: NDArray[np.bool_]
    secret: NDArray[np.bool_]

    def groups(self) -> NDArray[np.int64]:
        return combinations(self.coding, self.known, self.piece.rows)

    def below_k(self) -> NDArray[np.bool_]:
        """(rows) True where fewer than k distinct persons share the row's combination."""
        groups = self.groups()
        counts = distinct_persons(
            groups, self.piece.persons, groups=int(groups.max(initial=-1)) + 1
        )
        return (counts < self.rules.k)[groups]

    def values(self, place: int) -> NDArray[np.int64]:
        """(rows) the codes of a sensitive column, HIDDEN where it is hidden."""
        return np.where(self.secret[place], HIDDEN, self.piece.secrets[place])

    def uniform(self, place: int, groups: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(rows) True where the combination tells a sensitive value of everybody in it."""
        found = uniform_groups(
            groups, self.piece.persons, self.values(place), least=self.rules.diversity
        )
        return found[groups] & ~self.secret[place]

    def uniform_elsewhere(self, place: int) -> NDArray[np.bool_]:
        """(rows) the same for combinations that the reader knows from elsewhere."""
        found = np.zeros(self.piece.rows, dtype=np.bool_)
        for crowd in self.crowds:
            if crowd.only not in {None, place}:
                continue
            inside = crowd.groups >= 0
            groups = crowd.groups[inside]
            uniform = uniform_groups(
                groups,
                self.piece.persons[inside],
                self.values(place)[inside],
                least=self.rules.diversity,
                absent=crowd.absent,
            )
            found[inside] |= uniform[groups]
        return found & ~self.secret[place]

    def any_uniform(self) -> NDArray[np.bool_]:
        """(rows) True where some sensitive value is told of everybody."""
        found = self.any_uniform_here()
        for place in range(len(self.piece.secret)):
            found |= self.uniform_elsewhere(place)
        return found

    def any_uniform_here(self) -> NDArray[np.bool_]:
        """(rows) the same by the combinations of this slice alone."""
        found = np.zeros(self.piece.rows, dtype=np.bool_)
        if not self.piece.secret:
            return found
        groups = self.groups()
        for place in range(len(self.piece.secret)):
            found |= self.uniform(place, groups)
        return found


def hide_for_k(hiding: Hiding) -> None:
    """Hide known values until every combination has k persons.

    Column by column in the contract's order, only in the rows still below k; a column of one value
    has nothing to hide. What is below k at the end has every value hidden and is one group; if that
    is too small itself, the smallest other combination joins it, and brings k persons with it.
    """
    useful = [place for _, place in _order(hiding) if place is not None]
    useful = [place for place in useful if len(hiding.coding[place].names) > 1]
    below = hiding.below_k()
    for place in useful:
        if not below.any():
            return
        hiding.known[place, below] = True
        below = hiding.below_k()
    if below.any():
        groups = hiding.groups()
        rows = np.bincount(groups)
        rows[groups[below]] = hiding.piece.rows + 1
        hiding.known[np.ix_(useful, groups == rows.argmin())] = True


def hide_for_l(hiding: Hiding) -> None:
    """Hide known or sensitive values, in the contract's order, until no combination is uniform.

    Known values: in the rows of uniform combinations, which then join others. The sensitive value
    itself: in every row of the combinations that are uniform still, and what was hidden for their
    sake since the last sensitive column is shown again, for it has not helped them.
    """
    secret = [column.name for column in hiding.piece.secret]
    settled = hiding.known.copy()
    uniform = hiding.any_uniform_here()
    for name, place in _order(hiding):
        if place is None:
            number = secret.index(name)
            still = hiding.uniform(number, hiding.groups())
            hiding.known[:, still] = settled[:, still]
            _hide_secret(hiding, number)
            settled = hiding.known.copy()
            uniform = hiding.any_uniform_here()
        elif len(hiding.coding[place].names) > 1 and uniform.any():
            hiding.known[place, uniform] = True
            uniform = hiding.any_uniform_here()


def withhold_columns(hiding: Hiding, without: Sequence[int]) -> tuple[int, ...]:
    """Hide sensitive columns as a whole; gives the places of those that are.

    Those of `without`, any in which the whole slice is alike, and any that combinations known from
    elsewhere would tell of too many: no ladder could keep that from being told. It is a sensitive
    column's last step.
    """
    everybody = np.zeros(hiding.piece.rows, dtype=np.int64)
    withheld: list[int] = []
    for place in range(len(hiding.piece.secret)):
        values, least = hiding.values(place), hiding.rules.diversity
        is_alike = uniform_groups(everybody, hiding.piece.persons, values, least=least).any()
        elsewhere = float(hiding.uniform_elsewhere(place).mean()) if hiding.crowds else 0.0
        is_told = elsewhere > hiding.rules.maximum_suppressed_share
        if place in without or is_alike or is_told:
            hiding.secret[place] = True
            withheld.append(place)
    return tuple(withheld)


def _hide_secret(hiding: Hiding, place: int) -> None:
    groups = hiding.groups()
    while True:
        uniform = hiding.uniform(place, groups) | hiding.uniform_elsewhere(place)
        if not uniform.any():
            return
        hiding.secret[place, uniform] = True


def _order(hiding: Hiding) -> list[tuple[str, int | None]]:
    """Columns in the order of suppression, with the place of a known one and None for a sensitive.

    Those that the contract does not name come last, sensitive ones after all.
    """
    known = [column.name for column in hiding.piece.known]
    secret = [column.name for column in hiding.piece.secret]
    first = hiding.rules.suppress_order
    names = [*first, *(name for name in (*known, *secret) if name not in first)]
    return [(name, known.index(name) if name in known else None) for name in names]
