"""The lineage at publication: on a warehouse with views, comments, functions and unknown tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from gateway.adapters.warehouse_duckdb import DuckDbWarehouse
from gateway.contracts.source_tables import SourceTable
from gateway.errors import ContractFault, IncomeRegisterRowsRefused
from gateway.model.product import Transformation
from gateway.publishing.lineage import check_lineage


@pytest.fixture
def checked(house, day) -> Iterator:
    """Check a product on the warehouse as it is after some statements, with more tables declared."""
    opened: list[DuckDbWarehouse] = []

    def check(product, *statements: str, **declared: tuple[str, ...]) -> None:
        for warehouse in (house.services.warehouse, *opened):
            warehouse.close()
        path: Path = house.root / "warehouse.duckdb"
        with duckdb.connect(str(path)) as connection:
            for statement in statements:
                connection.execute(statement)
        opened.append(DuckDbWarehouse(path, memory_limit="200MB", threads=1))
        tables = dict(house.services.catalog.tables)
        for name, columns in declared.items():
            full = name.replace("__", ".")
            tables[full] = SourceTable(full, columns, frozenset({full.partition(".")[0]}))
        catalog = replace(house.services.catalog, tables=tables)
        services = replace(house.services, catalog=catalog, warehouse=opened[-1])
        check_lineage(product, as_of=day, services=services)

    yield check
    for warehouse in opened:
        warehouse.close()


def over(product, table: str, *, extra: str = "j.jakso"):
    """The product with the spells from another table."""
    sql = product.rows.extract.replace("atmt.tyonhakujakso", table).replace("j.jakso", extra)
    return replace(product, rows=replace(product.rows, extract=sql))


def test_a_product_of_plain_tables_passes(checked, spells):
    checked(spells)


def test_a_view_over_allowed_tables_passes_when_it_is_declared(checked, spells):
    view = "CREATE VIEW atmt.jaksot AS SELECT * FROM atmt.tyonhakujakso WHERE jakso >= 0"
    checked(over(spells, "atmt.jaksot"), view, atmt__jaksot=("henkilo_id", "alkupvm", "jakso"))


def test_an_undeclared_table_is_refused(checked, spells):
    view = "CREATE VIEW atmt.jaksot AS SELECT * FROM atmt.tyonhakujakso"
    with pytest.raises(ContractFault, match="nobody has said the source of"):
        checked(over(spells, "atmt.jaksot"), view)


def test_a_view_over_an_undeclared_table_is_refused(checked, spells):
    made = "CREATE TABLE atmt.uusi AS SELECT * FROM atmt.tyonhakujakso"
    view = "CREATE VIEW atmt.jaksot AS SELECT * FROM atmt.uusi"
    declared = {"atmt__jaksot": ("henkilo_id", "alkupvm", "jakso")}
    with pytest.raises(ContractFault, match=r"nobody has said the source of|`atmt\.uusi`"):
        checked(over(spells, "atmt.jaksot"), made, view, **declared)


def test_a_column_that_nobody_declared_is_refused(checked, spells):
    added = "ALTER TABLE atmt.tyonhakujakso ADD COLUMN uusi INTEGER"
    with pytest.raises(ContractFault, match=r"atmt\.tyonhakujakso\.uusi"):
        checked(over(spells, "atmt.tyonhakujakso", extra="j.jakso, j.uusi"), added)


def test_a_declared_table_that_is_not_there_is_refused(checked, spells):
    with pytest.raises(ContractFault, match="not in the warehouse"):
        checked(over(spells, "atmt.jaksot"), atmt__jaksot=("henkilo_id", "alkupvm", "jakso"))


def test_a_view_that_cannot_be_followed_is_refused(checked, spells):
    view = "CREATE VIEW atmt.jaksot AS FROM atmt.tyonhakujakso POSITIONAL JOIN atmt.henkilo"
    declared = {"atmt__jaksot": ("henkilo_id", "alkupvm", "jakso")}
    with pytest.raises(ContractFault, match="no place in contract SQL"):
        checked(over(spells, "atmt.jaksot"), view, **declared)


@pytest.mark.parametrize("column", ["henkilotunnus", "kotikunta", "henkilo_id"])
def test_an_identifier_stays_one_behind_the_name_that_a_view_gives_it(checked, spells, column):
    view = (
        f"CREATE VIEW atmt.jaksot AS SELECT henkilo_id, DATE '2026-01-01' AS alkupvm, "
        f"{column} AS jakso FROM atmt.henkilo"
    )
    declared = {"atmt__jaksot": ("henkilo_id", "alkupvm", "jakso")}
    with pytest.raises(ContractFault, match="`spell` comes from what it may not be made from"):
        checked(over(spells, "atmt.jaksot"), view, **declared)


def test_a_function_of_the_warehouses_own_is_refused_when_its_name_is_there(checked, spells):
    made = "CREATE MACRO Least(x, y) AS x", "CREATE MACRO greatest_of(x) AS x"
    checked(spells, *made)
    calling = over(spells, "atmt.tyonhakujakso", extra="least(j.jakso, 5) AS jakso")
    with pytest.raises(ContractFault, match="`least` is a function of the warehouse's own"):
        checked(calling)


def test_a_source_that_is_not_listed_is_refused_for_a_cube_too(checked, seekers):
    made = (
        "CREATE SCHEMA ya; CREATE TABLE ya.tuki AS SELECT * FROM atmt.henkilo",
        "CREATE VIEW atmt.henkilot AS SELECT * FROM ya.tuki",
    )
    columns = ("henkilo_id", "kotikunta", "henkilotunnus", "ika", "sukupuoli")
    cube = replace(
        seekers.cube, extract=seekers.cube.extract.replace("atmt.henkilo)", "atmt.henkilot)")
    )
    other = replace(seekers, cube=cube, dirt=())
    with pytest.raises(ContractFault, match="`ya`, which is not in `sources`"):
        checked(other, *made, atmt__henkilot=columns, ya__tuki=columns)
    checked(replace(other, sources=("atmt", "ya")), atmt__henkilot=columns, ya__tuki=columns)


def test_a_tag_behind_another_name_is_in_no_dimension(checked, seekers):
    made = (
        "CREATE TABLE atmt.vastuu AS SELECT henkilo_id, 'T39' AS tiimitagi FROM atmt.henkilo",
        "CREATE VIEW atmt.nakyma AS SELECT henkilo_id, tiimitagi AS sukupuoli FROM atmt.vastuu",
    )
    sql = seekers.cube.extract.replace(
        "atmt.henkilo) AS h", "atmt.henkilo) AS h JOIN atmt.nakyma AS n USING (henkilo_id)"
    ).replace("h.sukupuoli AS", "n.sukupuoli AS")
    cube = replace(seekers.cube, extract=sql)
    declared = {
        "atmt__vastuu": ("henkilo_id", "tiimitagi"),
        "atmt__nakyma": ("henkilo_id", "sukupuoli"),
    }
    with pytest.raises(ContractFault, match="identifier or a tag"):
        checked(replace(seekers, cube=cube, dirt=()), *made, **declared)


def test_the_lineage_of_kin_is_checked_as_well(house, spells, day):
    from gateway.publishing.road import publish

    income = over(spells, "tulorekisteri.kuukausitulo")
    later = replace(spells, id="service-periods")
    with pytest.raises((IncomeRegisterRowsRefused, ContractFault), match="job-seeker-spells"):
        publish(later, as_of=day, services=house.with_products(income, later), created_utc="")
    assert later.rows.columns[0].transformation is Transformation.PSEUDONYM
