from __future__ import annotations

from datetime import date

import pytest

from gateway.delivery.requests import (
    NO_AREA,
    Edition,
    Wish,
    read_cube_request,
    read_edition,
    read_rows_request,
)
from gateway.errors import BadParameter, UnknownArea, UnknownParameter
from gateway.model.caller import AuthStrength, Caller
from gateway.model.organisation import Scope
from gateway.model.release import ReleaseId

AREAS = ("06", "39", "40")


def caller(*areas: str) -> Caller:
    return Caller(
        issuer="https://issuer.invalid",
        subject="somebody",
        client_id="client",
        token_id="token",
        strength=AuthStrength.BEARER,
        organisation_claim="KU837",
        organisation=None,
        scope=Scope(frozenset(areas), frozenset()),
    )


def rows(*areas: str, **parameters: str):
    return read_rows_request(Wish("product", parameters), caller(*areas), areas=AREAS)


def test_the_only_area_of_the_caller_is_meant_when_none_is_named():
    assert rows("39").area == "39"


@pytest.mark.parametrize("areas", [(), ("06", "39")])
def test_none_or_several_areas_of_the_caller_are_no_answer(areas):
    assert rows(*areas).area == NO_AREA


def test_the_asked_area_need_not_be_the_callers_for_that_is_the_policys():
    assert rows("39", area="40").area == "40"


@pytest.mark.parametrize(
    ("area", "error"), [("99", UnknownArea), ("", UnknownArea), ("39,40", BadParameter)]
)
def test_an_area_that_is_none_is_refused(area, error):
    with pytest.raises(error) as refused:
        rows("39", area=area)
    assert refused.value.parameter == "area"


def test_narrowing_is_none_unless_it_is_asked_for():
    plain = rows("39")
    assert (plain.municipalities, plain.columns, plain.purpose) == (None, None, None)
    narrowed = rows("39", municipality="837,536", columns="sex", purpose="planning")
    assert narrowed.municipalities == ("837", "536")
    assert (narrowed.columns, narrowed.purpose) == (("sex",), "planning")


@pytest.mark.parametrize("name", ["limit", "measure", "lang", "areas", "Area"])
def test_unknown_parameters_of_rows_are_refused(name):
    with pytest.raises(UnknownParameter) as refused:
        rows("39", **{name: "1"})
    assert refused.value.parameter == name


def test_the_parameters_of_a_cube_that_are_not_fixed_are_its_own():
    request = read_cube_request(
        Wish("product", {"geography": "SSS,KU837", "measure": "a", "format": "csv", "lang": "sv"})
    )
    assert request.selection == {"geography": ("SSS", "KU837"), "measure": ("a",)}
    assert (request.format.name, request.language) == ("csv", "sv")


def test_the_newest_release_is_meant_unless_another_is_named():
    assert read_edition(None, None) == read_edition("latest", None) == Edition(None, None)
    named = read_edition("2026-06-30.2", None)
    assert named == Edition(ReleaseId(date(2026, 6, 30), 2), None)
    assert read_edition("latest", "2026-06-30") == Edition(None, date(2026, 6, 30))


@pytest.mark.parametrize(
    ("release", "as_of", "parameter"),
    [
        ("2026-06-30.1", "2026-06-30", "as_of"),
        ("newest", None, "release"),
        ("", None, "release"),
        (None, "", "as_of"),
        (None, "2026-6-30", "as_of"),
        (None, "2026-W01-1", "as_of"),
    ],
)
def test_an_edition_that_cannot_be_understood_is_refused(release, as_of, parameter):
    with pytest.raises(BadParameter) as refused:
        read_edition(release, as_of)
    assert refused.value.parameter == parameter
