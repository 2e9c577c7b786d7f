"""The dated registry, by the cases that the rules name."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.model.organisation import EMPTY_SCOPE, OrganisationKind
from gateway.organisations import load_registry

SUMMER_2025 = date(2025, 6, 30)
SUMMER_2026 = date(2026, 6, 30)
REGISTRY = load_registry()


def test_knows_every_area_and_municipality_of_the_country():
    assert len(REGISTRY.areas) == 45
    assert len(REGISTRY.municipalities) == 308
    assert REGISTRY.areas["39"].sv == "Tammerforsregionen"
    assert REGISTRY.municipalities["837"].fi == "Tampere"


def test_a_municipality_acts_for_its_whole_area_like_the_areas_authority():
    tampere = REGISTRY.scope("KU837", SUMMER_2026)
    small_member = REGISTRY.scope("KU020", SUMMER_2026)  # Akaa, not the responsible one
    assert tampere == small_member == REGISTRY.scope("TA39", SUMMER_2026)
    assert tampere.areas == {"39"}
    assert tampere.municipalities == REGISTRY.municipalities_of_area("39")
    assert len(tampere.municipalities) == 16


def test_a_municipality_of_aland_is_known_and_has_an_empty_scope():
    mariehamn = REGISTRY.find("KU478")
    assert mariehamn is not None
    assert mariehamn.kind is OrganisationKind.MUNICIPALITY
    assert mariehamn.label.en == "Mariehamn"
    assert REGISTRY.area_of("478") is None
    assert REGISTRY.scope("KU478", SUMMER_2026) == EMPTY_SCOPE


@pytest.mark.parametrize("code", ["TEM", "KEHA"])
def test_national_organisations_have_no_scope_of_their_own(code):
    assert REGISTRY.find(code) is not None
    assert REGISTRY.scope(code, SUMMER_2026) == EMPTY_SCOPE


@pytest.mark.parametrize("code", ["", "39", "TA99", "KU999", "KUXXX", "ELY16", "EVK11", "SSS"])
def test_an_unknown_organisation_has_an_empty_scope(code):
    assert REGISTRY.find(code) is None
    assert REGISTRY.scope(code, SUMMER_2026) == EMPTY_SCOPE


def test_ely_centres_end_the_day_before_evk_centres_begin():
    last, first = date(2025, 12, 31), date(2026, 1, 1)
    for number in range(1, 16):
        assert REGISTRY.scope(f"ELY{number:02}", last) != EMPTY_SCOPE
        assert REGISTRY.scope(f"ELY{number:02}", first) == EMPTY_SCOPE
    for number in range(1, 11):
        assert REGISTRY.scope(f"EVK{number:02}", last) == EMPTY_SCOPE
        assert REGISTRY.scope(f"EVK{number:02}", first) != EMPTY_SCOPE


def test_nobody_has_a_scope_before_the_areas_began():
    assert REGISTRY.scope("TA39", date(2024, 12, 31)) == EMPTY_SCOPE
    assert REGISTRY.scope("KU837", date(2025, 1, 1)) != EMPTY_SCOPE


def test_an_area_across_a_border_is_in_two_scopes_and_its_municipalities_in_one_each():
    crossing = {
        area
        for area in REGISTRY.areas
        if sum(area in REGISTRY.scope(f"EVK{n:02}", SUMMER_2026).areas for n in range(1, 11)) > 1
    }
    assert crossing == {"06", "38"}
    crossing_ely = {
        area
        for area in REGISTRY.areas
        if sum(area in REGISTRY.scope(f"ELY{n:02}", SUMMER_2025).areas for n in range(1, 16)) > 1
    }
    assert crossing_ely == {"06", "10", "13", "38"}


def test_an_abolished_municipality_leads_to_its_successor():
    assert REGISTRY.current_municipality("588") == "507"  # Pertunmaa into Mäntyharju, 1.1.2025
    assert REGISTRY.current_municipality("507") == "507"
    assert REGISTRY.current_municipality("999") is None
    assert "588" not in REGISTRY.municipalities
    assert REGISTRY.find("KU588") is None


def test_geography_has_every_level_once_and_labels_in_three_languages():
    codes = REGISTRY.geography().codes
    levels: dict[str, int] = {}
    for code in codes:
        levels[code.level] = levels.get(code.level, 0) + 1
        assert code.label.fi
        assert code.label.sv
        assert code.label.en
    assert levels == {"country": 1, "region": 19, "evk": 10, "area": 45, "municipality": 309}
    assert len({code.code for code in codes}) == len(codes)


def test_the_unknown_municipality_stands_straight_under_the_country():
    by_code = {code.code: code for code in REGISTRY.geography().codes}
    assert by_code["KUXXX"].parents == ("SSS",)
    assert by_code["KU478"].parents == ("MK21",)
    assert by_code["KU837"].parents == ("MK06", "EVK04", "TA39")
