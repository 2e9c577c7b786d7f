"""Cubes without months: what differs between two of their releases is what happened to few people."""

from __future__ import annotations

OUTCOMES = "service-outcomes.yaml"
MONTHLY = "{property: frequency, value: monthly}"
DAILY = "{property: frequency, value: daily}"


def test_a_daily_cube_without_months_may_not_tell_of_areas(workshop):
    workshop.change(OUTCOMES, MONTHLY, DAILY)
    workshop.expect(OUTCOMES, "geography: [country, area]", "tells of each `area`", "region")


def test_nor_may_a_weekly_one(workshop):
    workshop.change(OUTCOMES, MONTHLY, "{property: frequency, value: weekly}")
    workshop.expect(OUTCOMES, "geography: [country, area]", "A weekly cube", "give the cube months")


def test_a_daily_cube_without_months_may_not_cross_two_classifications(workshop):
    workshop.change(OUTCOMES, MONTHLY, DAILY)
    workshop.change_all(OUTCOMES, "geography: [country, area]", "geography: [country]")
    assert any("crosses `service` and `follow_up`" in f.message for f in workshop.faults())


def test_a_cube_of_closed_months_may_be_published_every_day(workshop):
    assert DAILY in workshop.text("job-seekers.yaml")
    assert workshop.faults() == ()


def test_a_mean_without_months_is_told_coarsely_of_few(workshop):
    workshop.change(OUTCOMES, "              sum_step: 2000\n", "")
    (fault,) = workshop.faults()
    assert "`mean_income` would tell of one" in fault.message
    assert "Give `sum_step`" in fault.remedy


def test_a_mean_of_closed_months_may_be_told_finely(workshop):
    workshop.change("job-seekers.yaml", "              sum_step: 600\n", "")
    assert workshop.faults() == ()
