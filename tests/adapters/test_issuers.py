"""Several issuers behind the TokenVerifier port: each verifies its own tokens and nobody else's."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.adapters.issuers import Issuers
from gateway.adapters.oidc import OidcTokenVerifier
from gateway.errors import InvalidToken, IssuerUnavailable
from gateway.identity.reasons import TokenFault

NOW = datetime(2026, 6, 30, 5, 0, tzinfo=UTC)
ONE, TWO = "https://one.test.invalid", "https://two.test.invalid"


class FixedClock:
    def now(self) -> datetime:
        return NOW


KEYS = {
    issuer: ECKey.generate_key("P-256", {"kid": "same-id", "use": "sig"}) for issuer in (ONE, TWO)
}
AUDIENCES = {ONE: "jakelu", TWO: "urn:jakelu"}


def token(issuer: str, *, key: str | None = None, **claims: object) -> str:
    """Signed by the key of `issuer`, or of `key`."""
    told = {
        "iss": issuer,
        "aud": AUDIENCES.get(issuer, "jakelu"),
        "sub": "svc-1",
        "client_id": "client-1",
        "jti": "t-1",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 600,
        **claims,
    }
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "same-id"}
    return jwt.encode(header, told, KEYS[key or issuer], algorithms=["ES256"])


@pytest.fixture
def issuers(tmp_path: Path) -> Issuers:
    for number, issuer in enumerate((ONE, TWO)):
        public = KEYS[issuer].as_dict(private=False)
        (tmp_path / f"{number}.json").write_text(json.dumps({"keys": [public]}))
    return Issuers(
        {
            issuer: OidcTokenVerifier(
                issuer=issuer,
                audience=AUDIENCES[issuer],
                jwks=str(tmp_path / f"{number}.json"),
                clock=FixedClock(),
            )
            for number, issuer in enumerate((ONE, TWO))
        }
    )


def refusal(issuers: Issuers, text: str) -> str:
    with pytest.raises(InvalidToken) as refused:
        issuers.verify(text)
    return refused.value.reason


@pytest.mark.parametrize("issuer", [ONE, TWO])
def test_each_issuers_tokens_are_good_for_its_own_audience(issuers, issuer):
    for _ in range(2):
        assert issuers.verify(token(issuer))["iss"] == issuer


def test_one_issuer_cannot_speak_for_another(issuers):
    assert refusal(issuers, token(ONE, key=TWO)) == TokenFault.SIGNATURE
    assert refusal(issuers, token(TWO, key=ONE)) == TokenFault.SIGNATURE


def test_an_audience_of_one_is_none_of_the_other(issuers):
    assert refusal(issuers, token(ONE, aud=AUDIENCES[TWO])) == TokenFault.AUDIENCE
    assert refusal(issuers, token(TWO, aud=AUDIENCES[ONE])) == TokenFault.AUDIENCE


@pytest.mark.parametrize(
    "name", ["https://three.test.invalid", ONE + "/", ONE.upper(), "", None, 1, [ONE], {ONE: TWO}]
)
def test_refuses_every_other_issuer(issuers, name):
    assert refusal(issuers, token(ONE, iss=name)) == TokenFault.ISSUER


def test_refuses_a_payload_that_names_two_issuers(issuers):
    head, _, signature = token(ONE).split(".")
    two = base64.urlsafe_b64encode(f'{{"iss":"{ONE}","iss":"{TWO}"}}'.encode()).rstrip(b"=")
    forged = f"{head}.{two.decode()}.{signature}"
    assert refusal(issuers, forged) == TokenFault.PAYLOAD_MALFORMED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x" * 8193, TokenFault.TOO_LONG),
        ("a.b", TokenFault.NOT_A_JWS),
        ("a.b.c", TokenFault.PAYLOAD_MALFORMED),
        ("e30.W10.AAAA", TokenFault.PAYLOAD_MALFORMED),
        ("e30.e30.AAAA", TokenFault.ISSUER),
    ],
)
def test_refuses_what_names_no_issuer(issuers, text, reason):
    assert refusal(issuers, text) == reason


def test_an_issuer_that_is_down_does_not_take_the_others_with_it(issuers, tmp_path):
    (tmp_path / "0.json").unlink()
    with pytest.raises(IssuerUnavailable):
        issuers.verify(token(ONE))
    assert issuers.verify(token(TWO))["iss"] == TWO
