"""Whatever is selected and wherever it is placed, every format of PxWeb tells the cells of its JSON-stat."""

from __future__ import annotations

import csv
import io
import itertools
from datetime import date

import lxml.html
import numpy as np
import openpyxl
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyaxis import pyaxis

from gateway.encoding.formats import CSV, HTML, JSON_PX, JSON_STAT, PX, XLSX
from gateway.encoding.heading import Heading
from gateway.model.codes import Code
from gateway.model.cube import Axis, Cube, Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, Measure, MeasureKind
from gateway.releases.cube_slice import cut
from gateway.surfaces.pxweb.form import Form
from gateway.surfaces.pxweb.layouts import encoder_of
from gateway.surfaces.pxweb.selection import Meant, Wanted, resolve

NOTHING = r"(?!)"  # pyaxis would make one nothing of what it takes for missing
HEADING = Heading(
    "product", Label('Ni"mi', "=Namn", "Name;"), "2026-06-30.1", date(2026, 6, 30),
    "2026-07-02T03:04:05Z", "1.0.0", "1", ("atmt",), "fi", False,
)  # fmt: skip
modest = settings.get_profile("some")
# Signs that mean something to PX, CSV, HTML or a spreadsheet; and few enough that texts collide.
texts = st.text(alphabet="a\"';,=#<&ä\n -+", max_size=4)
labels = st.one_of(
    st.builds(Label, texts, texts, texts), st.builds(Label, *[st.just("a" * 300)] * 3)
)


# pyaxis takes a variable for another one that has its name in another language, so those differ.
names_of_variables = labels.map(lambda each: Label(f"f{each.fi}", f"s{each.sv}", f"e{each.en}"))


@st.composite
def cubes(draw: st.DrawFn) -> Cube:
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=2))
    months = draw(st.sampled_from([("2025M12", "2026M01"), ("2024", "2026"), ("2026M06",)]))
    axes = [
        Axis(
            f"axis{number}", draw(names_of_variables), AxisRole.CLASS,
            tuple(Code(f"{'-' * (i % 2)}0{i}", draw(labels), "level") for i in range(size)), (), 0,
        )
        for number, size in enumerate(sizes)
    ]  # fmt: skip
    codes = tuple(Code(each, draw(labels), "month") for each in months)
    axes.append(Axis("time", draw(names_of_variables), AxisRole.TIME, codes, (), None))
    measures = tuple(
        Measure(f"measure{i}", draw(labels), draw(labels), kind, decimals=decimals)
        for i, (kind, decimals) in enumerate([(MeasureKind.COUNT, 0), (MeasureKind.MEAN, 2)])
    )
    shape = (2, *sizes, len(months))
    count = int(np.prod(shape))
    values = np.array(draw(st.lists(st.integers(0, 10**9), min_size=count, max_size=count)), float)
    values = values.reshape(shape)
    values[1] = np.round(values[1] / 700, 2)
    status = draw(st.lists(st.sampled_from(list(Status)), min_size=count, max_size=count))
    marks = np.array(status, dtype=np.uint8).reshape(shape)
    nobody = np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count))).reshape(shape)
    values[
        (marks != Status.PUBLISHED)
        | (nobody & (np.arange(2).reshape(-1, *[1] * (len(shape) - 1)) == 1))
    ] = np.nan
    return Cube(tuple(axes), measures, values, marks)


@st.composite
def placed(draw: st.DrawFn) -> tuple[Cube, Meant]:
    """A selection of codes in any order, some variables left out, the others anywhere."""
    cube = draw(cubes())
    names = ["measure", "time", *draw(st.sets(st.sampled_from([a.name for a in cube.axes[:-1]])))]
    lists = {axis.name: [code.code for code in axis.codes] for axis in cube.axes}
    lists["measure"] = [measure.name for measure in cube.measures]
    chosen = {
        name: tuple(draw(st.lists(st.sampled_from(lists[name]), min_size=1, unique=True)))
        for name in names
    }
    order = draw(st.permutations(names))
    cut_at = draw(st.integers(0, len(order)))
    placement = (tuple(order[cut_at:]), tuple(order[:cut_at]))
    return cube, resolve("product", cube, Wanted(chosen, {}, *placement))


def encoded(cube: Cube, meant: Meant, chosen, form: Form | None = None) -> bytes:
    write = encoder_of(chosen, meant, form or Form("codes"))
    return write(cut(cube, meant.selection(cube)), HEADING)


def expected(cube: Cube, meant: Meant) -> dict:
    """(variable, code) pairs → the cell, as JSON-stat tells it: a number, a mark, or "." for a bare null."""
    document = orjson.loads(encoded(cube, meant, JSON_STAT))
    lists = [list(document["dimension"][name]["category"]["index"]) for name in document["id"]]
    marks = document.get("status", {})
    cells = itertools.product(*lists)
    told = zip(document["value"], itertools.count())
    return {
        key(document["id"], codes): marks.get(str(i), "." if value is None else float(value))
        for codes, (value, i) in zip(cells, told, strict=False)
    }


def key(names, codes) -> frozenset:
    return frozenset(zip(names, codes, strict=True))


def cell(text) -> float | str:
    """As a reader of people's tables takes it: nothing is a mean of nobody."""
    if text in {None, ""}:
        return "."
    return text if text in {"...", "..", "."} else float(text)


def from_grid(meant: Meant, heads: list, rows: list) -> dict:
    """heads: a line per variable of the heading, with a place for each of the stub before."""
    down = len(meant.stub)
    columns = list(zip(*(line[down:] for line in heads), strict=True)) if meant.heading else [()]
    return {
        key((*meant.stub, *meant.heading), (*row[:down], *column)): cell(shown)
        for row in rows
        for column, shown in zip(columns, row[down:], strict=True)
    }


@modest
@given(placed())
def test_a_workbook_tells_the_cells_of_json_stat(picked):
    cube, meant = picked
    book = openpyxl.load_workbook(io.BytesIO(encoded(cube, meant, XLSX)))
    rows = list(book["Taulukko"].iter_rows(values_only=True))
    deep = max(1, len(meant.heading))
    assert from_grid(meant, rows[:deep], rows[deep:]) == expected(cube, meant)


@modest
@given(placed())
def test_a_page_tells_the_cells_of_json_stat(picked):
    cube, meant = picked
    table = lxml.html.fromstring(encoded(cube, meant, HTML)).find(".//table")
    lines = [
        [each.text_content() for each in line for _ in range(int(each.get("colspan", "1")))]
        for line in table.iter("tr")
    ]
    deep = max(1, len(meant.heading))
    rows = [[text.lstrip("'").replace(",", ".") for text in row] for row in lines[deep:]]
    assert from_grid(meant, lines[:deep], rows) == expected(cube, meant)


@modest
@given(placed())
def test_csv_tells_the_cells_of_json_stat(picked):
    cube, meant = picked
    head, *rows = csv.reader(io.StringIO(encoded(cube, meant, CSV).decode()))
    down = len(meant.stub)
    columns = [each.lstrip("'").split(" ") for each in head[down:]] if meant.heading else [[]]
    heads = [
        ["", *[""] * (down - 1)][:down] + [c[i] for c in columns] for i in range(len(meant.heading))
    ]
    told = from_grid(meant, heads, [[code.lstrip("'") for code in row] for row in rows])
    assert told == expected(cube, meant)


@modest
@given(placed())
def test_json_px_tells_the_cells_of_json_stat(picked):
    cube, meant = picked
    told = orjson.loads(encoded(cube, meant, JSON_PX))
    keys = [each["code"] for each in told["columns"] if each["type"] != "c"]
    measures = [each["code"] for each in told["columns"] if each["type"] == "c"]
    assert keys == [name for name in (*meant.stub, *meant.heading) if name != "measure"]
    assert {
        key((*keys, "measure"), (*row["key"], measure)): cell(value)
        for row in told["data"]
        for measure, value in zip(measures, row["values"], strict=True)
    } == expected(cube, meant)


@pytest.fixture(scope="module")
def px_path(tmp_path_factory):
    return tmp_path_factory.mktemp("px") / "table.px"


@modest
@given(placed())
def test_pyaxis_reads_the_cells_of_json_stat_out_of_a_px_file(px_path, picked):
    cube, meant = picked
    px_path.write_bytes(encoded(cube, meant, PX))
    for language in ("fi", "sv", "en"):
        read = pyaxis.parse(
            str(px_path), "utf-8", lang=language, null_values=NOTHING, sd_values=NOTHING
        )
        metadata, frame = read["METADATA"], read["DATA"]
        called = [*metadata.get("STUB", []), *metadata.get("HEADING", [])]
        names = [metadata[f"VARIABLECODE({each})"][0] for each in called]
        assert names == [*meant.stub, *meant.heading]
        codes = {
            name: dict(zip(metadata[f"VALUES({each})"], metadata[f"CODES({each})"], strict=True))
            for name, each in zip(names, called, strict=True)
        }
        told = {
            key(names, [codes[name][text] for name, text in zip(names, row, strict=True)]): cell(
                shown.strip('"')
            )
            for *row, shown in frame.itertuples(index=False)
        }
        assert told == expected(cube, meant)


@modest
@given(placed())
def test_no_text_of_a_page_is_markup_and_none_runs_in_a_spreadsheet(picked):
    cube, meant = picked
    page = lxml.html.fromstring(encoded(cube, meant, HTML, Form("texts", has_title=True)))
    assert {each.tag for each in page.iter()} <= {
        "html", "head", "meta", "title", "body", "table", "caption", "thead", "tbody", "tr", "th",
        "td", "p", "dl", "dt", "dd",
    }  # fmt: skip
    for each in page.iter("th"):
        text = each.text_content()
        assert text[:1] not in {"=", "+", "\n", "\t"}
        assert text[:1] != "-" or text[1:].isdecimal()
