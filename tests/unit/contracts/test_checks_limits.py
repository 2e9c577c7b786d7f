"""Limits on hiding: each is about cells that the cube publishes, and can be broken."""

from __future__ import annotations

SEEKERS = "job-seekers.yaml"
LIMIT = """          - measures: [job_seekers, laid_off]
            levels: {geography: [country, area], sex: [total]}
            cells: 0.15
            persons_median: 0.05
            persons_worst: 0.08
"""


def limited(workshop, old: str = "", new: str = "") -> None:
    first = "        limits:\n"
    workshop.change(SEEKERS, first, first + (LIMIT.replace(old, new) if old else LIMIT))


def test_takes_limits_on_hiding(workshop):
    limited(workshop)
    assert workshop.faults() == ()


def test_refuses_a_limit_on_a_measure_that_the_cube_does_not_have(workshop):
    limited(workshop, "laid_off", "mean_age")
    workshop.expect(
        SEEKERS, "measures: [job_seekers, mean_age]", "`mean_age`, which is no measure", "Use: job_"
    )


def test_refuses_a_limit_at_a_dimension_or_level_that_the_cube_does_not_have(workshop):
    limited(workshop, "sex: [total]", "language: [language]")
    at = "levels: {geography: [country, area], language"
    workshop.expect(SEEKERS, at, "`language`, which is no dimension", "geography, month, sex")


def test_refuses_a_limit_at_a_level_that_the_dimension_does_not_have(workshop):
    limited(workshop, "[country, area]", "[country, ely]")
    at = "levels: {geography: [country, ely]"
    workshop.expect(SEEKERS, at, "`geography` has no level `ely`", "country, region, evk, area")


def test_refuses_a_limit_on_cells_that_are_not_published(workshop):
    limited(workshop, "sex: [total]", "sex: [sex], age: [fine], citizenship: [group]")
    at = "levels: {geography: [country, area], sex: [sex], age"
    workshop.expect(SEEKERS, at, "No combination publishes `job_seekers`", "publishes together")


def test_refuses_a_limit_that_says_nothing(workshop):
    shares = LIMIT[LIMIT.index("            cells") :]
    limited(workshop, shares, "")
    at = "- measures: [job_seekers, laid_off]"
    workshop.expect(SEEKERS, at, "does not say how much", "shares like 0.05")


def test_refuses_a_worst_slice_that_hides_less_than_the_median_one(workshop):
    limited(workshop, "persons_worst: 0.08", "persons_worst: 0.01")
    workshop.expect(SEEKERS, "persons_worst: 0.01", "less than the median", "Raise `persons_worst`")


def test_refuses_a_limit_in_per_cent(workshop):
    limited(workshop, "cells: 0.15", "cells: 15")
    workshop.expect(SEEKERS, "cells: 15", "`cells` is wrong", "docs/contracts.md")
