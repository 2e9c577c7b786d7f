"""Two cubes over one population: one lattice, one mask, and each publishes its own part of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gateway.errors import ContractFault, ReleaseRefused
from gateway.model.cube import Cube, Status
from gateway.model.product import Combination, DisclosureRules
from gateway.publishing import cube_audit
from gateway.publishing.cube_counts import counted_cube
from gateway.publishing.cube_gate import check_cube_cells
from gateway.publishing.cube_links import joint_spec, leaders_first, linked_with, told_beside
from gateway.publishing.rehearsal import rehearse
from gateway.publishing.release_audit import Strength, audit_release
from gateway.publishing.road import publish
from gateway.publishing.services import silent
from gateway.releases.cube_file import load_cube

CREATED = "2026-07-01T03:00:00.000Z"
UPPER = ("country", "region", "evk", "area")
WEAK = Strength(seconds=60.0, outsider_width=0, insider_width=0)


@pytest.fixture
def leader(seekers):
    """Everything by sex down to areas."""
    names = frozenset(measure.name for measure in seekers.cube.measures)
    combination = Combination({"geography": UPPER, "sex": ("total", "sex")}, names)
    rules = DisclosureRules(50, "many are few")
    return replace(
        seekers, cube=replace(seekers.cube, combinations=(combination,), disclosure=rules)
    )


@pytest.fixture
def detailed(leader, of_the_young):
    return of_the_young(leader, "job-seekers-detailed", (*UPPER, "municipality"))


@pytest.fixture
def services(house, leader, detailed):
    return house.with_products(leader, detailed)


def run(product, day, services):
    return publish(product, as_of=day, services=services, created_utc=CREATED)


def cube_of(house, manifest) -> Cube:
    return load_cube(house.releases / manifest.product / str(manifest.release) / "cube.arrow")


def young(cube: Cube) -> np.ndarray:
    return cube.status[[measure.name for measure in cube.measures].index("young")]


# --- what is published ----------------------------------------------------------------------------


def test_the_same_cell_has_the_same_status_in_both(house, services, leader, detailed, day):
    first, second = (
        young(cube_of(house, run(one, day, services).manifest)) for one in (leader, detailed)
    )
    both = np.maximum(first, second) != Status.NOT_PUBLISHED
    assert both.any()
    assert (first[both] == second[both]).all()
    assert (second[both] == Status.SUPPRESSED).any()
    assert (second[~both] == Status.SUPPRESSED).any()  # municipalities, of the second one alone


def test_each_publishes_its_own_cells_and_measures_and_no_others(
    house, services, leader, detailed, day
):
    first, second = (cube_of(house, run(one, day, services).manifest) for one in (leader, detailed))
    assert [m.name for m in first.measures] == ["seekers", "mean_age", "young", "share_young"]
    assert [m.name for m in second.measures] == ["young"]
    villages = [n for n, code in enumerate(first.axes[0].codes) if "SSS" not in code.parents][1:]
    assert (first.status[:, villages] == Status.NOT_PUBLISHED).all()
    assert (second.status != Status.NOT_PUBLISHED).all()
    assert np.isnan(second.values[second.status != Status.PUBLISHED]).all()


def test_the_manifest_names_the_linked_products(services, leader, detailed, day):
    reports = [run(one, day, services).manifest.protection for one in (leader, detailed)]
    assert [r["protected_with"] for r in reports] == [["job-seekers-detailed"], ["job-seekers"]]
    assert [part["measure"] for part in reports[0]["derived"]] == ["mean_age", "share_young"]
    assert reports[1]["derived"] == []
    assert {cells["measure"] for cells in reports[1]["cells"] if cells["designed"]} == {"young"}


def test_a_cube_without_links_is_as_it_was(house, seekers, day):
    assert "protected_with" not in run(seekers, day, house.services).manifest.protection
    assert joint_spec(seekers, seekers.cube, house.services.catalog) is seekers.cube


def test_the_mask_is_made_once_for_both(services, leader, detailed, day, monkeypatch):
    made = []

    def counting(lattice, rules, **how):
        made.append(lattice)
        return protect(lattice, rules, **how)

    protect = cube_audit.protect
    monkeypatch.setattr(cube_audit, "protect", counting)
    for one in (leader, detailed):
        run(one, day, services)
    assert len(made) == 1
    assert len(services.masks) == 1


# --- when they are published ----------------------------------------------------------------------


def test_a_linked_cube_is_not_published_before_its_leader(services, detailed, day):
    with pytest.raises(ReleaseRefused, match="job-seekers, which has no release of 2026-06-30"):
        run(detailed, day, services)


def test_a_linked_cube_is_not_published_beside_a_leader_that_was_protected_without_it(
    house, services, leader, detailed, day
):
    alone = run(leader, day, house.with_products(leader))
    with pytest.raises(ReleaseRefused, match="made together with it"):
        run(detailed, day, services)
    together = run(leader, day, services)
    assert str(alone.release) == "2026-06-30.1"
    assert str(together.release) == "2026-06-30.2"
    assert str(run(detailed, day, services).release) == "2026-06-30.1"
    assert run(leader, day, services).reused


def test_a_change_of_one_contract_makes_both_anew(house, services, leader, detailed, day):
    for one in (leader, detailed):
        run(one, day, services)
    changed = replace(detailed, contract_sha256="3" * 64)
    again = house.with_products(leader, changed)
    assert not run(leader, day, again).reused
    assert not run(changed, day, again).reused


def test_leaders_are_published_first(leader, detailed, spells):
    early = replace(detailed, id="a-detailed")
    assert leaders_first([early, leader, spells]) == [leader, spells, early]


def test_the_linked_are_the_leader_and_then_the_others_by_id(house, leader, detailed):
    early = replace(detailed, id="a-detailed")
    catalog = house.with_products(detailed, early, leader).catalog
    assert linked_with(detailed, catalog) == (leader, early)
    assert linked_with(leader, catalog) == (early, detailed)


def test_a_link_to_nobody_is_a_fault(house, detailed, day):
    with pytest.raises(ContractFault, match="no cube job-seekers"):
        run(detailed, day, house.with_products(detailed))


# --- the gate, the dry run and the audit ----------------------------------------------------------


def test_the_gate_refuses_a_cube_that_another_one_tells_otherwise(
    house, services, leader, detailed, day
):
    run(leader, day, services)
    cube = cube_of(house, run(detailed, day, services).manifest)
    counted = counted_cube(detailed, detailed.cube, as_of=day, services=services, progress=silent)
    (made,) = services.masks.values()
    joint = made.protected.status
    check_cube_cells(cube, counted.lattice, detailed.cube, product=detailed, joint=joint)

    other = joint.copy()
    index = counted.lattice.measure_names.index("young")
    other[index][other[index] == Status.SUPPRESSED] = Status.PUBLISHED
    with pytest.raises(ReleaseRefused, match="tells a cell otherwise"):
        check_cube_cells(cube, counted.lattice, detailed.cube, product=detailed, joint=other)


def test_the_gate_knows_what_the_other_cube_shows(house, services, leader, detailed, day):
    run(leader, day, services)
    cube = cube_of(house, run(detailed, day, services).manifest)
    counted = counted_cube(detailed, detailed.cube, as_of=day, services=services, progress=silent)
    (made,) = services.masks.values()
    joint, counts = made.protected.status, counted.lattice.counts.copy()
    place = (counted.lattice.measure_names.index("seekers"), 0, 0)
    assert joint[place] == Status.PUBLISHED
    counts[place] = 3
    small = replace(counted.lattice, counts=counts)
    with pytest.raises(ReleaseRefused, match="under the threshold"):
        check_cube_cells(cube, small, detailed.cube, product=detailed, joint=joint)


def test_a_dry_run_of_one_reports_its_own_cells(services, leader, detailed, day):
    made = rehearse(detailed, as_of=day, services=services)
    assert made.holds
    assert {row.measure for row in made.levels} == {"young"}
    assert rehearse(leader, as_of=day, services=services).holds
    assert len(services.masks) == 1


def test_an_audit_of_one_knows_what_the_other_tells(house, services, leader, detailed, day):
    run(leader, day, services)
    manifest = run(detailed, day, services).manifest
    cube = cube_of(house, manifest)
    assert audit_release(detailed, manifest, cube, strength=WEAK, services=services).untrue == ()

    beside = told_beside(detailed, as_of=day, catalog=services.catalog, releases=services.releases)
    (place, *_) = np.argwhere(young(beside["job-seekers"]) == Status.PUBLISHED)
    status, values = cube.status.copy(), cube.values.copy()
    status[0, *place], values[0, *place] = Status.SUPPRESSED, np.nan
    other = replace(cube, status=status, values=values)
    done = audit_release(detailed, manifest, other, strength=WEAK, services=services)
    assert [(one.measure, one.why, one.cells) for one in done.untrue] == [
        ("young", "has another status in job-seekers", 1)
    ]
    assert not done.holds
