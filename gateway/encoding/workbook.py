"""A cube as an Excel workbook: a cover sheet that says what it is, and the long table as a sheet.

Cells that are hidden show their mark as text, so that no sum takes one for zero. Texts are written as
texts: none of them is a formula or an address, whatever it begins with. The file is made in memory, for
nothing of a release may rest on the server's disk a second time, and is the same each time.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pyarrow as pa

from gateway.encoding.cube_tables import STATUS_SUFFIX, cube_table
from gateway.encoding.heading import LANGUAGES, Heading
from gateway.encoding.marks import LEGEND
from gateway.model.cube import Axis, Cube
from gateway.model.label import Label
from gateway.model.product import Measure

COVER = Label("Tietoja", "Om tabellen", "About")
TABLE = Label("Taulukko", "Tabell", "Table")
PRODUCT = Label("Tuote", "Produkt", "Product")
RELEASE = Label("Julkaisu", "Utgåva", "Release")
AS_OF = Label("Tilanne", "Läget den", "As of")
CREATED = Label("Laadittu (UTC)", "Skapad (UTC)", "Created (UTC)")
SOURCES = Label("Lähteet", "Källor", "Sources")
CONTRACT = Label("Sopimuksen versio", "Kontraktets version", "Contract version")
DEFINITION = Label("Määritelmien versio", "Definitionernas version", "Definition version")
LICENCE = Label("Käyttöehdot", "Användningsvillkor", "Licence")
OPEN = Label(
    "Julkinen. Ehdot ovat tuotteen sopimuksessa.",
    "Offentlig. Villkoren finns i produktens kontrakt.",
    "Public. The terms stand in the contract of the product.",
)
CLOSED = Label(
    "Ei julkinen. Vain siihen tarkoitukseen, johon tiedot on luovutettu; ei saa luovuttaa edelleen.",
    "Inte offentlig. Endast för det ändamål som uppgifterna lämnats ut för; får inte lämnas vidare.",
    "Not public. Only for the purpose that it was delivered for; not to be passed on.",
)
SYMBOLS = Label("Symbolit", "Symboler", "Symbols")
COLUMNS = Label("Sarakkeet", "Kolumner", "Columns")

_DAY = {"num_format": 14}  # the short date of whoever opens it
_LOCAL = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


def encode_xlsx(cube: Cube, heading: Heading) -> bytes:
    """The workbook, in the heading's language. How many cells it may have is for the plan to say."""
    import xlsxwriter  # not before somebody wants it

    sink = io.BytesIO()
    made = datetime.combine(heading.as_of, datetime.min.time())
    with xlsxwriter.Workbook(sink, _LOCAL) as book:
        book.set_properties({"title": heading.title.in_language(heading.language), "created": made})
        _write_cover(book, cube, heading)
        _write_table(book, cube, heading.language)
    return sink.getvalue()


def _write_cover(book: Any, cube: Cube, heading: Heading) -> None:  # noqa: ANN401 - no types
    language = heading.language
    sheet = book.add_worksheet(COVER.in_language(language))
    bold, day = book.add_format({"bold": True}), book.add_format({**_DAY, "align": "left"})
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 3, 48)
    sheet.write_string(0, 0, heading.title.in_language(language), bold)
    sheet.write_string(2, 0, AS_OF.in_language(language))
    sheet.write_datetime(2, 1, datetime.combine(heading.as_of, datetime.min.time()), day)
    texts = (
        (PRODUCT, heading.product),
        (RELEASE, heading.release),
        (CREATED, heading.created_utc),
        (SOURCES, ", ".join(heading.sources)),
        (CONTRACT, heading.contract_version),
        (DEFINITION, heading.definition_version),
        (LICENCE, (OPEN if heading.is_public else CLOSED).in_language(language)),
    )
    for place, (label, text) in enumerate(texts, start=3):
        sheet.write_string(place, 0, label.in_language(language))
        sheet.write_string(place, 1, text)
    rows = [(mark, *_every_language(label)) for mark, label in LEGEND.items()]
    place = _write_list(sheet, 11, (SYMBOLS.in_language(language), *LANGUAGES), rows, bold)
    titles = [(each.name, *_every_language(each.label)) for each in (*cube.axes, *cube.measures)]
    _write_list(sheet, place + 1, (COLUMNS.in_language(language), *LANGUAGES), titles, bold)


def _write_list(
    sheet: Any,  # noqa: ANN401 - no types
    place: int,
    names: tuple[str, ...],
    rows: list[tuple[str, ...]],
    bold: Any,  # noqa: ANN401 - no types
) -> int:
    """Rows under their names. Returns the first row behind them."""
    for column, name in enumerate(names):
        sheet.write_string(place, column, name, bold)
    for row, texts in enumerate(rows, start=place + 1):
        for column, text in enumerate(texts):
            sheet.write_string(row, column, text)
    return place + 1 + len(rows)


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
        sheet.write_string(0, column, _named(measure, language), bold)
        shown = book.add_format(
            {"num_format": "0" + "." * bool(measure.decimals) + "0" * measure.decimals}
        )
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


def _named(measure: Measure, language: str) -> str:
    return f"{measure.label.in_language(language)} ({measure.unit.in_language(language)})"


def _every_language(label: Label) -> tuple[str, ...]:
    return tuple(label.in_language(language) for language in LANGUAGES)
