"""From extract rows to leaves: each row's place on every axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gateway.errors import ContractFault, ReleaseRefused
from gateway.model.cube import Axis
from gateway.model.product import AxisRole, CubeSpec, Dimension, Measure, MeasureKind
from gateway.organisations import Registry
from gateway.protection.contributions import Contributions, in_hundredths
from gateway.protection.lattice import LeafCounts

_MUNICIPALITY_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Leaves:
    """counts: of the count measures. sums: mean → (rows) what persons contribute to its sum.

    unknown: rows whose value was not a code and went to the residual, by dimension.
    """

    counts: LeafCounts
    sums: Mapping[str, Contributions]
    unknown: Mapping[str, int]


def leaves_of(
    table: pa.Table, spec: CubeSpec, axes: Sequence[Axis], *, registry: Registry
) -> Leaves:
    """Place every row of the extract. Raises ReleaseRefused when one has no place or no number.

    Raises ContractFault when a mean has no dominance rule, NegativeCount.
    """
    positions = np.empty((len(axes), table.num_rows), dtype=np.intp)
    unknown: dict[str, int] = {}
    for i, (dimension, axis) in enumerate(zip(spec.dimensions, axes, strict=True)):
        column = table.column(dimension.column)
        positions[i], unknown[dimension.name] = _positions(column, dimension, axis, registry)
    counted = [m for m in spec.measures if m.kind is MeasureKind.COUNT]
    summed = [m for m in spec.measures if m.kind is MeasureKind.MEAN]
    return Leaves(
        counts=LeafCounts(
            positions,
            {m.name: _numbers(table, m.column, pa.int64()) for m in counted},
        ),
        sums={m.name: _contributions(table, m) for m in summed},
        unknown={name: count for name, count in unknown.items() if count},
    )


def _positions(
    column: pa.ChunkedArray, dimension: Dimension, axis: Axis, registry: Registry
) -> tuple[NDArray[np.intp], int]:
    """(rows) index of each row's leaf, and how many rows went to the residual."""
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode(null_encoding="encode")
    sums = {line.parent for line in axis.lines}
    leaf = {code: place for code, place in axis.position().items() if place not in sums}
    residual = None if dimension.residual is None else leaf.get(dimension.residual)
    rows = encoded.indices.to_numpy()
    counts = np.bincount(rows, minlength=len(encoded.dictionary))
    places: list[int] = []
    unknown = 0
    for code, count in zip(encoded.dictionary.to_pylist(), counts, strict=True):
        place = _leaf(code, dimension, leaf, registry)
        if place is None:
            unknown += int(count)
            place = residual
        if place is None:
            raise ReleaseRefused(
                f"The extract has a value of {dimension.name} that is no leaf of it, and the "
                "dimension has no residual code."
            )
        places.append(place)
    return np.array(places, dtype=np.intp)[rows], unknown


def _leaf(
    code: str | None, dimension: Dimension, leaf: Mapping[str, int], registry: Registry
) -> int | None:
    """The leaf of a source value. A municipality (three digits) is the one of today, or where the
    geography ends at employment areas, its area.
    """
    if code is None or dimension.role is not AxisRole.GEO or len(code) != _MUNICIPALITY_DIGITS:
        return leaf.get(code or "")
    current = registry.current_municipality(code) or ""
    return leaf.get(f"KU{current}", leaf.get(f"TA{registry.area_of(current)}"))


def _contributions(table: pa.Table, mean: Measure) -> Contributions:
    rule = mean.dominance
    if rule is None:
        raise ContractFault(f"The mean {mean.name} has no dominance rule, so it is not published.")
    sums, largest, second = (
        in_hundredths(_numbers(table, name, pa.float64()))
        for name in (mean.column, rule.largest, rule.second)
    )
    return Contributions(sums, largest, second, _numbers(table, rule.contributors, pa.int64()))


def _numbers(table: pa.Table, name: str, kind: pa.DataType) -> NDArray[Any]:
    column = table.column(name)
    if column.null_count:
        raise ReleaseRefused(f"The extract's column {name} has missing numbers.")
    try:
        return column.cast(kind).combine_chunks().to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        # The cause quotes a value, so it is not passed on.
        raise ReleaseRefused(f"The extract's column {name} is not a column of {kind}.") from None
