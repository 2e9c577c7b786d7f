"""A document that is the same for everybody: coded once for each coding, and not sent again unchanged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from gateway.delivery.conditions import is_unchanged
from gateway.delivery.delivery import NOT_MODIFIED
from gateway.delivery.negotiation import choose_coding
from gateway.encoding.compression import Coding, compress
from gateway.encoding.formats import Format
from gateway.surfaces.walking import read_conditions

_CACHING = "public, max-age=300"
_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class _Coded:
    content: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class PublicDocument:
    """form: its media type. headers: of its own, on every answer."""

    content: bytes
    form: Format
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    _coded: dict[Coding | None, _Coded] = field(default_factory=dict[Coding | None, _Coded])

    async def answer(self, request: Request) -> Response:
        """As the endpoint of a route: the document, or 304 when the client has it already."""
        conditions = read_conditions(request.scope)
        coding = choose_coding(self.form, conditions.accept_encoding)
        coded = self._in(coding)
        headers = {
            **self.headers,
            "etag": coded.etag,
            "cache-control": _CACHING,
            "vary": "accept-encoding",
        }
        if is_unchanged(conditions, coded.etag):
            return Response(status_code=NOT_MODIFIED, headers=headers)
        if coding is not None:
            headers["content-encoding"] = coding.value
        return Response(coded.content, media_type=self.form.media_type, headers=headers)

    def _in(self, coding: Coding | None) -> _Coded:
        if coding not in self._coded:
            content = self.content if coding is None else compress(self.content, coding)
            etag = f'"{hashlib.sha256(content).hexdigest()}"'
            self._coded[coding] = _Coded(content, etag)
        return self._coded[coding]
