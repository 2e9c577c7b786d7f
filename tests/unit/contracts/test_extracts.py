"""The SQL of the five contracts, run on a small warehouse with every kind of dirt in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from gateway.contracts import Catalog, load_catalog
from gateway.model.product import ColumnType, Product
from gateway.organisations import load_registry
from gateway.organisations.tables import load_abolished, load_municipalities

ROOT = Path(__file__).parents[3]
AS_OF = date(2026, 6, 30)
PRODUCTS = ("job-seeker-spells", "job-seekers", "service-outcomes", "service-periods", "vacancies")

# One sound person, a duplicate, one with two overlapping spells, one whose only spell ends before
# it starts, one without a municipality, one in a municipality of 2024, one in Åland.
DIRTY = """
INSERT INTO atmt.henkilo (henkilo_id, syntymaaika, sukupuoli, kansalaisuus, kotikunta, koulutusaste,
                          lisatiedot) VALUES
  (1, DATE '1990-07-01', '1', 'FI', '837', '3', 'Soita Matille'),
  (2, DATE '1980-06-30', '2', 'EE', '837', NULL, NULL),
  (2, DATE '1980-06-30', '2', 'EE', '837', NULL, NULL),
  (3, DATE '1960-01-01', NULL, NULL, '837', '8', NULL),
  (4, DATE '2000-01-01', '1', 'SO', '837', '2', NULL),
  (5, DATE '2008-01-01', '2', 'FI', NULL, '2', NULL),
  (6, DATE '1970-01-01', '1', 'FI', '588', '6', NULL),
  (7, DATE '1970-01-01', '2', 'SE', '478', '6', NULL);
INSERT INTO atmt.tyonhakujakso VALUES
  (11, 1, DATE '2025-01-15', NULL, NULL),
  (12, 2, DATE '2026-03-01', DATE '2026-05-10', '1'),
  (12, 2, DATE '2026-03-01', DATE '2026-05-10', '1'),
  (13, 3, DATE '2026-01-01', DATE '2026-04-30', '3'),
  (14, 3, DATE '2026-04-01', NULL, NULL),
  (15, 4, DATE '2026-05-01', DATE '2026-04-01', '5'),
  (16, 5, DATE '2026-06-01', NULL, NULL),
  (17, 6, DATE '2026-06-01', DATE '2026-07-15', '2'),
  (18, 7, DATE '2023-01-01', DATE '2024-06-29', '4'),
  (19, 7, DATE '2026-06-30', NULL, NULL),
  (20, 1, DATE '2026-07-05', NULL, NULL);
INSERT INTO atmt.tyollisyyskoodi VALUES
  (1, '01', DATE '2025-01-15', DATE '2025-03-31'),
  (1, '02', DATE '2025-04-01', DATE '2026-01-31'),
  (1, '03', DATE '2026-02-01', NULL),
  (2, '02', DATE '2026-03-01', DATE '2026-05-10'),
  (3, '02', DATE '2026-01-01', NULL),
  (3, '07', DATE '2026-06-15', NULL),
  (5, '08', DATE '2026-06-01', NULL),
  (6, '02', DATE '2026-06-01', NULL),
  (7, '02', DATE '2026-06-30', NULL);
INSERT INTO atmt.tyollistymissuunnitelma VALUES
  (1, 1, 'TYO', DATE '2025-02-01', DATE '2025-12-31', 'Soita Matille'),
  (2, 1, 'AKT', DATE '2026-01-01', NULL, NULL);
INSERT INTO atmt.asiakasvastuu VALUES
  (1, 'T39-01', 'AS-AAAAAA', DATE '2025-01-15', DATE '2026-01-31'),
  (1, 'T39-02', 'AS-BBBBBB', DATE '2026-02-01', NULL);
INSERT INTO atmt.palvelu VALUES
  ('TVK', 'Työvoimakoulutus', 'Arbetskraftsutbildning', 'Labour market training'),
  ('TYOK', 'Työkokeilu', 'Arbetsprövning', 'Work trial');
INSERT INTO atmt.kurssi VALUES
  ('K00001', 'TVK', 'H00001', 'Hoiva-ala', 'Vårdbranschen', 'Care work', '39'),
  ('K00002', 'TVK', 'H00001', 'Metalliala', 'Metallbranschen', 'Metal work', '39');
INSERT INTO atmt.palvelujakso VALUES
  (31, 1, 'TVK', 'K00001', 'H00001', DATE '2026-01-10', DATE '2026-03-20', 'SUORITTI'),
  (32, 1, 'TYOK', NULL, NULL, DATE '2026-04-01', DATE '2026-05-31', 'SUORITTI'),
  (33, 2, 'TVK', NULL, NULL, DATE '2026-04-01', DATE '2026-05-15', 'KESKEYTTI'),
  (34, 3, 'TYOK', NULL, NULL, DATE '2026-06-01', DATE '2026-05-01', NULL),
  (35, 3, 'TYOK', NULL, NULL, DATE '2026-06-15', NULL, NULL),
  (35, 3, 'TYOK', NULL, NULL, DATE '2026-06-15', NULL, NULL),
  (36, 5, 'TVK', 'K00001', 'H00001', DATE '2026-02-01', DATE '2026-03-31', 'TYOLLISTYI');
INSERT INTO tulorekisteri.kuukausitulo VALUES
  (1, DATE '2026-06-01', 0, 700), (2, DATE '2026-06-01', 2000, 0), (5, DATE '2026-06-01', 1500, 0);
INSERT INTO tmt.tyopaikka VALUES
  (41, '837', '2512', 'fi', 2, DATE '2026-06-01', NULL),
  (42, NULL, '5223', 'sv', 1, DATE '2026-04-15', DATE '2026-05-31'),
  (43, '837', '5223', 'en', 1, DATE '2026-05-01', DATE '2026-04-01'),
  (44, '837', '5223', 'en', 3, DATE '2026-07-01', NULL);
"""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    lists = {"geography": load_registry().geography()}
    return load_catalog(ROOT / "products", registry_lists=lists)


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute((ROOT / "gateway/synthetic/schema.sql").read_text("utf-8"))
    connection.execute(DIRTY)
    yield connection
    connection.close()


def read(warehouse: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """The rows of a statement, read as the publish road does: as a table in a selection."""
    bound = {"as_of": AS_OF} if "$as_of" in sql else {}
    result = warehouse.execute(f"SELECT * FROM (\n{sql}\n) AS extracted", bound)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def extract(product: Product) -> str:
    section = product.rows or product.cube
    assert section is not None
    return section.extract


@pytest.mark.parametrize("product_id", PRODUCTS)
def test_an_extract_gives_what_its_contract_names(catalog, warehouse, product_id):
    product = catalog.find(product_id)
    given = set(read(warehouse, extract(product))[0])
    if product.rows is not None:
        wanted = {"person", "municipality"} | {c.source for c in product.rows.columns}
    else:
        assert product.cube is not None
        wanted = {d.column for d in product.cube.dimensions}
        wanted |= {name for m in product.cube.measures for name in m.columns}
    assert given == wanted


@pytest.mark.parametrize("product_id", PRODUCTS)
def test_an_extract_runs_on_an_empty_warehouse(catalog, product_id):
    with duckdb.connect() as empty:
        empty.execute((ROOT / "gateway/synthetic/schema.sql").read_text("utf-8"))
        assert read(empty, extract(catalog.find(product_id))) == []


@pytest.mark.parametrize("product_id", PRODUCTS)
def test_every_quality_rule_counts(catalog, warehouse, product_id):
    for rule in catalog.find(product_id).dirt:
        (row,) = read(warehouse, rule.count_sql)
        assert isinstance(next(iter(row.values())), int), rule.name


@pytest.mark.parametrize("product_id", ["job-seeker-spells", "service-periods"])
def test_dates_and_texts_of_rows_have_the_types_of_the_contract(catalog, warehouse, product_id):
    rows = catalog.find(product_id).rows
    described = warehouse.execute(f"DESCRIBE {rows.extract}", {"as_of": AS_OF}).fetchall()
    types = {row[0]: row[1] for row in described}
    assert types["person"] == "BIGINT"
    assert types["age"] == "INTEGER"
    for column in rows.columns:
        if not column.is_quasi_identifier and column.source != "person":
            expected = "DATE" if column.type is ColumnType.DATE else "VARCHAR"
            assert types[column.source] == expected, column.name


def test_dirt_is_counted(catalog, warehouse):
    rules = {rule.name: rule.count_sql for rule in catalog.find("job-seeker-spells").dirt}
    counts = {name: next(iter(read(warehouse, sql)[0].values())) for name, sql in rules.items()}
    assert counts == {
        "duplicate_persons": 1,
        "spells_ending_before_start": 1,
        "duplicate_spells": 1,
        "overlapping_spells": 2,  # 13 and 14; the spell of 2026-07-05 in one that is open
        "missing_municipality": 1,
        "abolished_municipality_code": 1,
        "aland_residents": 1,
        "free_text": 1,
    }


# --- rows ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spells(catalog, warehouse) -> dict[int, list[dict[str, Any]]]:
    by_person: dict[int, list[dict[str, Any]]] = {}
    for row in read(warehouse, extract(catalog.find("job-seeker-spells"))):
        by_person.setdefault(row["person"], []).append(row)
    return by_person


def test_a_duplicated_person_and_spell_is_one_row(spells):
    (row,) = spells[2]
    assert (row["started"], row["ended"]) == (date(2026, 3, 1), date(2026, 5, 10))
    assert (row["end_reason"], row["employment_code"]) == ("1", "02")


def test_overlapping_spells_are_one_row(spells):
    (row,) = spells[3]
    assert (row["started"], row["ended"], row["end_reason"]) == (date(2026, 1, 1), None, None)
    assert row["employment_code"] == "07"


def test_a_spell_that_ends_before_it_starts_is_left_out(spells):
    assert 4 not in spells


def test_a_spell_without_a_municipality_is_there_to_be_counted(spells):
    assert spells[5][0]["municipality"] is None


def test_the_municipality_is_the_sources_own(spells):
    assert spells[6][0]["municipality"] == "588"


def test_what_happens_after_the_as_of_day_is_not_known_yet(spells):
    assert (spells[6][0]["ended"], spells[6][0]["end_reason"]) == (None, None)
    assert [row["started"] for row in spells[1]] == [date(2025, 1, 15)]


def test_spells_that_ended_more_than_24_months_ago_are_left_out(spells):
    assert [row["started"] for row in spells[7]] == [date(2026, 6, 30)]


def test_age_is_in_whole_years_on_the_as_of_day(spells):
    assert spells[1][0]["age"] == 35  # thirty-six tomorrow
    assert spells[2][0]["age"] == 46  # today


def test_code_plan_and_team_are_those_of_the_day(spells):
    (row,) = spells[1]
    assert (row["employment_code"], row["plan_type"], row["team_tag"]) == ("03", "AKT", "T39-02")


def test_a_service_period_is_one_row_and_an_impossible_one_none(catalog, warehouse):
    rows = read(warehouse, extract(catalog.find("service-periods")))
    of_three = [row for row in rows if row["person"] == 3]
    assert [(row["started"], row["ended"]) for row in of_three] == [(date(2026, 6, 15), None)]
    assert len(rows) == 5


# --- cubes -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def june(catalog, warehouse) -> list[dict[str, Any]]:
    rows = read(warehouse, extract(catalog.find("job-seekers")))
    return [row for row in rows if row["month"] == "2026M06"]


def test_a_job_seeker_is_counted_once(june):
    assert sum(row["job_seekers"] for row in june) == 5  # 1, 3, 5, 6, 7


def test_the_later_code_of_a_day_counts(june):
    (of_three,) = [row for row in june if row["age"] == "60-"]
    assert (of_three["unemployed"], of_three["in_services"]) == (0, 1)
    assert (of_three["sex"], of_three["citizenship"]) == (None, "MUU")


def test_the_laid_off_are_unemployed_and_their_days_go_on(june):
    (of_one,) = [row for row in june if (row["geography"], row["age"]) == ("837", "35-49")]
    assert (of_one["unemployed"], of_one["laid_off"], of_one["long_term_unemployed"]) == (1, 1, 1)
    assert of_one["unemployment_days"] == (AS_OF - date(2025, 4, 1)).days + 1


def test_the_longest_two_durations_are_of_two_persons(june):
    for row in june:
        assert row["longest_days"] + row["second_days"] <= row["unemployment_days"]
    (of_one,) = [row for row in june if (row["geography"], row["age"]) == ("837", "35-49")]
    assert (of_one["longest_days"], of_one["second_days"]) == (of_one["unemployment_days"], 0)


def test_the_largest_wages_are_of_the_employed(catalog, warehouse):
    for row in read(warehouse, extract(catalog.find("service-outcomes"))):
        assert (row["second_income"] > 0) == (row["employed"] > 1)
        assert row["largest_income"] + row["second_income"] <= row["income"]
        assert (row["employed"] > 0) == (row["largest_income"] > 0)


def test_nobody_is_unemployed_and_in_services(june):
    for row in june:
        assert row["unemployed"] + row["in_services"] <= row["job_seekers"]


def test_cubes_have_24_months_and_their_codes(catalog, warehouse):
    rows = read(warehouse, extract(catalog.find("job-seekers")))
    months = {row["month"] for row in rows}
    assert min(months) >= "2024M07"
    assert max(months) == "2026M06"
    assert all(re.fullmatch(r"20\d\dM(0[1-9]|1[0-2])", month) for month in months)


def test_a_month_that_has_not_ended_is_not_counted(catalog, warehouse):
    sql = extract(catalog.find("job-seekers"))
    rows = warehouse.execute(f"SELECT max(month) FROM ({sql})", {"as_of": date(2026, 6, 29)})
    assert rows.fetchone() == ("2026M05",)


def test_outcomes_count_a_person_once_by_the_last_service(catalog, warehouse):
    rows = read(warehouse, extract(catalog.find("service-outcomes")))
    after_one = {row["service"]: row for row in rows if row["follow_up"] == "1"}
    assert after_one["TYOK"]["finished"] == 1  # person 1, by the service of May
    assert after_one["TVK-E"]["finished"] == 1  # person 2, whose course is not known
    assert after_one["TVK-E"]["income"] == 2000
    assert after_one["K00001"]["finished"] == 1  # person 5 in April
    assert after_one["K00001"]["employed"] == 0
    after_three = {row["service"]: row for row in rows if row["follow_up"] == "3"}
    assert sum(row["finished"] for row in rows if row["follow_up"] == "3") == 2
    assert after_three["K00001"]["geography"] in ("837", None)


def test_every_leaf_of_services_has_a_code_and_courses_without_anybody_none(catalog, warehouse):
    product = catalog.find("service-outcomes")
    dimension = next(d for d in product.cube.dimensions if d.name == "service")
    codes = read(warehouse, dimension.codes_sql)
    by_code = {row["code"]: row for row in codes}
    assert {row["service"] for row in read(warehouse, product.cube.extract)} <= set(by_code)
    assert by_code["K00001"]["parent"] == by_code["TVK-E"]["parent"] == "TVK"
    assert "K00002" not in by_code
    assert {row["level"] for row in codes} == set(dimension.levels)


def test_vacancies_are_summed_over_notices(catalog, warehouse):
    rows = read(warehouse, extract(catalog.find("vacancies")))
    found = {(r["geography"], r["month"], r["occupation"], r["language"]): r for r in rows}
    assert found["837", "2026M06", "2", "fi"]["open_vacancies"] == 2
    assert found["837", "2026M06", "2", "fi"]["new_vacancies"] == 2
    assert found[None, "2026M05", "5", "sv"]["open_vacancies"] == 1
    assert found[None, "2026M05", "5", "sv"]["new_vacancies"] == 0
    assert len(found) == 3  # 42 was open at the end of April and of May


# --- lists that stand in the SQL -------------------------------------------------------------


def codes_after(sql: str, words: str) -> set[str]:
    """The texts of the list that follows some words."""
    listed = sql[sql.index(words) :]
    return set(re.findall(r"'(\w+)'", listed[: listed.index(")")]))


@pytest.mark.parametrize("product_id", PRODUCTS)
def test_the_abolished_codes_that_are_counted_are_the_registrys(catalog, product_id):
    rules = {rule.name: rule.count_sql for rule in catalog.find(product_id).dirt}
    abolished = {municipality.code for municipality in load_abolished()}
    assert codes_after(rules["abolished_municipality_code"], "kunta IN (") == abolished


@pytest.mark.parametrize("product_id", [p for p in PRODUCTS if p != "vacancies"])
def test_the_aland_codes_that_are_counted_are_the_registrys(catalog, product_id):
    rules = {rule.name: rule.count_sql for rule in catalog.find(product_id).dirt}
    aland = {place.code for place in load_municipalities() if place.area is None}
    assert codes_after(rules["aland_residents"], "kotikunta IN (") == aland


def test_the_eu_of_the_cube_is_the_eu_of_the_rows(catalog):
    spells = catalog.find("job-seeker-spells").rows
    column = next(c for c in spells.columns if c.name == "citizenship_group")
    three = next(level for level in column.levels if level.name == "three")
    of_rows = {source for source, group in three.groups.items() if group == "EU"}
    assert codes_after(extract(catalog.find("job-seekers")), "kansalaisuus IN (") == of_rows
    assert len(of_rows) == 26
