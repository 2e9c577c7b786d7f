"""What a token is bound to, as its `cnf` claim says (RFC 7800), and whether the request holds it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import InvalidToken
from gateway.identity.reasons import TokenFault

# of proofs; EdDSA is the older name of Ed25519, the one curve it is taken with (RFC 9864)
PROOF_ALGORITHMS = ("ES256", "EdDSA", "Ed25519")

_KEY, _CERTIFICATE = "jkt", "x5t#S256"
# 32 bytes in base64url: the last digit holds four bits, the others of it are zero.
_SHA256 = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


@dataclass(frozen=True, slots=True)
class Binding:
    """SHA-256 in base64url. key: of a JWK (RFC 7638); certificate: of its DER (RFC 8705 section 3.1)."""

    key: str | None = None
    certificate: str | None = None


def read_binding(claims: Mapping[str, Any]) -> Binding:
    """What a verified token is bound to; of a token without `cnf`, nothing.

    Raises InvalidToken for a binding that the gateway does not know how to check: such a token is not for
    anybody who holds it.
    """
    if "cnf" not in claims:
        return Binding()
    match claims["cnf"]:
        case dict() as members if members and members.keys() <= {_KEY, _CERTIFICATE}:
            hashes = {name: value for name, value in members.items() if _is_sha256(value)}
        case _:
            raise InvalidToken(TokenFault.BINDING_UNKNOWN)
    if hashes.keys() != members.keys():
        raise InvalidToken(TokenFault.BINDING_MALFORMED)
    return Binding(hashes.get(_KEY), hashes.get(_CERTIFICATE))


def check_certificate(thumbprint: str, certificate: bytes | None) -> None:
    """The client's certificate is the one that the token is bound to. Raises InvalidToken.

    The hash is all that counts (RFC 8705 section 3): who issued the certificate is the proxy's question.
    """
    if certificate is None:
        raise InvalidToken(TokenFault.CERTIFICATE_MISSING)
    if base64url_sha256(certificate) != thumbprint:
        raise InvalidToken(TokenFault.CERTIFICATE_WRONG)


def base64url_sha256(content: bytes) -> str:
    """SHA-256 as tokens and proofs write it: base64url without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _is_sha256(value: object) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None
