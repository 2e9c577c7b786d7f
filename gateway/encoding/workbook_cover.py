"""An Excel workbook, opened for a release: made in memory, and with a cover sheet that says what it is.

Texts are written as texts: none of them is a formula or an address, whatever it begins with. Nothing of a
release may rest on the server's disk a second time. The file is the same each time.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.encoding.heading import LANGUAGES, Heading
from gateway.encoding.marks import LEGEND
from gateway.model.label import Label
from gateway.model.product import Measure

COVER = Label("Tietoja", "Om tabellen", "About")
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


def open_book(sink: io.BytesIO, heading: Heading) -> Any:  # noqa: ANN401 - no types
    """A workbook that is written into the sink when it is closed."""
    import xlsxwriter  # not before somebody wants it

    made = datetime.combine(heading.as_of, datetime.min.time())
    book = xlsxwriter.Workbook(sink, _LOCAL)
    book.set_properties({"title": heading.title.in_language(heading.language), "created": made})
    return book


def number_format(decimals: int) -> dict[str, str]:
    return {"num_format": "0" + "." * bool(decimals) + "0" * decimals}


def write_cover(
    book: Any,  # noqa: ANN401 - no types
    heading: Heading,
    columns: Sequence[tuple[str, Label]],
) -> None:
    """What the workbook is, and whose cells these are. columns: names and titles of what the table shows."""
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
        (LICENCE, licence(heading).in_language(language)),
    )
    for place, (label, text) in enumerate(texts, start=3):
        sheet.write_string(place, 0, label.in_language(language))
        sheet.write_string(place, 1, text)
    rows = [(mark, *_every_language(label)) for mark, label in LEGEND.items()]
    place = _write_list(sheet, 11, (SYMBOLS.in_language(language), *LANGUAGES), rows, bold)
    titles = [(name, *_every_language(label)) for name, label in columns]
    _write_list(sheet, place + 1, (COLUMNS.in_language(language), *LANGUAGES), titles, bold)


def with_unit(measure: Measure) -> Label:
    """A measure as a table for people calls it: 420 alone could be days or months."""
    named = {each: measure.label.in_language(each) for each in LANGUAGES}
    units = {each: measure.unit.in_language(each) for each in LANGUAGES}
    return Label(**{each: f"{named[each]} ({units[each]})" for each in LANGUAGES})


def licence(heading: Heading) -> Label:
    """What whoever has the cells may do with them."""
    return OPEN if heading.is_public else CLOSED


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


def _every_language(label: Label) -> tuple[str, ...]:
    return tuple(label.in_language(language) for language in LANGUAGES)
