"""One small warehouse for the whole room: a hundredth of Finland."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from gateway.synthetic import generate

AS_OF = date(2026, 6, 30)
SCALE = 0.01


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("warehouse") / "demo.duckdb"
    generate(path, scale=SCALE, seed=7, as_of=AS_OF)
    return path


@pytest.fixture(scope="session")
def ask(warehouse: Path) -> Iterator[Callable[[str], Any]]:
    """One value from the warehouse; `open_day`, `person` and `unemployed` are ready views."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{warehouse}' AS w (READ_ONLY)")
        connection.execute("USE w")
        connection.execute("CREATE TABLE memory.main.person AS SELECT DISTINCT * FROM atmt.henkilo")
        connection.execute(
            """
            CREATE TABLE memory.main.unemployed AS
            SELECT p.*, k.koodi, k.alkupvm,
                   date_sub('year', p.syntymaaika, DATE '2026-06-30') AS ika
            FROM atmt.tyollisyyskoodi k JOIN memory.main.person p USING (henkilo_id)
            WHERE k.koodi IN ('02', '03') AND k.alkupvm <= DATE '2026-06-30' AND k.loppupvm IS NULL
            """
        )
        yield lambda sql: connection.execute(sql).fetchone()[0]
