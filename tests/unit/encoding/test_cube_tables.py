from __future__ import annotations

import numpy as np
import pyarrow as pa

from gateway.encoding.cube_tables import cube_table
from gateway.model.codes import Code
from gateway.model.cube import Axis, Cube, Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, Measure, MeasureKind

TEXT = Label("fi", "sv", "en")
NAN = float("nan")


def cube(values, status) -> Cube:
    codes = tuple(Code(code, TEXT, "level") for code in ("SSS", "1", "2"))
    measures = (
        Measure("persons", TEXT, TEXT, MeasureKind.COUNT, decimals=0),
        Measure("share", TEXT, TEXT, MeasureKind.SHARE, decimals=1),
    )
    axes = (Axis("sex", TEXT, AxisRole.CLASS, codes, (), 0),)
    return Cube(axes, measures, np.array(values), np.array(status, dtype=np.uint8))


def test_a_row_for_each_published_combination_with_marks_beside_the_values():
    hidden, absent = Status.SUPPRESSED, Status.NOT_PUBLISHED
    table = cube_table(
        cube([[10.0, NAN, NAN], [0.5, 1.5, NAN]], [[0, hidden, absent], [0, 0, absent]])
    )
    assert table.to_pydict() == {
        "sex": ["SSS", "1"],
        "persons": [10, None],
        "persons_status": [None, "..."],
        "share": [0.5, 1.5],
        "share_status": [None, None],
    }
    assert table.schema.field("persons").type == pa.int64()


def test_one_measure_that_is_not_published_is_marked_where_another_is():
    table = cube_table(
        cube([[10.0, 4.0, 6.0], [NAN, NAN, NAN]], [[0, 0, 0], [Status.NOT_PUBLISHED, 0, 0]])
    )
    assert table["share_status"].to_pylist() == ["..", None, None]


def test_nothing_lies_beneath_a_null():
    table = cube_table(cube([[10.0, NAN, 6.0], [NAN] * 3], [[0, 1, 0], [1, 1, 1]]))
    values = table["persons"].chunk(0).buffers()[1]
    assert np.frombuffer(values, dtype=np.int64, count=3).tolist() == [10, 0, 6]
