from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from gateway.errors import ContractFault, WarehouseUnavailable
from gateway.publishing.dirt import dirt_report, reported_count
from gateway.publishing.extract import extract_rows


@dataclass
class UpperCase:
    """A warehouse whose engine answers in upper case, as Snowflake does; it notes what it is asked."""

    asked: list[tuple[str, Any]] = field(default_factory=list)

    def read(self, sql: str, parameters: Any) -> pa.Table:
        self.asked.append((sql, parameters))
        names = sql.partition("FROM")[0].removeprefix("SELECT ").split(", ")
        return pa.table({name.strip().upper(): [1] for name in names})


def test_a_dropped_column_never_leaves_the_warehouse(house, spells, day):
    table = extract_rows(spells, spells.rows, as_of=day, warehouse=house.services.warehouse)
    assert table.column_names == [
        "henkilo_id",
        "kotikunta",
        "ika",
        "sukupuoli",
        "alkupvm",
        "jakso",
    ]
    engine = UpperCase()
    extract_rows(spells, spells.rows, as_of=day, warehouse=engine)
    assert "henkilotunnus" not in engine.asked[0][0].partition("FROM (")[0]


def test_the_day_is_bound_and_never_written_into_the_sql(spells, day):
    engine = UpperCase()
    table = extract_rows(spells, spells.rows, as_of=day, warehouse=engine)
    sql, parameters = engine.asked[0]
    assert parameters == {"as_of": day}
    assert "2026" not in sql
    assert table.column_names[0] == "henkilo_id"


def test_reads_as_of_the_day(house, spells):
    warehouse = house.services.warehouse
    early = extract_rows(spells, spells.rows, as_of=date(2026, 1, 31), warehouse=warehouse)
    late = extract_rows(spells, spells.rows, as_of=date(2026, 6, 30), warehouse=warehouse)
    assert 0 < early.num_rows < late.num_rows


def test_a_fault_of_the_sql_names_the_product(house, spells, day):
    broken = replace(spells.rows, extract="SELECT henkilo_id FROM atmt.nowhere")
    with pytest.raises(WarehouseUnavailable, match=r"job-seeker-spells: .*nowhere"):
        extract_rows(spells, broken, as_of=day, warehouse=house.services.warehouse)


@pytest.mark.parametrize("name", ["a b", "a;b", '"a"', "", "1a", "a,b", "count(*)"])
def test_refuses_a_column_name_that_is_no_name(house, spells, day, name):
    with pytest.raises(ContractFault, match="cannot be a column"):
        extract_rows(
            spells,
            replace(spells.rows, person=name),
            as_of=day,
            warehouse=house.services.warehouse,
        )


def test_dirt_is_counted_and_told_with_what_is_done_about_it(house, spells, day):
    report = dirt_report(spells, as_of=day, warehouse=house.services.warehouse)
    assert [(fault["rule"], fault["count"]) for fault in report] == [("missing-municipality", 70)]
    assert report[0]["handling"] == "rows go to no slice"


def test_counts_of_persons_are_rounded_up_to_tens(spells):
    assert [reported_count(n, spells) for n in (0, 1, 9, 10, 11, 66)] == [0, 10, 10, 10, 20, 70]
    assert reported_count(66, replace(spells, personal_data=False)) == 66


@pytest.mark.parametrize(
    "sql", ["SELECT 1, 2", "SELECT 'x'", "SELECT 1 WHERE 1 = 2", "SELECT NULL"]
)
def test_a_rule_that_does_not_give_one_number_is_a_fault(house, spells, day, sql):
    rule = replace(spells.dirt[0], count_sql=sql)
    with pytest.raises(WarehouseUnavailable, match="one number"):
        dirt_report(replace(spells, dirt=(rule,)), as_of=day, warehouse=house.services.warehouse)
