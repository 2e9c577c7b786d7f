"""Limits of a contract on hiding, and what coarser detail would win."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gateway.errors import ReleaseRefused
from gateway.model.cube import Status
from gateway.model.product import DisclosureRules, HidingLimit
from gateway.publishing.cube_limits import kept_limits, readings
from gateway.publishing.cube_options import options
from gateway.publishing.cube_report import level_rows, table_rows
from gateway.publishing.cube_seen import leaves_among, seen_of
from gateway.publishing.road import publish

CREATED = "2026-07-01T03:00:00.000Z"
ABOVE = {"geography": ("country", "region", "area")}
AREAS = {"geography": ("area",), "age": ("age",)}
JOBLESS = frozenset({"jobless"})


@pytest.fixture
def status(villages, place) -> np.ndarray:
    """Two ages of the women of one area are hidden in May, and of two areas in June."""
    marks = np.where(villages.designed, Status.PUBLISHED, Status.NOT_PUBLISHED).astype(np.uint8)
    for month, areas in (("2026M05", ("TA1",)), ("2026M06", ("TA1", "TA2"))):
        for area in areas:
            for age in ("a", "b"):
                marks[place("jobless", area, "2", age, month)] = Status.SUPPRESSED
                marks[place("seekers-jobless", area, "2", age, month)] = Status.SUPPRESSED
    return marks


@pytest.fixture
def seen(villages, spec, cube_of, status):
    return seen_of(cube_of(status), villages, spec)


def test_a_limit_reads_the_worst_slice(seen):
    limit = HidingLimit(JOBLESS, AREAS, cells=0.2)
    (reading,) = readings(seen, [limit])
    # Three areas × (total and two sexes) × three ages.
    assert (reading.cells.share, reading.cells.slice) == (4 / 27, "2026M06")
    assert reading.holds


def test_persons_are_counted_in_leaves_and_rounded_up_to_tens(seen, villages, place):
    limit = HidingLimit(JOBLESS, ABOVE, persons_median=0.5)
    (reading,) = readings(seen, [limit])

    cells = [("TA1", "a"), ("TA1", "b"), ("TA2", "a"), ("TA2", "b")]
    counts = [villages.counts[place("jobless", area, "2", age, "2026M06")] for area, age in cells]
    everybody = villages.counts[place("jobless", "SSS", "SSS", "SSS", "2026M06")]
    hidden = -(-sum(counts) // 10) * 10
    assert reading.persons_worst.slice == "2026M06"
    assert reading.persons_worst.share == pytest.approx(hidden / everybody)
    assert 0 < reading.persons_median < reading.persons_worst.share  # nobody is hidden in April


def test_the_leaves_are_the_finest_cells_of_linked_tables(seen, villages, place):
    leaves = leaves_among(seen, seen.designed(0))
    assert leaves[place("seekers", "K0", "1", "SSS", "2026M04")[1:]]
    assert not leaves[place("seekers", "K0", "SSS", "SSS", "2026M04")[1:]]
    assert not leaves[place("seekers", "TA1", "1", "a", "2026M04")[1:]]
    persons = np.where(leaves, villages.counts[0], 0).sum()
    assert persons == villages.counts[0, 0, 0, 0].sum()


@pytest.mark.parametrize(
    ("limit", "broken"),
    [
        (
            HidingLimit(JOBLESS, AREAS, cells=0.1),
            "14.8 % of the cells of jobless at geography area",
        ),
        (HidingLimit(JOBLESS, AREAS, persons_median=0.01), "in the median slice, and 1.0 % may be"),
        (HidingLimit(JOBLESS, AREAS, persons_worst=0.1), "in hidden leaves in 2026M06, and 10.0 %"),
    ],
)
def test_a_broken_limit_is_named_with_its_slice_and_with_what_would_help(
    villages, spec, cube_of, status, seekers, limit, broken
):
    limited = replace(spec, limits=(limit,))
    with pytest.raises(ReleaseRefused) as refused:
        kept_limits(seekers, limited, villages, status, cube_of(status))
    assert broken in refused.value.detail
    assert "for limit 1, combination 1 " in refused.value.detail
    assert "--dry-run" in refused.value.detail


def test_limits_that_hold_are_in_the_manifest_without_counts_of_persons(
    villages, spec, cube_of, status, seekers
):
    limit = HidingLimit(JOBLESS, AREAS, cells=0.2, persons_median=0.2, persons_worst=0.5)
    kept = kept_limits(seekers, replace(spec, limits=(limit,)), villages, status, cube_of(status))
    assert kept == {
        "limits": [
            {
                "measure": "jobless",
                "levels": {"geography": ["area"], "age": ["age"]},
                "cells": {"limit": 0.2, "worst": 4 / 27, "slice": "2026M06"},
                "persons_median": 0.2,
                "persons_worst": 0.5,
            }
        ]
    }
    assert kept_limits(seekers, spec, villages, status, cube_of(status)) == {}


def test_a_release_that_breaks_a_limit_is_refused_and_leaves_nothing(house, counts_only, day):
    limit = HidingLimit(frozenset({"seekers"}), {"sex": ("sex",)}, cells=0.0)
    strict = replace(
        counts_only,
        cube=replace(
            counts_only.cube, limits=(limit,), disclosure=DisclosureRules(200, "many are few")
        ),
    )
    with pytest.raises(ReleaseRefused, match=r"limit 1: .* of the cells of seekers at sex sex"):
        publish(strict, as_of=day, services=house.services, created_utc=CREATED)
    assert {p.name for p in (house.releases / strict.id).iterdir()} == {".writer-lock"}


def test_a_release_within_its_limits_says_so(house, counts_only, day):
    limit = HidingLimit(frozenset({"seekers"}), {}, cells=0.5)
    limited = replace(counts_only, cube=replace(counts_only.cube, limits=(limit,)))
    made = publish(limited, as_of=day, services=house.services, created_utc=CREATED).manifest
    (kept,) = made.protection["limits"]
    assert kept["cells"]["limit"] == 0.5


# --- the report -----------------------------------------------------------------------------------


def test_levels_are_told_coarsest_first_with_the_totals_that_are_kept(seen):
    rows = {(row.measure, row.geography): row for row in level_rows(seen)}
    assert [level for measure, level in rows if measure == "jobless"] == [
        "country",
        "region",
        "area",
        "municipality",
    ]
    area = rows["jobless", "area"]
    assert (area.cells, area.hidden) == (3 * 3 * 4 * 3, 6)
    assert area.worst.slice == "2026M06"
    assert area.margins == area.margins_kept
    assert rows["seekers", "area"].hidden == 0
    assert rows["jobless", "municipality"].persons_worst.share == 0


def test_tables_are_told_by_what_they_cross(seen):
    rows = {(row.measure, row.geography, row.crossed): row for row in table_rows(seen)}
    crossed = (("sex", "sex"), ("age", "age"))
    assert rows["jobless", "area", crossed].hidden == 6
    assert rows["jobless", "area", crossed].cells == 3 * 2 * 3 * 3
    assert rows["jobless", "area", ()].cells == 3 * 3
    assert ("jobless", "municipality", crossed) not in rows
    assert 0 < rows["jobless", "area", crossed].persons_share < 0.5


# --- what coarser detail would win ------------------------------------------------------------------


def test_each_step_back_tells_what_goes_and_what_it_rids_of(villages, spec, status):
    found = {(one.combination, one.change): one for one in options(villages, status, spec)}
    step = found[1, "without age age"]
    small = (villages.counts > 0) & (villages.counts < 5) & villages.designed
    assert step.small == small[:, :6, :, 1:].sum()
    assert step.hidden == 6
    assert step.cells == 2 * 6 * 3 * 3 * 3
    assert all(one.small for one in found.values())
    prices = [one.price for one in options(villages, status, spec)]
    assert prices == sorted(prices)


def test_no_step_leaves_anything_without_its_totals(villages, spec, status):
    found = {(one.combination, one.change): one for one in options(villages, status, spec)}
    # Municipalities by sex need the areas by sex, so they go with them.
    step = found[1, "without sex sex"]
    municipal = 2 * 6 * 2 * 3  # measures, municipalities, sexes, months
    assert step.cells == 2 * 6 * 2 * 4 * 3 + municipal


def test_the_steps_of_a_limit_are_counted_where_it_speaks(villages, spec, status):
    above = options(villages, status, spec, measures=JOBLESS, levels=ABOVE)
    everywhere = options(villages, status, spec)
    assert max(one.cells for one in above) < max(one.cells for one in everywhere)
    assert not any(one.combination == 2 for one in above)


def test_a_division_of_the_map_goes_by_itself(villages, spec, status):
    found = {(one.combination, one.change): one for one in options(villages, status, spec)}
    assert found[1, "without geography region"].cells == 2 * 2 * 3 * 4 * 3


def test_small_places_can_be_left_out(villages, spec, status):
    found = {(one.combination, one.change): one for one in options(villages, status, spec)}
    assert 0 < found[1, "with least_persons: 100"].hidden_share < 0.2
