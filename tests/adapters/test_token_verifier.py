"""The TokenVerifier port: good tokens of every algorithm, and the life of the issuer's keys."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from gateway.adapters import key_source, oidc
from gateway.adapters.issuer_keys import KeysUnreadable, read_key_set
from gateway.adapters.oidc import OidcTokenVerifier
from gateway.errors import InvalidToken, IssuerUnavailable, SettingsFault
from gateway.identity.reasons import TokenFault

ISSUER = "https://issuer.test.invalid"
START = datetime(2026, 6, 30, 5, 0, tzinfo=UTC)


class StepClock:
    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def step(self, **span: float) -> None:
        self.moment += timedelta(**span)


class Issuer:
    """A JWK set on a loopback address that can rotate, fail and dawdle, and counts its visitors."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = []
        self.document: bytes | None = None
        self.status = 200
        self.headers: dict[str, str] = {}
        self.pause_seconds = 0.0
        self.trickle_seconds = 0.0
        self.visits = 0
        issuer = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.visits += 1
                time.sleep(issuer.pause_seconds)
                body = issuer.document or json.dumps({"keys": issuer.keys}).encode()
                self.send_response(issuer.status)
                for name, value in issuer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):  # the visitor may have left
                    for part in (body[:1], body[1:2], body[2:3], body[3:]):
                        self.wfile.write(part)
                        time.sleep(issuer.trickle_seconds)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/jwks"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with contextlib.closing(Issuer()) as running:
        yield running


@pytest.fixture
def verifier(issuer: Issuer, clock: StepClock) -> OidcTokenVerifier:
    return make_verifier(issuer.address, clock)


def make_verifier(jwks: str, clock: StepClock, **more: Any) -> OidcTokenVerifier:
    return OidcTokenVerifier(issuer=ISSUER, audience="jakelu", jwks=jwks, clock=clock, **more)


def new_key(key_id: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": key_id, "use": "sig", "alg": "ES256"})


def public(key: Any) -> dict[str, Any]:
    return key.as_dict(private=False)


def token(key: Any, moment: datetime, *, algorithm: str = "ES256", jti: str = "t-1") -> str:
    issued = int(moment.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": "jakelu",
        "sub": "svc-1",
        "client_id": "client-1",
        "jti": jti,
        "iat": issued,
        "exp": issued + 3600,
    }
    header = {"alg": algorithm, "typ": "at+jwt", "kid": key.kid}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library dislikes the name EdDSA
        return jwt.encode(header, claims, key, algorithms=[algorithm])


def reason(refused: Callable[[], object]) -> str:
    with pytest.raises(InvalidToken) as raised:
        refused()
    return raised.value.reason


# --- good tokens -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("ES256", ECKey.generate_key("P-256", {"kid": "a", "use": "sig"})),
        ("PS256", RSAKey.generate_key(2048, {"kid": "a", "use": "sig"})),
        ("Ed25519", OKPKey.generate_key("Ed25519", {"kid": "a", "use": "sig"})),
        ("EdDSA", OKPKey.generate_key("Ed25519", {"kid": "a", "use": "sig"})),
    ],
)
def test_accepts_every_allowed_algorithm(issuer, clock, algorithm, key):
    issuer.keys = [public(key)]
    verifier = make_verifier(issuer.address, clock, algorithms=[algorithm])
    assert verifier.verify(token(key, clock.now(), algorithm=algorithm))["jti"] == "t-1"


def test_reads_the_keys_from_a_file(tmp_path, clock):
    key = new_key("a")
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [public(key)]}))
    verifier = make_verifier(str(tmp_path / "jwks.json"), clock)
    assert verifier.verify(token(key, clock.now()))
    verifier.check()


@pytest.mark.parametrize("algorithms", [[], ["HS256"], ["RS256"], ["none"], ["ES256", "RS256"]])
def test_refuses_to_be_configured_with_a_weak_algorithm(clock, algorithms):
    with pytest.raises(SettingsFault):
        make_verifier("jwks.json", clock, algorithms=algorithms)


@pytest.mark.parametrize("names", [{"issuer": ""}, {"audience": ""}])
def test_refuses_to_be_configured_without_issuer_or_audience(clock, names):
    with pytest.raises(SettingsFault):
        OidcTokenVerifier(**({"issuer": ISSUER, "audience": "a"} | names), jwks="j", clock=clock)


@pytest.mark.parametrize(
    "address",
    [
        "http://issuer.test.invalid/jwks",
        "http://127.0.0.1.evil.invalid/jwks",
        "http://user:secret@127.0.0.1/jwks",
        "ftp://127.0.0.1/jwks",
        "file:///jwks.json",
        "https://",
        "https://[",
        "https://issuer.test.invalid:99999/",
    ],
)
def test_refuses_addresses_that_somebody_else_could_answer(clock, address):
    with pytest.raises(SettingsFault) as refused:
        make_verifier(address, clock)
    assert refused.value.parameter == "jwks"


@pytest.mark.parametrize(
    "address",
    ["https://issuer.test.invalid/jwks", "http://[::1]:9/jwks", "http://localhost:9/jwks"],
)
def test_takes_https_and_loopback_addresses(clock, address):
    make_verifier(address, clock)


# --- the cache of tokens ---------------------------------------------------------------------


def test_a_cached_token_ends_when_it_expires(issuer, verifier, clock):
    key = new_key("a")
    issuer.keys = [public(key)]
    good = token(key, clock.now())
    assert verifier.verify(good)
    clock.step(seconds=3609)
    assert verifier.verify(good)
    clock.step(seconds=1)
    assert reason(lambda: verifier.verify(good)) == TokenFault.EXPIRED


def test_the_cache_is_bounded(issuer, verifier, clock, monkeypatch):
    monkeypatch.setattr(oidc, "CACHED_TOKENS_MAX", 3)
    key = new_key("a")
    issuer.keys = [public(key)]
    for number in range(10):
        verifier.verify(token(key, clock.now(), jti=f"t-{number}"))
    assert len(verifier._cache) == 3


# --- the cache of keys -----------------------------------------------------------------------


def test_fetches_the_keys_once_in_five_minutes(issuer, verifier, clock):
    key = new_key("a")
    issuer.keys = [public(key)]
    for number in range(20):
        verifier.verify(token(key, clock.now(), jti=f"t-{number}"))
    clock.step(seconds=299)
    verifier.verify(token(key, clock.now()))
    assert issuer.visits == 1
    clock.step(seconds=1)
    verifier.verify(token(key, clock.now()))
    assert issuer.visits == 2


def test_a_new_key_is_found_at_once_but_asked_for_only_every_30_seconds(issuer, verifier, clock):
    old, new, newest = new_key("a"), new_key("b"), new_key("c")
    issuer.keys = [public(old)]
    verifier.verify(token(old, clock.now()))
    clock.step(seconds=30)
    issuer.keys = [public(old), public(new)]
    assert verifier.verify(token(new, clock.now()))
    assert issuer.visits == 2
    issuer.keys.append(public(newest))
    for _ in range(50):
        assert reason(lambda: verifier.verify(token(newest, START))) == TokenFault.KEY_UNKNOWN
    assert issuer.visits == 2
    clock.step(seconds=30)
    assert verifier.verify(token(newest, clock.now()))


def test_a_withdrawn_key_stops_working_for_cached_tokens_too(issuer, verifier, clock):
    old, new = new_key("a"), new_key("b")
    issuer.keys = [public(old), public(new)]
    good = token(old, clock.now())
    assert verifier.verify(good)
    issuer.keys = [public(new)]
    clock.step(minutes=5)
    assert reason(lambda: verifier.verify(good)) == TokenFault.KEY_UNKNOWN
    assert verifier.verify(token(new, clock.now()))


def test_a_key_id_given_to_another_key_ends_the_cached_tokens(issuer, verifier, clock):
    old, new = new_key("a"), new_key("a")
    issuer.keys = [public(old)]
    good = token(old, clock.now())
    assert verifier.verify(good)
    issuer.keys = [public(new)]
    clock.step(minutes=5)
    assert reason(lambda: verifier.verify(good)) == TokenFault.SIGNATURE


def test_stale_keys_serve_for_an_hour_while_the_issuer_is_down_then_nothing(
    issuer, verifier, clock
):
    key = new_key("a")
    issuer.keys = [public(key)]
    good = token(key, clock.now())
    assert verifier.verify(good)
    issuer.status = 500
    clock.step(minutes=59, seconds=59)
    assert verifier.verify(good)
    assert verifier.verify(token(key, clock.now(), jti="t-2"))
    clock.step(seconds=1)
    with pytest.raises(IssuerUnavailable) as refused:
        verifier.verify(good)
    assert refused.value.status == 503
    assert refused.value.retry_after_seconds == 5
    issuer.status = 200
    clock.step(seconds=5)
    assert verifier.verify(good)


def test_an_issuer_that_is_down_is_asked_every_five_seconds_at_most(issuer, verifier, clock):
    issuer.status = 503
    for _ in range(20):
        with pytest.raises(IssuerUnavailable):
            verifier.verify(token(new_key("a"), clock.now()))
    assert issuer.visits == 1
    clock.step(seconds=5)
    with pytest.raises(IssuerUnavailable):
        verifier.check()
    assert issuer.visits == 2


def test_an_issuer_that_does_not_listen_is_unavailable(issuer, clock):
    address = issuer.address
    issuer.server.socket.close()
    with pytest.raises(IssuerUnavailable):
        make_verifier(address, clock).check()


def test_a_clock_that_is_set_back_makes_the_keys_old(issuer, verifier, clock):
    key = new_key("a")
    issuer.keys = [public(key)]
    verifier.check()
    clock.step(days=-1)
    verifier.verify(token(key, clock.now()))
    assert issuer.visits == 2


def test_many_threads_cause_one_fetch(issuer, verifier, clock):
    key = new_key("a")
    issuer.keys = [public(key)]
    issuer.pause_seconds = 0.1
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda: results.append(verifier.verify(token(key, START))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert issuer.visits == 1


def test_others_go_on_with_stale_keys_while_one_thread_fetches(issuer, verifier, clock):
    key = new_key("a")
    issuer.keys = [public(key)]
    good = token(key, clock.now())
    verifier.verify(good)
    clock.step(minutes=6)
    issuer.pause_seconds = 0.6
    fetching = threading.Thread(target=verifier.check)
    fetching.start()
    while issuer.visits < 2:
        time.sleep(0.005)
    begun = time.monotonic()
    assert verifier.verify(good)
    assert time.monotonic() - begun < 0.4
    fetching.join()


# --- bad answers of the issuer ---------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": [], "keys": []}',
        b"\xff",
        json.dumps({"keys": [{}] * 101}).encode(),
        b'{"keys": [' + b" " * 300_000 + b"]}",
    ],
)
def test_an_answer_that_is_no_key_set_counts_as_an_outage(issuer, verifier, document):
    issuer.document = document
    with pytest.raises(IssuerUnavailable):
        verifier.check()


def test_a_redirect_is_not_followed(issuer, verifier):
    issuer.status, issuer.headers = 302, {"Location": issuer.address}
    with pytest.raises(IssuerUnavailable):
        verifier.check()
    assert issuer.visits == 1


def test_a_slow_answer_is_given_up(issuer, verifier, monkeypatch):
    monkeypatch.setattr(key_source, "FETCH_SECONDS_MAX", 0.1)
    issuer.pause_seconds = 0.4
    with pytest.raises(IssuerUnavailable):
        verifier.check()


def test_an_answer_that_trickles_is_given_up(issuer, verifier, monkeypatch):
    monkeypatch.setattr(key_source, "FETCH_SECONDS_MAX", 0.3)
    issuer.trickle_seconds = 0.2
    begun = time.monotonic()
    with pytest.raises(IssuerUnavailable):
        verifier.check()
    assert time.monotonic() - begun < 2


def test_a_missing_file_is_an_outage(tmp_path: Path, clock):
    with pytest.raises(IssuerUnavailable):
        make_verifier(str(tmp_path / "none.json"), clock).check()


@pytest.mark.parametrize(
    "bad",
    [
        new_key("a").as_dict(private=True),
        OctKey.generate_key(256, {"kid": "a", "use": "sig"}).as_dict(private=True),
        public(ECKey.generate_key("P-256", {"kid": "a", "use": "enc"})),
        public(ECKey.generate_key("P-256", {"kid": "a"})),
        public(OKPKey.generate_key("Ed448", {"kid": "a", "use": "sig"})),
        public(OKPKey.generate_key("X25519", {"kid": "a", "use": "sig"})),
        public(new_key("")),
        {**public(new_key("a")), "kid": 7},
        {**public(new_key("a")), "x": "AAAA"},
        {**public(new_key("a")), "crv": "P-999"},
        {"kty": "AKP", "kid": "a", "use": "sig", "pub": "AAAA"},
        {"kty": "RSA", "kid": "a", "use": "sig", "e": "AQAB", "n": "A" * 300 + "_" * 42},
        {"kty": "RSA", "kid": "a", "use": "sig", "e": "AQAB", "n": "_" * 172},
        {"kty": "RSA", "kid": "a", "use": "sig", "e": "AQAB"},
        "text",
        None,
    ],
)
def test_unsuitable_keys_are_left_out_and_the_others_stay(bad):
    good = new_key("good")
    keys = read_key_set(json.dumps({"keys": [bad, public(good)]}).encode())
    assert list(keys) == ["good"]


def test_a_key_id_that_stands_twice_names_no_key():
    twice = [public(new_key("a")), public(new_key("a")), public(new_key("b"))]
    assert list(read_key_set(json.dumps({"keys": twice}).encode())) == ["b"]


def test_a_deeply_nested_key_set_is_refused():
    with pytest.raises(KeysUnreadable):
        read_key_set(b'{"keys":' + b"[" * 100_000)
