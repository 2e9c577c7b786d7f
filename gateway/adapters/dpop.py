"""Verifies DPoP proofs: that the sender of a request holds the key of its access token (RFC 9449 section 4.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidPayloadError, JoseError
from joserfc.jwk import ECKey, OKPKey

from gateway.adapters.jose import StrictRegistry, is_compact, read_header
from gateway.encoding.strict_json import StrictDecoder
from gateway.errors import InvalidProof
from gateway.identity.binding import PROOF_ALGORITHMS, base64url_sha256
from gateway.identity.reasons import TokenFault
from gateway.identity.target_uri import target_uri
from gateway.ports import Clock, GoodProof, ReplayStore, Target

PROOF_BYTES_MAX = 4 * 1024
HEADER_BYTES_MAX = 1024
FRESH_SECONDS = 60

_USED = "dpop-proof"
# The members that a key is made of; any other that is no secret is left alone.
_CURVES = {
    "ES256": (("kty", "EC"), ("crv", "P-256"), ("x", None), ("y", None)),
    "EdDSA": (("kty", "OKP"), ("crv", "Ed25519"), ("x", None)),
    "Ed25519": (("kty", "OKP"), ("crv", "Ed25519"), ("x", None)),
}
_SECRETS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_HEADERS_FORBIDDEN = frozenset({"jku", "x5u", "x5c", "crit", "b64"})
_TEXTS = ("jti", "htm", "htu", "ath")


class DpopProofs:
    """The ProofVerifier port; safe to use from many threads.

    used: shared by all serving processes, so that a proof counts once for all of them.
    """

    def __init__(self, used: ReplayStore, *, clock: Clock) -> None:
        self._used = used
        self._clock = clock
        self._registry = StrictRegistry(PROOF_ALGORITHMS, header_bytes_max=HEADER_BYTES_MAX)

    def check(self, proof: str, target: Target) -> GoodProof:
        """Everything that costs no memory: only a proof that is good here is ever remembered."""
        if len(proof) > PROOF_BYTES_MAX:
            raise InvalidProof(TokenFault.PROOF_TOO_LONG)
        if not is_compact(proof):
            raise InvalidProof(TokenFault.PROOF_NOT_A_JWS)
        key = _key(_checked_header(proof))
        if key.thumbprint() != target.thumbprint:
            raise InvalidProof(TokenFault.PROOF_KEY_OTHER)
        claims = self._signed_claims(proof, key)
        _check_types(claims)
        _check_target(claims, target)
        self._check_time(claims["iat"])
        return _good(claims, target.thumbprint)

    def use_up(self, proof: GoodProof) -> None:
        """RFC 9449 section 11.1."""
        if not self._used.use(_USED, proof.digest, until=proof.until):
            raise InvalidProof(TokenFault.PROOF_REPLAYED)

    def _signed_claims(self, proof: str, key: ECKey | OKPKey) -> dict[str, Any]:
        try:
            return jwt.decode(proof, key, registry=self._registry, decoder_cls=StrictDecoder).claims
        except InvalidPayloadError:
            raise InvalidProof(TokenFault.PROOF_PAYLOAD_MALFORMED) from None
        except (JoseError, ValueError):
            raise InvalidProof(TokenFault.PROOF_SIGNATURE) from None

    def _check_time(self, issued: int) -> None:
        if abs(int(self._clock.now().timestamp()) - issued) > FRESH_SECONDS:
            raise InvalidProof(TokenFault.PROOF_TIME)


def _good(claims: Mapping[str, Any], thumbprint: str) -> GoodProof:
    """A `jti` is its sender's own: two keys may choose the same."""
    digest = hashlib.sha256(f"{thumbprint}.{claims['jti']}".encode()).digest()
    until = datetime.fromtimestamp(claims["iat"], UTC) + timedelta(seconds=FRESH_SECONDS)
    return GoodProof(digest, until)


def _checked_header(proof: str) -> dict[str, Any]:
    """Checks 2, 4, 5 and 7 of section 4.3, as far as a header can tell."""
    try:
        header = read_header(proof)
    except ValueError:
        raise InvalidProof(TokenFault.PROOF_HEADER_MALFORMED) from None
    if _HEADERS_FORBIDDEN & header.keys():
        raise InvalidProof(TokenFault.PROOF_HEADER_FORBIDDEN)
    if header.get("typ") != "dpop+jwt":
        raise InvalidProof(TokenFault.PROOF_TYPE)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in PROOF_ALGORITHMS:
        raise InvalidProof(TokenFault.PROOF_ALGORITHM)
    return header


def _key(header: Mapping[str, Any]) -> ECKey | OKPKey:
    """The public key of a proof, of the type and curve that its algorithm goes with."""
    match header.get("jwk"):
        case dict() as jwk if not _SECRETS & jwk.keys():
            pass
        case _:
            raise InvalidProof(TokenFault.PROOF_KEY_REFUSED)
    members = dict(_CURVES[header["alg"]])
    if any(not _fits(jwk.get(name), value) for name, value in members.items()):
        raise InvalidProof(TokenFault.PROOF_KEY_REFUSED)
    kind = ECKey if members["kty"] == "EC" else OKPKey
    try:
        return kind.import_key({name: jwk[name] for name in members})
    except (JoseError, ValueError):  # a point that is not on the curve, or no point at all
        raise InvalidProof(TokenFault.PROOF_KEY_REFUSED) from None


def _fits(member: object, expected: str | None) -> bool:
    return isinstance(member, str) and (expected is None or member == expected)


def _check_types(claims: Mapping[str, Any]) -> None:
    """Check 3 of section 4.3, and `ath`, which no proof for a protected resource may lack."""
    if not {*_TEXTS, "iat"} <= claims.keys():
        raise InvalidProof(TokenFault.PROOF_CLAIM_MISSING)
    texts_fit = all(isinstance(claims[name], str) and claims[name] for name in _TEXTS)
    # bool is a kind of int to Python, and true is no moment
    if not texts_fit or type(claims["iat"]) is not int:
        raise InvalidProof(TokenFault.PROOF_CLAIM_WRONG_TYPE)


def _check_target(claims: Mapping[str, Any], target: Target) -> None:
    """Checks 8, 9 and 12: made for this request, and for this token."""
    if claims["htm"] != target.method:
        raise InvalidProof(TokenFault.PROOF_METHOD)
    try:
        is_ours = target_uri(claims["htu"]) == target_uri(target.url)
    except ValueError:
        is_ours = False
    if not is_ours:
        raise InvalidProof(TokenFault.PROOF_TARGET)
    if claims["ath"] != base64url_sha256(target.token.encode("ascii")):
        raise InvalidProof(TokenFault.PROOF_ATH)
