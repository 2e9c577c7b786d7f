from __future__ import annotations

import base64
import hashlib
import io

import numpy as np
import openpyxl
import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

CUBE = "/v1/cubes/job-seekers/data"
CALLER = "ely-analyst"


def test_a_centre_gets_the_totals_of_the_newest_month(house):
    answer = house.get(CALLER, CUBE)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-language"] == "fi"
    assert answer.headers["cache-control"] == "private, no-cache"
    document = answer.json()
    assert document["size"][1:] == [1, 1, 1, 1, 1]
    assert list(document["dimension"]["month"]["category"]["index"]) == ["2026M06"]
    assert document["extension"]["jakelu"]["release"] == "2026-06-30.1"
    assert all(isinstance(value, int | float) for value in document["value"])


def test_a_selection_is_answered_in_the_cubes_order(house):
    one = house.get(CALLER, f"{CUBE}?geography=TA39,SSS&measure=unemployed,job_seekers")
    other = house.get(CALLER, f"{CUBE}?measure=job_seekers,unemployed&geography=SSS,TA39")
    assert one.content == other.content
    assert one.headers["etag"] == other.headers["etag"]
    assert list(one.json()["dimension"]["geography"]["category"]["index"]) == ["SSS", "TA39"]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_labels_come_in_the_asked_language(house, language):
    document = house.get(CALLER, f"{CUBE}?lang={language}").json()
    label = document["dimension"]["geography"]["category"]["label"]["SSS"]
    assert label == f"SSS {language}"


def test_every_format_shows_the_same_values(house):
    query = f"{CUBE}?geography=*&month=*&sex=*&measure=unemployed"
    document = house.get(CALLER, query).json()
    dense = np.array([np.nan if v is None else v for v in document["value"]])
    status = document.get("status", {})
    hidden = sorted(int(place) for place, mark in status.items() if mark == "...")
    csv = pl.read_csv(house.get(CALLER, f"{query}&format=csv").content, infer_schema_length=None)
    parquet = pq.read_table(io.BytesIO(house.get(CALLER, f"{query}&format=parquet").content))
    arrow = pa.ipc.open_stream(house.get(CALLER, f"{query}&format=arrow").content).read_all()
    for frame in (csv, pl.from_arrow(parquet), pl.from_arrow(arrow)):
        values = frame["unemployed"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        assert np.array_equal(values, dense, equal_nan=True)
        marks = [i for i, mark in enumerate(frame["unemployed_status"].to_list()) if mark == "..."]
        assert marks == hidden
    assert len(hidden) > 0


def test_combinations_that_are_not_published_are_marked_in_json_and_left_out_of_tables(house):
    query = f"{CUBE}?geography=KU837&sex=*&age=*&measure=unemployed"
    document = house.get(CALLER, query).json()
    marks = [place for place, mark in document["status"].items() if mark == ".."]
    assert len(marks) == 4
    csv = house.get(CALLER, f"{query}&format=csv").text.splitlines()
    assert len(csv) == 1 + 9 - 4


def test_a_combination_that_is_not_published_at_all_is_refused_by_name(house):
    answer = house.get(CALLER, f"{CUBE}?geography=KU837&sex=1&age=-24")
    assert (answer.status_code, answer.json()["code"]) == (400, "aggregation_not_published")
    detail = answer.json()["detail"]
    assert "geography (municipality)" in detail
    assert "sex (sex)" in detail


def test_the_whole_cube_as_parquet_is_the_stored_file(house):
    query = f"{CUBE}?geography=*&month=*&sex=*&age=*&citizenship=*&format=parquet"
    answer = house.get(CALLER, query)
    assert answer.headers["accept-ranges"] == "bytes"
    assert "repr-digest" in answer.headers
    part = house.get(CALLER, query, range="bytes=0-3")
    assert (part.status_code, part.content) == (206, b"PAR1")


def test_a_selection_tells_its_digest_so_that_a_client_can_check_it(house):
    for form in ("json-stat2", "csv", "arrow", "parquet"):
        answer = house.get(CALLER, f"{CUBE}?measure=unemployed&format={form}")
        sha256 = base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
        assert answer.headers["repr-digest"] == f"sha-256=:{sha256}:"
        again = house.get(CALLER, f"{CUBE}?measure=unemployed&format={form}")  # kept since
        assert again.headers["repr-digest"] == f"sha-256=:{sha256}:"


def test_a_cube_that_the_client_has_is_not_sent_again(house):
    first = house.get(CALLER, CUBE)
    again = house.get(CALLER, CUBE, if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert house.closed(again.headers["jakelu-receipt"])["outcome"] == "not_modified"
    assert house.get(CALLER, f"{CUBE}?lang=sv").headers["etag"] != first.headers["etag"]


def test_head_of_a_cube_has_its_length(house):
    answer = house.client.head(CUBE, headers=house.bearer(CALLER))
    whole = house.get(CALLER, CUBE)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(whole.content))


def test_an_earlier_release_is_read_by_its_day(house):
    answer = house.get(CALLER, f"{CUBE}?as_of=2026-06-15")
    assert answer.headers["jakelu-release"] == "2026-05-31.1"


def test_the_intent_holds_the_selection_in_declared_codes(house):
    answer = house.get(CALLER, f"{CUBE}?geography=SSS,TA39&sex=*&measure=unemployed")
    body = next(e.body for e in house.entries() if e.event_id == answer.headers["jakelu-receipt"])
    assert body["selection"] == {
        "measure": ["unemployed"],
        "geography": ["SSS", "TA39"],
        "month": ["2026M06"],
        "sex": ["*"],
        "age": ["SSS"],
        "citizenship": ["SSS"],
    }
    completion = house.closed(answer.headers["jakelu-receipt"])
    assert completion["bytes"] == len(answer.content)
    assert completion["content_sha256"] is not None


def test_public_cubes_are_for_anybody_with_a_token_and_may_be_cached(house):
    answer = house.get("stranger", "/v1/cubes/vacancies/data")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"


def test_a_stranger_gets_no_other_cube(house):
    assert house.get("stranger", CUBE).status_code == 404


def test_the_metadata_lists_dimensions_codes_and_measures(house):
    document = house.get(CALLER, "/v1/cubes/job-seekers").json()
    geography = next(d for d in document["dimensions"] if d["name"] == "geography")
    assert geography["role"] == "geo"
    assert geography["omitted"] == ["SSS"]
    tampere = next(c for c in geography["codes"] if c["code"] == "KU837")
    assert (tampere["level"], tampere["parents"]) == ("municipality", ["MK06", "TA39"])
    month = next(d for d in document["dimensions"] if d["name"] == "month")
    assert month["omitted"] == ["2026M06"]
    assert "unemployed" in {measure["name"] for measure in document["measures"]}
    published = {measure["name"] for measure in document["measures"]}
    for each in document["combinations"]:
        assert set(each["measures"]) <= published
        assert each["measures"]


def test_a_name_that_is_not_there_is_answered_with_those_that_are(house):
    for query, known in (
        ("age=25", "SSS, -24"),
        ("colour=*", "geography"),
        ("measure=x", "unemployed"),
    ):
        detail = house.get(CALLER, f"{CUBE}?{query}").json()["detail"]
        assert known in detail, detail


def test_the_metadata_of_an_unlisted_cube_is_refused_and_journaled(house):
    answer = house.get("stranger", "/v1/cubes/job-seekers")
    assert (answer.status_code, answer.json()["code"]) == (404, "product_not_found")
    denied = house.entries()[-1].body
    assert (denied["kind"], denied["action"]) == ("access.denied", "list")


def test_a_selection_of_too_many_cells_names_the_way_out(house, monkeypatch):
    monkeypatch.setattr("gateway.delivery.plan.CELLS_MAX", 10)
    answer = house.get(CALLER, f"{CUBE}?geography=*&sex=*&age=*")
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_cells")
    assert "parquet" in answer.json()["detail"]
    assert answer.json().get("parameter") is None, "no single one of them is at fault"


def test_a_workbook_is_served_and_a_selection_that_no_sheet_takes_is_refused(fresh_house):
    workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    with fresh_house.open():
        answer = fresh_house.get(CALLER, f"{CUBE}?geography=*&lang=en", accept=workbook)
        assert (answer.status_code, answer.headers["content-type"]) == (200, workbook)
        assert answer.headers["content-disposition"].endswith('_2026-06-30.1.xlsx"')
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        assert len(list(book["Table"].iter_rows())) == 1 + 5
        completion = fresh_house.closed(answer.headers["jakelu-receipt"])
        assert completion["bytes"] == len(answer.content)


def test_what_is_too_much_for_a_workbook_is_refused_with_the_way_out(house, monkeypatch):
    monkeypatch.setattr("gateway.delivery.plan.SHEET_CELLS_MAX", 10)
    answer = house.get(CALLER, f"{CUBE}?geography=*&format=xlsx")
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_cells")
    assert answer.json()["parameter"] == "format"
    assert "csv-excel" in answer.json()["detail"]


@pytest.mark.parametrize("whole", [True, False])
def test_the_fields_carry_titles_and_codes(house, whole):
    every = "geography=*&month=*&sex=*&age=*&citizenship=*" if whole else "geography=*"
    answer = house.get(CALLER, f"{CUBE}?{every}&format=parquet")
    field = pq.read_schema(io.BytesIO(answer.content)).field("geography")
    assert {b"jakelu.title.fi", b"jakelu.title.sv", b"jakelu.title.en"} <= field.metadata.keys()
    codes = orjson.loads(field.metadata[b"jakelu.codes"])
    assert [each["code"] for each in codes] == ["SSS", "MK06", "TA39", "KU837", "KU536"]
    assert codes[0]["label"] == {"fi": "SSS fi", "sv": "SSS sv", "en": "SSS en"}
