"""A dry run prints what a contract comes to; an audit of a release attacks what is published."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gateway.batch.disclosure_json import rehearsal_json
from gateway.batch.disclosure_tables import print_rehearsal
from gateway.errors import BadParameter, ContractFault
from gateway.model.cube import Status
from gateway.model.product import DisclosureRules, HidingLimit
from gateway.publishing.rehearsal import rehearse
from gateway.publishing.release_audit import Strength, audit_release
from gateway.publishing.road import publish
from gateway.releases.cube_file import load_cube

CREATED = "2026-07-01T03:00:00.000Z"


def limited(product, *, cells: float):
    limit = HidingLimit(frozenset({"seekers"}), {"sex": ("sex",)}, cells=cells)
    rules = DisclosureRules(200, "many are few")
    return replace(product, cube=replace(product.cube, limits=(limit,), disclosure=rules))


def files(house) -> set[Path]:
    return {path for path in house.root.rglob("*") if path.is_file()}


def test_a_dry_run_writes_nothing_and_journals_nothing(house, counts_only, day):
    before = files(house)
    made = rehearse(counts_only, as_of=day, services=house.services)
    assert made.holds
    assert files(house) == before
    assert house.journal.entries == []


def test_a_dry_run_tells_what_a_release_would_hide(house, counts_only, day):
    made = rehearse(limited(counts_only, cells=1.0), as_of=day, services=house.services)
    released = limited(counts_only, cells=1.0)
    manifest = publish(released, as_of=day, services=house.services, created_utc=CREATED).manifest
    cube = load_cube(house.releases / released.id / str(manifest.release) / "cube.arrow")
    hidden = (cube.status == Status.SUPPRESSED).reshape(len(cube.measures), -1).sum(axis=1)
    told = [sum(r.hidden for r in made.levels if r.measure == m.name) for m in cube.measures]
    assert told == hidden.tolist()
    assert sum(told) > 0
    assert sum(r.hidden for r in made.tables) == sum(told)


def test_a_dry_run_says_which_limit_is_broken(house, counts_only, day, capsys):
    made = rehearse(limited(counts_only, cells=0.0), as_of=day, services=house.services)
    assert not made.holds
    document = json.loads(rehearsal_json(made))
    assert document["holds"] is False
    assert [one["holds"] for one in document["limits"]] == [False]
    assert document["estimates"]
    assert "persons" not in {key for row in document["levels"] for key in row}

    print_rehearsal(made)
    printed = capsys.readouterr().out
    assert "Would be refused: a limit is broken" in printed
    assert "What coarser detail would win (estimates)" in printed


def test_a_dry_run_of_the_newest_months_tells_of_no_others(house, counts_only, day):
    # A cube without months is one slice whatever is asked for.
    made = rehearse(counts_only, as_of=day, services=house.services, newest=1)
    assert made.slices == ("",)


def test_rows_have_no_dry_run(house, spells, day):
    with pytest.raises(BadParameter, match="only cubes"):
        rehearse(spells, as_of=day, services=house.services)


# --- an audit of a release ------------------------------------------------------------------------

STRONG = Strength(seconds=60.0)


@pytest.fixture
def released(house, counts_only, day):
    rules = DisclosureRules(200, "many are few")
    product = replace(counts_only, cube=replace(counts_only.cube, disclosure=rules))
    manifest = publish(product, as_of=day, services=house.services, created_utc=CREATED).manifest
    folder = house.releases / product.id / str(manifest.release)
    return product, manifest, load_cube(folder / "cube.arrow")


def test_an_audit_attacks_with_the_widths_that_the_threshold_asks_for(house, released):
    product, manifest, cube = released
    done = audit_release(product, manifest, cube, strength=STRONG, services=house.services)
    assert (done.rules.outsider_width, done.rules.insider_width) == (199, 199)
    assert done.same_contract
    assert done.untrue == ()
    assert done.attacks[0].targets > 0
    assert not done.holds  # single subtractions are all that was looked at when it was made


def test_an_audit_attacks_with_the_widths_that_are_asked_for(house, released):
    product, manifest, cube = released
    weak = Strength(seconds=60.0, outsider_width=0, insider_width=0)
    done = audit_release(product, manifest, cube, strength=weak, services=house.services)
    assert (done.rules.outsider_width, done.rules.insider_width) == (0, 0)


def test_an_audit_finds_a_number_that_was_not_counted(house, released):
    product, manifest, cube = released
    values = cube.values.copy()
    place = tuple(np.argwhere(cube.status == Status.PUBLISHED)[0])
    values[place] += 1
    changed = replace(cube, values=values)
    weak = Strength(seconds=60.0, outsider_width=0, insider_width=0)
    done = audit_release(product, manifest, changed, strength=weak, services=house.services)
    (one,) = done.untrue
    assert (one.measure, one.cells, one.why) == ("seekers", 1, "is not what is counted now")
    assert not done.holds


def test_an_audit_refuses_a_release_of_other_codes(house, released):
    product, manifest, cube = released
    other = replace(cube, axes=cube.axes[::-1])
    with pytest.raises(ContractFault, match="other codes or measures"):
        audit_release(product, manifest, other, strength=STRONG, services=house.services)


def test_an_audit_whose_time_ends_does_not_hold(house, released):
    product, manifest, cube = released
    hasty = Strength(seconds=0.0)
    done = audit_release(product, manifest, cube, strength=hasty, services=house.services)
    assert "time is used up" in done.stopped
    assert not done.holds


def test_rows_are_not_attacked(house, spells, released):
    _, manifest, cube = released
    with pytest.raises(BadParameter, match="only cubes"):
        audit_release(spells, manifest, cube, strength=STRONG, services=house.services)
