"""The OpenAPI document, and a page of it for people that loads nothing from anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.surfaces.guides import GUIDES_PATH
from gateway.surfaces.ops.plain_pages import CACHING, page_answer, plain_page


def page_routes(document: Mapping[str, Any]) -> Sequence[BaseRoute]:
    """/openapi.json and /docs."""
    text = orjson.dumps(document)
    page = _page(document)

    async def openapi(_: Request) -> Response:
        return Response(text, media_type="application/json", headers={"cache-control": CACHING})

    async def docs(_: Request) -> Response:
        return page_answer(page)

    return (Route("/openapi.json", openapi), Route("/docs", docs))


def _page(document: Mapping[str, Any]) -> bytes:
    info = document["info"]
    body = (
        f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1>",
        "<p lang=fi>Julkaistujen tietotuotteiden luovutusrajapinta. Kuvaus on englanniksi.</p>",
        "<p lang=sv>Gränssnitt för publicerade dataprodukter. Beskrivningen är på engelska.</p>",
        f"<p>{escape(info['description'])}</p>",
        f"<p>With Power BI, Excel, Qlik, R, Python and others: <a href='{GUIDES_PATH}'>clients</a></p>",
        "<p>For machines: <a href='/openapi.json'>openapi.json</a></p>",
        *_operations(document),
    )
    return plain_page(f"{info['title']} API", "".join(body))


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
