"""A public page that loads nothing from anywhere and may be kept for a while."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from starlette.responses import Response

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}code{background:#f0f0f0;padding:0 .25rem}"
    "dt{margin-top:.5rem}section{border-top:1px solid #767676;margin-top:1.5rem}"
    "pre{background:#f0f0f0;padding:.5rem;overflow:auto}pre code{padding:0}"
    "table{border-collapse:collapse;display:block;overflow:auto}th,td{border:1px solid #767676;padding:.25rem .5rem;text-align:left}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; frame-ancestors 'none'; style-src 'sha256-{_HASH}'"
CACHING = "public, max-age=300"


def plain_page(title: str, body: str) -> bytes:
    """body: HTML whose texts are escaped."""
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    ).encode()


def page_answer(page: bytes) -> Response:
    headers = {"cache-control": CACHING, "content-security-policy": _POLICY}
    return Response(page, media_type="text/html", headers=headers)
