from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.errors import IncomeRegisterRowsRefused
from gateway.model.product import DirtRule
from gateway.publishing.lineage import check_income_register


def test_a_rows_product_without_the_register_passes(spells):
    check_income_register(spells)


@pytest.mark.parametrize("name", ["tulorekisteri", "Tulorekisteri", "TULOREKISTERI"])
def test_refuses_the_register_as_a_source(spells, name):
    with pytest.raises(IncomeRegisterRowsRefused, match="job-seeker-spells: a source"):
        check_income_register(replace(spells, sources=("atmt", name)))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM tulorekisteri.kuukausitulo",
        'SELECT 1 FROM "tulorekisteri"."kuukausitulo"',
        "SELECT 1 FROM Tulorekisteri . kuukausitulo",
        "WITH a AS (SELECT 1 FROM atmt.x JOIN tulorekisteri/**/.kuukausitulo) SELECT 1 FROM a",
        "SELECT 1 FROM query_table('tulorekisteri.kuukausitulo')",
    ],
)
def test_refuses_sql_that_reads_the_register(spells, sql):
    rows = replace(spells.rows, extract=sql)
    with pytest.raises(IncomeRegisterRowsRefused, match="the extract"):
        check_income_register(replace(spells, rows=rows))


@pytest.mark.parametrize("place", range(7))
def test_refuses_any_column_of_the_register_even_a_dropped_one(spells, place):
    columns = list(spells.rows.columns)
    columns[place] = replace(columns[place], lineage=("tulorekisteri.kuukausitulo.palkka_eur",))
    rows = replace(spells.rows, columns=tuple(columns))
    with pytest.raises(IncomeRegisterRowsRefused, match=columns[place].name):
        check_income_register(replace(spells, rows=rows))


def test_refuses_a_quality_rule_that_counts_the_register(spells):
    rule = DirtRule("income", spells.title, "none", "SELECT count(*) FROM tulorekisteri.x")
    with pytest.raises(IncomeRegisterRowsRefused, match="income"):
        check_income_register(replace(spells, dirt=(rule,)))


def test_a_cube_may_use_the_register(spells):
    check_income_register(replace(spells, rows=None, sources=("tulorekisteri",)))
