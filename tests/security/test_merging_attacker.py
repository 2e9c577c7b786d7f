"""Whoever merges all that the gateway answers, over HTTP, recovers no small count.

Random overlapping questions to three cubes, two of them linked, in JSON-stat and CSV, with the tokens of a
centre and of two municipalities; the releases of two days, and one of them made anew; and an area's own
rows, which it counts. All of it becomes one linear programme, written without any part of the gateway
(`small_country/attacker.py`). Where only small counts are hidden, the same attacker succeeds; and so it
does where the two linked cubes, or a month and its revision, are protected each by itself.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from gateway.model.cube import Status
from gateway.protection.suppression import protect
from gateway.publishing import cube_audit

HERE = Path(__file__).parent


def _loaded(name: str, path: Path) -> ModuleType:
    """A module of the tests by its path: there are no packages of tests to import from."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


country = _loaded("small_country", HERE / "small_country" / "country.py")
attacker = _loaded("merging_attacker", HERE / "small_country" / "attacker.py")
servers = _loaded("small_country_server", HERE.parent / "unit" / "surfaces" / "test_server.py")

WIDTH = 4
RELEASES = {"2026-05-31.1": country.MAY, "2026-06-30.1": country.JUNE, "2026-06-30.2": country.JUNE}
MONTHS = {"2026M05": country.MAY, "2026M06": country.JUNE}
AREAS = {"39": "municipality-bi", "40": "small-municipality-bi"}
PERSONAS = ("ely-analyst", *AREAS.values())


@dataclass(frozen=True)
class Town:
    """What the attacker has read, and what is true."""

    merged: attacker.Merged
    people: list[country.Person]
    built: country.Country

    def programme(self, month: str, insider: str | None = None) -> attacker.Programme:
        """All that was read of a month, and the rows of one area."""
        programme = attacker.Programme(self.merged, month)
        for release in self.merged.told:
            programme.hear(release)
        if insider:
            of_day = (r for r, day in RELEASES.items() if day == MONTHS[month])
            programme.learn(next(r for r in of_day if r in self.merged.told), insider)
        return programme

    def small(
        self, programme: attacker.Programme, cells: list[attacker.Cell], insider: str | None = None
    ) -> list[attacker.Cell]:
        """Those of the cells that are 1 to 4, and of other areas than the insider's."""
        truth = country.counted(self.people, MONTHS[programme.month])
        below = self.merged.below["geography"]
        own = below[f"TA{insider}"] if insider else frozenset()
        foreign = (cell for cell in cells if own.isdisjoint(below[cell.place]))
        return [cell for cell in foreign if 1 <= programme.total(truth, cell) <= 4]


@pytest.fixture(scope="module")
def people() -> list[country.Person]:
    return country.draw_people(seed=7)


@contextmanager
def attacked(built: country.Country) -> Iterator[attacker.Reader]:
    server = servers.Server(built).wait_until_ready()
    try:
        yield attacker.Reader(server, cubes=country.CUBES, seed=7)
    finally:
        server.stop()


@pytest.fixture(scope="module")
def town(people, tmp_path_factory) -> Town:
    """As it is published, on two days and once more."""
    built = country.Country(tmp_path_factory.mktemp("town"), people)
    built.publish(country.MAY)
    built.publish(country.JUNE)
    built.touch()
    built.publish(country.JUNE)
    with attacked(built) as reader:
        reader.ask_anything(RELEASES, PERSONAS, times=15)
        for release in RELEASES:
            for area, persona in AREAS.items():
                reader.count_rows(country.ROWS, release, area, persona)
    return Town(reader.merged, people, built)


@pytest.fixture(scope="module")
def careless_town(people, tmp_path_factory) -> Town:
    """The same without complements: nothing is hidden but small counts."""

    def without_widths(cube: dict) -> None:
        if "linked_to" not in cube:
            cube["disclosure"] = {"threshold": 5, "reason": "A test."}

    def careless(lattice, rules, **_):
        everything = protect(lattice, replace(rules, threshold=0))
        small = (lattice.counts > 0) & (lattice.counts < rules.threshold) & lattice.designed
        return replace(
            everything, status=np.where(small, np.uint8(Status.SUPPRESSED), everything.status)
        )

    built = country.Country(tmp_path_factory.mktemp("careless"), people, change=without_widths)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cube_audit, "protect", careless)
        patch.setattr("gateway.publishing.cubes.check_cube_files", lambda *_, **__: None)
        built.publish(country.JUNE)
    with attacked(built) as reader:
        reader.ask_anything(["2026-06-30.1"], PERSONAS, times=15)
        reader.count_rows(country.ROWS, "2026-06-30.1", "39", AREAS["39"])
    return Town(reader.merged, people, built)


@pytest.fixture(scope="module")
def unlinked_town(people, tmp_path_factory) -> Town:
    """The same, but each cube is protected by itself."""
    terms = country.cube_terms("job-seekers")

    def unlinked(cube: dict) -> None:
        if cube.pop("linked_to", None):
            cube |= {"extract": terms["extract"], "nestings": [], "disclosure": terms["disclosure"]}

    built = country.Country(tmp_path_factory.mktemp("unlinked"), people, change=unlinked)
    built.publish(country.JUNE)
    with attacked(built) as reader:
        reader.ask_anything(["2026-06-30.1"], PERSONAS, times=15)
    return Town(reader.merged, people, built)


def revised_town(root: Path, people) -> Town:
    """May as it was told in May, and as it is told in June, when a few have left it and a few have come."""
    built = country.Country(root, people)
    built.publish(country.MAY)
    built.revise(country.revised(people, seed=1))
    built.publish(country.JUNE)
    with attacked(built) as reader:
        reader.ask_anything(["2026-05-31.1", "2026-06-30.1"], PERSONAS, times=15)
    return Town(reader.merged, built.people, built)


@pytest.fixture(scope="module")
def revised(people, tmp_path_factory) -> Town:
    return revised_town(tmp_path_factory.mktemp("revised"), people)


@pytest.fixture(scope="module")
def revised_apart(people, tmp_path_factory) -> Town:
    """The same, but no release looks back at the one before it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.publishing.cubes.told_before_cube", lambda *_: None)
        return revised_town(tmp_path_factory.mktemp("apart"), people)


def unchanged(town: Town, programme: attacker.Programme) -> dict[attacker.Cell, int]:
    """What May's own release tells of May, where it is still true: more than anybody could be sure of."""
    truth = country.counted(town.people, country.MAY)
    told = town.merged.told["2026-05-31.1"].items()
    return {
        cell: count
        for cell, count in told
        if cell.month == programme.month and programme.total(truth, cell) == count
    }


def who_has_read_both(town: Town) -> attacker.Programme:
    programme = attacker.Programme(town.merged, "2026M05")
    programme.hear("2026-06-30.1")
    for cell, count in sorted(unchanged(town, programme).items()):
        programme.hear_of(cell, count)
    return programme


def test_the_attacker_has_read_much_and_knows_its_own_area(town):
    assert town.merged.answers > 30
    for release, day in RELEASES.items():
        told, hidden = town.merged.told[release], town.merged.hidden[release]
        assert len(told) > 150
        assert len(hidden) > 20
        rows = town.merged.rows[release, "39"]
        own = {
            kind: count
            for kind, count in country.counted(town.people, day).items()
            if kind[0] in town.merged.below["geography"]["TA39"] and kind[3] != country.CLIENT
        }
        exact = sum(rows.get((kind[0][2:], *kind[1:])) == count for kind, count in own.items())
        assert sum(rows.values()) == sum(own.values())
        assert exact > len(own) / 2


def test_what_one_cube_hides_no_other_one_shows(town):
    for release in RELEASES:
        assert not town.merged.told[release].keys() & town.merged.hidden[release]


def test_a_release_made_anew_hides_the_same(town):
    first, again = "2026-06-30.1", "2026-06-30.2"
    assert town.merged.told[first] == town.merged.told[again]
    assert town.merged.hidden[first] == town.merged.hidden[again]


@pytest.mark.parametrize("month", MONTHS)
@pytest.mark.parametrize("insider", [None, *AREAS])
def test_nothing_small_is_recovered(town, month, insider):
    programme = town.programme(month, insider)
    small = town.small(programme, programme.seen(), insider)
    assert len(small) > 10
    assert programme.attack(small, width=WIDTH) == []


@pytest.mark.parametrize("month", MONTHS)
def test_nothing_small_that_nobody_prints_is_pinned_down(town, month):
    programme = town.programme(month)
    small = town.small(programme, programme.unseen())
    assert len(small) > 10
    assert programme.attack(small, width=2) == []


def test_where_only_small_counts_are_hidden_the_same_attacker_recovers_them(careless_town):
    outsider, insider = (careless_town.programme("2026M06", area) for area in (None, "39"))
    small = careless_town.small(outsider, outsider.seen(), "39")
    found = outsider.attack(small, width=WIDTH)
    assert sum(one.is_exact for one in found) > 5
    more = insider.attack(small, width=WIDTH)
    assert {one.cell for one in found} <= {one.cell for one in more}


def test_where_linked_cubes_are_protected_apart_the_same_attacker_recovers_what_one_hides(
    unlinked_town,
):
    programme = unlinked_town.programme("2026M06")
    (told,), (hidden,) = unlinked_town.merged.told.values(), unlinked_town.merged.hidden.values()
    assert told.keys() & hidden  # what one of the two hides, the other one shows
    small = unlinked_town.small(programme, programme.seen())
    assert programme.attack(small, width=WIDTH)


def test_a_month_that_has_not_changed_has_the_same_mask_in_a_later_release(town):
    first, later = (
        {
            cell: count
            for cell, count in (*told.items(), *dict.fromkeys(hidden).items())
            if cell.month == "2026M05"
        }
        for told, hidden in (
            (town.merged.told[release], town.merged.hidden[release])
            for release in ("2026-05-31.1", "2026-06-30.1")
        )
    )
    assert len(first) > 150
    assert first == later


def test_a_revision_and_the_release_before_it_together_tell_nothing_small(revised):
    programme = who_has_read_both(revised)
    told, later = (
        {
            cell: count
            for cell, count in revised.merged.told[release].items()
            if cell.month == "2026M05"
        }
        for release in ("2026-05-31.1", "2026-06-30.1")
    )
    assert any(later.get(cell, count) != count for cell, count in told.items())  # it is a revision
    assert revised.built.revised_beyond("job-seekers") == 0
    assert unchanged(revised, programme).keys() <= later.keys()
    small = revised.small(programme, programme.seen())
    assert len(small) > 10
    assert programme.attack(small, width=WIDTH) == []


def test_a_revision_that_is_protected_by_itself_gives_back_what_it_hides(revised_apart):
    programme = who_has_read_both(revised_apart)
    small = revised_apart.small(programme, programme.seen())
    assert any(one.is_exact for one in programme.attack(small, width=WIDTH))
    alone = attacker.Programme(revised_apart.merged, "2026M05")
    alone.hear("2026-06-30.1")
    assert alone.attack(small, width=WIDTH) == []


def test_the_audit_of_a_release_says_where_it_hides_what_the_one_before_tells(
    revised, revised_apart, capsys
):
    capsys.readouterr()
    for one, months in ((revised, []), (revised_apart, ["2026M05"])):
        assert one.built.audit("job-seekers")
        assert json.loads(capsys.readouterr().out)["revised_beyond_the_earlier"] == months


def test_the_audit_of_a_release_attacks_what_linked_cubes_tell_together(
    town, unlinked_town, capsys
):
    assert town.built.audit("unemployed-by-age")
    linking = town.built.root / "products"
    assert unlinked_town.built.audit("unemployed-by-age")  # by itself it holds
    capsys.readouterr()
    assert not unlinked_town.built.audit("unemployed-by-age", contracts=linking)
    found = json.loads(capsys.readouterr().out)
    assert [one["why"] for one in found["untrue"]] == ["has another status in job-seekers"]
    assert found["findings"]
