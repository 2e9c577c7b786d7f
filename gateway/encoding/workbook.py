"""A cube as an Excel workbook: a cover sheet that says what it is, and the long table as a sheet.

Cells that are hidden show their mark as text, so that no sum takes one for zero.
"""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa

from gateway.encoding.cube_tables import STATUS_SUFFIX, cube_table
from gateway.encoding.heading import Heading
from gateway.encoding.workbook_cover import number_format, open_book, with_unit, write_cover
from gateway.model.cube import Axis, Cube
from gateway.model.label import Label
from gateway.model.product import Measure

TABLE = Label("Taulukko", "Tabell", "Table")


def encode_xlsx(cube: Cube, heading: Heading) -> bytes:
    """The workbook, in the heading's language. How many cells it may have is for the plan to say."""
    sink = io.BytesIO()
    with open_book(sink, heading) as book:
        columns = [
            *((each.name, each.label) for each in cube.axes),
            *((each.name, with_unit(each)) for each in cube.measures),
        ]
        write_cover(book, heading, columns)
        _write_table(book, cube, heading.language)
    return sink.getvalue()


def _write_table(book: Any, cube: Cube, language: str) -> None:  # noqa: ANN401 - no types
    """Per dimension its codes and their labels, then the measures."""
    sheet = book.add_worksheet(TABLE.in_language(language))
    bold, right = book.add_format({"bold": True}), book.add_format({"align": "right"})
    table = cube_table(cube)
    for number, axis in enumerate(cube.axes):
        sheet.write_string(0, 2 * number, axis.name, bold)
        sheet.write_string(0, 2 * number + 1, axis.label.in_language(language), bold)
        _write_codes(sheet, 2 * number, axis, table.column(axis.name), language)
    for column, measure in enumerate(cube.measures, start=2 * len(cube.axes)):
        sheet.write_string(0, column, with_unit(measure).in_language(language), bold)
        shown = book.add_format(number_format(measure.decimals))
        _write_values(sheet, column, measure, table, (shown, right))
    sheet.freeze_panes(1, 0)


def _write_codes(
    sheet: Any,  # noqa: ANN401 - no types
    column: int,
    axis: Axis,
    codes: pa.ChunkedArray,
    language: str,
) -> None:
    labels = {code.code: code.label.in_language(language) for code in axis.codes}
    for row, code in enumerate(codes.to_pylist(), start=1):
        sheet.write_string(row, column, code)
        sheet.write_string(row, column + 1, labels[code])


def _write_values(
    sheet: Any,  # noqa: ANN401 - no types
    column: int,
    measure: Measure,
    table: pa.Table,
    formats: tuple[Any, Any],
) -> None:
    """A number, a mark, or nothing (a mean of nobody). formats: of numbers, and of marks."""
    values = table.column(measure.name).to_pylist()
    marks = table.column(measure.name + STATUS_SUFFIX).to_pylist()
    for row, (value, mark) in enumerate(zip(values, marks, strict=True), start=1):
        if mark is not None:
            sheet.write_string(row, column, mark, formats[1])
        elif value is not None:
            sheet.write_number(row, column, value, formats[0])
