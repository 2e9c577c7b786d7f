"""What a login takes from the provider's tokens, whatever verifies them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.errors import LoginRefused
from gateway.identity import TokenChecks
from gateway.identity.login import Callback, Logins
from gateway.identity.reasons import LoginFault
from gateway.journal.body import Origin
from gateway.ports import LoginAttempt, Redeemed

ISSUER = "https://people.example"
CLAIMS = {"iss": ISSUER, "sub": "analyst-17", "client_id": "portal", "jti": "1"}


@dataclass
class Town:
    """Provider, verifier and store of one login that goes as told."""

    claims: dict[str, Any]
    sessions: list[Any] = field(default_factory=list)

    def take(self, state: str, cookie: str) -> LoginAttempt | None:
        return LoginAttempt(state, "nonce", "verifier", "/me")

    def check_issuer(self, issuer: str | None) -> None: ...

    def redeem(self, attempt: LoginAttempt, code: str) -> Redeemed:
        return Redeemed("token", ISSUER, "analyst-17", "portal")

    def verify(self, token: str) -> dict[str, Any]:
        return self.claims

    def begin(self, claims: dict[str, Any]) -> str:
        self.sessions.append(claims)
        return "secret"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"iss": "https://services.example"}, LoginFault.SUBJECT),
        ({"sub": "svc-tampere-bi"}, LoginFault.SUBJECT),
        ({"client_id": "night-loader"}, LoginFault.CLIENT),
    ],
)
def test_refuses_an_access_token_of_somebody_else_that_the_data_api_would_take(change, reason):
    """Several issuers may be accepted for the data API: people log in at one of them."""
    town = Town(CLAIMS | change)
    logins = Logins(
        provider=town,
        attempts=town,
        sessions=town,
        tokens=TokenChecks(town, None),
        recognise=None,
        journal=None,
    )
    with pytest.raises(LoginRefused) as refusal:
        logins.finish(
            Callback("state", "code", ISSUER, None), cookie="b", old=None, origin=Origin()
        )
    assert refusal.value.reason == reason
    assert town.sessions == []


def test_the_secrets_of_a_login_are_not_in_its_text():
    attempt = LoginAttempt("state", "nonce", "verifier-text", "/me")
    texts = [str(attempt), str(Redeemed("token-text", ISSUER, "x", "portal"))]
    texts.append(str(Callback("state", "code-text", None, None)))
    assert not any(text in each for each in texts for text in ("-text",))
