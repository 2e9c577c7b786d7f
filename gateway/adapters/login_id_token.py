"""Verifies id tokens: OpenID Connect Core 1.0 section 3.1.3.7, with the restrictions of RFC 8725.

`at_hash` ties the access token to the login. In this flow section 3.1.3.6 leaves it to the provider, and
certified ones send none, so it may be missing; what is there must fit.
"""

from __future__ import annotations

import logging

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry
from joserfc.jwt import Token
from joserfc.registry import Header

from gateway.adapters.issuer_keys import IssuerKeys, KeysUnreadable, PublicKey
from gateway.adapters.key_source import key_source
from gateway.adapters.login_metadata import MetadataSource
from gateway.encoding.strict_json import StrictDecoder
from gateway.errors import IssuerUnavailable, LoginRefused
from gateway.identity.reasons import LoginFault
from gateway.ports import Clock

ALGORITHMS = ("PS256", "ES256")  # FAPI 2.0 Security Profile section 5.4
BYTES_MAX = 8 * 1024
LEEWAY_SECONDS = 10
_log = logging.getLogger(__name__)


class IdTokens:
    """The id tokens of one provider for one client."""

    def __init__(
        self, metadata: MetadataSource, *, issuer: str, client_id: str, clock: Clock
    ) -> None:
        self._metadata = metadata
        self._issuer = issuer
        self._client_id = client_id
        self._clock = clock
        self._keys = IssuerKeys(self._read_keys, clock=clock)

    def subject(self, id_token: str, *, access_token: str, nonce: str) -> str:
        """Who logged in. Raises LoginRefused, IssuerUnavailable."""
        try:
            token = self._signed(id_token)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": self._issuer},
                    "aud": {"essential": True, "value": self._client_id},
                    "at_hash": {"essential": "at_hash" in token.claims},
                },
                {"nonce": nonce, "client_id": self._client_id, "access_token": access_token},
            )
            claims.validate(now=int(self._clock.now().timestamp()), leeway=LEEWAY_SECONDS)
            return str(claims["sub"])
        except (JoseError, ValueError, TypeError, KeyError) as fault:
            _log.warning("an id token is refused: %s", type(fault).__name__)
            raise LoginRefused(LoginFault.ID_TOKEN) from None

    def _signed(self, id_token: str) -> Token:
        """The token, once the signature over it is good. Raises JoseError, ValueError."""
        if len(id_token) > BYTES_MAX:
            raise ValueError("too long")
        token = jwt.decode(
            id_token,
            lambda found: self._key_of(found.headers()),
            registry=JWSRegistry(algorithms=list(ALGORITHMS)),
            decoder_cls=StrictDecoder,
        )
        if token.header.get("typ", "JWT") != "JWT":  # RFC 8725 section 3.11: no access token
            raise ValueError("of another type")
        return token

    def _key_of(self, header: Header) -> PublicKey:
        key = self._keys.find(str(header.get("kid", "")))
        if key is None:
            raise ValueError("an unknown key")
        return key.key

    def _read_keys(self) -> bytes:
        try:
            return key_source(self._metadata.find().jwks_uri)()
        except IssuerUnavailable:
            raise KeysUnreadable("the provider's metadata cannot be read") from None
