"""Whatever the cube and the rows are: every format reads back to the same table, and nothing hidden gets out.

What reads is what clients have (pandas, polars, PyArrow, openpyxl, pyjstat), none of the gateway's own code.
"""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyjstat import pyjstat

from gateway.encoding.csv_text import csv_bytes
from gateway.encoding.cubes import CUBE_ENCODERS
from gateway.encoding.formats import CUBE_FORMATS, ROW_FORMATS
from gateway.encoding.heading import Heading
from gateway.encoding.rows import ROW_ENCODERS
from gateway.model.codes import Code
from gateway.model.cube import Axis, Cube, Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, ColumnType, Measure, MeasureKind
from gateway.releases.cube_slice import Selection, cut, resolve_selection
from gateway.releases.layout import ARROW_TYPES

some, many = (settings.get_profile(each) for each in ("some", "many"))
TEXT = Label("fi", "sv", "en")
HEADING = Heading(
    "product", TEXT, "2026-06-30.1", date(2026, 6, 30), "now", "1.0.0", "1", ("atmt",), "fi", False
)
MARKS = {Status.PUBLISHED: None, Status.SUPPRESSED: "...", Status.NOT_PUBLISHED: ".."}
MEASURES = tuple(
    Measure(name, Label(name, name, name), TEXT, kind, decimals=decimals)
    for name, kind, decimals in [
        ("persons", MeasureKind.COUNT, 0),
        ("mean", MeasureKind.MEAN, 2),
        ("share", MeasureKind.SHARE, 1),
    ]
)

# (measure, code of each dimension) → (value, mark)
Cells = Mapping[tuple[str, ...], tuple[float | None, str | None]]

awkward = st.text("AB07-=+@'\",;\n\r\t ä", min_size=1, max_size=5)


@st.composite
def cells(draw: st.DrawFn, measure: Measure) -> tuple[float, Status]:
    """A value as it may be in a cube; a mean or a share of nobody is published and has none."""
    status = draw(st.sampled_from(Status))
    is_of_nobody = measure.kind is not MeasureKind.COUNT and draw(st.integers(0, 3)) == 0
    if status is not Status.PUBLISHED or is_of_nobody:
        return np.nan, status
    return round(draw(st.integers(0, 2**40)) / 10**measure.decimals, measure.decimals), status


@st.composite
def cubes(draw: st.DrawFn) -> Cube:
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    axes = []
    for number, size in enumerate(sizes):
        codes = draw(st.lists(awkward, min_size=size, max_size=size, unique=True))
        labels = [draw(awkward) for _ in codes]
        told = tuple(
            Code(code, Label(label, "sv", "en"), "level")
            for code, label in zip(codes, labels, strict=True)
        )
        axes.append(Axis(f"axis{number}", TEXT, AxisRole.CLASS, told, (), 0))
    shape = (len(MEASURES), *sizes)
    drawn = [draw(cells(MEASURES[place[0]])) for place in np.ndindex(shape)]
    values = np.array([value for value, _ in drawn]).reshape(shape)
    status = np.array([status for _, status in drawn], dtype=np.uint8).reshape(shape)
    return Cube(tuple(axes), MEASURES, values, status)


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


@many
@given(selected())
def test_a_cut_picks_cells_and_changes_none(picked):
    cube, selection = picked
    smaller = cut(cube, selection)
    index = np.ix_(selection.measures, *selection.axes)
    assert np.array_equal(smaller.values, cube.values[index], equal_nan=True)
    assert np.array_equal(smaller.status, cube.status[index])
    assert smaller.values.shape[1:] == tuple(len(axis.codes) for axis in smaller.axes)


def cells_of(cube: Cube) -> Cells:
    """Every cell of the cube."""
    names = [measure.name for measure in cube.measures]
    places = itertools.product(names, *([c.code for c in axis.codes] for axis in cube.axes))
    values = [None if np.isnan(value) else value for value in cube.values.reshape(-1).tolist()]
    marks = [MARKS[Status(each)] for each in cube.status.reshape(-1).tolist()]
    return dict(zip(places, zip(values, marks, strict=True), strict=True))


def without_empty_rows(told: Cells) -> Cells:
    """A table has no row for a combination of which no measure is published."""
    rows = {place[1:] for place, (_, mark) in told.items() if mark != ".."}
    return {place: cell for place, cell in told.items() if place[1:] in rows}


def read_pairs(rows: Iterable[Mapping[str, object]]) -> Cells:
    """Per row the codes of the dimensions, then each measure with its mark."""
    told = {}
    for row in rows:
        codes = tuple(row[name] for name in row if name.startswith("axis"))
        for measure in MEASURES:
            place = (measure.name, *codes)
            assert place not in told, "a combination has one row"
            told[place] = (row[measure.name], row[f"{measure.name}_status"])
    return told


def unguarded(text: str) -> str:
    """docs/api.md, CSV: how to take the apostrophe away again that keeps spreadsheets from running a cell."""
    return re.sub(r"^'(?='*([=+@\t\r\n]|-(?![0-9]+\Z)))", "", text)


def read_csv(content: bytes, *, separator: str = ",", decimal: str = ".") -> Cells:
    """All as text, as docs/api.md advises; a count has no decimal sign."""
    numbers = {each.name: int if each.kind is MeasureKind.COUNT else float for each in MEASURES}

    def meant(name: str, text: str) -> object:
        if name.startswith("axis"):
            return unguarded(text)
        if name not in numbers or not text:
            return text or None
        assert decimal == "." or "." not in text
        return numbers[name](text.replace(decimal, "."))

    read = pd.read_csv(
        io.BytesIO(content), sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig"
    )
    rows = read.to_dict("records")
    return read_pairs({name: meant(name, text) for name, text in row.items()} for row in rows)


def read_excel_csv(content: bytes) -> Cells:
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    return read_csv(content, separator=";", decimal=",")


def xlsx_text(text: str) -> str:
    """openpyxl leaves it to its caller to read a carriage return as Excel does (ECMA-376, ST_Xstring)."""
    return text.replace("_x000D_", "\r")


def read_xlsx(content: bytes) -> Cells:
    """A mark stands in the place of the value, and the label of a code beside it."""
    (*header,), *rows = openpyxl.load_workbook(io.BytesIO(content))["Taulukko"].values
    axes = (len(header) - len(MEASURES)) // 2
    told = {}
    for row in rows:
        for measure, shown in zip(MEASURES, row[2 * axes :], strict=True):
            cell = (None, shown) if isinstance(shown, str) else (shown, None)
            told[measure.name, *map(xlsx_text, row[: 2 * axes : 2])] = cell
    return told


def read_json_stat(content: bytes) -> Cells:
    """pyjstat knows values alone; the marks stand under the place of the cell in the document."""
    read = pyjstat.Dataset.read(content.decode()).write("dataframe", naming="id")
    marks = json.loads(content).get("status", {})
    return {
        tuple(row[:-1]): (None if pd.isna(row[-1]) else row[-1], marks.get(str(number)))
        for number, row in enumerate(read.itertuples(index=False, name=None))
    }


CUBE_READERS: Mapping[str, Callable[[bytes], Cells]] = {
    "json-stat2": read_json_stat,
    "csv": read_csv,
    "csv-excel": read_excel_csv,
    "xlsx": read_xlsx,
    "parquet": lambda content: read_pairs(pl.read_parquet(content).to_dicts()),
    "arrow": lambda content: read_pairs(pa.ipc.open_stream(content).read_all().to_pylist()),
}


@pytest.mark.filterwarnings("ignore:Shouldn't use this function:DeprecationWarning:pyjstat")
@pytest.mark.parametrize("name", CUBE_FORMATS)
@some
@given(cube=cubes())
def test_a_cube_reads_back_to_the_same_values_and_marks(name, cube):
    told = cells_of(cube)
    expected = told if name == "json-stat2" else without_empty_rows(told)
    assert CUBE_READERS[name](CUBE_ENCODERS[name](cube, HEADING)) == expected


@some
@given(cubes())
def test_labels_read_back_as_they_are(cube):
    expected = [{code.code: code.label.fi for code in axis.codes} for axis in cube.axes]
    document = json.loads(CUBE_ENCODERS["json-stat2"](cube, HEADING))
    dimensions = [document["dimension"][axis.name] for axis in cube.axes]
    assert [each["category"]["label"] for each in dimensions] == expected
    book = openpyxl.load_workbook(io.BytesIO(CUBE_ENCODERS["xlsx"](cube, HEADING)))
    for row in book["Taulukko"].iter_rows(min_row=2, max_col=2 * len(cube.axes)):
        assert {cell.data_type for cell in row} == {"s"}
        for labels, code, label in zip(expected, row[::2], row[1::2], strict=True):
            assert labels[xlsx_text(code.value)] == xlsx_text(label.value)


# What each type of a column may hold; without a strategy for a new type the tests below fail.
VALUES = {
    ColumnType.STRING: st.text(max_size=3) | awkward,
    ColumnType.INTEGER: st.integers(-(2**63), 2**63 - 1),
    ColumnType.NUMBER: st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(-99, 99, places=2).map(float),
    ColumnType.DATE: st.dates(),
    ColumnType.BOOLEAN: st.booleans(),
}
SCHEMA = pa.schema([(kind.value, ARROW_TYPES[kind]) for kind in ColumnType])
tables = st.lists(
    st.fixed_dictionaries({kind.value: st.none() | VALUES[kind] for kind in ColumnType}), max_size=8
).map(lambda rows: pa.Table.from_pylist(rows, schema=SCHEMA))


def rows_of_csv(content: bytes, *, separator: str = ",", decimal: str = ".") -> list[object]:
    """Nothing is null, two quotation marks are an empty text."""
    read = pa_csv.read_csv(
        io.BytesIO(content),
        parse_options=pa_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=SCHEMA,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            decimal_point=decimal,
        ),
    ).to_pylist()
    text = ColumnType.STRING.value
    return [row | {text: row[text] and unguarded(row[text])} for row in read]


def rows_of_ndjson(content: bytes) -> list[object]:
    read = [json.loads(line) for line in content.split(b"\n")[:-1]]
    day = ColumnType.DATE.value
    return [row | {day: row[day] and date.fromisoformat(row[day])} for row in read]


ROW_READERS: Mapping[str, Callable[[bytes], list[object]]] = {
    "parquet": lambda content: pl.read_parquet(content).to_dicts(),
    "arrow": lambda content: pa.ipc.open_stream(content).read_all().to_pylist(),
    "csv": rows_of_csv,
    "csv-excel": lambda content: rows_of_csv(content, separator=";", decimal=","),
    "ndjson": rows_of_ndjson,
}


@pytest.mark.parametrize("name", ROW_FORMATS)
@many
@given(table=tables, size=st.integers(1, 4))
def test_rows_read_back_as_they_are(name, table, size):
    content = b"".join(ROW_ENCODERS[name](SCHEMA, table.to_batches(max_chunksize=size)))
    assert ROW_READERS[name](content) == table.to_pylist()


@some
@given(tables)
def test_the_binary_formats_keep_the_types(table):
    parquet, arrow = (
        b"".join(ROW_ENCODERS[name](SCHEMA, table.to_batches())) for name in ("parquet", "arrow")
    )
    assert pq.read_table(io.BytesIO(parquet)).equals(table)
    assert pa.ipc.open_stream(arrow).read_all().equals(table)


@many
@given(st.text(min_size=1, max_size=12))
def test_no_cell_of_a_csv_begins_like_a_formula(text):
    content = csv_bytes(pa.table({"value": [text]}), include_header=True)
    cell = pl.read_csv(io.BytesIO(content), infer_schema=False)["value"].to_list()
    begins = content.partition(b"\n")[2].decode().lstrip('"')
    assert begins[:1] not in {"=", "+", "@", "\t", "\r"}
    assert begins[:1] != "-" or begins.rstrip('\n"')[1:].isdecimal()
    assert not cell or cell[0] is None or cell[0].lstrip("'") == text.lstrip("'")
