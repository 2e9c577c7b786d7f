from __future__ import annotations

import base64
import io

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROWS = "/v1/rows/job-seeker-spells"
CALLER = "municipality-bi"


def test_an_authority_gets_the_stored_slice_of_its_area(house):
    answer = house.get(CALLER, f"{ROWS}?area=39")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["content-disposition"] == (
        'attachment; filename="job-seeker-spells_39_2026-06-30.1.parquet"'
    )
    assert answer.headers["jakelu-release"] == "2026-06-30.1"
    assert answer.headers["jakelu-as-of"] == "2026-06-30"
    assert answer.headers["cache-control"] == "private, no-store"
    table = pq.read_table(io.BytesIO(answer.content))
    assert table.num_rows == 2000
    assert "837" in table["municipality"].to_pylist()


def test_the_digest_and_the_tag_are_the_manifests_hash(house):
    import hashlib

    answer = house.get(CALLER, f"{ROWS}?area=39")
    sha256 = hashlib.sha256(answer.content).digest()
    assert answer.headers["etag"] == f'"{sha256.hex()}"'
    assert answer.headers["repr-digest"] == f"sha-256=:{base64.b64encode(sha256).decode()}:"


def test_the_area_may_be_left_out_by_those_who_have_one(house):
    whole = house.get(CALLER, f"{ROWS}?area=39")
    assert house.get(CALLER, ROWS).content == whole.content


def test_every_format_holds_the_same_rows(house):
    parquet = pl.read_parquet(io.BytesIO(house.get(CALLER, ROWS).content))
    csv = house.get(CALLER, f"{ROWS}?format=csv")
    assert csv.headers["content-type"].startswith("text/csv")
    assert pl.read_csv(csv.content, infer_schema=False).equals(
        parquet.with_columns(pl.all().cast(pl.String))
    )
    ndjson = house.get(CALLER, f"{ROWS}?format=ndjson")
    assert ndjson.headers["content-type"] == "application/x-ndjson"
    assert len(pl.read_ndjson(ndjson.content)) == len(parquet)
    arrow = house.get(CALLER, f"{ROWS}?format=arrow")
    table = pa.ipc.open_stream(arrow.content).read_all()
    assert pl.from_arrow(table).equals(parquet)
    assert "repr-digest" not in arrow.headers
    assert arrow.headers["accept-ranges"] == "none"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("application/x-ndjson;q=0.5, text/csv;q=0.4", "application/x-ndjson"),
        ("text/html, */*;q=0.1", "application/vnd.apache.parquet"),
    ],
)
def test_the_format_is_negotiated_by_accept(house, accept, media_type):
    assert house.get(CALLER, ROWS, accept=accept).headers["content-type"] == media_type


def test_rows_are_narrowed_by_municipality_and_columns(house):
    answer = house.get(
        CALLER, f"{ROWS}?municipality=837,536&columns=sex,municipality&format=parquet"
    )
    assert answer.status_code == 200
    assert "content-length" not in answer.headers
    table = pq.read_table(io.BytesIO(answer.content))
    assert set(table.column_names) == {"municipality", "sex"}
    assert set(table["municipality"].to_pylist()) == {"837", "536"}
    completion = house.closed(answer.headers["jakelu-receipt"])
    assert completion["rows"] == table.num_rows
    assert completion["bytes"] == len(answer.content)


def test_rows_can_be_filtered_by_a_column_that_is_not_delivered(house):
    answer = house.get(CALLER, f"{ROWS}?municipality=837&columns=sex&format=csv")
    assert answer.text.splitlines()[0] == "sex"
    assert 2 < len(answer.text.splitlines()) < 2000


def test_no_row_is_a_whole_answer_with_a_header(house):
    answer = house.get(CALLER, f"{ROWS}?municipality=MUU&columns=sex&format=csv")
    assert answer.status_code == 200
    assert answer.text == "sex\n"


def test_the_intent_says_who_what_and_why(house):
    answer = house.get(CALLER, f"{ROWS}?area=39&columns=sex&municipality=837&format=csv")
    receipt = answer.headers["jakelu-receipt"]
    body = next(e.body for e in house.entries() if e.event_id == receipt)
    assert body["kind"] == "access.intent"
    assert body["request_id"] == answer.headers["jakelu-request"]
    assert (body["organisation"], body["areas_granted"]) == ("KU837", ["39"])
    assert (body["product"], body["release"]) == ("job-seeker-spells", "2026-06-30.1")
    assert (body["selection"], body["columns"]) == ({"municipality": ["837"]}, ["sex"])
    assert (body["format"], body["ruling"]) == ("csv", "permit")
    assert body["purpose"] == "employment-service-management"


def test_the_completion_says_how_it_ended(house):
    answer = house.get(CALLER, ROWS)
    completion = house.closed(answer.headers["jakelu-receipt"])
    assert completion["outcome"] == "complete"
    assert (completion["http_status"], completion["rows"]) == (200, 2000)
    assert completion["bytes"] == len(answer.content)
    assert completion["content_sha256"] == answer.headers["etag"].strip('"')


def test_what_the_client_has_already_is_not_sent_again_but_journaled(house):
    etag = house.get(CALLER, ROWS).headers["etag"]
    answer = house.get(CALLER, ROWS, if_none_match=f'"other", W/{etag}')
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == etag
    completion = house.closed(answer.headers["jakelu-receipt"])
    assert (completion["outcome"], completion["bytes"]) == ("not_modified", 0)


def test_an_encoded_answer_has_a_tag_of_its_own(house):
    tags = {
        house.get(CALLER, f"{ROWS}?format={f}").headers["etag"] for f in ("csv", "parquet", "arrow")
    }
    assert len(tags) == 3
    etag = house.get(CALLER, f"{ROWS}?format=csv").headers["etag"]
    assert house.get(CALLER, f"{ROWS}?format=csv", if_none_match=etag).status_code == 304
    assert house.get(CALLER, f"{ROWS}?format=arrow", if_none_match=etag).status_code == 200


@pytest.mark.parametrize(
    ("asked", "first", "length"),
    [("bytes=0-9", 0, 10), ("bytes=100-", 100, None), ("bytes=-7", -7, 7)],
)
def test_a_range_of_the_stored_file_is_a_part_of_it(house, asked, first, length):
    whole = house.get(CALLER, ROWS).content
    answer = house.get(CALLER, ROWS, range=asked)
    first = first if first >= 0 else len(whole) + first
    expected = whole[first:] if length is None else whole[first : first + length]
    assert (answer.status_code, answer.content) == (206, expected)
    last = first + len(expected) - 1
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(whole)}"
    completion = house.closed(answer.headers["jakelu-receipt"])
    assert (completion["range_start"], completion["range_end"]) == (first, last)
    assert (completion["bytes"], completion["content_sha256"]) == (len(expected), None)


def test_a_range_of_another_version_is_the_whole_file(house):
    answer = house.get(CALLER, ROWS, range="bytes=0-9", if_range='"another"')
    assert answer.status_code == 200
    etag = answer.headers["etag"]
    assert house.get(CALLER, ROWS, range="bytes=0-9", if_range=etag).status_code == 206


def test_a_range_behind_the_end_is_refused_with_the_size(house):
    answer = house.get(CALLER, ROWS, range="bytes=99999999-")
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"].startswith("bytes */")


def test_head_tells_the_headers_and_is_journaled(house):
    answer = house.client.head(ROWS, headers=house.bearer(CALLER))
    whole = house.get(CALLER, ROWS)
    assert (answer.status_code, answer.content) == (200, b"")
    for name in ("content-length", "etag", "repr-digest", "accept-ranges"):
        assert answer.headers[name] == whole.headers[name]
    completion = house.closed(answer.headers["jakelu-receipt"])
    assert (completion["outcome"], completion["bytes"]) == ("complete", 0)


def test_a_release_can_be_chosen_by_id_and_by_day(house):
    assert house.get(CALLER, f"{ROWS}?release=2026-06-30.1").status_code == 200
    assert house.get(CALLER, f"{ROWS}?release=latest&as_of=2026-07-15").status_code == 200
    early = house.get(CALLER, f"{ROWS}?as_of=2026-06-29")
    assert (early.status_code, early.json()["parameter"]) == (404, "as_of")


def test_rows_of_another_area_are_refused_and_journaled(house):
    answer = house.get(CALLER, f"{ROWS}?area=40")
    assert (answer.status_code, answer.json()["code"]) == (403, "area_out_of_scope")
    assert answer.json()["parameter"] == "area"
    denied = house.entries()[-1].body
    assert (denied["kind"], denied["areas_requested"]) == ("access.denied", ["40"])
    assert denied["refusal"] == "area_out_of_scope"
    other = house.get("small-municipality-bi", f"{ROWS}?area=39").json()["detail"]
    assert "area=40" in other, "each is told an area of their own"


def test_a_role_that_is_missing_is_named_as_it_is_granted(house):
    detail = house.get("key-administrator", f"{ROWS}?area=39").json()["detail"]
    assert "`atmt:raportointi` or `heti:raakadata`" in detail


def test_the_codes_of_the_columns_are_told_with_what_they_mean(house):
    told = house.get(CALLER, "/v1/products/job-seeker-spells").json()
    codes = {column["name"]: column["codes"] for column in told["columns"]}
    assert codes["started"] == []
    reasons = {each["code"]: each["label"]["en"] for each in codes["end_reason"]}
    assert reasons["2"] == "Entered a service"
    assert reasons["*"] == "Suppressed"


def test_a_centre_is_told_that_rows_are_not_for_it(house):
    answer = house.get("ely-analyst", f"{ROWS}?area=39")
    assert (answer.status_code, answer.json()["code"]) == (403, "organisation_not_in_audience")
    assert "employment authorities" in answer.json()["detail"]


def test_an_unknown_product_is_answered_and_journaled_like_an_unlisted_one(house):
    unlisted = house.get("stranger", f"{ROWS}?area=39")
    unknown = house.get("stranger", "/v1/rows/no-such-thing?area=39")
    assert unlisted.status_code == unknown.status_code == 404
    assert unlisted.json() | {"instance": ""} == unknown.json() | {"instance": ""}
    assert unlisted.headers.keys() == unknown.headers.keys()
    first, second = (entry.body for entry in house.entries()[-2:])
    assert (first["product"], second["product"]) == ("job-seeker-spells", None)
    assert first["refusal"] == second["refusal"] == "product_not_found"


def test_what_the_caller_typed_for_a_product_is_not_in_the_journal(house):
    house.get("stranger", "/v1/rows/matti-meikalainen?area=39")
    assert b"meikalainen" not in house.journal_path.read_bytes()


def test_a_product_of_the_other_kind_is_named(house):
    answer = house.get(CALLER, "/v1/rows/job-seekers?area=39")
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_product_kind")
    assert house.get("stranger", "/v1/rows/job-seekers?area=39").status_code == 404


def test_income_register_rows_are_refused_whatever_their_contract_says(fresh_house):
    from datetime import date

    sources = ("atmt", "tulorekisteri")
    fresh_house.publish_rows(as_of=date(2026, 7, 1), sources=sources)
    with fresh_house.open():
        answer = fresh_house.get(CALLER, ROWS)
        assert (answer.status_code, answer.json()["code"]) == (403, "income_register_rows")
        denied = fresh_house.entries()[-1].body
        assert (denied["kind"], denied["refusal"]) == ("access.denied", "income_register_rows")
        assert fresh_house.get(CALLER, f"{ROWS}?release=2026-06-30.1").status_code == 200


@pytest.mark.parametrize("query", ["", "?columns=sex", "?format=arrow"])
def test_the_columns_carry_their_titles_however_they_are_fetched(house, query):
    content = house.get(CALLER, f"{ROWS}{query}").content
    if "arrow" in query:
        schema = pa.ipc.open_stream(content).schema
    else:
        schema = pq.read_schema(io.BytesIO(content))
    label = next(
        c.label for c in house.catalog.find("job-seeker-spells").rows.columns if c.name == "sex"
    )
    metadata = schema.field("sex").metadata
    assert metadata[b"jakelu.title.sv"].decode() == label.sv
