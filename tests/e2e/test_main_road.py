"""The main job, through the doors that its users use."""

from __future__ import annotations

import io

import polars as pl
import pytest

from gateway.organisations.registry import load_registry

ROWS = "/v1/rows/job-seeker-spells"
CUBE = "/v1/cubes/job-seekers/data"


def test_a_municipal_team_gets_its_slice_as_parquet_and_csv_and_nothing_of_another_area(house):
    own = load_registry().municipalities_of_area("39")
    parquet = house.get("municipality-bi", f"{ROWS}?area=39&format=parquet")
    assert parquet.status_code == 200
    rows = pl.read_parquet(io.BytesIO(parquet.content))
    assert len(rows) > 100
    delivered = set(rows["municipality"].drop_nulls().to_list())
    assert {code for code in delivered if code.isdigit()} <= own

    csv = house.get("municipality-bi", f"{ROWS}?area=39&format=csv")
    assert csv.status_code == 200
    assert csv.headers["content-type"].startswith("text/csv")
    assert len(csv.text.splitlines()) == len(rows) + 1

    refused = house.get("municipality-bi", f"{ROWS}?area=40")
    assert (refused.status_code, refused.json()["code"]) == (403, "area_out_of_scope")


def test_a_member_municipality_that_is_not_responsible_gets_its_whole_area(house):
    answer = house.get("small-municipality-bi", f"{ROWS}?area=40&format=parquet")
    assert answer.status_code == 200
    assert len(pl.read_parquet(io.BytesIO(answer.content))) > 10
    assert house.get("small-municipality-bi", f"{ROWS}?area=39").status_code == 403


def test_a_slice_is_narrowed_by_the_municipalities_that_it_tells_apart(house):
    released = house.get("municipality-bi", "/v1/products/job-seeker-spells/releases").json()
    own = released["releases"][0]["protection"]["areas"]["39"]["municipalities"]
    assert "837" in own
    narrowed = house.get("municipality-bi", f"{ROWS}?area=39&municipality=837&format=csv")
    codes = pl.read_csv(io.StringIO(narrowed.text), infer_schema=False)["municipality"].unique()
    assert codes.to_list() == ["837"]
    pooled = sorted(load_registry().municipalities_of_area("39") - set(own))
    refused = house.get("municipality-bi", f"{ROWS}?area=39&municipality={pooled[0]}")
    assert (refused.status_code, refused.json()["parameter"]) == (400, "municipality")
    assert "837" in refused.json()["detail"]


def test_every_rows_product_reaches_its_authority(house):
    answer = house.get("municipality-bi", "/v1/rows/service-periods?area=39&format=ndjson")
    assert answer.status_code == 200
    assert answer.text.count("\n") > 10


@pytest.mark.parametrize("output", ["json-stat2", "csv", "arrow", "parquet"])
def test_a_centre_gets_cubes(house, output):
    path = f"{CUBE}?geography=SSS,TA39&measure=unemployed&format={output}"
    assert house.get("ely-analyst", path).status_code == 200


def test_a_centre_gets_no_rows_and_the_reason_why(house):
    refused = house.get("ely-analyst", f"{ROWS}?area=39")
    assert refused.status_code == 403
    assert "employment authorit" in refused.json()["detail"].lower()
    assert refused.headers["content-type"] == "application/problem+json"


def test_the_cube_adds_up_and_hides(house):
    answer = house.get("ely-analyst", f"{CUBE}?geography=*&measure=unemployed&lang=en").json()
    place = list(answer["dimension"]["geography"]["category"]["index"])
    value = dict(zip(place, answer["value"], strict=True))
    regions = [code for code in place if code.startswith("MK")]
    assert value["SSS"] > 1000
    if all(value[code] is not None for code in [*regions, "KUXXX"]):
        assert sum(value[code] for code in regions) + value["KUXXX"] == value["SSS"]
    assert "..." in answer["status"].values()


def test_a_stranger_gets_nothing(house):
    for path in (f"{ROWS}?area=39", CUBE, "/v1/cubes/job-seekers", "/v1/products/job-seekers"):
        assert house.get("stranger", path).status_code == 404
    listed = house.get("stranger", "/v1/products").json()
    assert "job-seekers" not in str(listed)
    assert house.get("stranger", "/v1/journal/entries").status_code in {403, 404}


def test_an_unlisted_product_and_an_unknown_one_answer_alike(house):
    unlisted = house.get("stranger", f"{ROWS}?area=39")
    unknown = house.get("stranger", "/v1/rows/no-such-product?area=39")
    differing = {"instance"}
    assert unlisted.status_code == unknown.status_code == 404
    for problem in (unlisted.json(), unknown.json()):
        assert {k: v for k, v in problem.items() if k not in differing} == {
            k: v for k, v in unlisted.json().items() if k not in differing
        }


def test_the_income_register_is_only_in_a_cube(house):
    cube = house.get("ely-analyst", "/v1/cubes/service-outcomes/data?follow_up=6&measure=finished")
    assert cube.status_code == 200
    assert house.get("municipality-bi", "/v1/rows/service-outcomes?area=39").status_code == 400


def test_public_vacancies_are_for_anybody_with_a_token(house):
    answer = house.get("stranger", "/v1/cubes/vacancies/data?measure=open_vacancies")
    assert answer.status_code == 200
    assert answer.json()["value"][0] > 0


def test_the_integration_worker_and_the_ministry_wait_for_their_switches(house):
    for persona in ("koto-worker", "tem-analyst"):
        answer = house.get(persona, CUBE)
        assert answer.status_code in {403, 404}, persona


def test_the_auditor_reads_every_access_and_no_data(house):
    house.get("municipality-bi", f"{ROWS}?area=39&format=parquet")
    house.get("ely-analyst", f"{ROWS}?area=39")
    house.get("stranger", f"{ROWS}?area=39")
    entries = _entries(house, "kind=access.intent&limit=1000")
    assert any(
        e["body"]["organisation"] == "KU837" and e["body"]["areas_granted"] == ["39"]
        for e in entries
    )
    denied = _entries(house, "kind=access.denied&limit=1000")
    assert "EVK04" in {entry["body"]["organisation"] for entry in denied}
    assert "somebody-5" in {entry["body"]["sub"] for entry in denied}
    assert _entries(house, "kind=journal.read&limit=1000")
    for path in (f"{ROWS}?area=39", CUBE):
        assert house.get("auditor", path).status_code in {403, 404}


def _entries(house, query: str) -> list[dict]:
    answer = house.get("auditor", f"/v1/journal/entries?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["entries"]
