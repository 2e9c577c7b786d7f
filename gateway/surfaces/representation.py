"""A document that is told in several formats and codings: chosen, tagged, and not sent again unchanged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from gateway.delivery.conditions import is_unchanged
from gateway.delivery.delivery import NOT_MODIFIED
from gateway.delivery.negotiation import choose_coding, choose_format
from gateway.encoding.compression import compress
from gateway.encoding.formats import Format
from gateway.encoding.heading import LANGUAGES
from gateway.surfaces.walking import read_conditions

Encoders = Mapping[str, Callable[[Mapping[str, object]], bytes]]
# It depends on who asks, and is asked for anew each time, so that a right that has ended ends.
_CACHING = "private, no-cache"


def represent(
    request: Request,
    document: Mapping[str, object],
    *,
    formats: Mapping[str, Format],
    encoders: Encoders,
    asked: str | None,
) -> Response:
    """The document as the request wants it, or 304 when the client has it already.

    encoders: by the name of the format. asked: the parameter `format`. Raises NotAcceptable.
    """
    conditions = read_conditions(request.scope)
    chosen = choose_format(formats, asked, accept=request.headers.get("accept"))
    coding = choose_coding(chosen, conditions.accept_encoding)
    content = encoders[chosen.name](document)
    if coding is not None:
        content = compress(content, coding)
    headers = {
        "etag": _etag(chosen, content),
        "cache-control": _CACHING,
        "vary": "accept, accept-encoding",
        "content-language": ", ".join(LANGUAGES),
    }
    if is_unchanged(conditions, headers["etag"]):
        return Response(status_code=NOT_MODIFIED, headers=headers)
    if coding is not None:
        headers["content-encoding"] = coding.value
    return Response(content, headers=headers | {"content-type": chosen.media_type})


def _etag(chosen: Format, content: bytes) -> str:
    """Strong. The same bytes under another media type are another representation."""
    return f'"{hashlib.sha256(chosen.media_type.encode() + b" " + content).hexdigest()}"'
