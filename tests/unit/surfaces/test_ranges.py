"""Several ranges of a stored file in one answer, read by a parser that is not ours."""

from __future__ import annotations

import base64
import hashlib
import json
from email.message import Message
from email.parser import BytesParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.delivery.conditions import RANGES_MAX

ME = "municipality-bi"
ROWS = "/v1/rows/job-seeker-spells"
SHARED = "/delta-sharing/shares/39/schemas/rows/tables/job-seeker-spells/query"
PARQUET = "application/vnd.apache.parquet"


@pytest.fixture(scope="module")
def address(house) -> str:
    """Of the file of a table, as a query gives it."""
    answer = house.client.post(SHARED, json={}, headers=house.bearer(ME))
    return json.loads(answer.text.splitlines()[2])["file"]["url"]


@pytest.fixture(params=["rows", "file address"])
def fetch(request, house, address):
    """GET of the stored slice, by the plain road and by its address."""
    if request.param == "rows":
        return lambda **headers: house.get(ME, ROWS, **headers)
    return lambda **headers: house.client.get(
        address, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def parts(answer) -> list[Message]:
    """The parts as Python's own parser of MIME reads them."""
    assert answer.status_code == 206, answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "content-range" not in answer.headers  # RFC 9110 section 15.3.7.2
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + answer.content)
    assert message.get_content_type() == "multipart/byteranges"
    assert message.defects == []
    found = message.get_payload()
    assert {part.get_content_type() for part in found} == {PARQUET}
    return found


def spans(answer, whole: bytes) -> list[tuple[int, int]]:
    """First and last byte of each part, whose content is those of the file."""
    found = []
    for part in parts(answer):
        told, size = part["content-range"].removeprefix("bytes ").split("/")
        first, last = map(int, told.split("-"))
        assert int(size) == len(whole)
        assert part.get_payload(decode=True) == whole[first : last + 1]
        found.append((first, last))
    return found


def test_two_ranges_are_two_parts_in_the_order_of_the_request(house, fetch):
    whole = fetch().content
    assert spans(fetch(range="bytes=0-99,200-299"), whole) == [(0, 99), (200, 299)]
    answer = fetch(range="bytes=-7, 100-100, 10-19")
    size = len(whole)
    assert spans(answer, whole) == [(size - 7, size - 1), (100, 100), (10, 19)]
    ended = house.closed(answer.headers["jakelu-receipt"])
    assert (ended["outcome"], ended["http_status"]) == ("complete", 206)
    assert ended["bytes"] == len(answer.content)
    assert (ended["range_start"], ended["range_end"]) == (10, size - 1)
    assert ended["ranges"] == [[size - 7, size - 1], [100, 100], [10, 19]]
    assert (ended["rows"], ended["content_sha256"]) == (None, None)


def test_equal_requests_have_equal_answers_and_others_another_boundary(fetch):
    def boundary(asked: str) -> str:
        return fetch(range=asked).headers["content-type"]

    once, again = fetch(range="bytes=0-9,20-29"), fetch(range="bytes=0-9,20-29")
    assert once.content == again.content
    assert (
        boundary("bytes=0-9,20-29") == boundary("bytes=0-9, 20-29") != boundary("bytes=0-9,20-30")
    )
    line = once.headers["content-type"].partition("boundary=")[2].encode()
    assert once.content.count(line) == 3
    assert line not in fetch().content


def test_ranges_that_meet_are_one_and_go_out_as_one(fetch):
    whole = fetch().content
    answer = fetch(range="bytes=0-99,50-149,150-199")
    assert (answer.status_code, answer.content) == (206, whole[:200])
    assert answer.headers["content-range"] == f"bytes 0-199/{len(whole)}"
    assert answer.headers["content-type"] == PARQUET


def test_whatever_is_asked_no_answer_is_much_larger_than_the_file(fetch):
    whole = fetch().content
    everything = fetch(range="bytes=" + ",".join(["0-"] * RANGES_MAX))
    assert (everything.status_code, everything.content) == (206, whole)
    scattered = fetch(range="bytes=" + ",".join(f"{2 * i}-{2 * i}" for i in range(RANGES_MAX)))
    assert len(spans(scattered, whole)) == RANGES_MAX
    assert len(scattered.content) < 200 * RANGES_MAX
    too_many = fetch(range="bytes=" + ",".join(f"{2 * i}-{2 * i}" for i in range(RANGES_MAX + 1)))
    assert (too_many.status_code, too_many.content) == (200, whole)


def test_ranges_outside_the_file_are_left_out_and_none_inside_is_refused(fetch):
    whole = fetch().content
    answer = fetch(range="bytes=0-9,99999999-")
    assert (answer.status_code, answer.content) == (206, whole[:10])
    refused = fetch(range="bytes=99999999-,-0")
    assert (refused.status_code, refused.headers["content-range"]) == (416, f"bytes */{len(whole)}")


def test_several_ranges_hold_to_the_version_they_are_of(fetch):
    asked = {"range": "bytes=0-9,20-29"}
    etag = fetch().headers["etag"]
    assert fetch(**asked, if_range=etag).status_code == 206
    for other in ('"another"', f"W/{etag}", "Tue, 30 Jun 2026 00:00:00 GMT"):
        assert fetch(**asked, if_range=other).status_code == 200
    assert fetch(**asked, if_none_match=etag).status_code == 304


def test_digests_are_of_the_whole_file_and_of_what_is_sent(fetch):
    answer = fetch(range="bytes=0-99,200-299", want_content_digest="sha-256=1")
    for name, content in (("content-digest", answer.content), ("repr-digest", fetch().content)):
        sha256 = base64.b64encode(hashlib.sha256(content).digest()).decode()
        assert answer.headers[name] == f"sha-256=:{sha256}:"


def test_head_has_no_ranges(house, address):
    for path, headers in ((ROWS, house.bearer(ME)), (address, {})):
        answer = house.client.head(path, headers=headers | {"range": "bytes=0-9,20-29"})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == PARQUET
        assert int(answer.headers["content-length"]) > 1000


def test_what_is_encoded_while_it_is_sent_has_no_ranges(house):
    answer = house.get(ME, f"{ROWS}?format=csv", range="bytes=0-9,20-29")
    assert (answer.status_code, answer.headers["accept-ranges"]) == (200, "none")


sets_of_ranges = st.lists(
    st.tuples(st.integers(0, 40_000), st.integers(0, 3000)), min_size=1, max_size=RANGES_MAX
)


@given(sets_of_ranges)
@settings(deadline=None, max_examples=25)
def test_any_set_of_ranges_gives_exactly_those_bytes_of_the_file(house, asked):
    whole = house.get(ME, ROWS).content
    wanted = {at for first, more in asked for at in range(first, min(first + more + 1, len(whole)))}
    text = ",".join(f"{first}-{first + more}" for first, more in asked)
    answer = house.get(ME, ROWS, range=f"bytes={text}")
    if not wanted:
        assert answer.status_code == 416
        return
    if answer.headers["content-type"] == PARQUET:
        first, last = map(int, answer.headers["content-range"][6:].split("/")[0].split("-"))
        assert answer.content == whole[first : last + 1]
        found = [(first, last)]
    else:
        found = spans(answer, whole)
    places = [at for first, last in found for at in range(first, last + 1)]
    assert (set(places), len(places)) == (wanted, len(wanted))
