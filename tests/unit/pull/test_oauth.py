"""Assertions and proofs as the other side verifies them, and what a client must not swallow."""

from __future__ import annotations

import base64
import hashlib
import time

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.pull.config import load_config
from gateway.pull.connection import open_gateway
from gateway.pull.discovery import find_endpoint, well_known
from gateway.pull.dpop import Prover
from gateway.pull.faults import ConfigFault, NotTheGateway, Refused, TryLater
from gateway.pull.keys import ClientKey
from gateway.pull.login import OAuthLogin, login_of
from gateway.pull.oauth import TokenSource

TOKEN = {"access_token": "the-token", "token_type": "Bearer", "expires_in": 600}
BOUND = TOKEN | {"token_type": "DPoP"}


@pytest.fixture
def source(write_config, ec_key):
    """Make a token source for a server's token endpoint."""

    def made(base: str, *, prover=None, now=time.time, issuer: bool = False, extra: str = ""):
        where = f'issuer = "{base}"' if issuer else f'token_endpoint = "{base}/token"'
        login = (
            f'[oauth]\n{where}\nclient_id = "tampere-bi"\nkey_file = "key.pem"\n'
            f'algorithm = "ES256"\n{extra}'
        )
        config = load_config(write_config(login=login))
        assert config.oauth is not None
        key = ClientKey(ec_key, "ES256", "key-1")
        return TokenSource(config, config.oauth, key, prover=prover, now=now)

    return made


def test_the_assertion_is_a_minute_long_single_use_and_for_the_token_endpoint(
    serve, source, ec_key
):
    server = serve(lambda _: (200, {}, TOKEN))
    tokens = source(server.base, extra='scope = "a b"\naudience = "jakelu"\n')
    assert tokens.token() == "the-token"
    tokens.forget()
    tokens.token()
    seen = set()
    for asked in server.asked:
        assert asked.form["grant_type"] == "client_credentials"
        assert (asked.form["scope"], asked.form["audience"]) == ("a b", "jakelu")
        assertion = jwt.decode(asked.form["client_assertion"], ec_key, algorithms=["ES256"])
        assert assertion.header == {"typ": "JWT", "alg": "ES256", "kid": "key-1"}
        claims = assertion.claims
        assert claims["iss"] == claims["sub"] == "tampere-bi"
        assert claims["aud"] == f"{server.base}/token"
        assert claims["exp"] - claims["iat"] == 60
        assert abs(claims["iat"] - time.time()) < 30
        seen.add(claims["jti"])
        assert "authorization" not in asked.headers
    assert len(seen) == 2


def test_a_token_is_asked_for_again_only_before_it_ends(serve, source):
    clock = [1_800_000_000.0]
    server = serve(lambda _: (200, {}, TOKEN))
    tokens = source(server.base, now=lambda: clock[0])
    tokens.token()
    clock[0] += 569
    tokens.token()
    assert len(server.asked) == 1
    clock[0] += 2
    tokens.token()
    assert len(server.asked) == 2


def test_a_proof_is_made_for_the_token_request_and_again_with_the_nonce_that_is_asked_for(
    serve, source
):
    def answer(asked):
        proof = _verified(asked.headers["dpop"])
        if proof.get("nonce") != "nonce-1":
            return 400, {"DPoP-Nonce": "nonce-1"}, {"error": "use_dpop_nonce"}
        return 200, {}, BOUND

    server = serve(answer)
    assert source(server.base, prover=Prover()).token() == "the-token"
    first, second = (_verified(asked.headers["dpop"]) for asked in server.asked)
    assert first["jti"] != second["jti"]
    assert (second["htm"], second["htu"]) == ("POST", f"{server.base}/token")
    assertions = {asked.form["client_assertion"] for asked in server.asked}
    assert len(assertions) == 2  # a server may refuse to see the same jti twice


def test_a_server_that_only_ever_asks_for_nonces_is_not_asked_for_ever(serve, source):
    count = iter(range(100))

    def answer(_):
        return 400, {"DPoP-Nonce": f"nonce-{next(count)}"}, {"error": "use_dpop_nonce"}

    server = serve(answer)
    with pytest.raises(Refused, match="use_dpop_nonce"):
        source(server.base, prover=Prover()).token()
    assert len(server.asked) == 2


def test_refuses_a_bearer_token_where_a_bound_one_was_asked_for(serve, source):
    server = serve(lambda _: (200, {}, TOKEN))
    with pytest.raises(Refused, match="dpop"):
        source(server.base, prover=Prover()).token()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_outage_of_the_token_endpoint_is_for_later(serve, source, status):
    server = serve(lambda _: (status, {"Retry-After": "7"}, {"error": "x"}))
    with pytest.raises(TryLater) as later:
        source(server.base).token()
    assert later.value.wait_seconds == 7


def test_a_token_endpoint_that_does_not_listen_is_for_later(source):
    with pytest.raises(TryLater, match="token endpoint"):
        source("http://127.0.0.1:9").token()


def test_a_refusal_is_told_without_what_looks_like_a_token(serve, source):
    said = "bad eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln \x1b[31m key"
    server = serve(lambda _: (401, {}, {"error": "invalid_client", "error_description": said}))
    with pytest.raises(Refused) as refused:
        source(server.base).token()
    assert "invalid_client" in refused.value.detail
    assert "eyJ" not in refused.value.detail
    assert "\x1b" not in refused.value.detail


@pytest.mark.parametrize("answer", [{}, {"token_type": "Bearer"}, [], "text"])
def test_an_answer_without_a_token_is_no_token(serve, source, answer):
    server = serve(lambda _: (200, {}, answer))
    with pytest.raises((Refused, NotTheGateway)):
        source(server.base).token()


def test_the_issuers_metadata_name_the_token_endpoint_and_the_assertion_is_for_the_issuer(
    serve, source, ec_key
):
    def answer(asked):
        if asked.path == "/.well-known/oauth-authorization-server":
            return 404, {}, {}
        if asked.path == "/.well-known/openid-configuration":
            return 200, {}, {"issuer": server.base, "token_endpoint": f"{server.base}/there"}
        return 200, {}, TOKEN

    server = serve(answer)
    assert source(server.base, issuer=True).token() == "the-token"
    assert server.asked[-1].path == "/there"
    assertion = jwt.decode(server.asked[-1].form["client_assertion"], ec_key, algorithms=["ES256"])
    assert assertion.claims["aud"] == server.base


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://other.example.fi"},
        {"token_endpoint": "http://login.example.fi/token"},
        {"token_endpoint": None},
    ],
)
def test_refuses_metadata_of_another_issuer_and_endpoints_without_tls(serve, source, wrong):
    def answer(_):
        document = {"issuer": server.base, "token_endpoint": f"{server.base}/token"}
        return 200, {}, document | wrong

    server = serve(answer)
    with pytest.raises(NotTheGateway):
        source(server.base, issuer=True).token()


def test_metadata_stand_where_the_two_specifications_put_them():
    assert well_known("https://login.example.fi/realms/a") == (
        "https://login.example.fi/.well-known/oauth-authorization-server/realms/a",
        "https://login.example.fi/realms/a/.well-known/openid-configuration",
    )


def test_discovery_is_not_asked_when_the_endpoint_is_told(write_config):
    login = (
        '[oauth]\ntoken_endpoint = "https://login.example.fi/token"\nclient_id = "c"\n'
        'key_file = "k"\nassertion_audience = "https://login.example.fi"\n'
    )
    config = load_config(write_config(login=login))
    assert config.oauth is not None
    endpoint = find_endpoint(config, config.oauth)
    assert endpoint.address == "https://login.example.fi/token"
    assert endpoint.audience == "https://login.example.fi"


def test_each_request_has_a_proof_of_its_own_bound_to_the_token(serve, source):
    def answer(asked):
        if asked.path == "/token":
            return 200, {}, BOUND
        proof = _verified(asked.headers["dpop"])
        if proof.get("nonce") != "of-the-gateway":
            challenge = 'DPoP error="use_dpop_nonce"'
            return 401, {"DPoP-Nonce": "of-the-gateway", "WWW-Authenticate": challenge}, {}
        return 200, {}, {"fine": True}

    server = serve(answer)
    prover = Prover()
    login = OAuthLogin(source(server.base, prover=prover), prover)
    with httpx2.Client(base_url=server.base, auth=login, trust_env=False) as client:
        assert client.get("/v1/me?lang=fi").status_code == 200
        assert client.get("/v1/me").status_code == 200
    # The token endpoint has the same origin here, so its proofs would have the nonce too.
    paths = [asked.path for asked in server.asked]
    assert paths == ["/token", "/v1/me?lang=fi", "/v1/me?lang=fi", "/v1/me"]
    proofs = [_verified(asked.headers["dpop"]) for asked in server.asked[1:]]
    ath = base64.urlsafe_b64encode(hashlib.sha256(b"the-token").digest()).rstrip(b"=").decode()
    for asked, proof in zip(server.asked[1:], proofs, strict=True):
        assert asked.headers["authorization"] == "DPoP the-token"
        assert (proof["htm"], proof["htu"], proof["ath"]) == ("GET", f"{server.base}/v1/me", ath)
    assert len({proof["jti"] for proof in proofs}) == 3


def test_a_token_that_is_not_taken_is_fetched_anew_once(serve, source):
    given = iter(("old", "new", "newer"))

    def answer(asked):
        if asked.path == "/token":
            return 200, {}, TOKEN | {"access_token": next(given)}
        is_new = asked.headers["authorization"] == "Bearer new"
        return (200 if is_new and asked.path == "/v1/me" else 401), {}, {}

    server = serve(answer)
    login = OAuthLogin(source(server.base), None)
    with httpx2.Client(base_url=server.base, auth=login, trust_env=False) as client:
        assert client.get("/v1/me").status_code == 200
        assert client.get("/v1/other").status_code == 401
    assert [asked.path for asked in server.asked].count("/v1/other") == 2


def test_an_access_key_is_sent_as_it_was_shown(serve, write_config, tmp_path):
    key = tmp_path / "key.txt"
    key.touch(0o600)
    shown = f"jkl_{'k' * 12}_{'s' * 43}0a1b2c3d"
    key.write_text(f"{shown}\n")
    server = serve(lambda _: (200, {}, {}))
    config = load_config(write_config(gateway=server.base))
    with open_gateway(config, login_of(config)) as client:
        client.get("/v1/me")
    (asked,) = server.asked
    assert asked.headers["authorization"] == f"Bearer {shown}"
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["user-agent"].startswith("jakelu-pull/")


def test_a_page_in_place_of_a_token_is_no_answer(serve, source):
    for status in (200, 302, 404):
        server = serve(lambda _, status=status: (status, {"location": "/login"}, "<html>"))
        with pytest.raises((Refused, NotTheGateway)):
            source(server.base).token()
        assert len(server.asked) == 1  # a redirect is not followed


def test_a_proxy_that_cannot_be_used_is_told(write_config, tmp_path, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "nonsense://proxy.example.fi")
    with pytest.raises(ConfigFault, match="HTTPS_PROXY"):
        open_gateway(load_config(write_config()), httpx2.BasicAuth("a", "b"))


def _verified(proof: str) -> dict:
    """RFC 9449 section 4.3, steps 4 to 7 and 11: verified with the key that it carries."""
    import json

    head = proof.split(".", maxsplit=1)[0]
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    assert (header["typ"], header["alg"]) == ("dpop+jwt", "ES256")
    assert "d" not in header["jwk"]
    claims = jwt.decode(proof, ECKey.import_key(header["jwk"]), algorithms=["ES256"]).claims
    assert abs(claims["iat"] - time.time()) < 30
    return claims
