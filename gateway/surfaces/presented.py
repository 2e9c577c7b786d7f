"""The credentials of a request, read from the ASGI scope; nothing is judged here but who may tell of them."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

from starlette.types import Scope

from gateway.errors import InvalidToken
from gateway.identity import Credentials, TokenFault, only_header
from gateway.journal.body import Origin
from gateway.surfaces.inbound import headers

# A byte sequence of structured fields (RFC 9651 section 3.3.5), without parameters: RFC 9440 has none.
_BYTES = re.compile(r":([A-Za-z0-9+/]+={0,2}):")


def read_credentials(scope: Scope, origin: Origin, *, public_url: str) -> Credentials:
    """Raises InvalidToken for a header that is repeated, malformed, or not its sender's to set."""
    return Credentials(
        authorization=only_header(headers(scope, b"authorization")),
        proofs=headers(scope, b"dpop"),
        method=scope["method"],
        url=public_url + _path(scope),
        certificate=_certificate(headers(scope, b"client-cert"), is_told=bool(origin.proxies)),
        client_address=origin.client_address,
    )


def _path(scope: Scope) -> str:
    """As it was sent: a server decodes `path`, and then `%2F` and `/` cannot be told apart."""
    return (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")


def _certificate(values: Sequence[str], *, is_told: bool) -> bytes | None:
    """The client's certificate in DER (RFC 9440 section 2.2). is_told: a trusted proxy sent the request.

    A proxy of ours removes what a client sends under this name (section 4), so one that comes past it is
    somebody's attempt to be somebody else.
    """
    if not values:
        return None
    if not is_told:
        raise InvalidToken(TokenFault.CERTIFICATE_UNTRUSTED)
    if len(values) > 1:
        raise InvalidToken(TokenFault.CERTIFICATE_REPEATED)
    found = _BYTES.fullmatch(values[0])
    try:
        return base64.b64decode(found[1] if found else "!", validate=True)
    except ValueError:
        raise InvalidToken(TokenFault.CERTIFICATE_MALFORMED) from None
