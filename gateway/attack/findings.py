"""What an audit says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.attack.targets import Kind

EXACT = 1e-6


@dataclass(frozen=True, slots=True)
class Finding:
    """A small count that a viewer can narrow down too far.

    viewer: area codes of the coalition, () for the outsider. cell: index over the lattice's axes.
    low, high: the feasible interval.
    leaves: for a region of the map that is no code (then the geographic index of `cell` is -1), its
    leaf geographies as indices of the geographic axis.
    parts: for a derived sum, the unknown cells (measure, *cell) whose sum it is, `leaves` being what
    no code of theirs holds; measure and `cell` are then those of the known parent.
    """

    viewer: tuple[str, ...]
    measure: int
    cell: tuple[int, ...]
    low: float
    high: float
    kind: Kind
    leaves: tuple[int, ...] = ()
    parts: tuple[tuple[int, ...], ...] = ()

    @property
    def is_exact(self) -> bool:
        return bool(self.high - self.low < EXACT)


@dataclass(frozen=True, slots=True)
class Attacked:
    """The audit of a lattice: every finding, and how much was attacked.

    targets: small counts attacked; viewers: the outsider and the coalitions. exact, narrow: findings
    whose interval is one number, and the others. report: the same for a manifest, as JSON types.
    """

    findings: tuple[Finding, ...]
    targets: int
    viewers: int
    exact: int
    narrow: int
    report: Mapping[str, Any]
