from __future__ import annotations

import pytest

from gateway.delivery.negotiation import choose_coding, choose_format
from gateway.encoding.formats import CUBE_FORMATS, ROW_FORMATS
from gateway.errors import NotAcceptable


def test_the_parameter_goes_before_the_header():
    assert choose_format(ROW_FORMATS, "csv", accept="application/x-ndjson").name == "csv"


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, "parquet"),
        ("", "parquet"),
        ("*/*", "parquet"),
        ("text/csv", "csv"),
        ("TEXT/CSV", "csv"),
        ("text/*", "csv"),
        ("text/csv;q=0.2, application/x-ndjson;q=0.9", "ndjson"),
        ("application/vnd.apache.arrow.stream", "arrow"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "parquet"),
        ("application/vnd.apache.parquet;q=0, */*", "csv"),
        ("text/csv; header=present; q=0.5", "csv"),
        ("application/x-parquet, text/csv;q=0.5, */*;q=0.1", "parquet"),
        ("application/vnd.apache.parquet;q=nan, text/csv;q=0.1", "csv"),
        ("application/x-ndjson;q=2, text/csv;q=0.001", "csv"),
    ],
)
def test_the_header_chooses_among_the_row_formats(accept, name):
    assert choose_format(ROW_FORMATS, None, accept=accept).name == name


def test_cubes_are_json_stat_unless_somebody_wishes_otherwise():
    assert choose_format(CUBE_FORMATS, None, accept=None).name == "json-stat2"
    assert choose_format(CUBE_FORMATS, None, accept="application/json").name == "json-stat2"


@pytest.mark.parametrize("accept", ["text/html", "text/csv;q=0", "*/*;q=0", "text/csv;q=much"])
def test_nothing_acceptable_is_refused(accept):
    with pytest.raises(NotAcceptable):
        choose_format(ROW_FORMATS, None, accept=accept)


def test_what_is_refused_is_told_what_there_is():
    with pytest.raises(NotAcceptable) as refused:
        choose_format(ROW_FORMATS, None, accept="text/html")
    for named in ("application/vnd.apache.parquet", "text/csv", "ndjson", "csv-excel"):
        assert named in refused.value.detail


def test_the_dialect_of_excel_is_chosen_by_name_and_by_no_header():
    assert choose_format(ROW_FORMATS, "csv-excel", accept="text/csv").name == "csv-excel"
    assert choose_format(CUBE_FORMATS, None, accept="text/csv").name == "csv"


@pytest.mark.parametrize(
    ("sent", "coding"),
    [
        (None, None),
        ("", None),
        ("*", None),
        ("identity", None),
        ("br", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("GZIP;q=0.9, zstd;q=0.1", "gzip"),
        ("zstd;q=0, gzip;q=0.5", "gzip"),
        ("gzip;q=0.5, identity", None),
        ("gzip;q=0", None),
        ("identity;q=0", None),
        ("zstd;q=often", None),
    ],
)
def test_a_coding_is_used_where_the_client_names_it(sent, coding):
    assert choose_coding(ROW_FORMATS["csv"], sent) == coding


@pytest.mark.parametrize("name", ["parquet", "xlsx"])
def test_what_is_compressed_inside_is_not_coded_again(name):
    assert choose_coding(CUBE_FORMATS[name], "gzip, zstd") is None


@pytest.mark.parametrize("asked", ["", "CSV", "xlsx", "text/csv"])
def test_an_unknown_format_is_refused_by_name(asked):
    with pytest.raises(NotAcceptable) as refused:
        choose_format(ROW_FORMATS, asked, accept="text/csv")
    assert refused.value.parameter == "format"
    assert "parquet, csv, arrow, ndjson" in refused.value.detail
