"""Which measures are variables of the programme, and which are sums of them.

A measure with one line is the sum of its children; so is one with several lines that say the same
(a whole less one part is the other part and the rest). A measure without lines is a variable; so is
one with several lines that differ (unemployed = long-term + others = laid off + others), and the
children of those lines are its *shares*: variables tied to it by rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.errors import ReleaseRefused
from gateway.model.cube import Line


@dataclass(frozen=True, slots=True)
class Nest:
    """basis: per measure the variables whose sum it is. variables: in ascending order.

    owner: variable → the variable that it is a share of. shares: (owner, variables of one line).
    """

    basis: tuple[tuple[int, ...], ...]
    variables: tuple[int, ...]
    owner: dict[int, int]
    shares: tuple[tuple[int, tuple[int, ...]], ...]

    def root(self, variable: int) -> int:
        while variable in self.owner:
            variable = self.owner[variable]
        return variable

    def groups(self, measure: int) -> list[tuple[int, ...]]:
        """The variables of a measure in groups that move alone: each by itself, shares of a line together."""
        basis = self.basis[measure]
        alone = [(variable,) for variable in basis if variable not in self.owner]
        together = [tuple(v for v in line if v in basis) for _, line in self.shares]
        return [*alone, *filter(None, together)]

    def over(self, variables: Sequence[int]) -> list[int]:
        """Measures that one of the variables is part of."""
        return [m for m, basis in enumerate(self.basis) if not set(basis).isdisjoint(variables)]


def nest_of(lines: Sequence[Line], measures: int) -> Nest:
    """Raises ReleaseRefused when a measure is a part of two measures that have several lines."""
    below: dict[int, list[Line]] = {}
    for line in lines:
        below.setdefault(line.parent, []).append(line)

    def of(line: Line) -> tuple[int, ...]:
        return tuple(variable for child in line.children for variable in basis(child))

    def basis(measure: int) -> tuple[int, ...]:
        own = [of(line) for line in below.get(measure, [])]
        return own[0] if len({frozenset(one) for one in own}) == 1 else (measure,)

    owner: dict[int, int] = {}
    shares: list[tuple[int, tuple[int, ...]]] = []
    for measure, own in below.items():
        ways = {frozenset(of(line)): of(line) for line in own}
        for parts in ways.values() if basis(measure) == (measure,) else ():
            if not owner.keys().isdisjoint(parts) or len(set(parts)) != len(parts):
                raise ReleaseRefused(
                    "A measure is nested in two ways that the audit cannot follow."
                )
            owner |= dict.fromkeys(parts, measure)
            shares.append((measure, parts))
    bases = tuple(basis(measure) for measure in range(measures))
    nest = Nest(bases, tuple(sorted({v for b in bases for v in b})), owner, tuple(shares))
    for measure in range(measures):
        roots = [nest.root(group[0]) for group in nest.groups(measure)]
        if len(set(roots)) != len(roots):
            raise ReleaseRefused("A measure adds up shares that the audit cannot tell apart.")
    return nest
