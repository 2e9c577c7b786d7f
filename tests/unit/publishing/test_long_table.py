from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gateway.encoding.cube_tables import encode_parquet
from gateway.encoding.heading import Heading
from gateway.model.codes import Code
from gateway.model.cube import Axis, Cube, Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, Measure, MeasureKind
from gateway.publishing.long_table import write_cube_table

TEXT = Label("fi", "sv", "en")
HEADING = Heading(
    "product", TEXT, "2026-06-30.1", date(2026, 6, 30), "now", "1.0.0", "1", ("atmt",), "fi", False
)
HIDDEN, ABSENT = Status.SUPPRESSED, Status.NOT_PUBLISHED
NAN = np.nan


def cube(values: list[list[float]], status: list[list[int]]) -> Cube:
    """Persons, and a mean of them, by two codes and their total."""
    codes = tuple(Code(code, TEXT, "level") for code in ("SSS", "1", "2"))
    measures = (
        Measure("persons", TEXT, TEXT, MeasureKind.COUNT, decimals=0),
        Measure("mean", TEXT, TEXT, MeasureKind.MEAN, decimals=1),
    )
    axes = (Axis("sex", TEXT, AxisRole.CLASS, codes, (), 0),)
    return Cube(axes, measures, np.array(values), np.array(status, dtype=np.uint8))


def written(folder: Path, whole: Cube) -> pa.Table:
    write_cube_table(folder / "cube.parquet", whole)
    return pq.read_table(folder / "cube.parquet")


def test_the_whole_file_tells_suppressed_from_not_published(tmp_path):
    table = written(
        tmp_path,
        cube([[10.0, NAN, NAN], [2.5, NAN, NAN]], [[0, HIDDEN, ABSENT], [0, ABSENT, ABSENT]]),
    )
    assert table.to_pylist() == [
        {"sex": "SSS", "persons": 10, "persons_status": None, "mean": 2.5, "mean_status": None},
        {"sex": "1", "persons": None, "persons_status": "...", "mean": None, "mean_status": ".."},
    ]


def test_a_mean_of_nobody_is_a_null_without_a_mark(tmp_path):
    table = written(tmp_path, cube([[3.0, 0.0, 3.0], [2.5, NAN, 2.5]], [[0] * 3] * 2))
    assert table["mean"].to_pylist() == [2.5, None, 2.5]
    assert table["mean_status"].to_pylist() == [None] * 3


def test_the_whole_file_is_the_table_of_a_selection_of_everything(tmp_path):
    whole = cube([[10.0, NAN, 6.0], [NAN] * 3], [[0, HIDDEN, 0], [HIDDEN, ABSENT, HIDDEN]])
    selected = pq.read_table(io.BytesIO(encode_parquet(whole, HEADING)))
    stored = written(tmp_path, whole)
    assert stored.equals(selected)
    legend = stored.schema.field("mean_status").metadata
    assert legend == selected.schema.field("mean_status").metadata
    assert set(legend) == {b"jakelu.symbol...", b"jakelu.symbol...."}


def test_no_value_of_a_hidden_cell_is_written(tmp_path):
    whole = cube([[10.0, NAN, 6.0], [1.0, 1.0, 1.0]], [[0, HIDDEN, 0], [0] * 3])
    leaking = replace(whole, values=np.where(np.isnan(whole.values), 4.0, whole.values))
    with pytest.raises(ValueError, match="not published"):
        write_cube_table(tmp_path / "cube.parquet", leaking)
    assert not (tmp_path / "cube.parquet").exists()
