"""`cube.parquet`: a protected cube as a long table, for those who load the whole of it.

One row per published combination of codes: a text column per dimension, then per measure its value
(null where nothing is shown) and `<measure>_status`, which is `...` where a value is suppressed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gateway.model.cube import Cube, Status
from gateway.model.field_metadata import of_axis, of_measure
from gateway.model.product import Measure, MeasureKind
from gateway.releases.cube_file import check_cube

SUPPRESSED_TEXT = "..."
STATUS_TEXT_SUFFIX = "_status"
_ROW_GROUP_ROWS = 131_072


def cube_table(cube: Cube) -> pa.Table:
    """The long table, in the row-major order of the axes; combinations of no measure are left out."""
    check_cube(cube)
    kept = np.flatnonzero((cube.status != Status.NOT_PUBLISHED).any(axis=0).reshape(-1))
    columns: dict[str, pa.Array] = {}
    shape = cube.status.shape[1:]
    for axis, positions in zip(cube.axes, np.unravel_index(kept, shape), strict=True):
        columns[axis.name] = pa.DictionaryArray.from_arrays(
            pa.array(positions.astype(np.int32)), pa.array([code.code for code in axis.codes])
        )
    for i, measure in enumerate(cube.measures):
        values = cube.values[i].reshape(-1)[kept]
        columns[measure.name] = _values(values, measure)
        hidden = cube.status[i].reshape(-1)[kept] == Status.SUPPRESSED
        columns[measure.name + STATUS_TEXT_SUFFIX] = _status_texts(hidden)
    told = {axis.name: of_axis(axis) for axis in cube.axes}
    told |= {measure.name: of_measure(measure) for measure in cube.measures}
    schema = pa.schema(
        pa.field(name, column.type, metadata=told.get(name)) for name, column in columns.items()
    )
    return pa.table(columns, schema=schema)


def write_cube_table(path: Path, cube: Cube) -> int:
    """Write `cube.parquet` (zstd); returns its number of rows."""
    table = cube_table(cube)
    pq.write_table(table, path, compression="zstd", row_group_size=_ROW_GROUP_ROWS)
    return table.num_rows


def is_integral(measure: Measure) -> bool:
    """Whether a measure's values are whole numbers: counts without decimals."""
    return measure.kind is MeasureKind.COUNT and measure.decimals == 0


def _values(values: NDArray[np.float64], measure: Measure) -> pa.Array:
    """Nulls where the value is NaN, and zeros, not values, in the buffer beneath them."""
    missing = np.isnan(values)
    shown = np.where(missing, 0.0, values)
    if is_integral(measure):
        return pa.array(shown.astype(np.int64), mask=missing)
    return pa.array(shown, mask=missing)


def _status_texts(hidden: NDArray[np.bool_]) -> pa.Array:
    places = pa.array(np.zeros(hidden.size, dtype=np.int8), mask=~hidden)
    return pa.DictionaryArray.from_arrays(places, pa.array([SUPPRESSED_TEXT]))
