"""What an attacker may send as an access token, each really signed or really unsigned, is refused.

The attacks follow the checklist of RFC 9068 section 4, RFC 8725 and RFC 9700; see docs/identity.md.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey, RSAKey

from gateway.adapters.oidc import OidcTokenVerifier
from gateway.errors import InvalidToken
from gateway.identity.reasons import TokenFault

NOW = datetime(2026, 6, 30, 5, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
ISSUER = "https://issuer.test.invalid"
AUDIENCE = "jakelu"


class FixedClock:
    def now(self) -> datetime:
        return NOW


class Forge:
    """Signs any bytes as header and payload, so that nothing polite stands between attack and check."""

    def __init__(self) -> None:
        self.secret = ec.generate_private_key(ec.SECP256R1())
        self.jwk = ECKey.import_key(self.secret.public_key(), {"use": "sig", "kid": "k1"})
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.rsa_jwk = RSAKey.import_key(self.rsa.public_key(), {"use": "sig", "kid": "r1"})

    def public_pem(self) -> bytes:
        return self.secret.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, header: bytes, payload: bytes) -> str:
        signed = f"{b64(header)}.{b64(payload)}"
        r, s = decode_dss_signature(self.secret.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def token(self, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        return self.sign(json.dumps(HEADER | (header or {})).encode(), payload(**claims))


HEADER: dict[str, Any] = {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "svc-1",
    "client_id": "client-1",
    "jti": "t-1",
    "iat": AT,
    "exp": AT + 600,
}
LEFT_OUT = object()


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def payload(**claims: Any) -> bytes:
    merged = CLAIMS | claims
    return json.dumps(
        {name: each for name, each in merged.items() if each is not LEFT_OUT}
    ).encode()


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in HEADER.items() if key != name}).encode()


@pytest.fixture(scope="module")
def forge() -> Forge:
    return Forge()


@pytest.fixture
def verifier(forge: Forge, tmp_path: Path) -> OidcTokenVerifier:
    jwks = tmp_path / "jwks.json"
    keys = [forge.jwk.as_dict(private=False), forge.rsa_jwk.as_dict(private=False)]
    jwks.write_text(json.dumps({"keys": keys}))
    return OidcTokenVerifier(issuer=ISSUER, audience=AUDIENCE, jwks=str(jwks), clock=FixedClock())


def refusal(verifier: OidcTokenVerifier, token: str) -> str:
    with pytest.raises(InvalidToken) as refused:
        verifier.verify(token)
    assert len(token) < 20 or token not in str(refused.value)
    return refused.value.reason


def test_the_forge_can_make_a_token_that_is_accepted(forge, verifier):
    assert verifier.verify(forge.token())["sub"] == "svc-1"


# --- form ------------------------------------------------------------------------------------


def test_refuses_more_than_8_kib_before_parsing(forge, verifier):
    assert refusal(verifier, forge.token(padding="x" * 8192)) == TokenFault.TOO_LONG
    assert refusal(verifier, "x" * 1_000_000) == TokenFault.TOO_LONG


@pytest.mark.parametrize(
    "token",
    ["", "x", "a.b", "a.b.c.d", "a.b.c.d.e", "..", "a.b.", ".b.c", "a..c", "a.b.c\n", "ä.b.c"],
)
def test_refuses_what_is_not_three_segments(verifier, token):
    assert refusal(verifier, token) == TokenFault.NOT_A_JWS


def test_refuses_base64_that_is_padded_or_holds_junk(forge, verifier):
    head, body, signature = forge.token().split(".")
    assert refusal(verifier, f"{head}.{body}.{signature}=") == TokenFault.NOT_A_JWS
    assert (
        refusal(verifier, f"{head}.{body}.{signature[:9]}!{signature[9:]}") == TokenFault.NOT_A_JWS
    )


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        b"1",
        b"{",
        b"\xff\xfe",
        b'{"alg":"ES256","typ":"at+jwt","kid":"k1","kid":"k1"}',
        b'{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"k1"}',
        b'{"alg":"ES256","typ":"at+jwt","kid":"k1","x":NaN}',
        b'{"alg":"ES256","typ":"at+jwt","kid":"k1","x":1e999}',
        b'{"alg":"ES256","typ":"at+jwt","kid":"\\ud800"}',
        b'{"alg":"ES256","typ":"at+jwt","kid":"k1","x":{"y":1,"y":2}}',
        b"[" * 5000,
    ],
)
def test_refuses_a_header_that_two_readers_could_read_differently(forge, verifier, header):
    token = forge.sign(header or b" ", payload())
    assert refusal(verifier, token) == TokenFault.JOSE_HEADER_MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        payload()[:-1] + b',"sub":"svc-2"}',
        payload()[:-1] + b',"roles":[{"role":"a","role":"b"}]}',
        payload()[:-1] + b',"x":NaN}',
        payload()[:-1] + b',"x":-Infinity}',
        payload()[:-1] + b',"x":1e999}',
        payload()[:-1] + b',"x":"\\udc00"}',
        payload()[:-1] + b',"x":' + b"[" * 5000,
        b"[]",
        b'"text"',
        b"not json",
    ],
)
def test_refuses_a_payload_that_two_readers_could_read_differently(forge, verifier, text):
    token = forge.sign(json.dumps(HEADER).encode(), text)
    assert refusal(verifier, token) == TokenFault.PAYLOAD_MALFORMED


# --- algorithm, type, headers ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
def test_refuses_an_unsigned_token(verifier, name):
    head = b64(json.dumps(HEADER | {"alg": name}).encode())
    assert refusal(verifier, f"{head}.{b64(payload())}.") == TokenFault.NOT_A_JWS
    assert refusal(verifier, f"{head}.{b64(payload())}.AAAA") == TokenFault.ALGORITHM


@pytest.mark.parametrize("name", ["HS256", "HS384", "HS512"])
def test_refuses_a_mac_keyed_with_the_public_key(forge, verifier, name):
    signed = f"{b64(json.dumps(HEADER | {'alg': name}).encode())}.{b64(payload())}"
    for secret in (forge.public_pem(), json.dumps(forge.jwk.as_dict(private=False)).encode()):
        mac = hmac.digest(secret, signed.encode(), hashlib.sha256)
        assert refusal(verifier, f"{signed}.{b64(mac)}") == TokenFault.ALGORITHM


def test_refuses_rs256_although_the_key_is_the_issuers(forge, verifier):
    head = json.dumps(HEADER | {"alg": "RS256", "kid": "r1"}).encode()
    signed = f"{b64(head)}.{b64(payload())}"
    signature = forge.rsa.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    assert refusal(verifier, f"{signed}.{b64(signature)}") == TokenFault.ALGORITHM


@pytest.mark.parametrize("value", [None, 7, ["ES256"], "ES384", "es256", "EdDSA", "ES256K"])
def test_refuses_any_algorithm_that_is_not_configured(forge, verifier, value):
    assert refusal(verifier, forge.token(header={"alg": value})) == TokenFault.ALGORITHM


def test_refuses_a_key_of_another_type_than_the_algorithm(forge, verifier):
    assert refusal(verifier, forge.token(header={"kid": "r1"})) == TokenFault.SIGNATURE
    assert refusal(verifier, forge.token(header={"alg": "PS256"})) == TokenFault.SIGNATURE


@pytest.mark.parametrize("kind", ["JWT", "jwt", "dpop+jwt", "id+jwt", "", 1, None, "at+jwt "])
def test_refuses_every_type_but_access_tokens(forge, verifier, kind):
    assert refusal(verifier, forge.token(header={"typ": kind})) == TokenFault.TYPE


def test_refuses_a_missing_type_and_a_missing_key_id(forge, verifier):
    assert refusal(verifier, forge.sign(without("typ"), payload())) == TokenFault.TYPE
    assert refusal(verifier, forge.sign(without("kid"), payload())) == TokenFault.KEY_ID_MISSING
    assert refusal(verifier, forge.token(header={"kid": 5})) == TokenFault.KEY_ID_MISSING


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_accepts_both_spellings_of_the_access_token_type(forge, verifier, kind):
    assert verifier.verify(forge.token(header={"typ": kind}))


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c", "crit", "b64"])
def test_refuses_headers_that_bring_their_own_key_or_meaning(forge, verifier, name):
    attacker = Forge()
    value = {
        "jku": "http://127.0.0.1:1/keys",
        "x5u": "http://127.0.0.1:1/chain",
        "jwk": attacker.jwk.as_dict(private=False),
        "x5c": ["MIIB"],
        "crit": ["exp"],
        "b64": False,
    }[name]
    for signer in (forge, attacker):
        token = signer.token(header={name: value})
        assert refusal(verifier, token) == TokenFault.JOSE_HEADER_FORBIDDEN


# --- signature -------------------------------------------------------------------------------


def test_refuses_another_key_under_a_known_key_id(verifier):
    assert refusal(verifier, Forge().token()) == TokenFault.SIGNATURE


def test_refuses_a_payload_exchanged_under_a_good_signature(forge, verifier):
    head, _, signature = forge.token().split(".")
    forged = f"{head}.{b64(payload(sub='admin'))}.{signature}"
    assert refusal(verifier, forged) == TokenFault.SIGNATURE


@pytest.mark.parametrize("signature", [b"\0" * 64, b"\0", b"\xff" * 64, b"\0" * 700])
def test_refuses_null_and_odd_signatures(forge, verifier, signature):
    head, body, _ = forge.token().split(".")
    assert refusal(verifier, f"{head}.{body}.{b64(signature)}") == TokenFault.SIGNATURE


def test_refuses_an_unknown_key_id(forge, verifier):
    for key_id in ("k2", "../jwks.json", "k1'--", "k" * 300):
        assert refusal(verifier, forge.token(header={"kid": key_id})) == TokenFault.KEY_UNKNOWN


def test_does_not_mistake_a_cached_token_for_its_neighbour(forge, verifier):
    good = forge.token()
    verifier.verify(good)
    assert refusal(verifier, good[:-3] + ("AAA" if good[-3:] != "AAA" else "BBB"))
    assert verifier.verify(good)


# --- claims ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "client_id", "jti", "iat", "exp"])
def test_refuses_a_token_without_a_required_claim(forge, verifier, name):
    assert refusal(verifier, forge.token(**{name: LEFT_OUT})) == TokenFault.CLAIM_MISSING


@pytest.mark.parametrize("name", ["iss", "sub", "client_id", "jti"])
@pytest.mark.parametrize("value", [None, "", 7, True, ["a"], {"a": 1}])
def test_refuses_a_required_text_that_is_none(forge, verifier, name, value):
    assert refusal(verifier, forge.token(**{name: value})) == TokenFault.CLAIM_WRONG_TYPE


@pytest.mark.parametrize("name", ["iat", "exp", "nbf"])
@pytest.mark.parametrize("value", [None, "1782795600", True, 1.5, [AT], {}])
def test_refuses_a_time_that_is_no_whole_number(forge, verifier, name, value):
    assert refusal(verifier, forge.token(**{name: value})) == TokenFault.CLAIM_WRONG_TYPE


@pytest.mark.parametrize(
    "issuer", [ISSUER + "/", ISSUER.upper(), ISSUER + ".evil.invalid", ISSUER[:-1], " " + ISSUER]
)
def test_refuses_any_issuer_but_the_exact_one(forge, verifier, issuer):
    assert refusal(verifier, forge.token(iss=issuer)) == TokenFault.ISSUER


@pytest.mark.parametrize(
    "audience", ["jakel", "jakelu2", "JAKELU", [], ["other"], [["jakelu"]], {"jakelu": 1}, None, 1]
)
def test_refuses_a_token_for_somebody_else(forge, verifier, audience):
    assert refusal(verifier, forge.token(aud=audience)) in {
        TokenFault.AUDIENCE,
        TokenFault.CLAIM_MISSING,
    }


def test_accepts_an_audience_list_that_names_us(forge, verifier):
    assert verifier.verify(forge.token(aud=["other", AUDIENCE]))
    assert refusal(verifier, forge.token(aud=[AUDIENCE, 1])) == TokenFault.AUDIENCE


def test_refuses_after_expiry_with_ten_seconds_of_leeway(forge, verifier):
    assert verifier.verify(forge.token(iat=AT - 600, exp=AT - 9))
    assert refusal(verifier, forge.token(iat=AT - 600, exp=AT - 10)) == TokenFault.EXPIRED
    assert refusal(verifier, forge.token(iat=-600, exp=-1)) == TokenFault.EXPIRED


def test_refuses_a_token_from_the_future_with_ten_seconds_of_leeway(forge, verifier):
    assert verifier.verify(forge.token(iat=AT + 10, nbf=AT + 10))
    assert refusal(verifier, forge.token(iat=AT + 11)) == TokenFault.ISSUED_IN_FUTURE
    assert refusal(verifier, forge.token(nbf=AT + 11)) == TokenFault.NOT_YET_VALID


@pytest.mark.parametrize("seconds", [3601, 7200, 10**9, 10**400, 0, -5])
def test_refuses_a_lifetime_of_more_than_an_hour_or_none(forge, verifier, seconds):
    assert refusal(verifier, forge.token(exp=AT + seconds)) in {
        TokenFault.LIFETIME,
        TokenFault.EXPIRED,
    }
    assert verifier.verify(forge.token(exp=AT + 3600))


def test_an_old_iat_cannot_hide_a_long_lifetime(forge, verifier):
    day = int(timedelta(days=1).total_seconds())
    assert refusal(verifier, forge.token(iat=AT - day, exp=AT + 60)) == TokenFault.LIFETIME


def test_tells_the_caller_nothing_of_which_check_failed(forge, verifier):
    answers = set()
    for token in (forge.token(iss="x"), forge.token(exp=AT - 60), Forge().token(), "x"):
        with pytest.raises(InvalidToken) as refused:
            verifier.verify(token)
        answers.add((refused.value.code, refused.value.detail, refused.value.parameter))
    assert len(answers) == 1
