"""Where columns come from, and the SQL that reads them."""

from __future__ import annotations

import pytest

SPELLS = "job-seeker-spells.yaml"
SEEKERS = "job-seekers.yaml"
OUTCOMES = "service-outcomes.yaml"
PERIODS = "service-periods.yaml"
BAN = "Income Register data is never delivered as rows"


def test_refuses_income_rows_by_the_source(workshop):
    workshop.change(PERIODS, "sources: [atmt]", "sources: [atmt, tulorekisteri]")
    workshop.expect(PERIODS, "sources:", BAN, "it may be used in a cube")


def test_refuses_income_rows_by_the_lineage_of_a_column(workshop):
    item = "transformSourceObjects: [atmt.palvelujakso.kurssi_id]"
    workshop.change(PERIODS, item, item.replace("[", "[tulorekisteri.kuukausitulo.palkka_eur, "))
    workshop.expect(PERIODS, "[tulorekisteri.", BAN, "Take it out")


@pytest.mark.parametrize(
    "table",
    ["tulorekisteri.kuukausitulo", "TULOREKISTERI.kuukausitulo", '"tulorekisteri".kuukausitulo'],
)
def test_refuses_income_rows_by_the_sql(workshop, table):
    join = f"          LEFT JOIN {table} i ON i.henkilo_id = t.henkilo_id\n"
    workshop.change(PERIODS, "          LEFT JOIN team v", join + "          LEFT JOIN team v")
    workshop.expect(PERIODS, f"LEFT JOIN {table}", BAN, "it may be used in a cube")


def test_refuses_income_rows_by_a_name_inside_a_text(workshop):
    workshop.change(PERIODS, "    t.palvelu AS service", "    'tulorekisteri' AS service")
    workshop.expect(PERIODS, "'tulorekisteri'", BAN, "Take it out")


def test_refuses_income_rows_by_a_quality_rule(workshop):
    old = "SELECT count(lisatiedot) FROM atmt.henkilo"
    workshop.change(PERIODS, old, "SELECT count(*) FROM tulorekisteri.kuukausitulo")
    workshop.expect(PERIODS, "FROM tulorekisteri", BAN, "Take it out")


def test_takes_income_in_a_cube(workshop):
    workshop.text(OUTCOMES)
    assert workshop.faults() == ()


def test_refuses_a_source_that_the_warehouse_does_not_have(workshop):
    workshop.change(SPELLS, "sources: [atmt]", "sources: [atmt, excel]")
    workshop.expect(SPELLS, "sources:", "`excel` is not a source system", "atmt, kotoaj")


def test_refuses_lineage_that_names_no_column(workshop):
    workshop.change(SPELLS, "[atmt.henkilo.sukupuoli]", "[atmt.henkilo]")
    workshop.expect(SPELLS, "[atmt.henkilo]", "not name a source column", "system.table.column")


def test_refuses_lineage_from_a_system_that_is_not_listed(workshop):
    workshop.change(SPELLS, "[atmt.henkilo.sukupuoli]", "[ya.tukipaatos.tukilaji]")
    workshop.expect(SPELLS, "[ya.tukipaatos", "does not list", "Add `ya` to `sources`")


def test_refuses_lineage_that_the_extract_does_not_read(workshop):
    workshop.change(SPELLS, "[atmt.henkilo.sukupuoli]", "[atmt.henkilo.aidinkieli]")
    workshop.expect(SPELLS, "[atmt.henkilo.aidinkieli]", "does not read", "Correct the lineage")


IDENTIFIERS = [
    "henkilotunnus",
    "sukunimi",
    "etunimet",
    "katuosoite",
    "puhelin",
    "sahkoposti",
    "lisatiedot",
    "muistiinpano",
    "tehtavat",
    "asiantuntijatagi",
    "palvelujakso_id",
]


OTHERWISE = [(name, "keep") for name in IDENTIFIERS] + [
    ("asiantuntijatagi", way) for way in ("month", "generalise", "pseudonym")
]


@pytest.mark.parametrize(("name", "transformation"), OTHERWISE)
def test_refuses_an_identifier_that_is_not_dropped(workshop, name, transformation):
    workshop.change(SPELLS, "[atmt.asiakasvastuu.tiimitagi]", f"[atmt.asiakasvastuu.{name}]")
    text = workshop.text(SPELLS)
    last = text.index("- name: team_tag")
    broken = text[last:].replace("transformation: keep", f"transformation: {transformation}", 1)
    (workshop.folder / SPELLS).write_text(text[:last] + broken, "utf-8")
    messages = [fault.message for fault in workshop.faults()]
    assert f"`team_tag` is made from `{name}`, which is never delivered." in messages


def test_takes_an_identifier_that_is_dropped(workshop):
    workshop.change(
        SPELLS, "[atmt.asiakasvastuu.tiimitagi]", "[atmt.asiakasvastuu.asiantuntijatagi]"
    )
    workshop.change_all(SPELLS, "v.tiimitagi", "v.asiantuntijatagi")
    text = workshop.text(SPELLS)
    last = text.index("- name: team_tag")
    dropped = text[last:].replace("transformation: keep", "transformation: drop", 1)
    (workshop.folder / SPELLS).write_text(text[:last] + dropped, "utf-8")
    assert workshop.faults() == ()


def test_refuses_a_person_id_that_is_kept(workshop):
    workshop.change(SPELLS, "transformation: pseudonym", "transformation: keep")
    workshop.expect(
        SPELLS, "transformation: keep", "the direct identifier `henkilo_id`", "pseudonym"
    )


def test_refuses_a_pseudonym_of_something_else(workshop):
    workshop.change(SPELLS, "[atmt.tyonhakujakso.henkilo_id]", "[atmt.henkilo.kotikunta]")
    workshop.expect(SPELLS, "transformation: pseudonym", "not made from an internal", "henkilo_id")


def test_refuses_a_pseudonym_of_another_column_of_the_extract(workshop):
    workshop.change(SPELLS, "source: person\n", "source: municipality\n")
    workshop.expect(SPELLS, "transformation: pseudonym", "not text made from", "source: person")


def test_refuses_rows_without_a_pseudonym(workshop):
    text = workshop.text(SPELLS)
    begin, end = text.index("      - name: pseudonym"), text.index("      - name: municipality")
    workshop.change(SPELLS, text[begin:end], "")
    workshop.expect(SPELLS, "    properties:", "this one has 0", "source: person")


def test_refuses_a_delivered_person_id_under_another_lineage(workshop):
    workshop.change(SPELLS, "              transformation: keep\n              code_list: spell",
                    "              transformation: keep\n              source: person\n              code_list: spell")  # fmt: skip
    messages = [fault.message for fault in workshop.faults()]
    assert any("`end_reason` delivers the internal person id" in each for each in messages)
    assert "`end_reason` is also made from `atmt.tyonhakujakso.henkilo_id`." in messages


def test_refuses_what_a_neighbour_knows_when_it_is_kept(workshop):
    text = workshop.text(SPELLS)
    begin = text.index("              transformation: generalise", text.index("- name: sex"))
    end = text.index("      - name: citizenship_group")
    kept = "              transformation: keep\n"
    (workshop.folder / SPELLS).write_text(text[:begin] + kept + text[end:], "utf-8")
    messages = {fault.message: fault.remedy for fault in workshop.faults()}
    remedy = messages["`sex` is made from `sukupuoli`, which a neighbour could know."]
    assert "`transformation: generalise`" in remedy


def test_refuses_days_without_an_argument(workshop):
    workshop.change(SPELLS, "transformation: month", "transformation: keep")
    text = workshop.text(SPELLS)
    (fault,) = workshop.faults()
    assert fault.message == "`started` delivers days and does not say why."
    assert text.splitlines()[fault.line - 1].strip() == "transformation: keep"


def test_takes_days_with_an_argument(workshop):
    workshop.change(SPELLS, "transformation: month", "transformation: keep")
    item = "        transformSourceObjects: [atmt.tyonhakujakso.alkupvm]\n"
    argument = "        transformDescription: Waiting times are counted in days.\n"
    workshop.change(SPELLS, item, item + argument)
    assert workshop.faults() == ()


@pytest.mark.parametrize("tag", ["tiimitagi", "asiantuntijatagi"])
def test_refuses_a_tag_in_a_cube(workshop, tag):
    workshop.change(SEEKERS, "[atmt.henkilo.sukupuoli]", f"[atmt.asiakasvastuu.{tag}]")
    workshop.expect(SEEKERS, f"[atmt.asiakasvastuu.{tag}]", "tags are never", "Remove the column")


# --- the SQL ---------------------------------------------------------------------------------


def test_refuses_sql_that_does_not_begin_by_reading(workshop):
    workshop.change(SPELLS, "extract: |\n          WITH", "extract: |\n          FROM x WITH")
    workshop.expect(SPELLS, "FROM x WITH", "cannot be read", "Write one SELECT")


@pytest.mark.parametrize(
    "statement", ["DELETE FROM atmt.henkilo", "DESCRIBE atmt.henkilo", "CALL x()"]
)
def test_refuses_a_statement_that_is_not_a_reading_one(workshop, statement):
    workshop.change(PERIODS, "SELECT count(lisatiedot) FROM atmt.henkilo", statement)
    workshop.expect(PERIODS, statement, "not one reading statement", "Write one SELECT")


def test_refuses_a_second_statement(workshop):
    workshop.change(SPELLS, "FROM sound_spell\n", "FROM sound_spell; DROP TABLE atmt.henkilo\n")
    workshop.expect(SPELLS, "FROM sound_spell;", "a semicolon", "one statement")
    workshop.expect(SPELLS, "          WITH\n", "cannot be read", "one SELECT")


def test_a_semicolon_in_a_comment_or_a_text_is_not_a_statement(workshop):
    workshop.change(SPELLS, "FROM sound_spell\n", "FROM sound_spell -- one; two\n")
    workshop.change(SPELLS, "DATE '9999-12-31'", "CAST(replace('9999-12;31', ';', '-') AS DATE)")
    assert workshop.faults() == ()


@pytest.mark.parametrize("call", ["read_csv('x')", "glob('/*')", "query('x')", "parquet_scan('x')"])
def test_refuses_sql_that_reads_files(workshop, call):
    workshop.change(SPELLS, "FROM sound_spell\n", f"FROM {call}\n")
    workshop.expect(SPELLS, f"FROM {call}", "has no place", "one SELECT over the source tables")


def test_refuses_a_file_named_as_a_table(workshop):
    workshop.change(SPELLS, "FROM sound_spell\n", "FROM '/etc/passwd'\n")
    workshop.expect(SPELLS, "FROM '/etc", "no plain name", "letters, digits")


def test_refuses_a_table_without_its_system(workshop):
    workshop.change(SPELLS, "FROM atmt.henkilo\n", "FROM henkilo\n")
    workshop.expect(SPELLS, "FROM henkilo", "`henkilo` is not a source table", "system.table")


def test_refuses_a_table_of_a_system_that_is_not_listed(workshop):
    join = "          LEFT JOIN kotoaj.kotoasiakas k ON k.henkilo_id = s.henkilo_id\n"
    workshop.change(SPELLS, "          LEFT JOIN team v", join + "          LEFT JOIN team v")
    workshop.expect(SPELLS, "JOIN kotoaj", "does not list: `kotoaj`", "Add `kotoaj` to `sources`")


def test_refuses_an_extract_that_is_not_of_a_day(workshop):
    workshop.change_all(SPELLS, "$as_of", "current_date")
    workshop.expect(SPELLS, "extract: |", "not of one day", "Limit it by `$as_of`")


@pytest.mark.parametrize("parameter", ["$area", "?", ":area"])
def test_refuses_another_parameter(workshop, parameter):
    workshop.change(SPELLS, "FROM sound_spell\n", f"FROM sound_spell WHERE alkupvm < {parameter}\n")
    workshop.expect(SPELLS, f"alkupvm < {parameter}", "not a parameter", "`$as_of`")


@pytest.mark.parametrize("star", ["SELECT *, kotikunta", "SELECT henkilo.*, kotikunta"])
def test_refuses_every_column_of_a_table(workshop, star):
    workshop.change(SPELLS, "SELECT henkilo_id, kotikunta", star)
    workshop.expect(SPELLS, star, "every column of a table", "Name the columns")


@pytest.mark.parametrize("name", ["henkilotunnus", "lisatiedot", "asiantuntijatagi"])
def test_refuses_an_extract_that_reads_what_is_never_delivered(workshop, name):
    table = "asiakasvastuu" if name == "asiantuntijatagi" else "henkilo"
    hidden = f"          s AS (SELECT x.{name} AS harmless FROM atmt.{table} x),\n"
    workshop.change(SPELLS, "          sound_spell AS (", hidden + "          sound_spell AS (")
    workshop.expect(SPELLS, f"SELECT x.{name}", f"reads `{name}`", "cannot leak")


def test_a_quality_rule_may_count_free_text(workshop):
    assert "count(lisatiedot)" in workshop.text(SPELLS)
    assert workshop.faults() == ()


def test_checks_the_sql_of_codes_as_well(workshop):
    workshop.change(OUTCOMES, "FROM atmt.kurssi k\n", "FROM atmt.kurssi k; --\n")
    faults = [fault for fault in workshop.faults() if "semicolon" in fault.message]
    assert len(faults) == 1
