"""One file against a gateway that the test plays: what is asked, what is taken, what is refused."""

from __future__ import annotations

import base64
import hashlib
import json
import os

import httpx2
import pytest

from gateway.pull.faults import Damaged, DiskFault, NotTheGateway, Refused, TryLater
from gateway.pull.place import Modes, Notes, Place
from gateway.pull.report import NoProgress
from gateway.pull.results import Check, Outcome
from gateway.pull.transfer import Transfer

ASKED = "https://jakelu.example.fi/v1/rows/spells?format=parquet"
WHOLE = bytes(range(256)) * 40
ETAG = f'"{hashlib.sha256(WHOLE).hexdigest()}"'


def _headers(content: bytes = WHOLE, **changed: str | None) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    headers: dict[str, str | None] = {
        "etag": f'"{hashlib.sha256(content).hexdigest()}"',
        "accept-ranges": "bytes",
        "repr-digest": f"sha-256=:{digest}:",
        "jakelu-release": "2026-06-30.1",
        "jakelu-as-of": "2026-06-30",
    }
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    return {name: value for name, value in headers.items() if value is not None}


class Gateway:
    """Answers in turn; `asked` are the headers of each request."""

    def __init__(self, *answers: httpx2.Response) -> None:
        self._answers = list(answers)
        self.asked: list[httpx2.Headers] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.headers)
        return self._answers.pop(0)

    def client(self) -> httpx2.Client:
        return httpx2.Client(transport=httpx2.MockTransport(self))


class Body(httpx2.SyncByteStream):
    """Bytes that have not been read yet, as from a connection."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self):
        yield self._content


class Broken(httpx2.SyncByteStream):
    """A body that ends before its length."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self):
        yield self._content
        raise httpx2.RemoteProtocolError("the peer closed")


def whole(content: bytes = WHOLE, **changed: str | None) -> httpx2.Response:
    size = None if changed.get("accept_ranges") == "none" else str(len(content))
    headers = _headers(content, content_length=size, **changed)
    return httpx2.Response(200, headers=headers, stream=Body(content))


def rest(first: int, *, of: bytes = WHOLE, span: str | None = None) -> httpx2.Response:
    span = span or f"bytes {first}-{len(of) - 1}/{len(of)}"
    return httpx2.Response(206, headers=_headers(of, content_range=span), stream=Body(of[first:]))


def broken(at: int, **changed: str | None) -> httpx2.Response:
    headers = _headers(content_length=str(len(WHOLE)), **changed)
    return httpx2.Response(200, headers=headers, stream=Broken(WHOLE[:at]))


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path / "data" / "spells" / "39" / "spells.parquet")


def transfer(place: Place, gateway: Gateway, asked: str = ASKED) -> Transfer:
    """Prepared as a run prepares it."""
    made = Transfer(gateway.client(), asked, place, NoProgress())
    made.prepare()
    return made


def interrupted(place: Place, at: int) -> None:
    with pytest.raises(TryLater):
        transfer(place, Gateway(broken(at))).attempt()
    assert place.part_size() == at


def test_a_whole_file_is_checked_and_put_in_place_with_its_notes(place):
    made = transfer(place, Gateway(whole()))
    assert made.attempt() is Outcome.FETCHED
    assert (made.received, made.check) == (len(WHOLE), Check.SHA256)
    assert place.path.read_bytes() == WHOLE
    assert sorted(path.name for path in place.path.parent.iterdir()) == [
        "spells.parquet",
        "spells.parquet.notes",
    ]
    assert place.path.stat().st_mode & 0o777 == 0o600
    assert place.path.parent.stat().st_mode & 0o777 == 0o700


def test_modes_are_those_asked_for_whatever_the_umask(tmp_path):
    place = Place(tmp_path / "data" / "file.csv", Modes(0o750, 0o640))
    umask = os.umask(0o077)
    try:
        transfer(place, Gateway(whole())).attempt()
    finally:
        os.umask(umask)
    assert place.path.stat().st_mode & 0o777 == 0o640
    assert place.path.parent.stat().st_mode & 0o777 == 0o750


def test_the_second_time_the_tag_is_sent_and_nothing_is_received(place):
    transfer(place, Gateway(whole())).attempt()
    gateway = Gateway(httpx2.Response(304, headers={"etag": ETAG}))
    again = transfer(place, gateway)
    assert again.attempt() is Outcome.UNCHANGED
    assert again.received == 0
    assert gateway.asked[0]["if-none-match"] == ETAG
    assert "range" not in gateway.asked[0]


def test_a_304_that_nobody_asked_for_is_no_answer(place):
    with pytest.raises(NotTheGateway):
        transfer(place, Gateway(httpx2.Response(304))).attempt()


def test_an_interrupted_file_goes_on_where_it_stopped_and_only_if_it_is_the_same(place):
    interrupted(place, 777)
    gateway = Gateway(rest(777))
    made = transfer(place, gateway)
    assert made.attempt() is Outcome.RESUMED
    assert (gateway.asked[0]["range"], gateway.asked[0]["if-range"]) == ("bytes=777-", ETAG)
    assert (made.from_byte, made.received) == (777, len(WHOLE) - 777)
    assert place.path.read_bytes() == WHOLE


def test_a_file_is_resumed_as_often_as_it_is_interrupted(place):
    interrupted(place, 100)
    headers = _headers(content_range=f"bytes 100-{len(WHOLE) - 1}/{len(WHOLE)}")
    cut = httpx2.Response(206, headers=headers, stream=Broken(WHOLE[100:5000]))
    gateway = Gateway(cut, rest(5000))
    made = transfer(place, gateway)
    with pytest.raises(TryLater):
        made.attempt()
    assert made.attempt() is Outcome.RESUMED
    assert gateway.asked[1]["range"] == "bytes=5000-"
    assert place.path.read_bytes() == WHOLE


def test_a_new_release_in_the_meantime_is_fetched_whole(place):
    interrupted(place, 777)
    newer = WHOLE[::-1]
    assert transfer(place, Gateway(whole(newer))).attempt() is Outcome.FETCHED
    assert place.path.read_bytes() == newer


@pytest.mark.parametrize(
    "span",
    [
        f"bytes 0-{len(WHOLE) - 1}/{len(WHOLE)}",
        f"bytes 776-{len(WHOLE) - 1}/{len(WHOLE)}",
        f"bytes 777-{len(WHOLE) - 2}/{len(WHOLE)}",
        f"bytes 777-{len(WHOLE)}/{len(WHOLE) + 1}",
        "bytes 777-*/*",
        "rows 777-778/779",
    ],
)
def test_refuses_a_part_that_is_not_the_rest(place, span):
    interrupted(place, 777)
    with pytest.raises(NotTheGateway):
        transfer(place, Gateway(rest(777, span=span))).attempt()
    assert not place.path.exists()


def test_refuses_the_rest_of_another_version(place):
    interrupted(place, 777)
    other = WHOLE[:-1] + b"x"
    with pytest.raises(NotTheGateway):
        transfer(place, Gateway(rest(777, of=other))).attempt()
    assert not place.part.exists()


def test_a_part_that_the_gateway_cannot_go_on_with_is_begun_anew(place):
    interrupted(place, 777)
    made = transfer(place, Gateway(httpx2.Response(416), whole()))
    with pytest.raises(TryLater) as later:
        made.attempt()
    assert later.value.wait_seconds == 0
    assert made.attempt() is Outcome.FETCHED


@pytest.mark.parametrize("changed", [{"etag": 'W/"weak"'}, {"accept_ranges": "none"}])
def test_what_cannot_be_resumed_is_begun_anew(place, changed):
    with pytest.raises(TryLater):
        transfer(place, Gateway(broken(777, **changed))).attempt()
    gateway = Gateway(whole())
    assert transfer(place, gateway).attempt() is Outcome.FETCHED
    assert "range" not in gateway.asked[0]


def test_a_part_of_another_request_is_not_gone_on_with(place):
    interrupted(place, 777)
    gateway = Gateway(whole())
    transfer(place, gateway, asked=ASKED + "&columns=sex").attempt()
    assert "range" not in gateway.asked[0]


def test_the_tag_of_another_request_is_not_sent(place):
    transfer(place, Gateway(whole())).attempt()
    gateway = Gateway(whole())
    transfer(place, gateway, asked=ASKED + "&columns=sex").attempt()
    assert "if-none-match" not in gateway.asked[0]


@pytest.mark.parametrize("at", [0, 5000, len(WHOLE) - 1])
def test_a_flipped_byte_is_detected_and_nothing_is_put_in_place(place, at):
    flipped = bytearray(WHOLE)
    flipped[at] ^= 1
    answer = httpx2.Response(200, headers=_headers(), stream=Body(bytes(flipped)))
    with pytest.raises(Damaged, match="SHA-256"):
        transfer(place, Gateway(answer)).attempt()
    assert list(place.path.parent.iterdir()) == []


def test_a_flipped_byte_of_the_part_is_detected_after_the_rest_has_come(place):
    interrupted(place, 777)
    part = bytearray(place.part.read_bytes())
    part[5] ^= 1
    place.part.write_bytes(part)
    with pytest.raises(Damaged):
        transfer(place, Gateway(rest(777))).attempt()
    assert not place.part.exists()


def test_a_local_file_that_was_changed_is_fetched_anew(place):
    transfer(place, Gateway(whole())).attempt()
    place.path.write_bytes(WHOLE[:-1])
    gateway = Gateway(whole())
    mended = transfer(place, gateway)
    assert mended.was_damaged
    assert mended.attempt() is Outcome.FETCHED
    assert "if-none-match" not in gateway.asked[0]
    assert place.path.read_bytes() == WHOLE


def test_a_local_file_that_was_taken_away_is_fetched_anew_and_was_not_damaged(place):
    transfer(place, Gateway(whole())).attempt()
    place.path.unlink()
    again = transfer(place, Gateway(whole()))
    assert not again.was_damaged
    assert again.attempt() is Outcome.FETCHED


def test_a_stream_is_taken_when_it_ends_and_its_hash_is_kept(place):
    made = transfer(place, Gateway(whole(repr_digest=None, accept_ranges="none")))
    assert made.attempt() is Outcome.FETCHED
    assert made.check is Check.END
    assert made.notes is not None
    assert made.notes.sha256 == hashlib.sha256(WHOLE).hexdigest()


def test_a_stream_that_breaks_leaves_the_file_in_place_as_it_was(place):
    transfer(place, Gateway(whole())).attempt()
    headers = _headers(WHOLE[::-1], repr_digest=None, accept_ranges="none")
    cut = httpx2.Response(200, headers=headers, stream=Broken(b"half"))
    with pytest.raises(TryLater):
        transfer(place, Gateway(cut)).attempt()
    assert place.path.read_bytes() == WHOLE


@pytest.mark.parametrize(
    "changed",
    [
        {"etag": None},
        {"jakelu_release": None},
        {"content_encoding": "br"},
        {"repr_digest": "sha-256=:AAAA:"},
    ],
)
def test_refuses_what_the_gateway_cannot_have_answered(place, changed):
    answer = httpx2.Response(200, headers=_headers(**changed), stream=Broken(WHOLE))
    with pytest.raises(NotTheGateway):
        transfer(place, Gateway(answer)).attempt()
    assert not place.path.parent.exists()


def test_a_redirect_is_not_followed(place):
    away = httpx2.Response(302, headers={"location": "https://elsewhere.example.fi/"})
    gateway = Gateway(away)
    with pytest.raises(NotTheGateway, match="redirect"):
        transfer(place, gateway).attempt()
    assert len(gateway.asked) == 1


def test_a_refusal_has_the_gateways_words_and_its_request(place):
    problem = {"code": "area_out_of_scope", "title": "Outside", "detail": "Ask for yours."}
    request = "0190a000-0000-7000-8000-000000000001"
    headers = {"jakelu-request": request, "content-type": "application/problem+json"}
    answer = httpx2.Response(403, headers=headers, stream=Body(json.dumps(problem).encode()))
    with pytest.raises(Refused) as refused:
        transfer(place, Gateway(answer)).attempt()
    assert str(refused.value) == (
        f"Outside. Ask for yours. (HTTP 403, area_out_of_scope, request {request})"
    )


def test_killed_between_the_two_renames_the_next_run_makes_the_second(place):
    transfer(place, Gateway(whole())).attempt()
    newer = WHOLE[::-1]
    transfer(place, Gateway(whole(newer))).attempt()
    place.notes.rename(place.part_notes)  # as if the second rename had not been made
    gateway = Gateway(httpx2.Response(304))
    again = transfer(place, gateway)
    assert again.attempt() is Outcome.UNCHANGED
    assert not again.was_damaged
    assert place.notes.exists()


def test_killed_before_the_renames_what_was_received_whole_is_put_in_place(place):
    interrupted(place, 777)
    place.part.write_bytes(WHOLE)
    again = transfer(place, Gateway(httpx2.Response(304)))
    assert again.attempt() is Outcome.UNCHANGED
    assert place.path.read_bytes() == WHOLE


def test_a_part_as_long_as_the_file_and_not_the_file_is_thrown_away(place):
    interrupted(place, 777)
    place.part.write_bytes(WHOLE[::-1])
    gateway = Gateway(whole())
    assert transfer(place, gateway).attempt() is Outcome.FETCHED
    assert "range" not in gateway.asked[0]


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b"\xff"])
def test_notes_that_are_no_notes_are_as_none(place, content):
    transfer(place, Gateway(whole())).attempt()
    place.notes.write_bytes(content)
    gateway = Gateway(whole())
    transfer(place, gateway).attempt()
    assert "if-none-match" not in gateway.asked[0]


def test_a_disk_that_cannot_be_written_is_told_with_the_file(tmp_path):
    (tmp_path / "data").write_text("a file where a folder should be")
    place = Place(tmp_path / "data" / "spells.parquet")
    with pytest.raises(DiskFault, match="data"):
        transfer(place, Gateway(whole())).attempt()


def test_notes_hold_nothing_of_who_asked(place):
    transfer(place, Gateway(whole())).attempt()
    assert set(Notes.model_validate_json(place.notes.read_bytes()).model_dump()) == {
        "asked", "etag", "size", "sha256", "can_resume", "release", "as_of", "receipt", "request",
    }  # fmt: skip
