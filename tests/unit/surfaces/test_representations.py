"""One product in many representations: codings, digests, links."""

from __future__ import annotations

import base64
import gzip
import hashlib

import polars as pl
import pyarrow as pa
import pytest
import yaml

ROWS = "/v1/rows/job-seeker-spells"
CUBE = "/v1/cubes/job-seekers/data"
CALLER = "municipality-bi"
DECODERS = {
    "gzip": gzip.decompress,
    "zstd": lambda content: pa.input_stream(pa.py_buffer(content), compression="zstd").read(),
}


def fetched(house, path: str, **headers: str):
    """The answer and its bytes as they were sent, before any decoding."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with house.client.stream("GET", path, headers=house.bearer(CALLER) | named) as answer:
        return answer, b"".join(answer.iter_raw())


def digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


@pytest.mark.parametrize("coding", list(DECODERS))
@pytest.mark.parametrize(
    "path",
    [
        *(f"{ROWS}?format={name}" for name in ("csv", "csv-excel", "arrow", "ndjson")),
        *(f"{CUBE}?geography=*&format={name}" for name in ("json-stat2", "csv", "arrow")),
    ],
)
def test_a_coded_answer_is_the_same_answer_and_its_own_bytes_are_journaled(house, path, coding):
    plain, whole = fetched(house, path)
    assert "content-encoding" not in plain.headers
    answer, sent = fetched(house, path, accept_encoding=f"{coding}, br")
    assert answer.headers["content-encoding"] == coding
    assert DECODERS[coding](sent) == whole
    assert len(sent) < len(whole)
    assert answer.headers["vary"] == plain.headers["vary"] == "accept, accept-encoding"
    assert answer.headers["accept-ranges"] == "none"
    completion = house.closed(answer.headers["jakelu-receipt"])
    assert (completion["outcome"], completion["bytes"]) == ("complete", len(sent))
    assert completion["content_sha256"] == hashlib.sha256(sent).hexdigest()


@pytest.mark.parametrize("path", [f"{ROWS}?format=csv", CUBE])
def test_each_coding_has_a_tag_of_its_own(house, path):
    codings = ("identity", "gzip", "zstd")
    tags = {each: fetched(house, path, accept_encoding=each)[0].headers["etag"] for each in codings}
    assert len(set(tags.values())) == 3
    for each in codings:
        known = {"if_none_match": tags["gzip"], "accept_encoding": each}
        assert fetched(house, path, **known)[0].status_code == (304 if each == "gzip" else 200)


@pytest.mark.parametrize("path", [ROWS, f"{ROWS}?columns=sex", f"{CUBE}?format=parquet"])
def test_parquet_is_never_coded_again(house, path):
    answer, sent = fetched(house, path, accept_encoding="gzip, zstd")
    assert "content-encoding" not in answer.headers
    assert sent[:4] == sent[-4:] == b"PAR1"


def test_a_range_is_of_the_stored_bytes_whatever_coding_is_accepted(house):
    _, whole = fetched(house, ROWS)
    answer, sent = fetched(house, ROWS, accept_encoding="gzip", range="bytes=5-99")
    assert (answer.status_code, sent) == (206, whole[5:100])
    ignored, _ = fetched(house, f"{ROWS}?format=csv", accept_encoding="gzip", range="bytes=5-99")
    assert ignored.status_code == 200


def test_a_digest_is_of_the_coded_bytes(house):
    wanted = {"want_content_digest": "sha-256=1"}
    answer, sent = fetched(house, CUBE, accept_encoding="gzip", **wanted)
    assert answer.headers["repr-digest"] == answer.headers["content-digest"] == digest(sent)


def test_the_digests_of_a_part_are_of_the_file_and_of_the_part(house):
    _, whole = fetched(house, ROWS)
    asked = {"range": "bytes=7-1006", "want_content_digest": "sha-512=9, sha-256=3"}
    answer, sent = fetched(house, ROWS, **asked)
    assert len(sent) == 1000
    assert answer.headers["repr-digest"] == digest(whole)
    assert answer.headers["content-digest"] == digest(sent)
    unasked, _ = fetched(house, ROWS, range="bytes=7-1006")
    assert "content-digest" not in unasked.headers


def test_a_part_that_is_too_long_to_be_read_twice_has_no_digest(house, monkeypatch):
    monkeypatch.setattr("gateway.delivery.opening.DIGEST_BYTES_MAX", 99)
    answer, _ = fetched(house, ROWS, range="bytes=0-99", want_content_digest="sha-256=1")
    assert (answer.status_code, "content-digest" in answer.headers) == (206, False)


def test_who_cannot_use_the_digest_gets_none(house):
    answer, _ = fetched(house, ROWS, want_repr_digest="sha-256=0")
    assert "repr-digest" not in answer.headers


def test_an_answer_links_to_its_contract_and_to_the_releases(house):
    for path, product in ((ROWS, "job-seeker-spells"), (CUBE, "job-seekers")):
        answer, _ = fetched(house, path)
        links = answer.links
        assert links["describedby"]["url"] == f"/v1/products/{product}/contract"
        assert links["version-history"]["url"] == f"/v1/products/{product}/releases"
        contract = house.get(CALLER, links["describedby"]["url"])
        assert contract.headers["content-type"] == links["describedby"]["type"]
        assert yaml.safe_load(contract.content)["id"] == product
        released = house.get(CALLER, links["version-history"]["url"]).json()["releases"]
        assert answer.headers["jakelu-release"] in {each["release"] for each in released}


def test_a_coded_stream_is_read_by_a_client_that_knows_nothing_of_it(house):
    answer = house.get(CALLER, f"{ROWS}?format=csv", accept_encoding="gzip")
    assert len(pl.read_csv(answer.content, infer_schema=False)) == 2000
