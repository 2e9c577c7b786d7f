"""The `Authorization` header: exactly one, one scheme, one value (RFC 6750 section 2.1, RFC 9449 7.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from gateway.errors import InvalidToken, Unauthenticated
from gateway.identity.reasons import TokenFault


class Scheme(StrEnum):
    """As a challenge writes it; a request may write it in any case of letters."""

    BEARER = "Bearer"
    DPOP = "DPoP"


_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)(?: |\Z)")
_VALUE = re.compile(r"[^ ]+ +([A-Za-z0-9._~+/-]+=*)")
_SCHEMES = {scheme.value.lower(): scheme for scheme in Scheme}
_REMEDY = (
    "Send `Authorization: Bearer <access token>`, or `DPoP` with a token that is bound to a key, or an "
    "access key."
)


def only_header(values: Sequence[str]) -> str | None:
    """The one `Authorization` header of a request, or None when there is none.

    Raises InvalidToken when there are several: proxies and frameworks pick different ones.
    """
    if len(values) > 1:
        raise InvalidToken(TokenFault.REPEATED_HEADER)
    return values[0] if values else None


def read_authorization(header: str | None) -> tuple[Scheme, str]:
    """The scheme of a header, and its one value.

    Raises Unauthenticated without a header or with another scheme, InvalidToken when the header does not
    hold exactly one value.
    """
    if header is None:
        raise Unauthenticated(_REMEDY)
    named = _SCHEME.match(header)
    scheme = None if named is None else _SCHEMES.get(named[1].lower())
    if scheme is None:
        raise Unauthenticated(_REMEDY)
    found = _VALUE.fullmatch(header)
    if found is None:
        raise InvalidToken(TokenFault.MALFORMED_HEADER, scheme=scheme)
    return scheme, found[1]
