"""The programs that people have, unchanged, against a running gateway."""

from __future__ import annotations

import io
import shutil
import subprocess
import urllib.request
from pathlib import Path

import openpyxl
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

ROWS = "/v1/rows/job-seeker-spells?area=39"
CUBE = "/v1/cubes/job-seekers/data?geography=SSS,TA39"
CALLER = "municipality-bi"


@pytest.fixture
def authorization(house) -> str:
    return f"Bearer {house.token(CALLER)}"


@pytest.fixture
def curl(authorization, needs, tmp_path):
    """Run curl with the token in a file, as docs tell to, so that no list of processes shows it."""
    needs(None if shutil.which("curl") else "curl is not installed")
    config = tmp_path / "curl.cfg"
    config.write_text(f'header = "Authorization: {authorization}"\n')

    def run(*arguments: str | Path) -> str:
        command = ["curl", "-sSf", "--config", str(config), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def whole(house) -> bytes:
    return house.get(CALLER, ROWS).content


def test_curl_goes_on_where_a_download_was_cut_off(house, curl, whole, tmp_path):
    half = tmp_path / "half.parquet"
    half.write_bytes(whole[: len(whole) // 2])
    status = curl("-C", "-", "-o", half, "-w", "%{http_code} %{size_download}", house.base + ROWS)
    assert status == f"206 {len(whole) - len(whole) // 2}"
    assert half.read_bytes() == whole


def test_curl_takes_several_ranges_at_once(house, curl, whole, tmp_path):
    got, head = tmp_path / "parts", tmp_path / "head"
    written = ("-o", got, "-D", head, "-w", "%{http_code} %{size_download}")
    status = curl("--range", "0-9,20-29", *written, house.base + ROWS)
    content = got.read_bytes()
    assert status == f"206 {len(content)}"
    boundary = head.read_text().lower().partition("boundary=")[2].split()[0].encode()
    before, first, second, after = content.split(b"--" + boundary)
    assert (before, after) == (b"", b"--\r\n")
    for part, expected in ((first, whole[:10]), (second, whole[20:30])):
        assert part.partition(b"\r\n\r\n")[2] == expected + b"\r\n"


def test_curl_takes_a_compressed_csv_and_decodes_it(house, curl, tmp_path):
    plain, coded = tmp_path / "plain.csv", tmp_path / "coded.csv"
    address = f"{house.base}{ROWS}&format=csv"
    size = int(curl("-o", plain, "-w", "%{size_download}", address))
    sent = int(curl("--compressed", "-o", coded, "-w", "%{size_download}", address))
    assert coded.read_bytes() == plain.read_bytes()
    assert sent < size / 2


def test_curl_asks_whether_there_is_something_new(house, curl, tmp_path):
    tag, out = tmp_path / "tag", tmp_path / "out"
    asked = ("-o", out, "--etag-save", tag, "-w", "%{http_code}", house.base + ROWS)
    assert curl(*asked) == "200"
    assert curl("--etag-compare", tag, *asked) == "304"


def test_pandas_reads_rows_and_cubes_by_their_address(house, authorization, whole):
    headers = {"Authorization": authorization}
    rows = pd.read_parquet(house.base + ROWS, storage_options=headers)
    expected = pq.read_table(io.BytesIO(whole))
    assert list(rows.columns) == expected.column_names
    assert rows["pseudonym"].to_list() == expected["pseudonym"].to_pylist()
    cube = pd.read_csv(f"{house.base}{CUBE}&format=csv", dtype=str, storage_options=headers)
    assert cube["geography"].to_list() == ["SSS", "TA39"]
    excel = pd.read_csv(
        f"{house.base}{CUBE}&format=csv-excel",
        sep=";",
        decimal=",",
        dtype=str,
        encoding="utf-8-sig",
        storage_options=headers,
    )
    assert list(excel.columns) == list(cube.columns)


def test_polars_reads_every_format_to_the_same_rows(house, authorization):
    def fetched(query: str) -> io.BytesIO:
        request = urllib.request.Request(
            f"{house.base}{ROWS}{query}", headers={"Authorization": authorization}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return io.BytesIO(answer.read())

    rows = pl.read_parquet(fetched(""))
    assert len(rows) > 100
    assert pl.read_ipc_stream(fetched("&format=arrow")).equals(rows)
    csv = pl.read_csv(fetched("&format=csv"), infer_schema=False)
    assert csv.equals(rows.with_columns(pl.all().cast(pl.String)))


def test_a_workbook_opens_and_says_what_it_is(house):
    answer = house.get(CALLER, f"{CUBE}&format=xlsx&lang=fi")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["Tietoja", "Taulukko"]
    assert [row[0].value for row in book["Taulukko"].iter_rows(min_row=2)] == ["SSS", "TA39"]
