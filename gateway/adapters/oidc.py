"""Verifies access tokens: RFC 9068 with the restrictions of RFC 8725, RFC 9700 and FAPI 2.0."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ClaimError,
    ExpiredTokenError,
    InvalidPayloadError,
    JoseError,
    MissingClaimError,
)

from gateway.adapters.issuer_keys import IssuerKey, IssuerKeys, KeyPolicy
from gateway.adapters.jose import StrictRegistry, is_compact, read_header
from gateway.adapters.key_source import key_source
from gateway.encoding.strict_json import StrictDecoder
from gateway.errors import InvalidToken, SettingsFault
from gateway.identity.reasons import TokenFault
from gateway.ports import Clock

ALGORITHMS = ("PS256", "ES256", "Ed25519")
ALGORITHMS_KNOWN = frozenset({"PS256", "ES256", "Ed25519", "EdDSA"})
TOKEN_BYTES_MAX = 8 * 1024
LEEWAY_SECONDS = 10
LIFETIME_SECONDS_MAX = 3600
CACHED_TOKENS_MAX = 1024

_TYPES = frozenset({"at+jwt", "application/at+jwt"})
_HEADERS_FORBIDDEN = frozenset({"jku", "x5u", "jwk", "x5c", "crit", "b64"})
_TEXTS = ("iss", "sub", "client_id", "jti")
_TIMES = ("exp", "iat")


@dataclass(frozen=True, slots=True)
class _Verified:
    """A token that passed. Only time and a change of its key can still end it."""

    claims: Mapping[str, Any]
    expires: int
    key_id: str
    thumbprint: str


class OidcTokenVerifier:
    """The TokenVerifier port for one issuer; safe to use from many threads.

    issuer: exact `iss`; audience: must be in `aud`; jwks: an https address, an http address on
    loopback, or a file. Reading keys blocks for at most 5 seconds, about once in five minutes. What a
    token is bound to is another question, asked anew at every request.
    Raises SettingsFault for an algorithm or an address that is not allowed.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        jwks: str,
        clock: Clock,
        algorithms: Collection[str] = ALGORITHMS,
        key_policy: KeyPolicy = KeyPolicy(),  # noqa: B008 - frozen
    ) -> None:
        if not algorithms or not ALGORITHMS_KNOWN.issuperset(algorithms):
            allowed = ", ".join(sorted(ALGORITHMS_KNOWN))
            raise SettingsFault(
                f"An issuer's `algorithms` are some of {allowed}.", parameter="algorithms"
            )
        if not issuer or not audience:
            raise SettingsFault("Issuer and audience are required.", parameter="issuer")
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._registry = StrictRegistry(algorithms)
        self._algorithms = frozenset(algorithms)
        self._keys = IssuerKeys(key_source(jwks), clock=clock, policy=key_policy)
        self._cache: OrderedDict[bytes, _Verified] = OrderedDict()
        self._cache_lock = threading.Lock()

    def verify(self, token: str) -> Mapping[str, Any]:
        """The claims of a valid access token. Raises InvalidToken(reason), IssuerUnavailable."""
        if len(token) > TOKEN_BYTES_MAX:
            raise InvalidToken(TokenFault.TOO_LONG)
        if not is_compact(token):
            raise InvalidToken(TokenFault.NOT_A_JWS)
        digest = hashlib.sha256(token.encode("ascii")).digest()
        verified = self._recall(digest)
        if verified is None:
            verified = self._verify_anew(token)
            self._remember(digest, verified)
        return verified.claims

    def check(self) -> None:
        """Raises IssuerUnavailable when no token could be verified now."""
        self._keys.check()

    def _verify_anew(self, token: str) -> _Verified:
        key_id = self._check_header(token)
        key = self._key(key_id)
        claims = self._signed_claims(token, key)
        self._check_claims(claims)
        return _Verified(MappingProxyType(claims), claims["exp"], key_id, key.thumbprint)

    def _check_header(self, token: str) -> str:
        """The key id of an acceptable JOSE header."""
        try:
            header = read_header(token)
        except ValueError:
            raise InvalidToken(TokenFault.JOSE_HEADER_MALFORMED) from None
        if _HEADERS_FORBIDDEN & header.keys():
            raise InvalidToken(TokenFault.JOSE_HEADER_FORBIDDEN)
        algorithm, kind, key_id = (header.get(name) for name in ("alg", "typ", "kid"))
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise InvalidToken(TokenFault.ALGORITHM)
        if not isinstance(kind, str) or kind.lower() not in _TYPES:
            raise InvalidToken(TokenFault.TYPE)
        if not isinstance(key_id, str) or not key_id:
            raise InvalidToken(TokenFault.KEY_ID_MISSING)
        return key_id

    def _key(self, key_id: str) -> IssuerKey:
        key = self._keys.find(key_id)
        if key is None:
            raise InvalidToken(TokenFault.KEY_UNKNOWN)
        return key

    def _signed_claims(self, token: str, key: IssuerKey) -> dict[str, Any]:
        """The payload, once the signature over it is good."""
        try:
            return jwt.decode(
                token, key.key, registry=self._registry, decoder_cls=StrictDecoder
            ).claims
        except BadSignatureError:
            raise InvalidToken(TokenFault.SIGNATURE) from None
        except InvalidPayloadError:
            raise InvalidToken(TokenFault.PAYLOAD_MALFORMED) from None
        except (JoseError, ValueError):  # a key of another type, curve, use or algorithm
            raise InvalidToken(TokenFault.SIGNATURE) from None

    def _check_claims(self, claims: dict[str, Any]) -> None:
        _check_types(claims)
        registry = jwt.JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
        )
        try:
            registry.validate(claims)
        except ClaimError as fault:
            raise InvalidToken(_reason(fault)) from None
        if not 0 < claims["exp"] - claims["iat"] <= LIFETIME_SECONDS_MAX:
            raise InvalidToken(TokenFault.LIFETIME)

    def _recall(self, digest: bytes) -> _Verified | None:
        """A cached verdict that still holds: not expired, and its key not withdrawn or exchanged."""
        with self._cache_lock:
            verified = self._cache.get(digest)
            if verified is None:
                return None
            self._cache.move_to_end(digest)
        key = self._keys.find(verified.key_id)
        is_expired = verified.expires <= self._clock.now().timestamp() - LEEWAY_SECONDS
        if is_expired or key is None or key.thumbprint != verified.thumbprint:
            with self._cache_lock:
                self._cache.pop(digest, None)
            return None
        return verified

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        with self._cache_lock:
            self._cache[digest] = verified
            while len(self._cache) > CACHED_TOKENS_MAX:
                self._cache.popitem(last=False)


def _check_types(claims: Mapping[str, Any]) -> None:
    """Presence and JSON type of what RFC 9068 requires; times are whole seconds."""
    for name in (*_TEXTS, *_TIMES, "aud"):
        if name not in claims:
            raise InvalidToken(TokenFault.CLAIM_MISSING)
    texts_fit = all(isinstance(claims[name], str) and claims[name] for name in _TEXTS)
    times = [claims[name] for name in (*_TIMES, "nbf") if name in claims]
    # bool is a kind of int to Python, and true is no moment
    times_fit = all(type(value) is int for value in times)
    if not texts_fit or not times_fit:
        raise InvalidToken(TokenFault.CLAIM_WRONG_TYPE)


def _reason(fault: ClaimError) -> TokenFault:
    if isinstance(fault, ExpiredTokenError):
        return TokenFault.EXPIRED
    if isinstance(fault, MissingClaimError):
        return TokenFault.CLAIM_MISSING
    return {
        "iss": TokenFault.ISSUER,
        "aud": TokenFault.AUDIENCE,
        "nbf": TokenFault.NOT_YET_VALID,
        "iat": TokenFault.ISSUED_IN_FUTURE,
    }.get(fault.claim, TokenFault.CLAIM_WRONG_TYPE)
