"""Who may have a product, under which name and on what ground."""

from __future__ import annotations

import pytest

SPELLS = "job-seeker-spells.yaml"
SEEKERS = "job-seekers.yaml"
OUTCOMES = "service-outcomes.yaml"
VACANCIES = "vacancies.yaml"


def test_refuses_an_id_that_is_not_the_files_name(workshop):
    workshop.change(SPELLS, "id: job-seeker-spells", "id: spells")
    workshop.expect(SPELLS, "id: spells", "not named after", "rename the file to spells.yaml")


def test_refuses_an_id_that_cannot_stand_in_an_address(workshop):
    workshop.change(SPELLS, "id: job-seeker-spells", "id: Spells/1")
    workshop.expect(SPELLS, "id: Spells", "cannot stand in an address", "small letters")


def test_refuses_a_product_without_a_row_in_the_policy_tests(workshop):
    workshop.text(SPELLS)
    (fault,) = workshop.faults(tested_products=frozenset({"vacancies"}))
    assert fault.line == workshop.line(SPELLS, "id: job-seeker-spells")
    assert "no row in the policy tests" in fault.message
    assert "Add a row for `job-seeker-spells`" in fault.remedy


def test_an_empty_list_of_tested_products_tests_nothing(workshop):
    workshop.text(SPELLS)
    assert len(workshop.faults(tested_products=frozenset())) == 1


def test_refuses_a_column_name_given_twice(workshop):
    workshop.change(SPELLS, "- name: end_reason", "- name: plan_type")
    messages = [fault.message for fault in workshop.faults()]
    assert "The column `plan_type` is given twice." in messages


def test_refuses_a_column_name_with_capitals(workshop):
    workshop.change(SPELLS, "- name: end_reason", "- name: endReason")
    workshop.expect(SPELLS, "- name: endReason", "not a name for a column", "underscores")


def test_refuses_a_quality_rule_named_twice(workshop):
    workshop.change(SPELLS, "- name: free_text", "- name: aland_residents")
    (fault,) = workshop.faults()
    assert "`aland_residents` is given twice" in fault.message


def test_refuses_a_contract_that_says_nothing_of_dirty_rows(workshop):
    text = workshop.text(VACANCIES)
    workshop.change(VACANCIES, text[text.index("    quality:") :], "    quality: []\n")
    workshop.expect(VACANCIES, "- name: vacancies", "no quality rule", "Add `quality`")


@pytest.mark.parametrize("kind", ["ely", "evk", "tem", "keha"])
def test_refuses_rows_for_anybody_but_the_areas_authorities(workshop, kind):
    old = "audience: [municipality, employment_authority]"
    workshop.change(SPELLS, old, f"audience: [municipality, employment_authority, {kind}]")
    workshop.change(SPELLS, "evk, tem]", "evk, tem, keha]")
    workshop.expect(SPELLS, "audience:", f"`{kind}`", "municipality")


def test_refuses_the_operator_in_the_audience_of_a_cube(workshop):
    workshop.change(SEEKERS, "evk, tem]", "evk, tem, keha]")
    workshop.expect(SEEKERS, "audience:", "`keha`", "Use only")


def test_refuses_an_audience_that_may_not_know_of_the_product(workshop):
    workshop.change(SPELLS, "listed_to: [municipality, ", "listed_to: [")
    workshop.expect(SPELLS, "listed_to:", "not listed to it", "Add `municipality`")


def test_refuses_an_empty_audience(workshop):
    workshop.change(SPELLS, "audience: [municipality, employment_authority]", "audience: []")
    workshop.expect(SPELLS, "audience: []", "`audience` is wrong", "docs/contracts.md")


@pytest.mark.parametrize("term", ["purposes", "legal_bases"])
def test_refuses_no_purpose_or_no_ground(workshop, term):
    text = workshop.text(SPELLS)
    line = next(row for row in text.splitlines() if row.strip().startswith(f"{term}:"))
    workshop.change(SPELLS, line, f"      {term}: []")
    workshop.expect(SPELLS, f"{term}: []", f"`{term}` is wrong", "docs/contracts.md")


def test_refuses_a_purpose_outside_the_closed_list(workshop):
    workshop.change(SPELLS, "service-planning]", "curiosity]")
    workshop.expect(SPELLS, "curiosity", "closed list of purposes", "statistics-and-monitoring")


def test_refuses_a_ground_outside_the_closed_list(workshop):
    workshop.change(SPELLS, "[L380-2023, GDPR-6-1-e]", "[L380-2023, GDPR-6-1-f]")
    workshop.expect(SPELLS, "GDPR-6-1-f", "closed list of legal_bases", "GDPR-6-1-e")


def test_refuses_income_without_the_ground_for_it(workshop):
    workshop.change(OUTCOMES, "[L53-2018-13, L380-2023", "[L380-2023")
    workshop.expect(OUTCOMES, "legal_bases:", "without the ground", "Add `L53-2018-13`")


def test_refuses_a_product_without_permission_unless_it_is_public(workshop):
    workshop.change(SEEKERS, "required_permission: employment.cubes", "required_permission: null")
    workshop.expect(SEEKERS, "required_permission:", "Only a public", "employment.cubes")


@pytest.mark.parametrize("wrong", ["employment.cubes", "integration.rows", "everything"])
def test_refuses_the_permission_of_another_kind_of_product(workshop, wrong):
    workshop.change(SPELLS, "permission: employment.rows", f"permission: {wrong}")
    workshop.expect(
        SPELLS, "required_permission:", f"`{wrong}`", "required_permission: employment.rows"
    )


@pytest.mark.parametrize("low", ["public", "internal"])
def test_refuses_rows_that_are_less_than_confidential(workshop, low):
    old = "classification: confidential\n      personal"
    workshop.change(SPELLS, old, old.replace("confidential", low))
    workshop.expect(SPELLS, f"classification: {low}", "Rows are at least", "confidential")


def test_refuses_a_column_above_its_product(workshop):
    old = "classification: internal\n        transformSourceObjects: [atmt.henkilo.sukupuoli]"
    workshop.change(SEEKERS, old, old.replace("internal", "restricted"))
    workshop.expect(SEEKERS, "classification: restricted", "above its product", "Raise")


def test_refuses_a_public_cube_of_persons_with_the_usual_threshold(workshop):
    old = "classification: internal\n      personal"
    workshop.change(SEEKERS, old, old.replace("internal", "public"))
    workshop.expect(SEEKERS, "classification: public", "stricter suppression", "at least 10")


def test_takes_a_public_cube_of_persons_with_a_stricter_threshold(workshop):
    for cube in (SEEKERS, "job-seekers-detailed.yaml"):
        workshop.change_all(cube, "classification: internal", "classification: public")
    workshop.change(SEEKERS, "threshold: 5", "threshold: 10")
    workshop.change_all(SEEKERS, "sider_width: 4", "sider_width: 9")
    assert workshop.faults() == ()


def test_refuses_to_call_a_source_of_persons_impersonal(workshop):
    workshop.change(SEEKERS, "personal_data: true", "personal_data: false")
    workshop.expect(SEEKERS, "personal_data: false", "holds persons", "personal_data: true")


def test_refuses_a_public_product_of_persons_without_suppression(workshop):
    workshop.change(VACANCIES, "personal_data: false", "personal_data: true")
    workshop.expect(VACANCIES, "classification: public", "stricter suppression", "at least 10")
    workshop.expect(VACANCIES, "threshold: 0", "does not protect anybody", "5 is usual")
