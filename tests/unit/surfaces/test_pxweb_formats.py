"""PX files, workbooks, pages and PxWebApi 1's JSON as their readers get them, over the small real house."""

from __future__ import annotations

import io
import math
import re
from html.parser import HTMLParser

import openpyxl
import pandas as pd
import pytest
from pyaxis import pyaxis

from gateway.errors import TooManyCells
from gateway.model.label import Label
from gateway.surfaces.pxweb.selection import Meant
from gateway.surfaces.pxweb.variables import Kind, Value, Variable
from gateway.surfaces.pxweb.xlsx_layout import check_sheet

TABLE = "/pxweb/api/v2/tables/job-seekers"
BI, STRANGER = "municipality-bi", "stranger"
CELL = "valuecodes[geography]=SSS,KU837&valuecodes[month]=*&valuecodes[measure]=unemployed&valuecodes[sex]=*"
EVERYTHING = "&".join(
    f"valuecodes[{name}]=*" for name in ("geography", "sex", "age", "citizenship", "month", "measure")
)  # fmt: skip
NEW = {
    "px": ("application/octet-stream", ".px"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
    "html": ("text/html; charset=utf-8", ".html"),
    "json-px": ("application/json", ".json"),
}


def fetch(house, form: str, query: str = CELL, **headers: str):
    answer = house.get(BI, f"{TABLE}/data?{query}&outputFormat={form}", **headers)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("form", NEW)
def test_a_table_in_any_format_is_a_journaled_delivery_that_names_its_type(house, form):
    answer = fetch(house, form)
    media_type, suffix = NEW[form]
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-disposition"].endswith(f'{suffix}"')
    intent = next(e for e in house.entries() if e.event_id == answer.headers["jakelu-receipt"])
    assert intent.body["format"] == form
    assert house.closed(intent.event_id)["outcome"] == "complete"


@pytest.mark.parametrize("form", NEW)
def test_equal_questions_have_equal_bytes_and_one_tag(house, form):
    first, again = fetch(house, form), fetch(house, form)
    assert first.content == again.content
    tag = first.headers["etag"]
    unchanged = house.get(BI, f"{TABLE}/data?{CELL}&outputFormat={form}", If_None_Match=tag)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    others = [fetch(house, each).headers["etag"] for each in ("json-stat2", "csv", *NEW)]
    assert len({*others, tag}) == len(others)


@pytest.mark.parametrize("form", NEW)
def test_a_posted_question_has_the_bytes_of_the_one_in_the_address(house, form):
    body = {
        "selection": [
            {"variableCode": "geography", "valueCodes": ["SSS", "KU837"]},
            {"variableCode": "month", "valueCodes": ["*"]},
            {"variableCode": "measure", "valueCodes": ["unemployed"]},
            {"variableCode": "sex", "valueCodes": ["*"]},
        ]
    }
    path = f"{TABLE}/data?outputFormat={form}"
    posted = house.client.post(path, json=body, headers=house.bearer(BI))
    assert posted.content == fetch(house, form).content


@pytest.mark.parametrize(("form", "is_coded"), [("px", True), ("html", True), ("json-px", True), ("xlsx", False)])  # fmt: skip
def test_what_is_not_packed_inside_is_packed_on_the_way(house, form, is_coded):
    answer = fetch(house, form, Accept_Encoding="gzip")
    assert (answer.headers.get("content-encoding") == "gzip") is is_coded
    assert answer.content == fetch(house, form, Accept_Encoding="identity").content


@pytest.mark.parametrize("form", ["json-stat2", "xlsx", "html"])
def test_a_format_of_words_in_one_language_says_which(house, form):
    for language in ("fi", "sv"):
        answer = fetch(house, form, f"{CELL}&lang={language}")
        assert answer.headers["content-language"] == language


@pytest.mark.parametrize(
    ("form", "parameters"),
    [("px", "UseCodes"), ("json-px", "IncludeTitle"), ("json-stat2", "UseTexts"), ("parquet", "UseTexts"),
     ("xlsx", "SeparatorTab"), ("html", "SeparatorSemicolon"), ("html", "UseCodes,UseTexts"), ("xlsx", "UseNone")],
)  # fmt: skip
def test_refuses_a_parameter_that_the_format_does_not_have(house, form, parameters):
    query = f"{CELL}&outputFormat={form}&outputFormatParams={parameters}"
    answer = house.get(BI, f"{TABLE}/data?{query}")
    assert answer.status_code == 400
    told = answer.json()
    assert told["parameter"] == "outputFormatParams"
    assert form in told["detail"]


@pytest.mark.parametrize("form", NEW)
def test_refuses_whoever_does_not_have_the_table_in_every_format(house, form):
    answer = house.get(STRANGER, f"{TABLE}/data?{CELL}&outputFormat={form}")
    assert (answer.status_code, answer.json()["title"]) == (404, "Non-existent table")


def read_px(house, path, query: str, language: str | None = None) -> dict:
    path.write_bytes(fetch(house, "px", query).content)
    return pyaxis.parse(
        str(path), "utf-8", lang=language, null_values=r'^"\.{1,2}"$', sd_values=r'^"\.\.\."$'
    )


def test_pyaxis_reads_a_px_file_with_its_codes_and_its_suppressed_cells(house, tmp_path):
    read = read_px(house, tmp_path / "a.px", f"{EVERYTHING}&lang=en")
    told, metadata = read["DATA"], read["METADATA"]
    own = fetch(house, "json-stat2", f"{EVERYTHING}&lang=en").json()
    names = [own["dimension"][name]["label"] for name in own["id"]]
    assert list(told.columns) == [*names, "DATA"]
    for name, label in zip(own["id"], names, strict=True):
        codes = list(own["dimension"][name]["category"]["index"])
        assert metadata[f"CODES({label})"] == codes
        assert metadata[f"VARIABLECODE({label})"] == [name]
    suppressed = [own["status"].get(str(i)) == "..." for i in range(len(own["value"]))]
    assert told["DATA"].isna().tolist() == suppressed
    assert any(suppressed)
    shown = [None if pd.isna(each) or each == "" else float(each) for each in told["DATA"]]
    assert shown == own["value"]


def test_a_px_file_says_the_table_in_three_languages(house, tmp_path):
    swedish = read_px(house, tmp_path / "a.px", f"{CELL}&lang=fi", "sv")["METADATA"]
    assert swedish["TITLE"] == ["Arbetssökande: Område, Kön, Mått, Månad"]
    assert swedish["STUB"] == ["Område", "Kön"]
    english = fetch(house, "px", f"{CELL}&lang=en").text
    assert 'LANGUAGE="en";\nLANGUAGES="en","fi","sv";\n' in english


def test_a_px_file_says_its_release_its_periods_and_its_totals(house):
    text = fetch(house, "px", f"{EVERYTHING}&lang=en").text
    lines = text.splitlines()
    assert lines[:3] == ['CHARSET="ANSI";', 'AXIS-VERSION="2013";', 'CODEPAGE="utf-8";']
    assert 'TIMEVAL("Month")=TLIST(M1),"202605","202606";' in lines
    assert 'ELIMINATION("Area")="SSS en";' in lines
    assert "AGGREGALLOWED=NO;" in lines
    assert 'CONTVARIABLE="Measure";' in lines
    assert ("DECIMALS=1;" in lines, "SHOWDECIMALS=0;" in lines) == (True, True)
    assert [line for line in lines if line.startswith("PRECISION(")]
    assert "job-seekers 2026-06-30.1" in text
    assert all(len(line) <= 256 for line in lines[: lines.index("DATA=")])
    assert text.endswith(" \n;\n")


def test_a_px_file_has_the_stub_down_and_the_heading_across(house):
    text = fetch(house, "px", f"{CELL}&heading=sex,month&lang=en").text
    assert 'STUB="Area","Measure";\n' in text
    assert 'HEADING="Sex","Month";\n' in text
    rows = text.partition("DATA=\n")[2].splitlines()
    assert [len(row.split()) for row in rows] == [6, 6, 1]


def test_a_total_that_is_not_among_the_values_eliminates_nothing(house):
    query = CELL.replace("SSS,KU837", "KU837,KU536")
    assert 'ELIMINATION("Area")' not in fetch(house, "px", f"{query}&lang=en").text


def sheet(house, query: str) -> tuple[openpyxl.Workbook, list[tuple]]:
    book = openpyxl.load_workbook(io.BytesIO(fetch(house, "xlsx", query).content))
    return book, list(book.worksheets[1].iter_rows(values_only=True))


def test_a_workbook_has_a_cover_and_the_table_as_it_was_placed(house):
    book, rows = sheet(house, f"{CELL}&heading=measure,month&outputFormatParams=UseCodes&lang=en")
    assert book.sheetnames == ["About", "Table"]
    cover = [cell for row in book["About"].iter_rows(values_only=True) for cell in row if cell]
    assert {"job-seekers", "2026-06-30.1", "...", "geography", "unemployed"} <= set(cover)
    assert rows[0] == (None, None, "unemployed", "unemployed")
    assert rows[1] == ("geography", "sex", "2026M05", "2026M06")
    assert [row[:2] for row in rows[2:]] == [
        (area, sex) for area in ("SSS", "KU837") for sex in ("SSS", "1", "2")
    ]


def test_a_workbook_has_numbers_marks_as_text_and_no_formulas(house):
    book, rows = sheet(house, f"{EVERYTHING}&outputFormatParams=IncludeTitle&lang=en")
    assert rows[0][0] == "Job seekers"
    cells = [cell for row in book["Table"].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s", "n"}
    assert {"...", ".."} <= {cell.value for cell in cells}
    means = {c.number_format for c in cells if isinstance(c.value, float) and c.value % 1}
    assert means == {"0.0"}


def test_a_workbook_of_too_many_cells_or_columns_is_refused():
    check_sheet(meant(3, 16_383))
    for down, across, parameter in ((2, 16_384, "heading"), (5001, 10, "outputFormat")):
        with pytest.raises(TooManyCells) as refusal:
            check_sheet(meant(down, across))
        assert refusal.value.parameter == parameter


def meant(down: int, across: int) -> Meant:
    label = Label("", "", "")
    shown = tuple(
        Variable(name, label, Kind.CLASS, tuple(Value(str(i), label) for i in range(size)), None)
        for name, size in (("down", down), ("across", across))
    )
    kept = {each.name: tuple(range(len(each.values))) for each in shown}
    return Meant(shown, kept, frozenset(), ("down",), ("across",))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_a_page_is_a_table_with_a_caption_headers_and_nothing_that_runs(house):
    answer = fetch(house, "html", f"{CELL}&outputFormatParams=IncludeTitle&lang=en")
    tags = Tags()
    tags.feed(answer.text)
    names = {name for name, _ in tags.found}
    assert names & {"script", "style", "img", "a", "link", "form", "iframe"} == set()
    assert ("html", {"lang": "en"}) in tags.found
    scopes = {attributes.get("scope") for name, attributes in tags.found if name == "th"}
    assert scopes == {"col", "colgroup", "row"}
    assert "<caption>Job seekers. Release job-seekers 2026-06-30.1" in answer.text
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize(("language", "sign"), [("fi", ","), ("sv", ","), ("en", ".")])
def test_a_page_has_the_decimal_sign_of_its_language(house, language, sign):
    query = f"{EVERYTHING}&lang={language}"
    page = fetch(house, "html", query).text
    numbers = re.findall(r"<td>([0-9]+(?:[.,][0-9]+)?)</td>", page)
    document = fetch(house, "json-stat2", query).json()
    unit = document["dimension"]["measure"]["category"]["unit"]
    sizes = document["size"]
    behind = math.prod(sizes[document["id"].index("measure") + 1 :])
    index = list(document["dimension"]["measure"]["category"]["index"])
    expected = [
        f"{value:.{unit[index[place // behind % len(index)]]['decimals']}f}".replace(".", sign)
        for place, value in enumerate(document["value"])
        if value is not None
    ]
    assert numbers == expected
    assert any(sign in each for each in numbers)
    assert all(f"({each['base']})" in page for each in unit.values())


def test_pandas_reads_a_page_as_the_table_that_it_is(house):
    query = f"{CELL}&heading=measure,month&outputFormatParams=UseCodes"
    read = pd.read_html(io.StringIO(fetch(house, "html", query).text), header=[0, 1])[0]
    assert [each[1] for each in read.columns] == ["geography", "sex", "2026M05", "2026M06"]
    rows = fetch(house, "csv", query).text.splitlines()[1:]
    assert [",".join(map(str, row)) for row in read.itertuples(index=False)] == rows


def test_json_px_has_codes_as_keys_and_measures_as_columns(house):
    query = CELL.replace("=unemployed", "=unemployed,job_seekers")
    told = fetch(house, "json-px", f"{query}&heading=sex&lang=en").json()
    columns = [(each["code"], each["text"], each["type"]) for each in told["columns"]]
    assert columns == [
        ("geography", "Area", "d"), ("month", "Month", "t"), ("sex", "Sex", "d"),
        ("unemployed", "Unemployed job seekers", "c"), ("job_seekers", "Job seekers", "c"),
    ]  # fmt: skip
    assert told["comments"] == []
    assert told["metadata"][0]["jakelu"]["release"] == "2026-06-30.1"
    own = fetch(house, "json-stat2", query).json()
    assert len(told["data"]) == len(own["value"]) // 2
    assert told["data"][0]["key"] == ["SSS", "2026M05", "SSS"]
    assert told["data"][0]["values"][0] == str(own["value"][0])
