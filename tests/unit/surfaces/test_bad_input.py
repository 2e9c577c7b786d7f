"""The issue's list of bad input, through HTTP: every answer is a problem that names the parameter."""

from __future__ import annotations

import pytest

ROWS = "/v1/rows/job-seeker-spells"
CUBE = "/v1/cubes/job-seekers/data"

BAD = [
    (f"{ROWS}?area=99", 400, "unknown_area", "area"),
    (f"{ROWS}?area=Tampere", 400, "unknown_area", "area"),
    (f"{ROWS}?area=", 400, "unknown_area", "area"),
    (f"{ROWS}?area=39,40", 400, "bad_parameter", "area"),
    (f"{ROWS}?area=39&area=40", 400, "repeated_parameter", "area"),
    (f"{ROWS}?columns=name", 400, "unknown_column", "columns"),
    (f"{ROWS}?columns=", 400, "bad_parameter", "columns"),
    (f"{ROWS}?columns=sex,sex", 400, "bad_parameter", "columns"),
    (f"{ROWS}?municipality=091", 400, "unknown_municipality", "municipality"),
    (f"{ROWS}?municipality=837,", 400, "bad_parameter", "municipality"),
    (f"{ROWS}?format=xlsx", 406, "format_not_available", "format"),
    (f"{ROWS}?format=", 406, "format_not_available", "format"),
    (f"{ROWS}?as_of=30.6.2026", 400, "bad_parameter", "as_of"),
    (f"{ROWS}?as_of=20260630", 400, "bad_parameter", "as_of"),
    (f"{ROWS}?as_of=2026-02-30", 400, "bad_parameter", "as_of"),
    (f"{ROWS}?release=newest", 400, "bad_parameter", "release"),
    (f"{ROWS}?release=2026-06-30.01", 400, "bad_parameter", "release"),
    (f"{ROWS}?release=2026-06-30.9", 404, "release_not_found", "release"),
    (f"{ROWS}?release=2026-06-30.1&as_of=2026-06-30", 400, "bad_parameter", "as_of"),
    (f"{ROWS}?limit=5", 400, "unknown_parameter", "limit"),
    (f"{ROWS}?purpose=curiosity", 403, "purpose_refused", "purpose"),
    ("/v1/rows/no-such-product?area=39", 404, "product_not_found", "product"),
    ("/v1/rows/job-seekers?area=39", 400, "wrong_product_kind", "product"),
    ("/v1/cubes/job-seeker-spells/data", 400, "wrong_product_kind", "product"),
    ("/v1/cubes/job-seeker-spells", 400, "wrong_product_kind", "product"),
    (f"{CUBE}?colour=red", 400, "unknown_dimension", "colour"),
    (f"{CUBE}?sex=X", 400, "unknown_value", "sex"),
    (f"{CUBE}?geography=KU", 400, "unknown_value", "geography"),
    (f"{CUBE}?measure=secrets", 400, "unknown_value", "measure"),
    (f"{CUBE}?sex=1,1", 400, "bad_parameter", "sex"),
    (f"{CUBE}?sex=*,1", 400, "bad_parameter", "sex"),
    (f"{CUBE}?sex=", 400, "bad_parameter", "sex"),
    (f"{CUBE}?sex=1&sex=2", 400, "repeated_parameter", "sex"),
    (f"{CUBE}?lang=de", 400, "bad_parameter", "lang"),
    (f"{CUBE}?format=px", 406, "format_not_available", "format"),
    ("/v1/products?page=0", 400, "unknown_parameter", "page"),
    ("/v1/me?verbose=1", 400, "unknown_parameter", "verbose"),
    ("/v1/cubes/job-seekers?as_of=today", 400, "bad_parameter", "as_of"),
    ("/v1/cubes/job-seekers?sex=1", 400, "unknown_parameter", "sex"),
    ("/v1/nothing-here", 404, "not_found", None),
    ("/", 404, "not_found", None),
    ("/v1/rows/", 404, "not_found", None),
]


@pytest.mark.parametrize(("path", "status", "code", "parameter"), BAD)
def test_bad_input_gets_a_problem_that_names_the_parameter(house, path, status, code, parameter):
    answer = house.get("municipality-bi", path)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["parameter"]) == (status, code, parameter)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(problem) == {"type", "code", "title", "status", "detail", "instance", "parameter"}
    assert problem["status"] == status
    assert problem["detail"]


def test_a_centre_hears_why_rows_are_not_for_it_also_when_it_names_no_area(house):
    answer = house.get("ely-analyst", ROWS)
    assert (answer.status_code, answer.json()["code"]) == (403, "organisation_not_in_audience")


def test_media_types_that_are_not_offered_are_refused(house):
    answer = house.get("municipality-bi", ROWS, accept="text/html")
    assert (answer.status_code, answer.json()["code"]) == (406, "format_not_available")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", [ROWS, CUBE, "/v1/products", "/v1/me", "/health/live"])
def test_only_reading_is_allowed(house, method, path):
    answer = house.client.request(method, path, headers=house.bearer("municipality-bi"))
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"


def test_a_problem_never_repeats_what_the_caller_wrote(house):
    needle = "010101-900C"
    for path in (f"{ROWS}?columns={needle}", f"{CUBE}?sex={needle}", f"{ROWS}?area={needle}"):
        answer = house.get("municipality-bi", path)
        assert answer.status_code == 400
        assert needle not in answer.text


def test_a_parameter_name_that_could_be_anything_is_not_repeated(house):
    answer = house.get("municipality-bi", f"{ROWS}?%3Cscript%3E=1")
    assert answer.json()["parameter"] == "(a name that is not shown)"


def test_a_query_that_is_not_utf_8_is_refused(house):
    answer = house.get("municipality-bi", f"{CUBE}?sex=%ff")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_long_address_large_headers_and_a_large_body_are_refused(house):
    bearer = house.bearer("municipality-bi")
    long = house.client.get(f"{CUBE}?sex={'1' * 12_000}", headers=bearer)
    assert (long.status_code, long.json()["code"]) == (414, "url_too_long")
    large = house.client.get(CUBE, headers=bearer | {"x-filler": "a" * 20_000})
    assert (large.status_code, large.json()["code"]) == (431, "headers_too_large")
    body = house.client.post(CUBE, content=b"a" * 70_000, headers=bearer)
    assert (body.status_code, body.json()["code"]) == (413, "body_too_large")
