"""The OpenAPI document, and a page of it for people that loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}code{background:#f0f0f0;padding:0 .25rem}"
    "dt{margin-top:.5rem}section{border-top:1px solid #767676;margin-top:1.5rem}"
)
_POLICY = f"default-src 'none'; frame-ancestors 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
_CACHING = "public, max-age=300"


def page_routes(document: Mapping[str, Any]) -> Sequence[BaseRoute]:
    """/openapi.json and /docs."""
    text = orjson.dumps(document)
    page = _page(document).encode()

    async def openapi(_: Request) -> Response:
        return Response(text, media_type="application/json", headers={"cache-control": _CACHING})

    async def docs(_: Request) -> Response:
        headers = {"cache-control": _CACHING, "content-security-policy": _POLICY}
        return Response(page, media_type="text/html", headers=headers)

    return (Route("/openapi.json", openapi), Route("/docs", docs))


def _page(document: Mapping[str, Any]) -> str:
    info = document["info"]
    return "".join(
        (
            "<!doctype html><html lang=en><head><meta charset=utf-8>",
            "<meta name=viewport content='width=device-width, initial-scale=1'>",
            f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style></head><body><main>",
            f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1>",
            "<p lang=fi>Julkaistujen tietotuotteiden luovutusrajapinta. Kuvaus on englanniksi.</p>",
            "<p lang=sv>Gränssnitt för publicerade dataprodukter. Beskrivningen är på engelska.</p>",
            f"<p>{escape(info['description'])}</p>",
            "<p>For machines: <a href='/openapi.json'>openapi.json</a></p>",
            *_operations(document),
            "</main></body></html>",
        )
    )


def _operations(document: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"<section><h2><code>{method.upper()} {escape(path)}</code></h2>"
            yield f"<p>{escape(operation.get('description') or operation['summary'])}</p>"
            if operation.get("parameters"):
                yield "<dl>"
                yield from (_parameter(each) for each in operation["parameters"])
                yield "</dl>"
            statuses = ", ".join(escape(status) for status in operation["responses"])
            yield f"<p>Answers: {statuses}</p></section>"


def _parameter(parameter: Mapping[str, Any]) -> str:
    schema = parameter.get("schema", {})
    example = parameter.get("example", next(iter(schema.get("examples", ())), None))
    shown = "" if example is None else f" Example: <code>{escape(_text(example))}</code>"
    return (
        f"<dt><code>{escape(parameter['name'])}</code> ({escape(parameter['in'])})</dt>"
        f"<dd>{escape(parameter.get('description', ''))}{shown}</dd>"
    )


def _text(example: object) -> str:
    return example if isinstance(example, str) else orjson.dumps(example).decode()
