"""A cube as a long table: CSV, Parquet and Arrow, of a selection and of the whole.

One row per combination of codes that is published, a text column per dimension, then per measure
its value and `<measure>_status` (`...` suppressed, `..` not published, else nothing).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gateway.encoding.csv_text import EXCEL, csv_bytes
from gateway.encoding.heading import Heading
from gateway.encoding.marks import LEGEND, MARKS
from gateway.model.cube import Cube, Status
from gateway.model.field_metadata import of_axis, of_measure
from gateway.model.product import Measure, MeasureKind

STATUS_SUFFIX = "_status"


def cube_table(cube: Cube) -> pa.Table:
    """Rows in the axes' row-major order; combinations of which no measure is published are left out."""
    designed = (cube.status != Status.NOT_PUBLISHED).any(axis=0).reshape(-1)
    kept = np.flatnonzero(designed)
    places = np.unravel_index(kept, cube.status.shape[1:])
    columns: dict[str, pa.Array] = {
        axis.name: pa.DictionaryArray.from_arrays(
            pa.array(place.astype(np.int32)), pa.array([code.code for code in axis.codes])
        )
        for axis, place in zip(cube.axes, places, strict=True)
    }
    for i, measure in enumerate(cube.measures):
        columns[measure.name] = _values(cube.values[i].reshape(-1)[kept], measure)
        columns[measure.name + STATUS_SUFFIX] = _marks(cube.status[i].reshape(-1)[kept])
    return pa.table(columns, schema=_schema(cube, columns))


def _schema(cube: Cube, columns: Mapping[str, pa.Array]) -> pa.Schema:
    """Each field with its titles; the legend of the marks stands with the fields of marks."""
    told = {axis.name: of_axis(axis) for axis in cube.axes}
    told |= {measure.name: of_measure(measure) for measure in cube.measures}
    legend = {
        f"jakelu.symbol.{mark}": orjson.dumps(asdict(label)).decode()
        for mark, label in LEGEND.items()
    }
    return pa.schema(
        pa.field(name, column.type, metadata=told.get(name, legend))
        for name, column in columns.items()
    )


def is_integral(measure: Measure) -> bool:
    """Whether a measure's values are whole numbers: counts without decimals."""
    return measure.kind is MeasureKind.COUNT and measure.decimals == 0


def encode_csv(cube: Cube, heading: Heading) -> bytes:
    """UTF-8, comma, point as the decimal sign, codes; hidden cells are empty, with their mark beside."""
    return csv_bytes(_described(cube, heading), include_header=True)


def encode_csv_excel(cube: Cube, heading: Heading) -> bytes:
    """The same table as a Finnish Excel reads it: semicolon, decimal comma, byte order mark."""
    return csv_bytes(_described(cube, heading), include_header=True, dialect=EXCEL)


def encode_parquet(cube: Cube, heading: Heading) -> bytes:
    sink = io.BytesIO()
    pq.write_table(_described(cube, heading), sink, compression="zstd")
    return sink.getvalue()


def encode_arrow(cube: Cube, heading: Heading) -> bytes:
    """An IPC stream, uncompressed; the stream's metadata names the release."""
    table = _described(cube, heading)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _described(cube: Cube, heading: Heading) -> pa.Table:
    return cube_table(cube).replace_schema_metadata(
        {
            "jakelu.product": heading.product,
            "jakelu.release": heading.release,
            "jakelu.as_of": heading.as_of.isoformat(),
            "jakelu.contract_version": heading.contract_version,
            "jakelu.definition_version": heading.definition_version,
        }
    )


def _values(values: NDArray[np.float64], measure: Measure) -> pa.Array:
    """Counts are integers. Beneath a null stands a zero, never a value."""
    missing = np.isnan(values)
    shown = np.where(missing, 0.0, values)
    if is_integral(measure):
        return pa.array(shown.astype(np.int64), mask=missing)
    return pa.array(shown, mask=missing)


def _marks(status: NDArray[np.uint8]) -> pa.Array:
    """Dictionary-coded marks; null where the cell is published."""
    codes = list(MARKS)
    place = np.zeros(256, dtype=np.int8)
    place[codes] = range(len(codes))
    indices = pa.array(place[status], mask=~np.isin(status, codes))
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(MARKS.values())))
