"""Tokens of our own: client_credentials (RFC 6749 section 4.4) with private_key_jwt (RFC 7523).

Authlib makes the request and the assertion. What it does not know is here: proofs of possession with
nonces, and an assertion that lives for a minute and not for an hour.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2

from gateway.pull.answers import clean, retry_after
from gateway.pull.config import Config, OAuth
from gateway.pull.connection import client_options
from gateway.pull.discovery import Endpoint, find_endpoint
from gateway.pull.dpop import NONCE_WANTED, Prover
from gateway.pull.faults import NotTheGateway, Refused, TryLater
from gateway.pull.keys import ClientKey

ASSERTION_SECONDS = 60
# A token is not used in its last half minute: it would end on its way.
LEEWAY_SECONDS = 30
# RFC 6749 only recommends that expires_in is told.
LIFETIME_UNTOLD_SECONDS = 300


class _NonceWanted(Refused):
    """The proof is to be made again with the nonce of the answer."""


class TokenSource:
    """One token at a time, fetched when it is needed. prover: for tokens bound to its key."""

    def __init__(
        self,
        config: Config,
        oauth: OAuth,
        key: ClientKey,
        *,
        prover: Prover | None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._config = config
        self._oauth = oauth
        self._key = key
        self._prover = prover
        self._now = now
        self._endpoint: Endpoint | None = None
        self._token: str | None = None
        self._usable_until = 0.0

    def token(self) -> str:
        """Raises TryLater, Refused, NotTheGateway."""
        if self._token is None or self._now() >= self._usable_until:
            answer = self._fetch()
            self._token = self._checked(answer)
            lifetime = answer.get("expires_in", LIFETIME_UNTOLD_SECONDS)
            lifetime = lifetime if isinstance(lifetime, int) else LIFETIME_UNTOLD_SECONDS
            self._usable_until = self._now() + lifetime - LEEWAY_SECONDS
        return self._token

    def forget(self) -> None:
        """The gateway does not take the token: the next one is a new one."""
        self._token = None

    def _fetch(self) -> dict[str, Any]:
        if self._endpoint is None:
            self._endpoint = find_endpoint(self._config, self._oauth)
        try:
            try:
                return self._ask(self._endpoint)
            except (
                _NonceWanted
            ):  # RFC 9449 section 8: ask again, once, with the nonce that was given
                return self._ask(self._endpoint)
        except httpx2.TransportError as error:
            raise TryLater(
                f"The token endpoint does not answer ({type(error).__name__})."
            ) from error

    def _ask(self, endpoint: Endpoint) -> dict[str, Any]:
        """One request. Raises _NonceWanted when only a nonce was missing that has come with the answer."""
        from authlib.integrations.base_client import OAuthError

        answers: list[httpx2.Response] = []

        def look(response: httpx2.Response) -> httpx2.Response:
            answers.append(response)
            _check_passing(response)
            return response

        with self._client(endpoint) as client:
            client.register_compliance_hook("access_token_response", look)
            try:
                answer = client.fetch_token(
                    endpoint.address,
                    grant_type="client_credentials",
                    headers=self._headers(endpoint),
                    **self._target(),
                )
            except OAuthError as error:
                refusal = _refusal(error.error, error.description)
                has_new_nonce = self._prover is not None and self._prover.learn(answers[-1])
                if has_new_nonce and error.error == NONCE_WANTED:
                    raise _NonceWanted(refusal.detail) from None
                raise refusal from None
            except (ValueError, httpx2.HTTPStatusError):
                if not answers:
                    raise
                answer = {}
        if not answer or answers[-1].status_code != 200:
            raise NotTheGateway(
                f"The token endpoint answers {answers[-1].status_code} without a token or a reason. "
                "Check its address in the config."
            )
        if self._prover is not None:
            self._prover.learn(answers[-1])
        return dict(answer)

    def _client(self, endpoint: Endpoint) -> Any:  # noqa: ANN401 (Authlib has no types)
        from authlib.integrations.httpx_client import OAuth2Client
        from authlib.oauth2.rfc7523 import PrivateKeyJWT

        issued = int(self._now())
        client = OAuth2Client(
            client_id=self._oauth.client_id,
            client_secret=self._key.key,
            token_endpoint_auth_method=PrivateKeyJWT.name,
            scope=self._oauth.scope,
            **client_options(self._config, endpoint.address),
        )
        # Claims and headers are new objects each time: Authlib writes the jti into them.
        client.register_client_auth_method(
            PrivateKeyJWT(
                endpoint.audience,
                claims={"iat": issued, "nbf": issued, "exp": issued + ASSERTION_SECONDS},
                headers={"typ": "JWT", "kid": self._key.key_id},
                alg=self._key.algorithm,
            )
        )
        return client

    def _headers(self, endpoint: Endpoint) -> dict[str, str]:
        headers = {"accept": "application/json"}
        if self._prover is not None:
            headers["dpop"] = self._prover.prove("POST", httpx2.URL(endpoint.address))
        return headers

    def _target(self) -> dict[str, str]:
        targets = {"resource": self._oauth.resource, "audience": self._oauth.audience}
        return {name: value for name, value in targets.items() if value is not None}

    def _checked(self, answer: dict[str, Any]) -> str:
        """The token, when it is of the kind that was asked for."""
        token, kind = answer.get("access_token"), str(answer.get("token_type", "")).lower()
        wanted = "bearer" if self._prover is None else "dpop"
        if kind != wanted:  # RFC 9449 section 5: a bearer token would not be bound to the key
            raise Refused(
                f"The token endpoint gave a token of type {clean(kind)!r}, not {wanted!r}. "
                "Set dpop in [oauth] as the client is registered."
            )
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise NotTheGateway("The token endpoint's answer has no access token.")
        return token


def _check_passing(response: httpx2.Response) -> None:
    """An outage or a limit, before anything is read as an OAuth answer. Raises TryLater."""
    status = response.status_code
    if status == 429 or status >= 500:
        wait = retry_after(response.headers.get("retry-after"), now=datetime.now(UTC))
        raise TryLater(
            f"The token endpoint answers {status}.", http_status=status, wait_seconds=wait
        )


def _refusal(error: str | None, description: str | None) -> Refused:
    """RFC 6749 section 5.2. The description is another's text, cleaned before it is told."""
    said = f": {clean(description)}" if description else ""
    return Refused(f"The token endpoint refuses ({clean(error or 'no reason')}){said}.")
