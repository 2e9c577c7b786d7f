"""Proofs of possession (RFC 9449): a token that is stolen is of no use without the key of this run."""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from collections.abc import Callable

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey

ALGORITHM = "ES256"
NONCE_HEADER = "DPoP-Nonce"
NONCE_WANTED = "use_dpop_nonce"


class Prover:
    """Makes proofs with a key that lives in memory alone, and remembers each server's nonce."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._key = ECKey.generate_key("P-256")
        self._now = now
        self._nonces: dict[str, str] = {}

    def prove(self, method: str, url: httpx2.URL, *, token: str | None = None) -> str:
        """One proof for one request (section 4.2). token: bound into it as `ath` (section 7)."""
        claims = {
            "jti": str(uuid.uuid4()),
            "htm": method,
            "htu": str(url.copy_with(query=None, fragment=None)),
            "iat": int(self._now()),
        }
        if token is not None:
            claims["ath"] = _hash(token)
        nonce = self._nonces.get(_origin(url))
        if nonce is not None:
            claims["nonce"] = nonce
        header = {"typ": "dpop+jwt", "alg": ALGORITHM, "jwk": self._key.as_dict(private=False)}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])

    def learn(self, response: httpx2.Response) -> bool:
        """Keep the nonce of an answer for the next proof (section 8.2); whether it is another one."""
        nonce = response.headers.get(NONCE_HEADER)
        origin = _origin(response.url)
        if nonce is None or nonce == self._nonces.get(origin):
            return False
        self._nonces[origin] = nonce
        return True


def _hash(token: str) -> str:
    digest = hashlib.sha256(token.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _origin(url: httpx2.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"
