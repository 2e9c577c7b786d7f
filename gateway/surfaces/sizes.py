"""How large a request may be: its address, its headers, its body."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope

from gateway.errors import BodyTooLarge, HeadersTooLarge, UrlTooLong
from gateway.surfaces.inbound import headers

URL_BYTES_MAX = 8 * 1024
HEADER_BYTES_MAX = 16 * 1024
BODY_BYTES_MAX = 64 * 1024


def check_sizes(scope: Scope) -> None:
    """Raises UrlTooLong, HeadersTooLarge, BodyTooLarge. The servers themselves allow far more."""
    path = scope.get("raw_path") or scope["path"].encode()
    if len(path) + 1 + len(scope["query_string"]) > URL_BYTES_MAX:
        raise UrlTooLong(f"An address has at most {URL_BYTES_MAX} bytes.")
    if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > HEADER_BYTES_MAX:
        raise HeadersTooLarge(f"The headers have at most {HEADER_BYTES_MAX} bytes.")
    for length in headers(scope, b"content-length"):
        if not length.isdecimal() or len(length) > 18 or int(length) > BODY_BYTES_MAX:
            raise BodyTooLarge(f"A body has at most {BODY_BYTES_MAX} bytes.")


def limited_body(receive: Receive) -> Receive:
    """A body without a length is counted while it is read."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            if read > BODY_BYTES_MAX:
                raise BodyTooLarge(f"A body has at most {BODY_BYTES_MAX} bytes.")
        return message

    return limited
