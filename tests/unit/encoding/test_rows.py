from __future__ import annotations

import io
from datetime import date

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gateway.encoding.formats import ROW_FORMATS
from gateway.encoding.rows import ROW_ENCODERS

TABLE = pa.table(
    {
        "pseudonym": ["AAAA", "BBBB", "CCCC"],
        "age_band": ["-24", "25-49", None],
        "started": pa.array([date(2026, 1, 1), None, date(2026, 3, 1)]),
        "days": pa.array([1, None, 3], pa.int64()),
        "share": [0.5, None, 1.0],
        "open": [True, False, None],
    }
)


def encoded(name: str, table: pa.Table = TABLE) -> bytes:
    return b"".join(ROW_ENCODERS[name](table.schema, table.to_batches(max_chunksize=2)))


def test_every_format_has_an_encoder():
    assert set(ROW_ENCODERS) == set(ROW_FORMATS)


def test_parquet_and_arrow_give_back_the_very_table():
    assert pq.read_table(io.BytesIO(encoded("parquet"))).equals(TABLE)
    assert pa.ipc.open_stream(encoded("arrow")).read_all().equals(TABLE)


def test_csv_has_one_header_iso_dates_and_empty_nulls():
    assert encoded("csv").decode() == (
        "pseudonym,age_band,started,days,share,open\n"
        "AAAA,-24,2026-01-01,1,0.5,true\n"
        "BBBB,25-49,,,,false\n"
        "CCCC,,2026-03-01,3,1.0,\n"
    )


def test_ndjson_has_one_object_a_line():
    lines = encoded("ndjson").decode().splitlines()
    assert lines[1] == (
        '{"pseudonym":"BBBB","age_band":"25-49","started":null,"days":null,"share":null,"open":false}'
    )
    assert len(lines) == 3


@pytest.mark.parametrize("name", list(ROW_ENCODERS))
def test_a_table_without_rows_is_still_a_document(name):
    empty = TABLE.slice(0, 0)
    content = encoded(name, empty)
    match name:
        case "parquet":
            assert pq.read_table(io.BytesIO(content)).schema.equals(TABLE.schema)
        case "arrow":
            assert pa.ipc.open_stream(content).read_all().schema.equals(TABLE.schema)
        case "csv":
            assert pl.read_csv(content).columns == TABLE.column_names
        case "csv-excel":
            assert pl.read_csv(content, separator=";").columns == TABLE.column_names
        case _:
            assert content == b""


def test_bytes_come_while_batches_are_read():
    read: list[int] = []

    def batches():
        for number, batch in enumerate(TABLE.to_batches(max_chunksize=1)):
            read.append(number)
            yield batch

    chunks = iter(ROW_ENCODERS["csv"](TABLE.schema, batches()))
    next(chunks)
    next(chunks)
    assert read == [0]
