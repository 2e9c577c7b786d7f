"""Some of the slices of a cube: no sum ties one month of a stock to another, so each stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gateway.model.cube import Axis, Lattice
from gateway.model.product import AxisRole, CubeSpec

Scalar = TypeVar("Scalar", bound=np.generic)


def time_axis(axes: Sequence[Axis]) -> int | None:
    """The number of the axis of months, where months have no sum; None where there is none."""
    for number, axis in enumerate(axes):
        if axis.role is AxisRole.TIME and not axis.lines:
            return number
    return None


def taken(cells: NDArray[Scalar], axis: int | None, places: Sequence[int]) -> NDArray[Scalar]:
    """(measure, *axes) some codes of the time axis, copied; all of it where the axis is None."""
    return cells.copy() if axis is None else cells.take(list(places), axis=axis + 1)


def at_times(lattice: Lattice, places: Sequence[int]) -> Lattice:
    """The lattice of some codes of its time axis, in that order. All of it where it has none."""
    number = time_axis(lattice.axes)
    return replace(
        lattice,
        axes=axes_at(lattice.axes, places),
        counts=taken(lattice.counts, number, places),
        designed=taken(lattice.designed, number, places),
    )


def axes_at(axes: Sequence[Axis], places: Sequence[int]) -> tuple[Axis, ...]:
    """The axes with some codes of the time axis only."""
    number = time_axis(axes)
    return tuple(
        replace(axis, codes=tuple(axis.codes[place] for place in places)) if n == number else axis
        for n, axis in enumerate(axes)
    )


def newest_places(axes: Sequence[Axis], newest: int) -> Sequence[int]:
    """So many of the last codes of the time axis; all of them for 0, none where it has none."""
    number = time_axis(axes)
    total = 0 if number is None else len(axes[number].codes)
    return range(max(0, total - newest) if newest else 0, total)


def rows_within(table: pa.Table, spec: CubeSpec, axes: Sequence[Axis]) -> pa.Table:
    """The rows of an extract that tell of the codes of the time axis."""
    number = time_axis(axes)
    if number is None:
        return table
    codes = pa.array([code.code for code in axes[number].codes], pa.string())
    column = table.column(spec.dimensions[number].column).cast(pa.string())
    return table.filter(pc.call_function("is_in", [column], pc.SetLookupOptions(codes)))


def slice_axes(axes: Sequence[Axis]) -> tuple[int, ...]:
    """The numbers of the axes along which slices lie: those without sums, but for the geography."""
    return tuple(
        n for n, axis in enumerate(axes) if not axis.lines and axis.role is not AxisRole.GEO
    )


def slice_names(axes: Sequence[Axis]) -> tuple[str, ...]:
    """The codes of each slice, in row-major order of those axes; one empty name without them."""
    names = [""]
    for number in slice_axes(axes):
        codes = [code.code for code in axes[number].codes]
        names = [f"{name} × {code}" if name else code for name in names for code in codes]
    return tuple(names)


def by_slice(axes: Sequence[Axis], values: NDArray[Any]) -> NDArray[np.int64]:
    """(slices) the sums of an array over the axes, in the order of `slice_names`."""
    kept = slice_axes(axes)
    rest = tuple(number for number in range(len(axes)) if number not in kept)
    return np.asarray(values.sum(axis=rest)).reshape(-1)
