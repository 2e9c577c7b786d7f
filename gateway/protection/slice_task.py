"""One slice as a task that another process can take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.model.cube import Axis, Line
from gateway.model.product import DisclosureRules

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Terms:
    """What slices that publish alike have in common.

    axes: those with sums; designed: (measure, *axes) bool.
    """

    axes: tuple[Axis, ...]
    designed: Mask
    measure_lines: tuple[Line, ...]
    latent: frozenset[int]
    rules: DisclosureRules

    def _key(self) -> tuple[Any, ...]:
        return (self.axes, self.designed.tobytes(), self.measure_lines, self.rules)

    def __hash__(self) -> int:
        return hash(self._key()[1:])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Terms) and self._key() == other._key()


@dataclass(frozen=True, slots=True)
class Task:
    """counts: (measure, *axes); liked: the same shape, True where it is cheaper to hide.

    also: the same shape, True where a cell is hidden whatever its count, and kept unknown like a
    small one; told, kept: True where readers have the count already, and where it is hidden besides;
    firm: the measures that another layer decides, and whose counts are taken for granted.
    """

    terms: Terms
    counts: NDArray[np.int64]
    liked: Mask
    also: Mask
    told: Mask
    kept: Mask
    firm: frozenset[int] = frozenset()
