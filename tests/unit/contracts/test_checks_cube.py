"""Dimensions, combinations and measures of a cube."""

from __future__ import annotations

import pytest

SEEKERS = "job-seekers.yaml"
OUTCOMES = "service-outcomes.yaml"
VACANCIES = "vacancies.yaml"


def test_refuses_an_unknown_code_list(workshop):
    workshop.change(SEEKERS, "code_list: sex", "code_list: genders")
    workshop.expect(SEEKERS, "code_list: genders", "no code list", "products/codelists/genders")


def test_refuses_a_level_that_the_code_list_does_not_have(workshop):
    workshop.change(SEEKERS, "levels: [total, broad, fine]", "levels: [total, broad, finest]")
    workshop.expect(SEEKERS, "finest]", "no level `finest`", "broad, fine, total")


def test_refuses_a_fine_level_before_a_coarse_one(workshop):
    workshop.change(SEEKERS, "levels: [total, broad, fine]", "levels: [total, fine, broad]")
    workshop.expect(SEEKERS, "levels: [total, fine", "stands after it", "coarsest level first")


def test_refuses_a_level_twice(workshop):
    workshop.change(SEEKERS, "levels: [total, broad, fine]", "levels: [total, broad, fine, fine]")
    workshop.expect(SEEKERS, "fine, fine]", "given twice", "Keep one")


def test_refuses_a_residual_that_is_no_leaf(workshop):
    workshop.change(SEEKERS, 'residual: "2"', 'residual: "0"')
    workshop.expect(SEEKERS, 'residual: "0"', "not a code of the level `sex`", "code list `sex`")


def test_takes_the_residual_of_a_geography_of_areas(workshop):
    assert 'residual: "TAXXX"' in workshop.text(OUTCOMES)
    assert workshop.faults() == ()


def test_refuses_the_residual_of_areas_where_municipalities_are_the_finest(workshop):
    workshop.change(SEEKERS, 'residual: "KUXXX"', 'residual: "TAXXX"')
    workshop.expect(SEEKERS, 'residual: "TAXXX"', "level `municipality`", "geography")


def test_refuses_two_dimensions_of_time(workshop):
    workshop.change(SEEKERS, "role: classification", "role: time")
    workshop.expect(SEEKERS, "    properties:", "two dimensions with the role `time`", "Keep one")


def test_refuses_a_combination_that_leaves_a_dimension_out(workshop):
    workshop.change(SEEKERS, "              citizenship: [total]\n", "")
    workshop.expect(
        SEEKERS, "- measures: &main", "levels `citizenship` is published", "every dimension"
    )


def test_refuses_a_combination_of_an_unknown_level(workshop):
    workshop.change(SEEKERS, "age: [total, broad, fine]", "age: [total, broad, years]")
    workshop.expect(SEEKERS, "age: [total, broad, years]", "no level `years`", "total, broad, fine")


def test_refuses_a_combination_of_an_unknown_dimension(workshop):
    line = "              citizenship: [total]\n"
    workshop.change(SEEKERS, line, line + "              language: [total]\n")
    workshop.expect(SEEKERS, "language: [total]", "`language` has no level", "geography")


def test_refuses_a_combination_of_a_measure_that_the_cube_does_not_have(workshop):
    workshop.change(VACANCIES, "measures: [open_vacancies,", "measures: [closed_vacancies,")
    (fault,) = workshop.faults()
    assert (
        fault.message
        == "The combination names `closed_vacancies`, which is no measure of this cube."
    )
    assert fault.remedy == "Use: open_vacancies, new_vacancies."


def test_refuses_a_width_that_tells_small_counts_apart(workshop):
    workshop.change(SEEKERS, "outsider_width: 4", "outsider_width: 3")
    workshop.expect(SEEKERS, "outsider_width: 3", "could be told apart", "`outsider_width: 4`")


def test_refuses_a_combination_without_its_total(workshop):
    workshop.change(VACANCIES, "language: [total, language]\n", "language: [language]\n")
    (fault,) = workshop.faults()
    assert fault.line == workshop.line(VACANCIES, "- measures: [open")
    assert "without its totals" in fault.message
    assert "area × month × group × total" in fault.remedy


def test_refuses_municipalities_in_more_detail_than_their_areas(workshop):
    old = "              age: [total, broad]\n              citizenship: [total]\n"
    workshop.change(SEEKERS, "sex: [total]\n" + old, "sex: [total, sex]\n" + old)
    assert workshop.faults() == ()
    workshop.change(
        SEEKERS, old, old.replace("citizenship: [total]", "citizenship: [total, group]")
    )
    (fault,) = workshop.faults()
    assert "without its totals" in fault.message
    assert "area × month × sex × broad × group" in fault.remedy


def test_refuses_courses_of_areas_without_those_of_the_country(workshop):
    old = "geography: [country]\n              service: [total, service, course]"
    workshop.change(OUTCOMES, old, old.replace("[country]", "[area]"))
    closure, limit = workshop.faults()
    assert closure.remedy == "Publish also: country × course × months."
    assert "`finished` at the levels of this limit" in limit.message


@pytest.mark.parametrize("measure", ["mean_duration", "activation_rate"])
def test_refuses_a_mean_or_share_of_few(workshop, measure):
    text = workshop.text(SEEKERS)
    place = text.index(f"- name: {measure}")
    broken = text[:place] + text[place:].replace("minimum_n: 10", "minimum_n: 3", 1)
    (workshop.folder / SEEKERS).write_text(broken, "utf-8")
    workshop.expect(SEEKERS, "minimum_n: 3", "fewer than 10", "`minimum_n: 10` or more")


def test_refuses_a_mean_of_a_count_that_does_not_exist(workshop):
    workshop.change(SEEKERS, "of: [unemployed]", "of: [idle]")
    faults = [fault for fault in workshop.faults() if "`idle`" in fault.message]
    assert "Use: in_services, job_seekers" in faults[0].remedy


def test_refuses_a_mean_of_two_counts(workshop):
    workshop.change(SEEKERS, "of: [unemployed]", "of: [unemployed, laid_off]")
    workshop.expect(SEEKERS, "of: [unemployed, laid_off]", "no right denominator", "one count")


def test_refuses_a_mean_that_is_not_rounded(workshop):
    workshop.change(SEEKERS, "round_to: 1", "round_to: 0")
    workshop.expect(SEEKERS, "round_to: 0", "not rounded", "Give `round_to`")


def test_refuses_a_step_for_the_sum_of_what_is_no_mean(workshop):
    workshop.change(
        SEEKERS, "numerator: in_services", "sum_step: 5\n              numerator: in_services"
    )
    workshop.expect(SEEKERS, "sum_step: 5", "has no sum behind it", "Take `sum_step` out")


def test_refuses_a_mean_without_the_p_per_cent_rule(workshop):
    text = workshop.text(SEEKERS)
    begin = text.index("              dominance:\n")
    end = text.index("      - name: activation_rate")
    workshop.change(SEEKERS, text[begin:end], "")
    (fault,) = workshop.faults()
    assert "`mean_duration` could tell of one person" in fault.message
    assert "Give `dominance`" in fault.remedy


@pytest.mark.parametrize(
    ("name", "old", "new", "remedy"),
    [
        (SEEKERS, "percent: 10", "percent: 5", "`percent: 10` or more"),
        (OUTCOMES, "percent: 20", "percent: 10", "`percent: 20` or more"),
        (SEEKERS, "least_contributors: 5", "least_contributors: 3", "`least_contributors: 5`"),
        (OUTCOMES, "least_contributors: 10", "least_contributors: 5", "`least_contributors: 10`"),
        (SEEKERS, "second: second_days", "second: longest_days", "a column of its own"),
    ],
)
def test_refuses_a_p_per_cent_rule_that_is_too_weak(workshop, name, old, new, remedy):
    workshop.change(name, old, new)
    assert [fault.remedy for fault in workshop.faults() if remedy in fault.remedy]


def test_refuses_a_rule_whose_columns_the_extract_does_not_give(workshop):
    workshop.change(SEEKERS, "largest: longest_days", "largest: longest")
    assert ["0 columns called `longest`" in fault.message for fault in workshop.faults()] == [True]


def test_refuses_largest_contributions_of_undeclared_origin(workshop):
    workshop.change(
        OUTCOMES,
        "max(CASE WHEN place = 2 THEN wages ELSE 0 END)",
        "max(CASE WHEN place = 2 THEN wages ELSE finished_day END)",
    )
    workshop.change(
        OUTCOMES,
        "PARTITION BY geography, service, follow_up\n                                      ORDER BY wages DESC) AS place",
        "PARTITION BY geography, service, follow_up\n                                      ORDER BY wages DESC) AS place, finished_day",
    )
    workshop.change(
        OUTCOMES,
        "CASE WHEN w.palkka_eur > 0 THEN w.palkka_eur ELSE 0 END AS wages",
        "CASE WHEN w.palkka_eur > 0 THEN w.palkka_eur ELSE 0 END AS wages,\n"
        "              p.henkilo_id AS finished_day",
    )
    assert [
        "`mean_income` is also made from `atmt.henkilo.henkilo_id`" in fault.message
        for fault in workshop.faults()
    ] == [True]


def test_refuses_a_rule_on_what_is_no_mean(workshop):
    text = workshop.text(SEEKERS)
    begin, end = (
        text.index("              dominance:\n"),
        text.index("      - name: activation_rate"),
    )
    workshop.change(
        SEEKERS,
        "              of: [unemployed, in_services]\n",
        "              of: [unemployed, in_services]\n" + text[begin:end],
    )
    assert any("is no mean" in fault.message for fault in workshop.faults())


def test_refuses_a_count_without_a_column(workshop):
    workshop.change(SEEKERS, "              column: laid_off\n", "")
    faults = [fault for fault in workshop.faults() if "`laid_off`" in fault.message]
    assert "A count has its column" in faults[0].remedy


def test_refuses_a_count_with_terms_of_a_mean(workshop):
    workshop.change(
        SEEKERS, "column: laid_off\n", "column: laid_off\n              minimum_n: 10\n"
    )
    faults = [fault for fault in workshop.faults() if "`laid_off`" in fault.message]
    assert faults[0].remedy == "Keep only `column`."


def test_refuses_a_share_above_a_hundred(workshop):
    workshop.change(SEEKERS, "numerator: in_services", "numerator: job_seekers")
    workshop.expect(
        SEEKERS, "numerator: job_seekers", "not part of its denominator", "state its nesting"
    )


def test_refuses_a_nesting_of_what_is_no_count(workshop):
    workshop.change(SEEKERS, "parts: [laid_off]", "parts: [activation_rate]")
    workshop.expect(SEEKERS, "parts: [activation_rate]", "not a count", "laid_off")


def test_refuses_a_nesting_in_itself(workshop):
    workshop.change(SEEKERS, "parts: [laid_off]", "parts: [unemployed]")
    workshop.expect(SEEKERS, "parts: [unemployed]", "same count twice", "each part once")


def test_refuses_a_circle_of_nestings(workshop):
    workshop.change(SEEKERS, "parts: [laid_off]", "parts: [job_seekers]")
    workshop.expect(SEEKERS, "parts: [job_seekers]", "part of itself", "Break the circle")


def test_refuses_a_threshold_that_hides_nobody(workshop):
    workshop.change(SEEKERS, "threshold: 5", "threshold: 2")
    workshop.expect(SEEKERS, "threshold: 2", "does not protect anybody", "5 is usual")


def test_refuses_the_usual_threshold_for_incomes(workshop):
    workshop.change(OUTCOMES, "threshold: 10", "threshold: 5")
    workshop.expect(OUTCOMES, "threshold: 5", "more strictly", "at least 10")


def test_refuses_a_threshold_without_a_reason(workshop):
    text = workshop.text(VACANCIES)
    line = next(row for row in text.splitlines() if row.strip().startswith("reason:"))
    workshop.change(VACANCIES, line, '          reason: ""')
    workshop.expect(VACANCIES, 'reason: ""', "`reason` is empty", "Write the text")


def test_refuses_a_cube_that_counts_nothing(workshop):
    text = workshop.text(VACANCIES)
    begin, end = text.index("      - name: open_vacancies"), text.index("    quality:")
    workshop.change(VACANCIES, text[begin:end], "")
    workshop.expect(VACANCIES, "    properties:", "at least one dimension", "Add what is missing")
