"""A table as a workbook: the cover sheet of our own workbooks, and a sheet with the stub down and the heading across.

Every label stands in every row and column that it is of, so that the sheet can be sorted and filtered.
"""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np

from gateway.delivery.plan import SHEET_CELLS_MAX
from gateway.encoding.heading import Heading
from gateway.encoding.marks import MARKS
from gateway.encoding.workbook import TABLE
from gateway.encoding.workbook_cover import number_format, open_book, with_unit, write_cover
from gateway.errors import TooManyCells
from gateway.model.cube import Cube
from gateway.surfaces.pxweb.form import Form
from gateway.surfaces.pxweb.grid import VALUE_COLUMN, Grid, lay_out
from gateway.surfaces.pxweb.selection import Meant

EXCEL_COLUMNS_MAX = 16_384


def check_sheet(meant: Meant) -> None:
    """Raises TooManyCells for what a workbook cannot hold here, naming the parameter."""
    sizes = [len(each.values) for each in meant.shown]
    if math.prod(sizes) > SHEET_CELLS_MAX:
        raise TooManyCells(
            f"A workbook has at most {SHEET_CELLS_MAX} cells. Narrow the selection, or choose csv or px.",
            parameter="outputFormat",
        )
    stub = len(meant.stub)
    if stub + math.prod(sizes[stub:]) > EXCEL_COLUMNS_MAX:
        raise TooManyCells(
            f"A sheet of Excel ends after {EXCEL_COLUMNS_MAX} columns. Place fewer variables in `heading`.",
            parameter="heading",
        )


def encode_px_xlsx(cube: Cube, heading: Heading, meant: Meant, form: Form) -> bytes:
    """The workbook, in the heading's language. What it may hold `check_sheet` has said."""
    sink = io.BytesIO()
    titles = [*((each.name, each.label) for each in meant.shown)]
    titles += [(each.name, with_unit(each)) for each in cube.measures]
    with open_book(sink, heading) as book:
        write_cover(book, heading, titles)
        _write_table(book, lay_out(cube, meant, form, heading.language), heading, form)
    return sink.getvalue()


def _write_table(
    book: Any,  # noqa: ANN401 - no types
    grid: Grid,
    heading: Heading,
    form: Form,
) -> None:
    language = heading.language
    sheet = book.add_worksheet(TABLE.in_language(language))
    bold = book.add_format({"bold": True})
    top = 0
    if form.has_title:
        sheet.write_string(0, 0, heading.title.in_language(language), bold)
        top = 2
    first = _write_heads(sheet, top, grid, bold)
    sheet.freeze_panes(first, len(grid.stub))
    _write_rows(book, sheet, first, grid)


def _write_heads(sheet: Any, top: int, grid: Grid, bold: Any) -> int:  # noqa: ANN401 - no types
    """The headers, a line for each variable of the heading. Returns the first row behind them."""
    last = top + max(1, len(grid.heads)) - 1
    for column, name in enumerate(grid.stub):
        sheet.write_string(last, column, name, bold)
    for column, texts in enumerate(grid.columns, start=len(grid.stub)):
        for row, text in enumerate(texts or (VALUE_COLUMN,), start=top):
            sheet.write_string(row, column, text, bold)
    return last + 1


def _write_rows(
    book: Any,  # noqa: ANN401 - no types
    sheet: Any,  # noqa: ANN401 - no types
    first: int,
    grid: Grid,
) -> None:
    """Numbers, marks, or nothing (a mean of nobody)."""
    places = np.unique(grid.decimals).tolist()
    formats = {each: book.add_format(number_format(each)) for each in places}
    right = book.add_format({"align": "right"})
    for row, (names, values, status) in enumerate(grid.rows(), start=first):
        for column, name in enumerate(names):
            sheet.write_string(row, column, name)
        shown = zip(values, status, grid.decimals[row - first].tolist(), strict=True)
        for column, (value, mark, places) in enumerate(shown, start=len(names)):
            if mark in MARKS:
                sheet.write_string(row, column, MARKS[mark], right)
            elif not np.isnan(value):
                sheet.write_number(row, column, value, formats[places])
            else:  # an empty cell, so that the row is there all the same
                sheet.write_blank(row, column, None, formats[places])
