"""The file itself: YAML, the standard's schema, and our strict terms."""

from __future__ import annotations

import pytest

from gateway.contracts import load_catalog

SPELLS = "job-seeker-spells.yaml"
SEEKERS = "job-seekers.yaml"
PERSONAL = "      personal_data: true\n"


def test_refuses_a_key_given_twice(workshop):
    workshop.change(SPELLS, "status: active\n", "status: active\nstatus: retired\n")
    workshop.expect(SPELLS, "status: retired", "`status` is given twice", "Keep one of the two")


def test_refuses_what_is_not_yaml(workshop):
    workshop.change(SPELLS, "sources: [atmt]", "sources: [atmt")
    workshop.expect(SPELLS, "audience: [mun", "Not YAML", "Correct the syntax")


def test_refuses_an_empty_file(workshop):
    (workshop.folder / SPELLS).write_text("# nothing\n", "utf-8")
    (fault,) = workshop.faults()
    assert fault.message == "The file is empty."


def test_refuses_what_is_not_utf8(workshop):
    content = workshop.text(SPELLS).encode()
    broken = content.replace("Työnhakujaksot".encode(), "Työnhakujaksot".encode("latin-1"), 1)
    (workshop.folder / SPELLS).write_bytes(broken)
    (fault,) = workshop.faults()
    assert fault.line == content[: content.index("Työnhakujaksot".encode())].count(b"\n") + 1
    assert fault.remedy == "Save it as UTF-8."


def test_refuses_a_yaml_tag(workshop):
    workshop.change(SPELLS, "status: active", "status: !!python/name:os.system active")
    workshop.expect(SPELLS, "status: !!", "has no meaning here", "Remove the tag")


def test_refuses_a_key_that_is_not_text(workshop):
    workshop.change(SPELLS, "status: active", "1: active")
    workshop.expect(SPELLS, "1: active", "A key is not text", "in quotes")


def test_norway_is_a_country_and_not_false(workshop):
    workshop.change("codelists/citizenship-groups.yaml", "EE: [EE]", "EE: [EE, NO]")
    workshop.text(SPELLS)
    assert workshop.faults() == ()


def test_refuses_a_field_that_the_standard_does_not_have(workshop):
    workshop.change(SPELLS, "physicalType: table", "physicalTypo: table")
    workshop.expect(SPELLS, "physicalTypo", "no field `physicalTypo`", "custom property `jakelu`")


def test_refuses_an_unknown_field_of_a_column(workshop):
    workshop.change(SPELLS, "        required: true\n", "        requird: true\n")
    workshop.expect(SPELLS, "requird", "no field `requird`", "Correct the spelling")


def test_refuses_a_wrong_type_of_the_standard(workshop):
    workshop.change(SPELLS, "version: 1.0.0", "version: 1.0")
    workshop.expect(SPELLS, "version: 1.0", "is not of type", "Open Data Contract Standard")


def test_refuses_a_missing_field_of_the_standard(workshop):
    workshop.change(SPELLS, "version: 1.0.0\n", "")
    faults = workshop.faults()
    assert any("version" in fault.message for fault in faults)


def test_refuses_another_version_of_the_standard(workshop):
    workshop.change(SPELLS, "apiVersion: v3.2.0", "apiVersion: v2.2.2")
    workshop.expect(SPELLS, "apiVersion", "another version", "v3.2.0")


def test_refuses_a_logical_type_outside_the_standard(workshop):
    workshop.change(SPELLS, "logicalType: date", "logicalType: day")
    workshop.expect(SPELLS, "logicalType: day", '"day" is not one of', "Use one of: string")


def test_refuses_a_type_that_a_release_cannot_hold(workshop):
    workshop.change(SPELLS, "logicalType: date", "logicalType: timestamp")
    workshop.expect(SPELLS, "logicalType: timestamp", "no type", "date, boolean")


def test_refuses_an_unknown_term(workshop):
    workshop.change(SPELLS, "personal_data: true", "personal_date: true")
    workshop.expect(SPELLS, "personal_date", "no term `personal_date`", "docs/contracts.md")


def test_refuses_a_missing_term(workshop):
    workshop.change(SPELLS, "      personal_data: true\n", "")
    workshop.expect(SPELLS, "    value:", "`personal_data` is missing", "Add `personal_data`")


def test_refuses_an_unknown_term_of_a_column(workshop):
    workshop.change(SPELLS, "              source: age\n", "              sorce: age\n")
    workshop.expect(SPELLS, "sorce: age", "no term `sorce`", "Correct the spelling")


def test_refuses_an_unknown_transformation(workshop):
    workshop.change(SPELLS, "transformation: month", "transformation: hash")
    workshop.expect(SPELLS, "transformation: hash", "unknown value", "'pseudonym'")


def test_refuses_a_level_without_its_kind(workshop):
    workshop.change(SPELLS, "{name: sex, kind: keep}", "{name: sex}")
    workshop.expect(SPELLS, "{name: sex}", "no known `kind`", "Give `kind`")


def test_refuses_bounds_that_do_not_ascend(workshop):
    workshop.change(SPELLS, "bounds: [25, 50]", "bounds: [50, 25]")
    workshop.expect(SPELLS, "bounds: [50, 25]", "bounds must ascend", "Correct the value")


def test_refuses_a_code_that_is_not_text(workshop):
    workshop.change("codelists/sex.yaml", 'code: "1"', "code: 1")
    workshop.expect("codelists/sex.yaml", "code: 1", "is not text", "in quotes")


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_refuses_a_column_without_a_label_in_each_language(workshop, language):
    old = "{fi: Kotikunta, sv: Hemkommun, en: Municipality of residence}"
    new = "{" + ", ".join(part for part in old[1:-1].split(", ") if part[:2] != language) + "}"
    workshop.change(SPELLS, old, new)
    workshop.expect(SPELLS, f"label: {new}", f"`{language}` is missing", f"Add `{language}`")


def test_refuses_an_empty_label(workshop):
    workshop.change(SPELLS, "sv: Hemkommun,", 'sv: " ",')
    workshop.expect(SPELLS, 'sv: " "', "`sv` is empty", "Write the text")


def test_refuses_a_column_without_classification(workshop):
    workshop.change(SPELLS, "        classification: confidential\n", "")
    workshop.expect(SPELLS, "- name: pseudonym", "no known classification", "public, internal")


def test_refuses_a_column_without_lineage(workshop):
    line = "        transformSourceObjects: [atmt.henkilo.sukupuoli]\n"
    workshop.change(SPELLS, line, "")
    workshop.expect(SPELLS, "- name: sex\n", "where it comes from", "transformSourceObjects")


def test_refuses_a_column_without_our_terms(workshop):
    ours = "- property: jakelu\n            value:\n              label: {fi: Kotikunta"
    workshop.change(SPELLS, ours, ours.replace("jakelu", "jakely"))
    faults = workshop.faults()
    assert any("one custom property here, named `jakelu`" in fault.message for fault in faults)


def test_refuses_a_second_table(workshop):
    broken = workshop.text(SPELLS) + "  - name: another\n"
    (workshop.folder / SPELLS).write_text(broken, "utf-8")
    workshop.expect(SPELLS, "schema:", "one table", "Write one object")


def test_refuses_a_rows_product_without_the_section(workshop):
    workshop.change(SPELLS, "product_kind: rows", "product_kind: cube")
    faults = workshop.faults()
    assert any("semantic type" in fault.message for fault in faults)


def test_refuses_a_section_of_the_other_kind(workshop):
    cube = (
        "      cube: {extract: x, nestings: [], combinations: [{measures: [m], levels: {a: [b]}}], "
        "disclosure: {threshold: 5, reason: x}}\n"
    )
    workshop.change(SPELLS, "slaProperties:", cube + "slaProperties:")
    workshop.expect(SPELLS, "      cube:", "does not belong", "Remove `cube`")


def test_refuses_a_missing_section(workshop):
    text = workshop.text(SEEKERS)
    begin, end = text.index("      cube:"), text.index("slaProperties:")
    workshop.change(SEEKERS, text[begin:end], "")
    workshop.expect(SEEKERS, "    value:", "`cube` is missing", "Add `cube`")


def test_refuses_a_dimension_with_codes_from_two_places(workshop):
    both = "              months: 24\n              code_list: sex\n"
    workshop.change(SEEKERS, "              months: 24\n", both)
    (fault,) = workshop.faults()
    assert "exactly one of code_list, codes_sql and months" in fault.message
    assert fault.line == workshop.line(SEEKERS, "label: {fi: Kuukausi") - 1


def test_the_journal_keeps_entries_for_as_long_as_the_contract_says(workshop):
    def days() -> int | None:
        catalog = load_catalog(workshop.folder, registry_lists=workshop.registry_lists)
        return catalog.find("job-seeker-spells").journal_retention_days

    workshop.text(SPELLS)
    assert days() is None
    workshop.change(SPELLS, PERSONAL, f"{PERSONAL}      journal_retention_days: 2200\n")
    assert days() == 2200


@pytest.mark.parametrize("days", ["364", "0", "-1", "36501", "400.5", '"400"', "true"])
def test_refuses_journal_days_below_a_year_or_that_are_no_number_of_days(workshop, days):
    term = f"journal_retention_days: {days}"
    workshop.change(SPELLS, PERSONAL, f"{PERSONAL}      {term}\n")
    workshop.expect(SPELLS, term, "`journal_retention_days` is", "docs/contracts.md")


def test_refuses_a_retention_that_is_no_number_of_days(workshop):
    workshop.change(SPELLS, "value: 400, unit: d", "value: 13, unit: m")
    workshop.expect(SPELLS, "property: retention", "whole number of days", "unit: d")


def test_refuses_an_unknown_cadence(workshop):
    workshop.change(SPELLS, "value: daily", "value: hourly")
    workshop.expect(SPELLS, "property: frequency", "cadence", "daily, weekly")


def test_refuses_a_quality_rule_that_is_no_count(workshop):
    workshop.change(SPELLS, "- name: duplicate_persons\n        type: sql", "- type: sql")
    workshop.expect(SPELLS, "- type: sql", "named SQL count", "`type: sql`")


def test_a_fault_of_one_contract_does_not_hide_those_of_another(workshop):
    workshop.change(SPELLS, "version: 1.0.0", "version: x")
    workshop.change(SEEKERS, "version: 1.0.0", "version: x")
    assert len(workshop.faults()) == 2
