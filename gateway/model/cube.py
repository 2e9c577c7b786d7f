"""A cube: dense arrays over axes, and the relations that tie its cells together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from gateway.model.codes import Code
from gateway.model.label import Label
from gateway.model.product import AxisRole, Measure

AREA_LEVEL = "area"
RESIDUAL = "XXX"  # how Statistics Finland ends the code of what is in no other one


class Status(IntEnum):
    """What a reader may know of a cell; never why it is hidden."""

    PUBLISHED = 0
    SUPPRESSED = 1
    NOT_PUBLISHED = 2  # the contract does not publish this combination of levels


@dataclass(frozen=True, slots=True)
class Line:
    """parent = sum(children), as indices into an axis's codes."""

    parent: int
    children: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of a release, with its codes in order.

    total: index of the code that stands for the whole; None when there is no sum (stock over months).
    lines: every published sum relation along this axis.
    """

    name: str
    label: Label
    role: AxisRole
    codes: tuple[Code, ...]
    lines: tuple[Line, ...]
    total: int | None

    def position(self) -> Mapping[str, int]:
        """code → index."""
        return {code.code: index for index, code in enumerate(self.codes)}

    def areas(self) -> tuple[int, ...]:
        """Indices of the employment areas. A residual is none: its persons are in nobody's own figures."""
        return tuple(
            index
            for index, code in enumerate(self.codes)
            if code.level == AREA_LEVEL and not code.code.endswith(RESIDUAL)
        )


@dataclass(frozen=True, slots=True)
class Lattice:
    """The unprotected counts of a release, on the publish road only.

    counts: (measure, *axes) int64 >= 0; measures may end with latent ones (differences of nested measures).
    measure_lines: sum relations along the measure axis; latent: indices of measures that are never published.
    designed: (measure, *axes) bool, True where a contract publishes the measure in the combination;
    of a latent measure, where its whole and all its parts are.
    """

    axes: tuple[Axis, ...]
    measure_names: tuple[str, ...]
    counts: NDArray[np.int64]
    measure_lines: tuple[Line, ...]
    latent: frozenset[int]
    designed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cube:
    """A protected cube.

    values: (measure, *axes) float64, row-major, NaN wherever status is not PUBLISHED (or a mean of nobody).
    status: the same shape, uint8 of `Status`.
    """

    axes: tuple[Axis, ...]
    measures: tuple[Measure, ...]
    values: NDArray[np.float64]
    status: NDArray[np.uint8]
