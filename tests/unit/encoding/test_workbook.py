from __future__ import annotations

import io
from datetime import date, datetime

import numpy as np
import openpyxl
import pytest

from gateway.encoding.heading import Heading
from gateway.encoding.workbook import encode_xlsx
from gateway.model.codes import Code
from gateway.model.cube import Axis, Cube, Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, Measure, MeasureKind

TEXT = Label("fi", "sv", "en")
NAN = float("nan")


def heading(language: str = "en", *, is_public: bool = False) -> Heading:
    return Heading(
        "job-seekers",
        Label("Työnhakijat", "Arbetssökande", "Job seekers"),
        "2026-06-30.1",
        date(2026, 6, 30),
        "2026-07-01T03:00:00.000Z",
        "1.2.0",
        "3",
        ("atmt",),
        language,
        is_public,
    )


def cube() -> Cube:
    codes = tuple(
        Code(code, Label(f"{code} fi", f"{code} sv", f"={code}"), "level")
        for code in ("07", "-24", "9")
    )
    measures = (
        Measure(
            "persons", Label("Henkilöt", "Personer", "Persons"), TEXT, MeasureKind.COUNT, decimals=0
        ),
        Measure("mean", TEXT, TEXT, MeasureKind.MEAN, decimals=1),
    )
    axes = (Axis("age", Label("Ikä", "Ålder", "Age"), AxisRole.CLASS, codes, (), None),)
    values = np.array([[10.0, NAN, 5.0], [1.5, NAN, NAN]])
    status = [[0, Status.SUPPRESSED, 0], [0, Status.NOT_PUBLISHED, 0]]
    return Cube(axes, measures, values, np.array(status, dtype=np.uint8))


def opened(language: str = "en") -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(encode_xlsx(cube(), heading(language))))


def test_hidden_cells_are_symbols_and_codes_are_texts():
    rows = list(opened()["Table"].iter_rows(values_only=True))
    assert rows == [
        ("age", "Age", "Persons (en)", "en (en)"),
        ("07", "=07", 10, 1.5),
        ("-24", "=-24", "...", ".."),
        ("9", "=9", 5, None),
    ]


def test_no_label_is_a_formula():
    assert {cell.data_type for row in opened()["Table"]["A2:B4"] for cell in row} == {"s"}


def test_the_cover_says_what_it_is_and_the_day_is_a_date():
    cover = {row[0]: row[1:] for row in opened()["About"].iter_rows(values_only=True) if row[0]}
    assert "Job seekers" in cover
    assert cover["As of"][0] == datetime(2026, 6, 30)  # noqa: DTZ001 - a day of a sheet has no zone
    assert cover["Release"][0] == "2026-06-30.1"
    assert cover["Product"][0] == "job-seekers"
    assert cover["Licence"][0].startswith("Not public.")
    assert "Tieto on salassapitosäännön alainen" in cover["..."]
    assert "Data is subject to secrecy rules" in cover["..."]
    assert cover["persons"] == ("Henkilöt (fi)", "Personer (sv)", "Persons (en)")


@pytest.mark.parametrize(
    ("language", "sheets"),
    [
        ("fi", ["Tietoja", "Taulukko"]),
        ("sv", ["Om tabellen", "Tabell"]),
        ("en", ["About", "Table"]),
    ],
)
def test_the_sheets_speak_the_asked_language(language, sheets):
    assert opened(language).sheetnames == sheets


def test_a_workbook_is_the_same_each_time():
    assert encode_xlsx(cube(), heading()) == encode_xlsx(cube(), heading())
