"""Loops, hoards and guesses: each is stopped, says how to go on, and disturbs nobody else."""

from __future__ import annotations

import contextlib
import re
import socket
import sqlite3
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from gateway.adapters import demo_issuer
from gateway.adapters.demo_issuer import PERSONAS
from gateway.surfaces.part_lines import AT_ONCE

ME = "/v1/me"
ROWS = "/v1/rows/job-seeker-spells"
OLD = f"{ROWS}?release=2026-06-30.1"  # small
CUBE = "/v1/cubes/job-seekers/data"
BI = "municipality-bi"
LIMIT = re.compile(r'"([a-z]+)";r=([0-9]+);t=([0-9]+)')


class MovingClock:
    def __init__(self):
        self.moment = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)

    def now(self):
        return self.moment

    def waits(self, seconds):
        self.moment += timedelta(seconds=int(seconds))


@pytest.fixture
def clock():
    return MovingClock()


def limits(**person: int) -> dict:
    return {"person": person}


def left(answer) -> dict[str, tuple[int, int]]:
    """Name → (r, t) of every `RateLimit` field of an answer."""
    text = ", ".join(answer.headers.get_list("ratelimit"))
    return {name: (int(r), int(t)) for name, r, t in LIMIT.findall(text)}


def limited(house) -> list[dict]:
    return [entry.body for entry in house.entries() if entry.kind == "access.limited"]


# --- requests --------------------------------------------------------------------------------


def test_a_loop_is_stopped_and_told_when_to_go_on(fresh_house, clock):
    with fresh_house.open(clock=clock, limits=limits(requests_per_minute=6, burst=3)):
        for _ in range(3):
            assert fresh_house.get(BI, ME).status_code == 200
        refused = fresh_house.get(BI, ME)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert refused.headers["retry-after"] == "10"
        assert "6 times a minute" in refused.json()["detail"]
        assert refused.headers["content-type"] == "application/problem+json"
        clock.waits(9)
        assert fresh_house.get(BI, ME).headers["retry-after"] == "1"
        clock.waits(1)
        assert fresh_house.get(BI, ME).status_code == 200
        assert fresh_house.get(BI, ME).status_code == 429


def test_every_answer_to_somebody_who_is_known_tells_the_limits(fresh_house, clock):
    with fresh_house.open(clock=clock, limits=limits(requests_per_minute=60, burst=20)) as client:
        answers = [
            fresh_house.get(BI, ME),
            fresh_house.get(BI, CUBE),
            fresh_house.get(BI, "/v1/nothing"),
            fresh_house.get(BI, f"{CUBE}?nothing=1"),
            fresh_house.get(BI, OLD),
        ]
        assert [left(answer)["requests"] for answer in answers] == [
            (19 - n, 19 - n) for n in range(5)
        ]
        for answer in answers:
            assert answer.headers["ratelimit-policy"] == (
                '"requests";q=20;w=20, "extracts";q=2;qu="concurrent-requests", '
                '"bytes";q=50000000000;w=86400;qu="content-bytes"'
            )
        for path in (ME, "/health/live", "/docs"):
            assert "ratelimit" not in client.get(path).headers


@pytest.mark.parametrize("origin", [None, "https://elsewhere.invalid"])
def test_answers_rest_in_no_cache_that_may_not_have_them_and_in_no_other_page(
    fresh_house, clock, origin
):
    sent = {"origin": origin} if origin else {}
    with fresh_house.open(clock=clock, limits=limits(requests_per_minute=1, burst=5)) as client:
        rows = fresh_house.get(BI, OLD, **sent)
        answers = {
            "private, no-store": [
                rows,
                fresh_house.get(BI, OLD, if_none_match=rows.headers["etag"]),
            ],
            "private, no-cache": [fresh_house.get(BI, CUBE, **sent)],
            "public, max-age=300": [fresh_house.get(BI, "/v1/cubes/vacancies/data", **sent)],
        }
        preflight = client.options(OLD, headers={**fresh_house.bearer(BI), **sent})
        answers["no-store"] = [preflight, fresh_house.get(BI, OLD, **sent)]
    codes = [each.status_code for found in answers.values() for each in found]
    assert codes == [200, 304, 200, 200, 405, 429]
    for caching, found in answers.items():
        for answer in found:
            assert answer.headers["cache-control"] == caching
            assert ("etag" in answer.headers) == (caching != "no-store")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["strict-transport-security"].startswith("max-age=63072000")
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
            assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_refusal_never_says_an_earlier_time_than_its_window(fresh_house, clock):
    with fresh_house.open(clock=clock, limits=limits(requests_per_minute=7, burst=1)):
        fresh_house.get(BI, ME)
        refused = fresh_house.get(BI, ME)
        assert left(refused)["requests"] == (0, int(refused.headers["retry-after"]))


def test_another_client_does_not_notice(fresh_house, clock):
    with fresh_house.open(clock=clock, limits=limits(burst=2)):
        for _ in range(10):
            last = fresh_house.get(BI, ME)
        assert last.status_code == 429
        assert fresh_house.get("small-municipality-bi", ME).status_code == 200


def test_a_new_token_does_not_help(fresh_house, clock):
    with fresh_house.open(clock=clock, limits=limits(requests_per_minute=1, burst=2)):
        statuses = []
        for second in range(4):  # each is another token
            clock.waits(1)
            statuses.append(fresh_house.get(BI, ME, x_count=str(second)).status_code)
        assert statuses == [200, 200, 429, 429]


def test_a_dashboard_and_a_morning_of_pulls_do_not_notice_the_defaults(fresh_house, clock):
    with fresh_house.open(clock=clock, limits={}):
        for _ in range(120):
            assert fresh_house.get(BI, f"{CUBE}?geography=*").status_code == 200
        for _ in range(10):
            assert fresh_house.get(BI, OLD).status_code == 200


def test_a_loop_is_a_few_entries_and_nothing_of_it_is_lost(fresh_house, clock):
    with fresh_house.open(clock=clock, limits=limits(burst=2)):
        fresh_house.get(BI, CUBE)
        fresh_house.get(BI, CUBE)
        before = len(fresh_house.entries())
        for _ in range(200):
            assert fresh_house.get(BI, CUBE).status_code == 429
        assert len(fresh_house.entries()) <= before + 2  # the ends of the two that were let in
    (body,) = limited(fresh_house)
    assert body["counts"] == {"rate_limited": 200}
    assert (body["client_id"], body["organisation"]) == ("tampere-bi", "KU837")
    assert body["sub"] == "svc-tampere-bi"


def test_an_auditor_finds_who_was_refused(fresh_house, clock):
    with fresh_house.open(clock=clock, limits=limits(burst=1)):
        for _ in range(3):
            fresh_house.get(BI, ME)
    with fresh_house.open(clock=clock):
        page = fresh_house.get(
            "auditor", "/v1/journal/entries?kind=access.limited&client=tampere-bi"
        )
        assert [entry["body"]["counts"] for entry in page.json()["entries"]] == [
            {"rate_limited": 2}
        ]


def test_without_the_state_nobody_is_served_without_limits(fresh_house, clock, monkeypatch):
    from gateway.adapters import state_allowances
    from gateway.errors import StateUnavailable

    def broken(*_: object, **__: object):
        raise StateUnavailable(retry_after_seconds=5)

    with fresh_house.open(clock=clock):
        monkeypatch.setattr(state_allowances.StoredBuckets, "draw", broken)
        answer = fresh_house.get(BI, CUBE)
        assert (answer.status_code, answer.json()["code"]) == (503, "state_unavailable")
        assert answer.headers["retry-after"] == "5"
        monkeypatch.undo()
        assert fresh_house.get(BI, CUBE).status_code == 200
        monkeypatch.setattr(state_allowances.StoredPlaces, "take", broken)
        assert fresh_house.get(BI, OLD).json()["code"] == "state_unavailable"
        assert fresh_house.get(BI, CUBE).status_code == 200


def test_a_download_that_cannot_begin_holds_no_place(fresh_house, clock, monkeypatch):
    from gateway.errors import JournalUnavailable, ReleaseDamaged

    def broken(fault):
        def fails(*_: object, **__: object):
            raise fault

        return fails

    with fresh_house.open(clock=clock, limits=limits(concurrent_extracts=1)):
        for name, fault in (("announce", JournalUnavailable()), ("open_body", ReleaseDamaged())):
            with monkeypatch.context() as patched:
                patched.setattr(f"gateway.delivery.deliver.{name}", broken(fault))
                assert fresh_house.get(BI, OLD).json()["code"] == fault.code
        assert fresh_house.get(BI, OLD).status_code == 200


# --- bytes -----------------------------------------------------------------------------------


def test_the_bytes_of_a_day_are_those_of_all_clients_of_the_subscription(
    fresh_house, clock, monkeypatch
):
    other = replace(PERSONAS[BI], subject="svc-other", client_id="tampere-other")
    monkeypatch.setattr(demo_issuer, "PERSONAS", {**PERSONAS, "other-bi": other})
    with fresh_house.open(clock=clock, limits=limits(bytes_per_day=1000)) as client:
        another = fresh_house.bearer("other-bi")

        def ask(path, **headers):
            return client.get(path, headers=another | headers)

        whole = fresh_house.get(BI, OLD)  # begins below the limit, and ends above it
        assert (whole.status_code, len(whole.content) > 1000) == (200, True)
        assert fresh_house.closed(whole.headers["jakelu-receipt"])["outcome"] == "complete"
        for refused in (fresh_house.get(BI, OLD), ask(OLD)):
            assert (refused.status_code, refused.json()["code"]) == (429, "quota_used_up")
            assert "2026-07-02T00:00:00+03:00" in refused.json()["detail"]
            assert left(refused)["bytes"] == (0, int(refused.headers["retry-after"]))
        assert fresh_house.get(BI, CUBE).status_code == 200  # another subscription
        assert fresh_house.get("small-municipality-bi", CUBE).status_code == 200
        assert ask(OLD, **{"if-none-match": whole.headers["etag"]}).status_code == 304
        assert client.head(OLD, headers=another).status_code == 200


def test_it_opens_again_when_it_said(fresh_house, clock):
    clock.moment = datetime(2026, 7, 1, 20, 58, tzinfo=UTC)  # two minutes before midnight
    with fresh_house.open(clock=clock, limits=limits(bytes_per_day=1000)) as client:
        token = demo_issuer.issue(BI, folder=fresh_house.root / "issuer", now=clock.moment)
        bearer = {"Authorization": f"Bearer {token}"}
        client.get(OLD, headers=bearer)
        refused = client.get(OLD, headers=bearer)
        assert refused.headers["retry-after"] == "120"
        clock.waits(119)
        assert client.get(OLD, headers=bearer).status_code == 429
        clock.waits(1)
        assert client.get(OLD, headers=bearer).status_code == 200


def test_what_is_not_sent_costs_nothing(fresh_house, clock):
    with fresh_house.open(clock=clock, limits=limits(bytes_per_day=10**9)) as client:
        etag = fresh_house.get(BI, OLD).headers["etag"]
        for _ in range(5):
            answer = fresh_house.get(BI, OLD, if_none_match=etag)
            assert answer.status_code == 304
            assert fresh_house.closed(answer.headers["jakelu-receipt"])["bytes"] == 0
        whole = client.head(OLD, headers=fresh_house.bearer(BI)).headers["content-length"]
    assert _spent(fresh_house) == int(whole)  # once


def _spent(house) -> int:
    with contextlib.closing(sqlite3.connect(house.root / "journal" / "state.sqlite")) as state:
        return state.execute("SELECT sum(bytes) FROM bytes_of_day").fetchone()[0]


# --- guesses ---------------------------------------------------------------------------------


def test_guessing_is_slow_and_a_valid_token_never_is(fresh_house, clock, monkeypatch):
    from gateway.surfaces import pacing

    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(pacing.asyncio, "sleep", sleep)
    with fresh_house.open(clock=clock, limits={"failed_logins_per_minute": 5}) as client:
        bad = {"Authorization": "Bearer a.b.c"}
        assert [client.get(ME, headers=bad).status_code for _ in range(5)] == [401] * 5
        refused = client.get(ME, headers=bad)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_failures")
        assert refused.headers["retry-after"] == "12"
        assert slept.count(pacing.SLOW_SECONDS) == 1
        assert fresh_house.get(BI, ME).status_code == 200
        assert client.get(ME).status_code == 401  # nothing was guessed
        expired = fresh_house.bearer(BI, lifetime_seconds=-60)
        assert client.get(ME, headers=expired).status_code == 401  # its owner must learn of it
        clock.waits(12)
        assert client.get(ME, headers=bad).status_code == 401


# --- extracts, over real sockets ----------------------------------------------------------------


def _receiving(server):
    """A download that has begun and goes no further, for nobody reads it."""
    connection = server.open_raw(ROWS)
    assert b" 200 OK" in connection.recv(65_536)
    return connection


def _until_served(server, path=OLD, persona=BI):
    deadline = time.monotonic() + 5
    while (answer := server.get(path, persona)).status_code != 200:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)
    return answer


def test_two_downloads_at_once_and_a_third_is_refused_until_one_ends(limited_server):
    with contextlib.closing(_receiving(limited_server)):
        second = _receiving(limited_server)
        third = limited_server.get(OLD)
        assert (third.status_code, third.json()["code"]) == (429, "too_many_extracts")
        assert "2 downloads" in third.json()["detail"]
        retry_after = int(third.headers["retry-after"])
        assert 0 < retry_after <= 10
        assert left(third)["extracts"] == (0, retry_after)
        etag = '"' + "0" * 64 + '"'
        assert limited_server.get(CUBE).status_code == 200
        assert limited_server.get(OLD, if_none_match=f"{etag}, *").status_code == 304
        second.close()  # the client hangs up in the middle
        _until_served(limited_server)
    _until_served(limited_server)


def test_parts_of_one_file_side_by_side_are_one_download_and_a_flood_of_them_is_stopped(
    limited_server,
):
    bearer = limited_server.house.bearer(BI)["Authorization"]
    asked = f"GET {ROWS} HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer}\r\nRange: bytes=0-\r\n\r\n"
    with contextlib.ExitStack() as opened:

        def part() -> socket.socket:
            connection = opened.enter_context(contextlib.closing(socket.socket()))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            connection.settimeout(20)
            connection.connect(("127.0.0.1", limited_server.port))
            connection.sendall(asked.encode())
            return connection

        def answer(connection: socket.socket) -> bytes:
            return connection.recv(4096)

        running = [part() for _ in range(AT_ONCE)]
        assert all(answer(each).startswith(b"HTTP/1.1 206") for each in running)
        second = _receiving(limited_server)  # a download of its own: the client's other place
        flood = [part() for _ in range(150)]
        answers = [answer(each) for each in flood]
        assert all(each.startswith(b"HTTP/1.1 429") for each in answers)
        assert all(b"retry-after: 5" in each.lower() for each in answers)
        assert limited_server.get(OLD).status_code == 429
        assert limited_server.get(OLD, "small-municipality-bi").status_code == 200
        second.close()
    _until_served(limited_server)


def test_one_after_the_other_never_meets_the_limit(limited_server):
    with contextlib.closing(_receiving(limited_server)):
        for _ in range(20):
            assert limited_server.get(OLD).status_code == 200


def test_the_pool_is_everybodys_and_is_waited_for(limited_server):
    small = "small-municipality-bi"
    with (
        contextlib.closing(_receiving(limited_server)),
        contextlib.closing(_receiving(limited_server)),
    ):
        third = httpx2.Client()
        with third.stream(
            "GET", limited_server.base + ROWS, headers=limited_server.house.bearer(small)
        ) as answer:
            assert answer.status_code == 200
            started = time.monotonic()
            refused = limited_server.get(OLD, small)
            assert (refused.status_code, refused.json()["code"]) == (503, "busy")
            assert "try again" in refused.json()["detail"]
            assert 0 < int(refused.headers["retry-after"]) <= 10
            assert time.monotonic() - started >= 2.0
            assert limited_server.get(CUBE, small).status_code == 200
        third.close()
    _until_served(limited_server, OLD, small)


def test_whoever_waits_for_the_pool_gets_the_place_that_comes_free(limited_server):
    small = "small-municipality-bi"
    first = _receiving(limited_server)
    with (
        contextlib.closing(_receiving(limited_server)),
        httpx2.Client() as third,
        third.stream(
            "GET", limited_server.base + ROWS, headers=limited_server.house.bearer(small)
        ) as answer,
    ):
        assert answer.status_code == 200
        leaving = threading.Timer(0.3, first.close)
        leaving.start()
        assert limited_server.get(OLD, small).status_code == 200
        leaving.join()
    _until_served(limited_server, OLD, small)


def test_no_token_is_in_the_state_the_journal_or_the_log(limited_server):
    house = limited_server.house
    token = house.bearer(BI)["Authorization"].removeprefix("Bearer ")
    bad = "eyJhbGciOiJub25lIn0.canary4711.canary4712"
    with (
        contextlib.closing(_receiving(limited_server)),
        contextlib.closing(_receiving(limited_server)),
    ):
        answers = [
            httpx2.get(limited_server.base + OLD, headers={"Authorization": f"Bearer {each}"})
            for each in (token, bad)
        ]
    assert [answer.status_code for answer in answers] == [429, 401]
    written = [limited_server.log_path, *(house.root / "journal").glob("*.sqlite*")]
    written = [path for path in written if path.is_file()]
    assert any(path.name == "state.sqlite" for path in written)
    for path in written:
        content = path.read_bytes()
        for needle in (token, token.split(".")[1], token.split(".")[2], "canary4711"):
            assert needle.encode() not in content, path.name
    state = (house.root / "journal" / "state.sqlite").read_bytes()
    state += (house.root / "journal" / "state.sqlite-wal").read_bytes()
    for name in (b"tampere-bi", b"areas-rows", b"KU837"):
        assert name not in state
