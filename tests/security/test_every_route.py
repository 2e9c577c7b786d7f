"""Every route of the OpenAPI document, made from the document: who has no right to it gets nothing of it.

A route that appears tomorrow is attacked here without anybody writing a test for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from unittest.mock import Mock

import pytest

from gateway.adapters.demo_issuer import PERSONAS, Persona
from gateway.serving import openapi_document
from gateway.surfaces.application import metadata_application
from gateway.surfaces.delta_sharing.files import FILE_PATH
from gateway.surfaces.ops.interface import examples_of
from gateway.surfaces.public import PUBLIC

# Only the signature in the address of a file opens it: see test_file_addresses.py.
SIGNED = FILE_PATH
# They answer everybody who is identified, each with what is the caller's own: what they show is asked below.
OWN = frozenset(
    {
        "/v1/me",
        "/v1/products",
        "/v1/catalog",
        "/pxweb/api/v2/config",
        "/pxweb/api/v2/tables",
        "/pxweb/api/v2/savedqueries",
        "/delta-sharing/shares",
    }
)
PRODUCTS = {"rows": "job-seeker-spells", "cubes": "job-seekers", "products": "job-seeker-spells"}


def _operations() -> Iterator[tuple[str, str, dict]]:
    for path, methods in openapi_document()["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def _guarded() -> list[tuple[str, str, dict]]:
    return [each for each in _operations() if each[0] not in {*PUBLIC, SIGNED}]


def _address(path: str) -> str:
    """The path with a product of its kind, and with something for everything else."""
    kinds = (PRODUCTS[kind] for kind in path.split("/") if kind in PRODUCTS)
    known = path.replace("{product}", next(kinds, "job-seekers"))
    shared = {"{share}": "39", "{schema}": "rows", "{table}": "job-seeker-spells"}
    for name, value in shared.items():
        known = known.replace(name, value)
    return re.sub(r"\{[^}]+\}", "2026-06-30.1", known)


def _named(operation: dict, name: str) -> bool:
    return any(each["name"] == name for each in operation.get("parameters", ()))


def _required(operation: dict) -> dict[str, str]:
    """What the document says must be in the query, by its own examples."""
    asked = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
    return {each["name"]: examples_of(each)[0] for each in asked if each["required"]}


def _ids(operations: list[tuple[str, str, dict]]) -> list[str]:
    return [f"{method} {path}" for path, method, _ in operations]


@pytest.mark.parametrize(("path", "method", "_operation"), _guarded(), ids=_ids(_guarded()))
def test_nobody_in_particular_is_refused(house, path, method, _operation):
    answer = house.client.request(method, _address(path))
    assert (answer.status_code, _code(answer)) == (401, "unauthenticated")
    assert "www-authenticate" in answer.headers


def _code(answer) -> str:
    told = answer.json()
    return told["code"] if "code" in told else told["errorCode"]


def test_the_address_of_a_file_is_opened_by_no_token(house):
    """Who may fetch the same rows by /v1/rows is refused here without a signature."""
    path = _address(SIGNED)
    assert house.get("municipality-bi", "/v1/rows/job-seeker-spells").status_code == 200
    for method in ("GET", "HEAD", "POST"):
        answer = house.client.request(method, path, headers=house.bearer("municipality-bi"))
        assert answer.status_code == 403
    assert _code(house.get("municipality-bi", path)) == "invalid_file_address"


GUARDED = [each for each in _guarded() if each[0] not in OWN]
WITHOUT_RIGHTS = {
    "no role at all": Persona("nobody", "nobody-1", "nobody", "KU837"),
    "an organisation that nobody knows": PERSONAS["stranger"],
    "a role of another system": Persona("other", "other-1", "other", "KU837", ("koto:johtaja",)),
}
# Whoever a product is listed to may read about it: no row and no cell is in that.
ABOUT = frozenset(
    {
        "/v1/products/{product}",
        "/v1/products/{product}/contract",
        "/v1/products/{product}/releases",
        "/v1/cubes/{product}",
        "/pxweb/api/v2/tables/{product}",
        "/pxweb/api/v2/tables/{product}/metadata",
        "/pxweb/api/v2/tables/{product}/defaultselection",
    }
)


@pytest.fixture
def as_persona(house, monkeypatch):
    def bearer(persona: Persona) -> dict[str, str]:
        everybody = {**PERSONAS, persona.name: persona}
        monkeypatch.setattr("gateway.adapters.demo_issuer.PERSONAS", everybody)
        return house.bearer(persona.name)

    return bearer


@pytest.mark.parametrize(
    ("route", "who"),
    list(product(GUARDED, WITHOUT_RIGHTS)),
    ids=[f"{name}, {who}" for name, who in product(_ids(GUARDED), WITHOUT_RIGHTS)],
)
def test_whoever_lacks_the_role_is_refused(house, as_persona, route, who):
    path, method, operation = route
    persona = WITHOUT_RIGHTS[who]
    asked = {"params": _required(operation), "headers": as_persona(persona)}
    answer = house.client.request(method, _address(path), **asked)
    if path in ABOUT and persona.organisation == "KU837":
        assert answer.status_code == 200
        return
    assert answer.status_code in {403, 404}, answer.text
    if path.startswith("/delta-sharing/"):
        assert set(answer.json()) == {"errorCode", "message"}
    else:
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "route", [each for each in GUARDED if _named(each[2], "area")], ids=lambda route: route[0]
)
@pytest.mark.parametrize("area", ["40", "01", "45"])
def test_whoever_is_of_another_area_is_refused(house, route, area):
    path, method, operation = route
    asked = {
        "params": {**_required(operation), "area": area},
        "headers": house.bearer("municipality-bi"),
    }
    answer = house.client.request(method, _address(path), **asked)
    assert answer.status_code in {403, 404}, answer.text


@pytest.mark.parametrize(
    "route", [each for each in GUARDED if "{share}" in each[0]], ids=lambda route: route[0]
)
@pytest.mark.parametrize("area", ["40", "01", "45"])
def test_the_share_of_another_area_is_not_there(house, route, area):
    path, method, _ = route
    address = _address(path.replace("{share}", area))
    answer = house.client.request(method, address, headers=house.bearer("municipality-bi"))
    assert (answer.status_code, _code(answer)) == (404, "share_not_found")


def test_what_is_ones_own_tells_a_stranger_of_nothing_but_public_products(house):
    shown = house.get("stranger", "/v1/products").json()
    assert [each["id"] for each in shown["products"]] == ["vacancies"]
    assert "job-seeker" not in house.get("stranger", "/v1/me").text
    assert "job-seeker" not in house.get("stranger", "/v1/catalog").text
    tables = house.get("stranger", "/pxweb/api/v2/tables").json()["tables"]
    assert [each["id"] for each in tables] == ["vacancies"]
    assert house.get("stranger", "/delta-sharing/shares").json() == {"items": []}


def test_every_route_of_the_application_is_in_the_document(house):
    """What is not in the document is attacked by nobody here, so there may be no such thing."""
    router = house.client.app._app
    rest = metadata_application(Mock(), public_url="")
    included = [route for each in rest.routes for route in each.original_router.routes]
    served = {route.path.replace(":path}", "}") for route in (*router.routes, *included)}
    assert served == {path for path, _, _ in _operations()}
