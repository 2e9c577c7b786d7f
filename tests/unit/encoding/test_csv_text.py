from __future__ import annotations

import pyarrow as pa
import pytest

from gateway.encoding.csv_text import EXCEL, csv_bytes


def written(*values: str | None) -> list[str]:
    table = pa.table({"value": pa.array(values, pa.string())})
    return csv_bytes(table, include_header=False).decode().splitlines()


@pytest.mark.parametrize("value", ["=1+1", "+358", "@SUM(A1)", "-1+1", "-", "-cmd", "--24"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(value):
    assert written(value) == [f"'{value}"]


def test_a_text_that_looks_guarded_is_told_from_one_that_is():
    assert written("=1", "'=1", "''=1", "'-24", "'") == ["'=1", "''=1", "'''=1", "'-24", "'"]


@pytest.mark.parametrize("value", ["\t=1", "\r=1", "\n=1"])
def test_leading_white_space_that_hides_a_formula_is_guarded(value):
    text = csv_bytes(pa.table({"value": [value]}), include_header=False).decode()
    assert text.replace('"', "") == f"'{value}\n"


@pytest.mark.parametrize("value", ["-24", "50-", "25-49", "*", "...", "SSS", "837", "T39-02"])
def test_codes_stay_as_they_are(value):
    assert written(value) == [value]


def test_null_and_empty_text_are_told_apart():
    assert written(None, "") == ["", '""']


def test_dictionary_columns_are_guarded_too():
    table = pa.table({"value": pa.array(["=x", "-24", None]).dictionary_encode()})
    assert csv_bytes(table, include_header=True).decode() == "value\n'=x\n-24\n\n"


def test_the_dialect_of_excel_has_semicolons_decimal_commas_and_a_mark_in_front():
    table = pa.table({"code": ["-24", "=1+1", "a;b"], "mean": [1.5, None, 1234.25]})
    content = csv_bytes(table, include_header=True, dialect=EXCEL)
    assert content.decode() == '\ufeffcode;mean\r\n-24;1,5\r\n\'=1+1;\r\n"a;b";1234,25\r\n'
    assert csv_bytes(table, include_header=False, dialect=EXCEL).startswith(b"-24;")
