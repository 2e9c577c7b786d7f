"""What must hold of the registry for every municipality and every day."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.organisation import EMPTY_SCOPE
from gateway.organisations import load_registry

REGISTRY = load_registry()
GEOGRAPHY = {code.code: code for code in REGISTRY.geography().codes}
ALAND = {code for code in REGISTRY.municipalities if "MK21" in GEOGRAPHY[f"KU{code}"].parents}
CENTRES = [*(f"ELY{n:02}" for n in range(1, 16)), *(f"EVK{n:02}" for n in range(1, 11))]

municipalities = st.sampled_from(sorted(REGISTRY.municipalities))
days = st.dates(min_value=date(2020, 1, 1), max_value=date(2035, 12, 31))
days_in_force = st.dates(min_value=date(2025, 1, 1), max_value=date(2035, 12, 31))
relaxed = settings(deadline=None, max_examples=50)


def test_every_mainland_municipality_has_exactly_one_area():
    seen: dict[str, str] = {}
    for area in REGISTRY.areas:
        for municipality in REGISTRY.municipalities_of_area(area):
            assert municipality not in seen
            seen[municipality] = area
            assert REGISTRY.area_of(municipality) == area
    assert set(seen) == set(REGISTRY.municipalities) - ALAND


def test_aland_has_no_area():
    assert len(ALAND) == 16
    assert {REGISTRY.area_of(municipality) for municipality in ALAND} == {None}


@relaxed
@given(municipality=municipalities, day=days_in_force)
def test_a_mainland_municipality_belongs_to_exactly_one_centre_on_any_day(municipality, day):
    holders = [c for c in CENTRES if municipality in REGISTRY.scope(c, day).municipalities]
    assert len(holders) == (0 if municipality in ALAND else 1)
    for holder in holders:
        assert holder.startswith("ELY" if day.year == 2025 else "EVK")


@relaxed
@given(centre=st.sampled_from(CENTRES), day=days)
def test_the_areas_of_a_centre_are_those_of_its_municipalities(centre, day):
    scope = REGISTRY.scope(centre, day)
    assert scope.areas == {REGISTRY.area_of(m) for m in scope.municipalities}
    assert not scope.municipalities & ALAND


@relaxed
@given(municipality=municipalities, day=days)
def test_a_municipality_and_its_area_authority_have_the_same_scope(municipality, day):
    area = REGISTRY.area_of(municipality)
    expected = EMPTY_SCOPE if area is None else REGISTRY.scope(f"TA{area}", day)
    assert REGISTRY.scope(f"KU{municipality}", day) == expected
    assert len(expected.areas) <= 1


@relaxed
@given(code=st.text(max_size=8), day=days)
def test_an_unknown_organisation_has_an_empty_scope(code, day):
    if REGISTRY.find(code) is None:
        assert REGISTRY.scope(code, day) == EMPTY_SCOPE


@relaxed
@given(code=st.sampled_from(sorted(GEOGRAPHY)))
def test_every_parent_in_the_geography_is_one_division_up(code):
    entry = GEOGRAPHY[code]
    for parent in entry.parents:
        assert GEOGRAPHY[parent].level != "municipality"
        assert entry.level == "municipality" or GEOGRAPHY[parent].level == "country"


def test_each_division_covers_the_country_once():
    leaves = {code for code, entry in GEOGRAPHY.items() if entry.level == "municipality"}
    for level in ("region", "evk", "area"):
        covered = [
            code
            for code in leaves
            for parent in GEOGRAPHY[code].parents
            if GEOGRAPHY[parent].level == level
        ]
        rest = {"KUXXX"} if level == "region" else {"KUXXX", *(f"KU{m}" for m in ALAND)}
        assert len(covered) == len(set(covered))
        assert set(covered) == leaves - rest
