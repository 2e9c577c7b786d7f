"""Which releases a cube looks back at, and that publishing begins where they ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import duckdb
import numpy as np
import pytest

from gateway.adapters.warehouse_duckdb import DuckDbWarehouse
from gateway.model.cube import Status
from gateway.model.product import Combination, DisclosureRules, MeasureKind
from gateway.model.release import ReleaseId
from gateway.publishing import cube_audit
from gateway.publishing.cube_counts import counted_cube
from gateway.publishing.cube_earlier import earlier_cubes, told_before_cube
from gateway.publishing.inputs import inputs_sha256
from gateway.publishing.road import publish
from gateway.publishing.services import silent
from gateway.publishing.stored_cube import stored_cube

CREATED = "2026-07-01T03:00:00.000Z"
WINTER, EARLY, DAY = date(2026, 2, 28), date(2026, 6, 29), date(2026, 6, 30)
UPPER = ("country", "region", "evk", "area")
RULES = DisclosureRules(5, "a test", outsider_width=4, insider_width=4)


@pytest.fixture
def leader(seekers):
    """Counts by sex down to areas, with widths."""
    counts = tuple(m for m in seekers.cube.measures if m.kind is MeasureKind.COUNT)
    levels = {"geography": UPPER, "sex": ("total", "sex")}
    combination = Combination(levels, frozenset(m.name for m in counts))
    cube = replace(seekers.cube, measures=counts, combinations=(combination,), disclosure=RULES)
    return replace(seekers, cube=cube)


@pytest.fixture
def follower(leader, of_the_young):
    return of_the_young(leader, "job-seekers-young", ("country", "region"))


@pytest.fixture
def services(house, leader, follower):
    return house.with_products(leader, follower)


def run(product, day, services):
    return publish(product, as_of=day, services=services, created_utc=CREATED)


def looked_at(product, release, services):
    found = earlier_cubes(
        product,
        ReleaseId.parse(release),
        catalog=services.catalog,
        releases=services.releases,
    )
    return [f"{manifest.product} {manifest.release}" for manifest in found]


@pytest.fixture
def changed(house, services):
    """Called: the same services after somebody has worked in the warehouse."""
    opened: list[DuckDbWarehouse] = []

    def later():
        house.services.warehouse.close()
        path = house.root / "warehouse.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute("UPDATE atmt.henkilo SET ika = ika + 1 WHERE henkilo_id % 97 = 0")
        opened.append(DuckDbWarehouse(path, memory_limit="500MB", threads=1))
        return replace(services, warehouse=opened[-1], masks={})

    yield later
    for warehouse in opened:
        warehouse.close()


def test_the_newest_release_before_is_looked_at_of_each_that_is_linked(services, leader, follower):
    for day in (EARLY, DAY):
        for one in (leader, follower):
            run(one, day, services)
    both = ["job-seekers 2026-06-29.1", "job-seekers-young 2026-06-29.1"]
    assert looked_at(leader, "2026-06-30.1", services) == both
    assert looked_at(follower, "2026-06-30.1", services) == both  # not what it was made with
    assert looked_at(leader, "2026-06-29.1", services) == []


def test_linked_cubes_have_one_mask_when_they_look_back_as_well(
    services, leader, follower, monkeypatch
):
    made = []
    audited = cube_audit._audited

    def counting(*given, **how):
        made.append(how["before"])
        return audited(*given, **how)

    monkeypatch.setattr(cube_audit, "_audited", counting)
    for day in (EARLY, DAY):
        for one in (leader, follower):
            run(one, day, services)
    assert [before is None for before in made] == [True, False]


def test_what_is_published_twice_is_the_same_release(services, leader, follower):
    for day in (EARLY, DAY):
        for one in (leader, follower):
            run(one, day, services)
    for day in (DAY, EARLY):
        for one in (leader, follower):
            assert run(one, day, services).reused


def test_the_report_says_which_releases_it_stands_beside(services, leader, follower):
    run(leader, EARLY, services)
    run(follower, EARLY, services)
    reports = [run(one, DAY, services).manifest.protection for one in (leader, follower)]
    for report in reports:
        assert report["revision"] == {
            "of": ["job-seekers 2026-06-29.1", "job-seekers-young 2026-06-29.1"],
            "revised_beyond_the_earlier": 0,
        }
    assert "published_beside" not in reports[0]
    assert reports[1]["published_beside"] == "2026-06-30.1"


def test_a_revision_of_the_same_day_looks_at_both_of_the_releases_it_replaces(
    services, leader, follower, changed
):
    for one in (leader, follower):
        run(one, DAY, services)
    again = changed()
    both = ["job-seekers 2026-06-30.1", "job-seekers-young 2026-06-30.1"]
    for one in (leader, follower):
        made = run(one, DAY, again)
        assert str(made.release) == "2026-06-30.2"
        assert made.manifest.protection["revision"]["of"] == both
    assert len(again.masks) == 1
    for one in (leader, follower):
        assert run(one, DAY, again).reused


def test_another_version_of_a_contract_begins_anew(services, leader, follower):
    run(leader, EARLY, services)
    for change in ({"version": "2.0.0"}, {"definition_version": "2027-1"}):
        assert looked_at(replace(leader, **change), "2026-06-30.1", services) == []


def test_a_cube_without_widths_looks_at_nothing(house, leader):
    plain = replace(leader, cube=replace(leader.cube, disclosure=DisclosureRules(5, "a test")))
    services = house.with_products(plain)
    run(plain, EARLY, services)
    assert looked_at(plain, "2026-06-30.1", services) == []
    assert "revision" not in run(plain, DAY, services).manifest.protection


def test_a_damaged_release_is_passed_over(house, leader):
    services = house.with_products(leader)
    run(leader, EARLY, services)
    run(leader, DAY, services)
    (house.releases / leader.id / "2026-06-30.1" / "cube.arrow").write_bytes(b"nothing")
    assert looked_at(leader, "2026-06-30.2", services) == ["job-seekers 2026-06-29.1"]


def inputs_of(product, services):
    return inputs_sha256(product, ReleaseId(DAY, 1), services=services)


def test_a_release_depends_on_the_one_before_it(services, leader):
    alone = inputs_of(leader, services)
    run(leader, EARLY, services)
    assert inputs_of(leader, services) != alone


@pytest.fixture
def rolling(leader):
    """Without months, of another time by its day: fewer people of one place in the winter."""
    now = "WHERE $as_of IS NOT NULL"
    then = "WHERE $as_of > DATE '2026-03-01' OR h.kotikunta <> '837' OR h.henkilo_id % 4 = 0"
    cube = leader.cube
    assert now in cube.extract
    return replace(
        leader,
        cube=replace(
            cube,
            extract=cube.extract.replace(now, then),
            disclosure=DisclosureRules(60, "a test", outsider_width=59, insider_width=59),
        ),
    )


def counts_of(product, day, services):
    return counted_cube(
        product, product.cube, as_of=day, services=services, progress=silent
    ).joint_lattice


def test_a_cube_without_months_holds_to_what_was_hidden_where_the_count_has_hardly_changed(
    services, rolling
):
    made = run(rolling, WINTER, services)
    was, now = (counts_of(rolling, day, services) for day in (WINTER, DAY))

    before = told_before_cube(rolling, ReleaseId(DAY, 1), now, services)

    hidden = stored_cube(made.manifest, services.releases).status == Status.SUPPRESSED
    near = (np.abs(was.counts - now.counts) < 59)[: len(hidden)]
    assert (hidden & near).any()
    assert (hidden & ~near).any()
    assert (before.cells.kept[: len(hidden)] == (hidden & near)).all()


def test_a_revision_of_the_same_day_holds_to_all_that_was_hidden(services, rolling, changed):
    made = run(rolling, DAY, services)
    again = changed()

    before = told_before_cube(rolling, ReleaseId(DAY, 2), counts_of(rolling, DAY, again), again)

    hidden = stored_cube(made.manifest, services.releases).status == Status.SUPPRESSED
    assert hidden.any()
    assert (before.cells.kept[: len(hidden)] == hidden).all()
