"""Several issuers of access tokens, each with its own audience, keys and algorithms."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from gateway.adapters.jose import is_compact, read_payload
from gateway.adapters.oidc import TOKEN_BYTES_MAX, OidcTokenVerifier
from gateway.errors import InvalidToken
from gateway.identity.reasons import TokenFault

_log = logging.getLogger(__name__)


class Issuers:
    """The TokenVerifier port over one verifier for each issuer.

    verifiers: by the exact `iss` that each of them demands.
    """

    def __init__(self, verifiers: Mapping[str, OidcTokenVerifier]) -> None:
        self._verifiers = dict(verifiers)

    def verify(self, token: str) -> Mapping[str, Any]:
        """`iss` is not verified when it chooses the verifier, which then demands exactly it.

        So a token that lies about its issuer is checked with the keys of the one that it names, and
        fails by its signature. Raises InvalidToken, IssuerUnavailable.
        """
        if len(token) > TOKEN_BYTES_MAX:
            raise InvalidToken(TokenFault.TOO_LONG)
        if not is_compact(token):
            raise InvalidToken(TokenFault.NOT_A_JWS)
        try:
            issuer = read_payload(token).get("iss")
        except ValueError:
            raise InvalidToken(TokenFault.PAYLOAD_MALFORMED) from None
        verifier = self._verifiers.get(issuer) if isinstance(issuer, str) else None
        if verifier is None:
            raise InvalidToken(TokenFault.ISSUER)
        return verifier.verify(token)
