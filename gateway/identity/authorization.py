"""The `Authorization` header: exactly one, one scheme, one token (RFC 6750 section 2.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.errors import InvalidToken, Unauthenticated
from gateway.identity.reasons import TokenFault

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)(?: |\Z)")
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)")
_REMEDY = "Send `Authorization: Bearer <access token>`."


def only_header(values: Sequence[str]) -> str | None:
    """The one `Authorization` header of a request, or None when there is none.

    Raises InvalidToken when there are several: proxies and frameworks pick different ones.
    """
    if len(values) > 1:
        raise InvalidToken(TokenFault.REPEATED_HEADER)
    return values[0] if values else None


def bearer_token(header: str | None) -> str:
    """The token of a `Bearer` header.

    Raises Unauthenticated without a header or with another scheme, InvalidToken when a Bearer header
    does not hold exactly one token.
    """
    if header is None:
        raise Unauthenticated(_REMEDY)
    scheme = _SCHEME.match(header)
    if scheme is None or scheme[1].lower() != "bearer":
        raise Unauthenticated(_REMEDY)
    found = _BEARER.fullmatch(header)
    if found is None:
        raise InvalidToken(TokenFault.MALFORMED_HEADER)
    return found[1]
