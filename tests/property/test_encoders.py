"""Whatever the cube and the rows are: every format says the same, and nothing hidden gets out."""

from __future__ import annotations

import io
from datetime import date

import numpy as np
import openpyxl
import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.encoding.csv_text import csv_bytes
from gateway.encoding.cubes import CUBE_ENCODERS
from gateway.encoding.heading import Heading
from gateway.encoding.rows import ROW_ENCODERS
from gateway.model.codes import Code
from gateway.model.cube import Axis, Cube, Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, Measure, MeasureKind
from gateway.releases.cube_slice import Selection, cut, resolve_selection

modest = settings(deadline=None, max_examples=40)
TEXT = Label("fi", "sv", "en")
HEADING = Heading(
    "product", TEXT, "2026-06-30.1", date(2026, 6, 30), "now", "1.0.0", "1", ("atmt",), "fi", False
)


@st.composite
def cubes(draw: st.DrawFn) -> Cube:
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    axes = tuple(
        Axis(
            f"axis{number}",
            TEXT,
            AxisRole.CLASS,
            tuple(Code(f"{'-' * (i % 2)}{i}", TEXT, "level") for i in range(size)),
            (),
            0,
        )
        for number, size in enumerate(sizes)
    )
    measures = tuple(
        Measure(f"measure{i}", TEXT, TEXT, kind, decimals=decimals)
        for i, (kind, decimals) in enumerate([(MeasureKind.COUNT, 0), (MeasureKind.MEAN, 2)])
    )
    shape = (len(measures), *sizes)
    count = int(np.prod(shape))
    whole = draw(st.lists(st.integers(0, 10**7), min_size=count, max_size=count))
    status = draw(st.lists(st.sampled_from(list(Status)), min_size=count, max_size=count))
    values = np.array(whole, dtype=np.float64).reshape(shape)
    values[1] = np.round(values[1] / 7, 2)
    marks = np.array(status, dtype=np.uint8).reshape(shape)
    values[marks != Status.PUBLISHED] = np.nan
    return Cube(axes, measures, values, marks)


@st.composite
def selected(draw: st.DrawFn) -> tuple[Cube, Selection]:
    cube = draw(cubes())
    asked = {}
    for axis in cube.axes:
        codes = draw(
            st.lists(st.sampled_from([c.code for c in axis.codes]), min_size=1, unique=True)
        )
        asked[axis.name] = draw(st.sampled_from([tuple(codes), ("*",)]))
    return cube, resolve_selection(cube, asked)


@modest
@given(selected())
def test_a_cut_picks_cells_and_changes_none(picked):
    cube, selection = picked
    smaller = cut(cube, selection)
    index = np.ix_(selection.measures, *selection.axes)
    assert np.array_equal(smaller.values, cube.values[index], equal_nan=True)
    assert np.array_equal(smaller.status, cube.status[index])
    assert smaller.values.shape[1:] == tuple(len(axis.codes) for axis in smaller.axes)


@modest
@given(cubes())
def test_json_stat_holds_exactly_the_published_values(cube):
    document = orjson.loads(CUBE_ENCODERS["json-stat2"](cube, HEADING))
    values = cube.values.reshape(-1)
    assert len(document["value"]) == values.size == int(np.prod(document["size"]))
    for place, shown in enumerate(document["value"]):
        mark = document.get("status", {}).get(str(place))
        status = Status(int(cube.status.reshape(-1)[place]))
        assert mark == {Status.SUPPRESSED: "...", Status.NOT_PUBLISHED: ".."}.get(status)
        assert (shown is None) == (status is not Status.PUBLISHED)
        assert shown is None or shown == values[place]


@modest
@given(cubes())
def test_the_table_formats_hold_the_same_rows(cube):
    csv, parquet, arrow = (
        CUBE_ENCODERS[name](cube, HEADING) for name in ("csv", "parquet", "arrow")
    )
    table = pq.read_table(io.BytesIO(parquet))
    assert pa.ipc.open_stream(arrow).read_all().to_pydict() == table.to_pydict()
    designed = (cube.status != Status.NOT_PUBLISHED).any(axis=0)
    assert table.num_rows == int(designed.sum())
    read = pl.read_csv(csv, infer_schema=False)
    assert len(read) == table.num_rows
    for i, measure in enumerate(cube.measures):
        expected = cube.values[i][designed]
        shown = table[measure.name].to_numpy(zero_copy_only=False).astype(np.float64)
        assert np.array_equal(shown, expected, equal_nan=True)
        from_csv = read[measure.name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        assert np.array_equal(from_csv, expected, equal_nan=True)


@modest
@given(cubes())
def test_the_dialect_of_excel_holds_the_same_cells(cube):
    plain, excel = (CUBE_ENCODERS[name](cube, HEADING) for name in ("csv", "csv-excel"))
    assert read_excel(excel).equals(pl.read_csv(plain, infer_schema=False))


@settings(deadline=None, max_examples=15)
@given(cubes())
def test_a_workbook_holds_the_same_cells_with_their_marks(cube):
    book = openpyxl.load_workbook(io.BytesIO(CUBE_ENCODERS["xlsx"](cube, HEADING)))
    _, *shown = book["Taulukko"].iter_rows(values_only=True)
    table = pq.read_table(io.BytesIO(CUBE_ENCODERS["parquet"](cube, HEADING)))
    assert len(shown) == table.num_rows
    for row, expected in zip(shown, table.to_pylist(), strict=True):
        names = [axis.name for axis in cube.axes]
        assert row[: 2 * len(names) : 2] == tuple(expected[name] for name in names)
        measures = [measure.name for measure in cube.measures]
        told = tuple(expected[f"{name}_status"] or expected[name] for name in measures)
        assert row[2 * len(names) :] == told


def read_excel(content: bytes) -> pl.DataFrame:
    """As a Finnish Excel takes the cells, in the spelling of the plain dialect."""
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    read = pl.read_csv(content, separator=";", infer_schema=False)
    return read.with_columns(pl.col(pl.String).str.replace(r"^(-?[0-9]+),([0-9]+)$", "$1.$2"))


tables = st.lists(
    st.tuples(
        st.one_of(st.none(), st.text(alphabet="AB-,\"'\n=0123", max_size=6)),
        st.one_of(st.none(), st.integers(-(2**62), 2**62)),
        st.one_of(st.none(), st.dates(date(1900, 1, 1), date(2100, 1, 1))),
    ),
    max_size=20,
).map(
    lambda rows: pa.table(
        {
            "text": pa.array([row[0] for row in rows], pa.string()),
            "number": pa.array([row[1] for row in rows], pa.int64()),
            "day": pa.array([row[2] for row in rows], pa.date32()),
        }
    )
)


@modest
@given(tables, st.integers(1, 7))
def test_rows_come_back_from_the_binary_formats_as_they_went_in(table, size):
    batches = table.to_batches(max_chunksize=size)
    parquet = b"".join(ROW_ENCODERS["parquet"](table.schema, iter(batches)))
    arrow = b"".join(ROW_ENCODERS["arrow"](table.schema, iter(batches)))
    assert pq.read_table(io.BytesIO(parquet)).equals(table)
    assert pa.ipc.open_stream(arrow).read_all().equals(table)


@modest
@given(tables, st.integers(1, 7))
def test_both_dialects_of_csv_hold_the_same_rows(table, size):
    plain, excel = (
        b"".join(ROW_ENCODERS[name](table.schema, table.to_batches(max_chunksize=size)))
        for name in ("csv", "csv-excel")
    )
    assert excel.count(b"\xef\xbb\xbf") == 1
    read = pl.read_csv(excel, separator=";", infer_schema=False, eol_char="\n")
    last = read.columns[-1]
    assert read.with_columns(pl.col(last).str.strip_suffix("\r").replace("", None)).equals(
        pl.read_csv(plain, infer_schema=False)
    )


@modest
@given(tables, st.integers(1, 7))
def test_ndjson_lines_are_the_rows(table, size):
    content = b"".join(ROW_ENCODERS["ndjson"](table.schema, table.to_batches(max_chunksize=size)))
    lines = [orjson.loads(line) for line in content.split(b"\n") if line]
    days = [None if day is None else day.isoformat() for day in table["day"].to_pylist()]
    assert [line["day"] for line in lines] == days
    assert [line["text"] for line in lines] == table["text"].to_pylist()


@modest
@given(st.text(min_size=1, max_size=12))
def test_no_cell_of_a_csv_begins_like_a_formula(text):
    content = csv_bytes(pa.table({"value": [text]}), include_header=True)
    cell = pl.read_csv(io.BytesIO(content), infer_schema=False)["value"].to_list()
    begins = content.partition(b"\n")[2].decode().lstrip('"')
    assert begins[:1] not in {"=", "+", "@", "\t", "\r"}
    assert begins[:1] != "-" or begins.rstrip('\n"')[1:].isdecimal()
    assert not cell or cell[0] is None or cell[0].lstrip("'") == text.lstrip("'")
