from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from gateway.adapters.warehouse_duckdb import DuckDbWarehouse
from gateway.errors import WarehouseUnavailable

SECRET = "010190-900X"


def build(path: Path, *, day: str = "2026-06-30") -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA mylly; CREATE SCHEMA atmt")
        connection.execute(
            "CREATE TABLE mylly.poiminta (poimintapaiva DATE, siemen BIGINT, skaala DOUBLE)"
        )
        connection.execute(f"INSERT INTO mylly.poiminta VALUES (DATE '{day}', 1, 0.05)")
        connection.execute("CREATE TABLE atmt.henkilo (henkilo_id BIGINT, henkilotunnus VARCHAR)")
        connection.execute(f"INSERT INTO atmt.henkilo VALUES (1, '{SECRET}'), (2, NULL)")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    build(tmp_path / "warehouse.duckdb")
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def warehouse(path: Path) -> Iterator[DuckDbWarehouse]:
    opened = DuckDbWarehouse(path, memory_limit="200MB", threads=1)
    yield opened
    opened.close()


def test_reads_with_the_day_bound(warehouse):
    sql = "SELECT henkilo_id, $as_of AS paiva FROM atmt.henkilo WHERE $as_of > DATE '2026-01-01'"
    table = warehouse.read(sql, {"as_of": date(2026, 6, 30)})
    assert table.to_pylist() == [
        {"henkilo_id": 1, "paiva": date(2026, 6, 30)},
        {"henkilo_id": 2, "paiva": date(2026, 6, 30)},
    ]


def test_a_parameter_that_the_sql_does_not_name_is_left_out(warehouse):
    table = warehouse.read("SELECT count(*) AS n FROM atmt.henkilo", {"as_of": date(2026, 6, 30)})
    assert table.column("n").to_pylist() == [2]


def test_knows_its_newest_whole_day(warehouse):
    assert warehouse.latest_snapshot() == date(2026, 6, 30)


def test_tells_of_tables_views_comments_and_functions_of_its_own(path):
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE VIEW atmt.Nakyma AS SELECT henkilo_id AS Tunnus FROM atmt.henkilo"
        )
        connection.execute("COMMENT ON TABLE atmt.henkilo IS 'origin: atmt'")
        connection.execute("COMMENT ON COLUMN atmt.henkilo.henkilotunnus IS 'secret'")
        connection.execute("CREATE MACRO Lower(x) AS x; CREATE MACRO atmt.t() AS TABLE SELECT 1")
    warehouse = DuckDbWarehouse(path, memory_limit="200MB", threads=1)
    stored = warehouse.stored()
    warehouse.close()
    assert set(stored.relations) == {"mylly.poiminta", "atmt.henkilo", "atmt.nakyma"}
    assert stored.functions == {"lower", "t"}
    people, view = stored.relations["atmt.henkilo"], stored.relations["atmt.nakyma"]
    assert (people.columns, people.view) == (("henkilo_id", "henkilotunnus"), None)
    assert people.comment == "origin: atmt secret"
    assert view.columns == ("tunnus",)
    assert view.view is not None
    assert "SELECT henkilo_id AS Tunnus" in view.view


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ("SELECT 1", set()),
        ("SELECT henkilo_id FROM atmt.henkilo WHERE $as_of > DATE '2026-01-01'", {"atmt.henkilo"}),
        ("SELECT count(*) FROM atmt.henkilo WHERE 1 = 2", {"atmt.henkilo"}),
        ("SELECT * FROM atmt.nakyma", {"atmt.henkilo", "mylly.poiminta"}),
        ("SELECT atmt.montako()", {"atmt.henkilo"}),
        ("WITH a AS (SELECT 1 AS x) SELECT * FROM a, (VALUES (1), (2)) AS v (y)", set()),
        ("SELECT * FROM query_table('atmt.henkilo')", {"atmt.henkilo"}),
        ("SELECT * FROM duckdb_tables()", {"duckdb_tables"}),
        ("SELECT * FROM range(3)", {"range"}),
    ],
)
def test_tells_what_the_engine_would_read(path, sql, read):
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE MACRO atmt.montako() AS (SELECT count(*) FROM atmt.henkilo)")
        connection.execute(
            "CREATE VIEW atmt.nakyma AS SELECT h.henkilo_id FROM atmt.henkilo h "
            "JOIN mylly.poiminta p ON p.siemen = h.henkilo_id"
        )
    warehouse = DuckDbWarehouse(path, memory_limit="200MB", threads=1)
    assert warehouse.tables_read(sql, {"as_of": date(2026, 6, 30)}) == read
    warehouse.close()


def test_plans_nothing_that_is_not_one_select(warehouse):
    for sql in ("DROP TABLE atmt.henkilo", "SELECT 1; SELECT 2", "PRAGMA version"):
        with pytest.raises(WarehouseUnavailable):
            warehouse.tables_read(sql, {})


def test_the_fingerprint_stays_until_the_content_may_have_changed(path, warehouse, tmp_path):
    first = warehouse.fingerprint()
    assert warehouse.fingerprint() == first
    os.utime(path, (1, 1))
    warehouse.close()
    again = DuckDbWarehouse(path)
    assert again.fingerprint() != first
    again.close()
    build(tmp_path / "other.duckdb", day="2026-07-31")
    other = DuckDbWarehouse(tmp_path / "other.duckdb")
    assert other.fingerprint() != first
    other.close()


def test_stops_when_the_file_is_replaced_while_it_is_read(path, warehouse, tmp_path):
    build(tmp_path / "other.duckdb", day="2026-07-31")
    (tmp_path / "other.duckdb").replace(path)
    for read in (warehouse.fingerprint, warehouse.latest_snapshot):
        with pytest.raises(WarehouseUnavailable, match="replaced"):
            read()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_parquet('https://example.invalid/x.parquet')",
        "SELECT * FROM glob('/*')",
        "SELECT getenv('HOME')",
        "COPY atmt.henkilo TO '/tmp/warehouse-copy.csv'",
        "ATTACH '/tmp/warehouse-copy.duckdb' AS copy",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "PRAGMA enable_profiling",
        "INSERT INTO atmt.henkilo VALUES (3, NULL)",
        "DROP TABLE atmt.henkilo",
        "CREATE TEMP TABLE copy AS SELECT 1",
        "SELECT 1; SELECT 2",
        "",
    ],
)
def test_contract_sql_reaches_nothing_but_the_tables(warehouse, sql):
    with pytest.raises(WarehouseUnavailable):
        warehouse.read(sql, {})
    assert not Path("/tmp/warehouse-copy.csv").exists()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(henkilotunnus AS INTEGER) FROM atmt.henkilo",
        "SELECT CAST(henkilotunnus AS DATE) FROM atmt.henkilo",
        "SELECT error(henkilotunnus) FROM atmt.henkilo",
    ],
)
def test_a_fault_never_quotes_a_value(warehouse, sql):
    with pytest.raises(WarehouseUnavailable) as fault:
        warehouse.read(sql, {})
    assert SECRET not in str(fault.value)
    assert "\n" not in str(fault.value)


def test_a_fault_of_the_sql_names_what_does_not_fit(warehouse):
    with pytest.raises(WarehouseUnavailable, match="henkila") as fault:
        warehouse.read("SELECT 1 FROM atmt.henkila", {})
    assert "\n" not in str(fault.value)


def test_a_query_that_outgrows_its_memory_is_one_line_and_leaves_no_file(warehouse, path):
    before = set(path.parent.iterdir())
    sql = "SELECT list(a.range) AS l FROM range(30000000) a GROUP BY a.range % 7 ORDER BY l"
    with pytest.raises(WarehouseUnavailable, match="memory"):
        warehouse.read(sql, {})
    assert set(path.parent.iterdir()) == before


def test_says_that_there_is_no_warehouse(tmp_path):
    with pytest.raises(WarehouseUnavailable, match="no warehouse"):
        DuckDbWarehouse(tmp_path / "nowhere.duckdb")
    with pytest.raises(WarehouseUnavailable, match="no warehouse"):
        DuckDbWarehouse(tmp_path)


@pytest.mark.parametrize("content", [b"x" * 20_000, b"x"])
def test_says_that_the_file_is_no_warehouse(tmp_path, content):
    path = tmp_path / "broken.duckdb"
    path.write_bytes(content)
    with pytest.raises(WarehouseUnavailable) as fault:
        DuckDbWarehouse(path)
    assert "\n" not in str(fault.value)
    assert str(tmp_path) not in str(fault.value)


def test_says_that_another_process_is_writing_it(path):
    script = "import duckdb, sys\nc = duckdb.connect(sys.argv[1])\nprint(1, flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(WarehouseUnavailable, match="locked"):
            DuckDbWarehouse(path)
        writer.kill()


def test_a_warehouse_without_its_snapshot_row_is_unusable(tmp_path):
    with duckdb.connect(str(tmp_path / "empty.duckdb")) as connection:
        connection.execute("CREATE SCHEMA mylly")
        connection.execute("CREATE TABLE mylly.poiminta (poimintapaiva DATE)")
    warehouse = DuckDbWarehouse(tmp_path / "empty.duckdb")
    with pytest.raises(WarehouseUnavailable, match="which day"):
        warehouse.latest_snapshot()
    warehouse.close()
