"""How requests say who asks: a token of our own, a token from elsewhere, or an access key."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Mapping

import httpx2

from gateway.pull.config import AccessKey, Config, Token
from gateway.pull.dpop import Prover
from gateway.pull.faults import ConfigFault
from gateway.pull.keys import load_client_key
from gateway.pull.oauth import TokenSource
from gateway.pull.private_file import one_line, read_secret_line

# An access key says itself that it is one; anything else is not sent to anybody by mistake.
_KEY = re.compile(r"jkl_[A-Za-z0-9_-]{32,128}")
Flow = Generator[httpx2.Request, httpx2.Response]


class TokenLogin(httpx2.Auth):
    """A token or key that was given to us (RFC 6750); when it has ended, the gateway's 401 says so."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx2.Request) -> Flow:
        request.headers["authorization"] = f"Bearer {self._token}"
        yield request


class OAuthLogin(httpx2.Auth):
    """A token of our own; one that is not taken is fetched anew, once for each request."""

    def __init__(self, source: TokenSource, prover: Prover | None) -> None:
        self._source = source
        self._prover = prover

    def auth_flow(self, request: httpx2.Request) -> Flow:
        self._sign(request)
        response = yield request
        if self._learned_nonce(response):
            self._sign(request)
            response = yield request
            self._learned_nonce(response)
        if response.status_code == 401:
            self._source.forget()
            self._sign(request)
            response = yield request
            self._learned_nonce(response)

    def _sign(self, request: httpx2.Request) -> None:
        token = self._source.token()
        if self._prover is None:
            request.headers["authorization"] = f"Bearer {token}"
            return
        request.headers["authorization"] = f"DPoP {token}"
        request.headers["dpop"] = self._prover.prove(request.method, request.url, token=token)

    def _learned_nonce(self, response: httpx2.Response) -> bool:
        """Whether the gateway asks for the same again with a nonce (RFC 9449 section 9)."""
        is_new = self._prover is not None and self._prover.learn(response)
        return is_new and response.status_code == 401


def login_of(config: Config, environ: Mapping[str, str] = os.environ) -> httpx2.Auth:
    """What the config says. Raises ConfigFault."""
    match config:
        case Config(access_key=AccessKey(file=path)):
            key = read_secret_line(path)
            if not _KEY.fullmatch(key):
                raise ConfigFault(f"{path} does not hold an access key as it was shown: jkl_….")
            return TokenLogin(key)
        case Config(token=Token() as token):
            return TokenLogin(_given(token, environ))
        case Config(oauth=oauth) if oauth is not None:
            prover = Prover() if oauth.dpop else None
            source = TokenSource(config, oauth, load_client_key(oauth), prover=prover)
            return OAuthLogin(source, prover)
        case _:
            raise ConfigFault("The config has no login.")


def _given(token: Token, environ: Mapping[str, str]) -> str:
    if token.env is not None:
        text = environ.get(token.env, "")
        if not text:
            raise ConfigFault(f"The variable {token.env} is not set; [token] names it.")
        return one_line(text, where=f"The variable {token.env}")
    return read_secret_line(token.file) if token.file else ""
