"""Attacks on tokens that are bound to a key: over HTTP, each with its answer and the reason counted for it.

After the checklist of RFC 9449 sections 4.3, 7 and 11; see docs/identity.md.
"""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.testclient import TestClient

from gateway.identity.reasons import TokenFault
from gateway.model.product import Classification

PUBLIC_URL = "https://gateway.test.invalid"
ME = "/v1/me"
URL = PUBLIC_URL + ME
AT = 1782885600  # the fixed clock of the house, 2026-07-01T06:00:00Z
PERSONA = "municipality-bi"
RSA = RSAKey.generate_key(2048)


class Door:
    """One gateway that is knocked on by holders of bound tokens."""

    def __init__(self, house, client: TestClient) -> None:
        self.house, self.client = house, client

    def token(self, holder=None, **bound_to: str) -> str:
        bound = bound_to if holder is None else {"jkt": holder.thumbprint, **bound_to}
        header = self.house.bearer(PERSONA, bound_to=bound or None)["Authorization"]
        return header.removeprefix("Bearer ")

    def knock(self, token: str, *proofs: str, path: str = ME, scheme: str = "DPoP", method="GET"):
        headers = [("Authorization", f"{scheme} {token}"), *(("DPoP", proof) for proof in proofs)]
        return self.client.request(method, path, headers=headers)


@pytest.fixture(scope="module")
def door(new_house) -> Iterator[Door]:
    house = new_house()
    with house.open(public_url=PUBLIC_URL) as client:
        yield Door(house, client)


@pytest.fixture
def told(door, refusals):
    return refusals(door.client)


@pytest.fixture
def token(door, holder) -> str:
    return door.token(holder)


def refused(told, answer, reason: TokenFault) -> None:
    told.check(answer, code="invalid_dpop_proof", scheme="DPoP", reason=reason)


# --- what is accepted ----------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "Ed25519"])
def test_the_holder_of_the_key_is_let_in_again_and_again_with_new_proofs(
    door, new_holder, algorithm
):
    holder = new_holder(algorithm)
    token = door.token(holder)
    for _ in range(3):
        assert door.knock(token, holder.proof(token, URL)).status_code == 200


@pytest.mark.parametrize(
    ("path", "htu"),
    [
        (ME, "https://GATEWAY.test.INVALID/v1/me"),
        (ME, "HTTPS://gateway.test.invalid:443/v1/me"),
        (ME, "https://gateway.test.invalid:/v1/me"),
        (ME, "https://gateway.test.invalid/v1/%6de"),
        (ME, "https://gateway.test.invalid/v1/./x/../me"),
        (ME, "https://gateway.test.invalid/v1/me?area=39"),
        (ME, "https://gateway.test.invalid/v1/me#top"),
        ("/v1/products?", "https://gateway.test.invalid/v1/products"),
        ("/v1/cubes/job-seekers/data?sex=1", f"{PUBLIC_URL}/v1/cubes/job-seekers/data"),
        ("/v1/cubes/job%2Dseekers/data", f"{PUBLIC_URL}/v1/cubes/job-seekers/data"),
        ("/v1/cubes/job-seekers/data", f"{PUBLIC_URL}/v1/cubes/job%2dseekers/data"),
    ],
)
def test_an_address_may_be_spelled_in_every_way_that_means_the_same(door, holder, token, path, htu):
    assert door.knock(token, holder.proof(token, htu), path=path).status_code == 200


@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_proof_is_fresh_for_a_minute_either_way(door, holder, token, seconds):
    assert door.knock(token, holder.proof(token, URL, iat=AT + seconds)).status_code == 200


def test_a_proof_beside_an_ordinary_token_changes_nothing(door, holder):
    token = door.token()
    answer = door.knock(token, holder.proof(token, URL), scheme="Bearer")
    assert answer.status_code == 200


# --- the scheme ----------------------------------------------------------------------------------


def test_a_stolen_bound_token_is_no_bearer_token(door, holder, token, told):
    for proofs in ((), (holder.proof(token, URL),)):
        answer = door.knock(token, *proofs, scheme="Bearer")
        told.check(answer, code="invalid_token", scheme="Bearer", reason=TokenFault.BOUND)


def test_an_ordinary_token_is_no_dpop_token(door, holder, told):
    token = door.token()
    answer = door.knock(token, holder.proof(token, URL))
    told.check(answer, code="invalid_token", scheme="DPoP", reason=TokenFault.NOT_BOUND)


@pytest.mark.parametrize(
    ("binding", "reason"),
    [
        ({}, TokenFault.BINDING_UNKNOWN),
        (None, TokenFault.BINDING_UNKNOWN),
        ({"kid": "k1"}, TokenFault.BINDING_UNKNOWN),
        ({"jkt": "A" * 43, "jwk": {}}, TokenFault.BINDING_UNKNOWN),
        ({"jkt": ""}, TokenFault.BINDING_MALFORMED),
        ({"jkt": "A" * 42}, TokenFault.BINDING_MALFORMED),
        ({"jkt": "A" * 42 + "B"}, TokenFault.BINDING_MALFORMED),
        ({"jkt": None}, TokenFault.BINDING_MALFORMED),
        ({"jkt": ["A" * 43]}, TokenFault.BINDING_MALFORMED),
    ],
)
@pytest.mark.parametrize("scheme", ["Bearer", "DPoP"])
def test_a_binding_that_cannot_be_checked_lets_nobody_in(
    door, holder, told, binding, reason, scheme
):
    token = _issued_with(door, binding)
    answer = door.knock(token, holder.proof(token, URL), scheme=scheme)
    told.check(answer, code="invalid_token", scheme=scheme, reason=reason)


def _issued_with(door: Door, binding: object) -> str:
    """A token whose `cnf` is anything, signed by the issuer's own key."""
    key = ECKey.import_key(json.loads((door.house.root / "issuer/issuer-key.json").read_text()))
    _, payload, _ = door.token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
    return jwt.encode(header, claims | {"cnf": binding}, key, algorithms=["ES256"])


def test_a_bad_token_with_a_good_proof_is_a_bad_token(door, holder, token, told):
    forged = f"{token[:-6]}AAAAAA"
    answer = door.knock(forged, holder.proof(forged, URL))
    told.check(answer, code="invalid_token", scheme="DPoP", reason=TokenFault.SIGNATURE)


# --- replay --------------------------------------------------------------------------------------


def test_a_replayed_proof_is_refused_everywhere(door, holder, token, told):
    proof = holder.proof(token, URL)
    assert door.knock(token, proof).status_code == 200
    refused(told, door.knock(token, proof), TokenFault.PROOF_REPLAYED)
    refused(told, door.knock(token, proof), TokenFault.PROOF_REPLAYED)


def test_the_same_jti_in_another_proof_of_the_same_key_is_a_replay(door, holder, token, told):
    assert door.knock(token, holder.proof(token, URL, jti="one")).status_code == 200
    again = holder.proof(token, URL, jti="one", iat=AT + 1)
    refused(told, door.knock(token, again), TokenFault.PROOF_REPLAYED)


def test_nobody_can_use_up_somebody_elses_jti(door, new_holder):
    for _ in range(2):
        holder = new_holder()
        token = door.token(holder)
        assert door.knock(token, holder.proof(token, URL, jti="shared")).status_code == 200


def test_a_refused_proof_does_not_use_up_its_jti(door, holder, token):
    for wrong in (
        {"htm": "POST"},
        {"ath": "A" * 43},
        {"iat": AT - 61},
        {"htu": f"{PUBLIC_URL}/v1/products"},
        {"key": ECKey.generate_key("P-256")},
    ):
        assert (
            door.knock(token, holder.proof(token, URL, **{"jti": "j", **wrong})).status_code == 401
        )
    assert door.knock(token, holder.proof(token, URL, jti="j")).status_code == 200


def test_two_gateways_with_one_state_take_a_proof_once(new_house, holder):
    house, other = new_house(), new_house()
    state = house.root / "state.sqlite"
    with house.open(public_url=PUBLIC_URL, state_path=state) as one:
        other.root.joinpath("issuer").rename(other.root / "unused")
        (other.root / "issuer").symlink_to(house.root / "issuer")
        with other.open(public_url=PUBLIC_URL, state_path=state) as two:
            token = Door(house, one).token(holder)
            proof = holder.proof(token, URL)
            assert Door(house, one).knock(token, proof).status_code == 200
            assert Door(other, two).knock(token, proof).json()["code"] == "invalid_dpop_proof"


def test_a_proof_is_not_taken_again_after_a_restart(new_house, holder):
    house = new_house()
    token = proof = ""
    for status in (200, 401):
        with house.open(public_url=PUBLIC_URL) as client:
            token = token or Door(house, client).token(holder)
            proof = proof or holder.proof(token, URL)
            assert Door(house, client).knock(token, proof).status_code == status


def test_a_proof_is_too_old_before_it_is_forgotten(new_house, holder):
    clock, begun = Hands(), datetime.fromtimestamp(AT, UTC)
    house = new_house()
    with house.open(public_url=PUBLIC_URL, clock=clock) as client:
        door = Door(house, client)
        token = door.token(holder)
        proof, other = (holder.proof(token, URL, iat=AT + 60) for _ in range(2))
        assert door.knock(token, proof).status_code == 200
        for seconds in (59.9, 60, 119.9, 120, 120.9, 121, 3000):
            clock.moment = begun + timedelta(seconds=seconds)
            assert door.knock(token, proof).json()["code"] == "invalid_dpop_proof", seconds
        assert door.knock(token, other).json()["code"] == "invalid_dpop_proof"


def test_without_its_memory_the_gateway_takes_no_proof(new_house, holder):
    house = new_house()
    with house.open(public_url=PUBLIC_URL) as client:
        door = Door(house, client)
        token = door.token(holder)
        assert door.knock(door.token(), scheme="Bearer").status_code == 200  # some requests in hand
        with locked(sqlite3.connect(house.settings().state, isolation_level=None)):
            answer = door.knock(token, holder.proof(token, URL))
            assert (answer.status_code, answer.json()["code"]) == (503, "state_unavailable")
            assert door.knock(door.token(), scheme="Bearer").status_code == 200
        assert door.knock(token, holder.proof(token, URL)).status_code == 200


def used_proofs(house) -> int:
    with closing(sqlite3.connect(house.settings().state)) as state:
        return state.execute("SELECT count(*) FROM used_once").fetchone()[0]


def test_whoever_is_refused_by_the_limits_writes_no_proofs(new_house, holder):
    clock = Hands()
    house = new_house()
    limits = {"person": {"requests_per_minute": 6, "burst": 2}}
    with house.open(public_url=PUBLIC_URL, clock=clock, limits=limits) as client:
        door = Door(house, client)
        token = door.token(holder)
        for _ in range(2):
            assert door.knock(token, holder.proof(token, URL)).status_code == 200
        asked = door.knock(token, holder.proof(token, URL))  # the process learns that it is shut
        written = used_proofs(house)
        proof = holder.proof(token, URL)
        refused = [door.knock(token, proof) for _ in range(50)]
        assert used_proofs(house) == written
        for answer in refused:
            assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
            assert answer.json() | {"instance": None} == asked.json() | {"instance": None}
            for name in ("retry-after", "ratelimit", "ratelimit-policy", "cache-control"):
                assert answer.headers[name] == asked.headers[name]
        assert refused[0].headers["retry-after"] == "10"
        worse = door.knock(token, holder.proof(token, URL, htm="POST"))
        assert worse.json()["code"] == "invalid_dpop_proof"  # a bad one is told so
        clock.moment += timedelta(seconds=10)
        assert door.knock(token, proof).status_code == 200  # it was never used
        assert door.knock(token, proof).json()["code"] == "invalid_dpop_proof"  # now it is
    (limited,) = [entry.body for entry in house.entries() if entry.kind == "access.limited"]
    assert limited["counts"] == {"rate_limited": 51}


def test_a_replay_of_somebody_who_is_not_shut_counts_as_a_failure_alone(new_house, holder):
    house = new_house()
    with house.open(public_url=PUBLIC_URL, limits={}) as client:
        door = Door(house, client)
        token = door.token(holder)
        proof = holder.proof(token, URL)
        before = door.knock(token, proof).headers["ratelimit"]
        replayed = door.knock(token, proof)
        assert replayed.status_code == 401
        assert "ratelimit" not in replayed.headers
        after = door.knock(token, holder.proof(token, URL)).headers["ratelimit"]
    assert before.split(";")[1] == "r=599"
    assert after.split(";")[1] == "r=598"
    assert not [entry for entry in house.entries() if entry.kind == "access.limited"]


@pytest.mark.parametrize("holders", [24])
def test_proofs_that_wait_for_a_locked_state_hold_up_nobody_without_one(new_house, holder, holders):
    house = new_house()
    with house.open(public_url=PUBLIC_URL) as client, ThreadPoolExecutor(holders) as many:
        door = Door(house, client)
        token, plain = door.token(holder), door.token()
        assert door.knock(plain, scheme="Bearer").status_code == 200  # some requests in hand
        with locked(sqlite3.connect(house.settings().state, isolation_level=None)):
            begun = time.monotonic()
            waiting = [
                many.submit(door.knock, token, holder.proof(token, URL)) for _ in range(holders)
            ]
            time.sleep(0.5)
            for _ in range(5):
                asked = time.monotonic()
                assert door.knock(plain, scheme="Bearer").status_code == 200
                assert time.monotonic() - asked < 1.0
            answers = [each.result() for each in waiting]
            assert time.monotonic() - begun < 8.0
        assert {answer.json()["code"] for answer in answers} == {"state_unavailable"}
        assert {answer.headers["retry-after"] for answer in answers} == {"5"}
        assert door.knock(token, holder.proof(token, URL)).status_code == 200


class Hands:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.moment = datetime.fromtimestamp(AT, UTC)

    def now(self) -> datetime:
        return self.moment


@contextmanager
def locked(connection) -> Iterator[None]:
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


# --- a proof of something else -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"htm": "POST"}, TokenFault.PROOF_METHOD),
        ({"htm": "get"}, TokenFault.PROOF_METHOD),
        ({"htm": "HEAD"}, TokenFault.PROOF_METHOD),
        ({"ath": "A" * 43}, TokenFault.PROOF_ATH),
        ({"ath": "A" * 44}, TokenFault.PROOF_ATH),
        ({"iat": AT - 61}, TokenFault.PROOF_TIME),
        ({"iat": AT + 61}, TokenFault.PROOF_TIME),
        ({"iat": 0}, TokenFault.PROOF_TIME),
        ({"iat": -AT}, TokenFault.PROOF_TIME),
        ({"iat": 10**400}, TokenFault.PROOF_TIME),
        ({"iat": str(AT)}, TokenFault.PROOF_CLAIM_WRONG_TYPE),
        ({"iat": AT + 0.5}, TokenFault.PROOF_CLAIM_WRONG_TYPE),
        ({"iat": True}, TokenFault.PROOF_CLAIM_WRONG_TYPE),
        ({"jti": ""}, TokenFault.PROOF_CLAIM_WRONG_TYPE),
        ({"jti": 7}, TokenFault.PROOF_CLAIM_WRONG_TYPE),
        ({"htu": [URL]}, TokenFault.PROOF_CLAIM_WRONG_TYPE),
        ({"htm": None}, TokenFault.PROOF_CLAIM_WRONG_TYPE),
        ({"ath": None}, TokenFault.PROOF_CLAIM_WRONG_TYPE),
    ],
)
def test_refuses_a_proof_of_another_request_time_or_token(
    door, holder, token, told, claims, reason
):
    refused(told, door.knock(token, holder.proof(token, URL, **claims)), reason)


@pytest.mark.parametrize("name", ["jti", "htm", "htu", "iat", "ath"])
def test_refuses_a_proof_without_a_required_claim(door, holder, token, told, name):
    proof = holder.proof(token, URL, without=[name])
    refused(told, door.knock(token, proof), TokenFault.PROOF_CLAIM_MISSING)


@pytest.mark.parametrize(
    "htu",
    [
        f"{PUBLIC_URL}/v1/products",
        f"{PUBLIC_URL}/v1/me/",
        f"{PUBLIC_URL}/v1/ME",
        f"{PUBLIC_URL}/v1%2Fme",
        f"{PUBLIC_URL}/v1%252Fme",
        f"{PUBLIC_URL}//v1/me",
        f"{PUBLIC_URL}/v1/me%00",
        f"{PUBLIC_URL}/v1/me%",
        f"{PUBLIC_URL}/v1/me%zz",
        f"{PUBLIC_URL}/v1/me;x",
        f"{PUBLIC_URL}:8443/v1/me",
        f"{PUBLIC_URL}:80/v1/me",
        f"{PUBLIC_URL}:99999/v1/me",
        f"{PUBLIC_URL}.evil.invalid/v1/me",
        f"{PUBLIC_URL}./v1/me",
        PUBLIC_URL,
        "http://gateway.test.invalid/v1/me",
        "https://gateway.test.invalid@evil.invalid/v1/me",
        "https://user@gateway.test.invalid/v1/me",
        "https://evil.invalid\\@gateway.test.invalid/v1/me",
        "https:\\\\gateway.test.invalid/v1/me",
        "https:/gateway.test.invalid/v1/me",
        "//gateway.test.invalid/v1/me",
        "https://[/v1/me",
        "/v1/me",
        "/",
        " " + URL,
        URL + "\n",
        "https://gateway.test.ınvalid/v1/me",
        "x" * 2000,
    ],
)
def test_refuses_a_proof_for_another_address(door, holder, token, told, htu):
    refused(told, door.knock(token, holder.proof(token, htu)), TokenFault.PROOF_TARGET)


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.invalid"}, {"X-Forwarded-Host": "evil.invalid"}, {"Forwarded": "x"}]
)
def test_no_header_moves_the_gateway_to_another_address(door, holder, token, told, headers):
    proof = holder.proof(token, "https://evil.invalid/v1/me")
    named = {"Authorization": f"DPoP {token}", "DPoP": proof, **headers}
    refused(told, door.client.get(ME, headers=named), TokenFault.PROOF_TARGET)


def test_a_proof_for_reading_does_not_serve_for_head(door, holder, token, told):
    proof = holder.proof(token, URL)
    answer = door.knock(token, proof, method="HEAD")
    assert answer.status_code == 401
    assert told.counts() - told.before == {TokenFault.PROOF_METHOD: 1}
    assert door.knock(token, holder.proof(token, URL, htm="HEAD"), method="HEAD").status_code == 200


def test_a_proof_for_one_token_does_not_serve_for_another_of_the_same_key(
    door, holder, token, told
):
    other = door.token(holder)
    assert other != token
    refused(told, door.knock(token, holder.proof(other, URL)), TokenFault.PROOF_ATH)


def test_a_thief_with_a_key_of_their_own_proves_nothing(door, holder, new_holder, token, told):
    thief = new_holder()
    refused(told, door.knock(token, thief.proof(token, URL)), TokenFault.PROOF_KEY_OTHER)
    disguised = holder.proof(token, URL, key=thief.key)
    refused(told, door.knock(token, disguised), TokenFault.PROOF_SIGNATURE)


# --- the proof's header and key ------------------------------------------------------------------


def test_refuses_no_proof_and_several(door, holder, token, told):
    refused(told, door.knock(token), TokenFault.PROOF_MISSING)
    one, two = holder.proof(token, URL), holder.proof(token, URL)
    refused(told, door.knock(token, one, two), TokenFault.PROOF_REPEATED)
    refused(told, door.knock(token, one, one), TokenFault.PROOF_REPEATED)
    refused(told, door.knock(token, f"{one}, {two}"), TokenFault.PROOF_NOT_A_JWS)
    assert door.knock(token, one).status_code == 200


@pytest.mark.parametrize("proof", ["", "x", "a.b", "a.b.c.d", "a..c", "a.b.c=", "ä.b.c", "..", " "])
def test_refuses_what_is_no_compact_jws(door, token, told, proof):
    headers = [("authorization", f"DPoP {token}"), ("dpop", proof.encode("latin-1"))]
    refused(told, door.client.get(ME, headers=headers), TokenFault.PROOF_NOT_A_JWS)


def test_refuses_an_oversized_proof_before_it_is_read(door, holder, token, told):
    large = holder.proof(token, URL, padding="x" * 4096)
    refused(told, door.knock(token, large), TokenFault.PROOF_TOO_LONG)
    long_header = holder.proof(token, URL, header={"padding": "x" * 1024})
    refused(told, door.knock(token, long_header), TokenFault.PROOF_SIGNATURE)


@pytest.mark.parametrize("kind", [None, "", "JWT", "at+jwt", "DPOP+JWT", "application/dpop+jwt", 1])
def test_refuses_every_type_but_proofs(door, holder, token, told, kind):
    proof = holder.proof(token, URL, header={"typ": kind})
    refused(told, door.knock(token, proof), TokenFault.PROOF_TYPE)


def test_an_access_token_is_no_proof(door, token, told):
    refused(told, door.knock(token, token), TokenFault.PROOF_TYPE)


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("none", RSA),
        ("None", RSA),
        ("HS256", OctKey.generate_key(256)),
        ("RS256", RSA),
        ("PS256", RSA),
        ("ES384", ECKey.generate_key("P-384")),
        ("ES256K", ECKey.generate_key("P-256")),
        (None, RSA),
        (["ES256"], RSA),
    ],
)
def test_refuses_every_other_algorithm_even_under_a_good_signature(
    door, holder, token, told, algorithm, key
):
    jwk = key.as_dict(private=isinstance(key, OctKey))
    signs_so = isinstance(key, OctKey) or algorithm in ("RS256", "PS256", "ES384")
    signer = key if signs_so else holder.key
    proof = holder.proof(token, URL, key=signer, header={"alg": algorithm, "jwk": jwk})
    refused(told, door.knock(token, proof), TokenFault.PROOF_ALGORITHM)


def _public(key) -> dict:
    return key.as_dict(private=False)


EC, OTHER_CURVE = ECKey.generate_key("P-256"), ECKey.generate_key("P-384")


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        "key",
        [],
        {},
        EC.as_dict(private=True),
        {**_public(EC), "d": ""},
        {**_public(EC), "k": "AAAA"},
        OctKey.generate_key(256).as_dict(private=True),
        {"kty": "oct", "kid": "k1"},
        _public(RSA),
        {"kty": "RSA", "e": "AQAB", "n": "_" * 172},
        _public(OTHER_CURVE),
        _public(OKPKey.generate_key("Ed25519")),
        _public(OKPKey.generate_key("X25519")),
        {**_public(EC), "crv": "P-384"},
        {**_public(EC), "x": "AAAA"},
        {**_public(EC), "y": _public(EC)["x"]},
        {**_public(EC), "x": 1},
        {**_public(EC), "x": "ä"},
        {name: value for name, value in _public(EC).items() if name != "y"},
    ],
)
def test_refuses_every_key_but_a_public_one_on_the_curve(door, holder, token, told, jwk):
    proof = holder.proof(token, URL, header={"jwk": jwk})
    refused(told, door.knock(token, proof), TokenFault.PROOF_KEY_REFUSED)


def test_refuses_a_key_of_another_curve_than_the_algorithm(door, new_holder, told):
    holder = new_holder("EdDSA")
    token = door.token(holder)
    for other in (OKPKey.generate_key("Ed448"), OKPKey.generate_key("X25519"), EC):
        proof = holder.proof(token, URL, header={"jwk": _public(other)})
        refused(told, door.knock(token, proof), TokenFault.PROOF_KEY_REFUSED)


@pytest.mark.parametrize("name", ["jku", "x5u", "x5c", "crit", "b64"])
def test_refuses_headers_that_bring_another_key_or_meaning(door, holder, token, told, name):
    proof = holder.proof(token, URL, header={name: ["htm"]})
    refused(told, door.knock(token, proof), TokenFault.PROOF_HEADER_FORBIDDEN)


@pytest.mark.parametrize(
    "text", [b"[]", b"{", b"\xff", b'{"typ":"dpop+jwt","typ":"dpop+jwt"}', b"[" * 2000]
)
def test_refuses_a_header_that_two_readers_could_read_differently(door, token, told, text):
    head = base64.urlsafe_b64encode(text).rstrip(b"=").decode()
    refused(told, door.knock(token, f"{head}.e30.AAAA"), TokenFault.PROOF_HEADER_MALFORMED)


@pytest.mark.parametrize("text", ['{"htm":"POST","htm":"GET"}', "[]", '"x"', '{"iat":NaN}'])
def test_refuses_a_payload_that_two_readers_could_read_differently(door, holder, token, told, text):
    head = holder.proof(token, URL).split(".")[0]
    body = base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
    made = JWSRegistry.algorithms["ES256"].sign(f"{head}.{body}".encode(), holder.key)
    signature = base64.urlsafe_b64encode(made).rstrip(b"=").decode()
    refused(
        told, door.knock(token, f"{head}.{body}.{signature}"), TokenFault.PROOF_PAYLOAD_MALFORMED
    )


def test_a_proof_in_the_address_or_a_cookie_is_no_proof(door, holder, token, told):
    proof = holder.proof(token, URL)
    headers = {"Authorization": f"DPoP {token}", "Cookie": f"DPoP={proof}"}
    answer = door.client.get(f"{ME}?DPoP={proof}", headers=headers)
    refused(told, answer, TokenFault.PROOF_MISSING)


# --- what is left of it --------------------------------------------------------------------------


def test_the_journal_tells_the_reasons_the_caller_is_not_told(new_house, holder, caplog):
    caplog.set_level("DEBUG")
    house = new_house()
    with house.open(public_url=PUBLIC_URL) as client:
        door = Door(house, client)
        token = door.token(holder)
        proof = holder.proof(token, URL)
        answers = [
            door.knock(token, scheme="Bearer"),
            door.knock(token),
            door.knock(token, proof),
            door.knock(token, proof),
            door.knock(token, holder.proof(token, URL, htm="POST")),
        ]
        metrics = house.metrics()
    assert [answer.status_code for answer in answers] == [401, 401, 200, 401, 401]
    assert len({answer.json()["detail"] for answer in answers if answer.status_code == 401}) == 2
    entries = house.entries()
    failed = [entry.body for entry in entries if entry.kind == "auth.failed"]
    assert [body["counts"] for body in failed] == [
        {
            "bound_token_as_bearer": 1,
            "proof_missing": 1,
            "proof_replayed": 1,
            "proof_for_another_method": 1,
        }
    ]
    logged = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("http")
    )
    for secret in (token, proof, holder.thumbprint):
        for text in (logged, metrics, str([entry.body for entry in entries])):
            assert secret not in text


def test_a_restricted_product_is_open_to_a_bound_token_and_closed_to_others(new_house, holder):
    house = restricted(new_house())
    rows = "/v1/rows/job-seeker-spells"
    with house.open(public_url=PUBLIC_URL, products_dir=house.root / "products") as client:
        door = Door(house, client)
        plain = door.knock(door.token(), path=f"{rows}?area=39", scheme="Bearer")
        assert (plain.status_code, plain.json()["code"]) == (403, "bound_token_required")
        token = door.token(holder)
        proof = holder.proof(token, PUBLIC_URL + rows)
        answer = door.knock(token, proof, path=f"{rows}?area=39&format=csv")
        assert answer.status_code == 200
        assert answer.text.count("\n") > 1000
        replayed = door.knock(token, proof, path=f"{rows}?area=39&format=csv")
        assert replayed.status_code == 401
    denied, intent = (
        [entry.body for entry in house.entries() if entry.kind == kind]
        for kind in ("access.denied", "access.intent")
    )
    assert [(body["auth_strength"], body["refusal"]) for body in denied] == [
        ("bearer", "bound_token_required")
    ]
    assert [(body["auth_strength"], body["ruling"]) for body in intent] == [("dpop", "permit")]


def test_a_restricted_product_is_not_shared_by_addresses_even_to_a_bound_token(new_house, holder):
    house, shares = new_house(), "/delta-sharing/shares"
    table = f"{shares}/39/schemas/rows/tables/job-seeker-spells"
    with house.open(public_url=PUBLIC_URL) as client:
        bearer = house.bearer(PERSONA)
        lines = client.post(f"{table}/query", json={}, headers=bearer).text.splitlines()
        address = json.loads(lines[2])["file"]["url"].removeprefix(PUBLIC_URL)
        assert client.get(address).status_code == 200
    restricted(house)
    before = len(house.entries())
    with house.open(public_url=PUBLIC_URL, products_dir=house.root / "products") as client:
        door = Door(house, client)

        def ask(path: str, method: str = "GET"):
            token = door.token(holder)
            proof = holder.proof(token, PUBLIC_URL + path, htm=method)
            return door.knock(token, proof, path=path, method=method)

        assert ask(shares).json()["items"] == []
        for path in (f"{shares}/39", f"{shares}/39/all-tables", f"{shares}/39/schemas/rows/tables"):
            assert (ask(path).status_code, ask(path).json()["errorCode"]) == (
                404,
                "share_not_found",
            )
        refused = [
            ask(f"{table}/version"),
            ask(f"{table}/metadata"),
            ask(f"{table}/query", "POST"),
            client.get(address),  # given before the product became restricted
            client.get(address, headers={"Range": "bytes=0-9,20-29"}),
        ]
    for answer in refused:
        assert answer.status_code == 403, answer.text
        assert answer.json()["errorCode"] == "bound_token_required"
    kinds = {each.kind for each in house.entries()[before:]}
    assert "access.denied" in kinds
    assert "access.intent" not in kinds


def restricted(house):
    """The house with its rows in the highest class, in the contract and in the release."""
    contracts = Path(__file__).parents[2] / "products"
    shutil.copytree(contracts, house.root / "products")
    path = house.root / "products" / "job-seeker-spells.yaml"
    text = path.read_text(encoding="utf-8")
    once = "\n      classification: confidential\n"
    assert text.count(once) == 1
    path.write_text(text.replace(once, once.replace("confidential", "restricted")))
    house.publish_rows(as_of=date(2026, 7, 1), classification=Classification.RESTRICTED)
    return house
