"""The OpenAPI document, and a page of it for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.routing import BaseRoute, Route

from gateway.encoding.formats import JSON
from gateway.surfaces.guides import DOCS_PATH
from gateway.surfaces.ops.interface import parts_of
from gateway.surfaces.ops.plain_pages import plain_page
from gateway.surfaces.public_document import PublicDocument


def page_routes(document: Mapping[str, Any]) -> Sequence[BaseRoute]:
    """/openapi.json and /docs."""
    told = PublicDocument(orjson.dumps(document), JSON)
    info = document["info"]
    page = plain_page(
        "interface.html",
        title=f"{info['title']} API {info['version']}",
        description=info["description"],
        parts=parts_of(document),
    )
    return (Route("/openapi.json", told.answer), Route(DOCS_PATH, page.answer))
