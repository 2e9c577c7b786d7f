"""The routes of PxWebApi 2: metadata from threads, and data as deliveries of the serve road."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

import orjson
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from gateway.delivery.services import Services
from gateway.errors import GatewayError, MethodNotAllowed
from gateway.journal.body import Origin
from gateway.limits.allowance import client_of
from gateway.model.caller import Caller
from gateway.ports import SavedQueryStore
from gateway.surfaces.inbound import caller_of, header, inbound_of
from gateway.surfaces.pxweb.deliveries import DATA_PARAMETERS, Ask, deliver_table
from gateway.surfaces.pxweb.documents import (
    PREFIX,
    Links,
    codelist_document,
    config_document,
    page_document,
    selection_document,
    table_item,
)
from gateway.surfaces.pxweb.metadata import METADATA_PARAMETERS, default_of, metadata_document
from gateway.surfaces.pxweb.reading import Parameters, read_parameters
from gateway.surfaces.pxweb.saved import SavedDesk
from gateway.surfaces.pxweb.tables import (
    find_codelist_of_any,
    find_table,
    is_about,
    is_newer,
    listed_tables,
    read_table,
)
from gateway.surfaces.pxweb.words import in_words
from gateway.surfaces.walking import Walker, read_conditions

TABLES_PARAMETERS = (
    "lang", "query", "pastDays", "includeDiscontinued", "pageNumber", "pageSize",
)  # fmt: skip
LANGUAGE_ONLY = ("lang",)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a document. path: what stands in the address."""

    caller: Caller
    origin: Origin
    path: Mapping[str, str]
    parameters: Parameters
    services: Services
    links: Links


@dataclass(frozen=True, slots=True)
class DocumentRoute:
    """A JSON document that delivers nothing. write: may block, and reads the disk."""

    write: Callable[[Asked], Mapping[str, Any]]
    known: Collection[str]
    walker: Walker
    links: Links

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            raise MethodNotAllowed
        inbound = inbound_of(scope)
        try:
            asked = Asked(
                caller_of(scope),
                inbound.origin,
                scope["path_params"],
                read_parameters(inbound.parameters, known=self.known),
                self.walker.services,
                self.links,
            )
            language = asked.parameters.language
            loop = asyncio.get_running_loop()
            document = await loop.run_in_executor(self.walker.threads, self.write, asked)
        except GatewayError as error:
            in_words(error)
            raise
        body = orjson.dumps(document)
        headers = {"content-language": language, "content-length": str(len(body))}
        content = b"" if scope["method"] == "HEAD" else body
        answer = Response(content, media_type="application/json", headers=headers)
        await answer(scope, receive, send)


@dataclass(frozen=True, slots=True)
class DataRoute:
    """Cells: one delivery a call, by the same rulings, releases and journal as /v1/cubes/{id}/data."""

    walker: Walker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            raise MethodNotAllowed(("GET", "HEAD", "POST"))
        caller, inbound = caller_of(scope), inbound_of(scope)
        try:
            body = await read_content(receive) if scope["method"] == "POST" else b""
            ask = Ask(
                table=scope["path_params"]["product"],
                parameters=read_parameters(inbound.parameters, known=DATA_PARAMETERS),
                body=body,
                media_type=header(scope, b"content-type"),
                conditions=read_conditions(scope),
                is_post=scope["method"] == "POST",
                origin=inbound.origin,
            )
            deliver = partial(deliver_table, caller, ask, self.walker.services)
            await self.walker.answer(caller, deliver, ask.conditions, receive=receive, send=send)
        except GatewayError as error:
            in_words(error)
            raise


class AnyCase(Route):
    """An address whose letters match in any case."""

    def __init__(self, path: str, endpoint: Callable[..., Any]) -> None:
        super().__init__(path, endpoint)
        self.path_regex = re.compile(self.path_regex.pattern, re.IGNORECASE)


def pxweb_routes(
    walker: Walker, *, public_url: str, saved: SavedQueryStore
) -> tuple[BaseRoute, ...]:
    links = Links(public_url)

    def document(path: str, write: Callable[[Asked], Any], known: Collection[str]) -> BaseRoute:
        return AnyCase(f"{PREFIX}{path}", DocumentRoute(write, known, walker, links))

    return (
        document("/config", _config, LANGUAGE_ONLY),
        document("/tables", _tables, TABLES_PARAMETERS),
        document("/tables/{product}", _table, LANGUAGE_ONLY),
        document("/tables/{product}/metadata", partial(_metadata, saved), METADATA_PARAMETERS),
        document("/tables/{product}/defaultselection", _default_selection, LANGUAGE_ONLY),
        AnyCase(f"{PREFIX}/tables/{{product}}/data", DataRoute(walker)),
        document("/codelists/{codelist}", _codelist, LANGUAGE_ONLY),
    )


def _config(asked: Asked) -> Mapping[str, Any]:
    allowance = client_of(asked.caller, asked.services.tolls.limits).allowance
    return config_document(allowance, version("jakelu"))


def _tables(asked: Asked) -> Mapping[str, Any]:
    parameters, services = asked.parameters, asked.services
    days, words = parameters.number("pastDays"), parameters.plain.get("query", "")
    number, size = parameters.number("pageNumber"), parameters.number("pageSize")
    found = [
        table_item(each, parameters.language, asked.links)
        for each in listed_tables(asked.caller, services)
        if is_about(each, words) and (days is None or is_newer(each, days=days, services=services))
    ]
    return page_document(
        found,
        number or 1,
        size or max(1, len(found)),
        language=parameters.language,
        links=asked.links,
    )


def _table(asked: Asked) -> Mapping[str, Any]:
    product = find_table(
        asked.caller, asked.path["product"], origin=asked.origin, services=asked.services
    )
    language = asked.parameters.language
    item = table_item(read_table(product, asked.services), language, asked.links)
    return {"language": language, **item}


def _metadata(saved: SavedQueryStore, asked: Asked) -> Mapping[str, Any]:
    product = find_table(
        asked.caller, asked.path["product"], origin=asked.origin, services=asked.services
    )
    parameters, wanted = asked.parameters, None
    if "savedquery" in parameters.plain:
        desk = SavedDesk(saved, asked.services)
        parameters, wanted = desk.wanted_of(asked.caller, product, parameters, origin=asked.origin)
    return metadata_document(product, parameters, asked.services, wanted=wanted)


def _default_selection(asked: Asked) -> Mapping[str, Any]:
    product = find_table(
        asked.caller, asked.path["product"], origin=asked.origin, services=asked.services
    )
    return selection_document(
        product.id,
        default_of(product, asked.services),
        language=asked.parameters.language,
        links=asked.links,
    )


def _codelist(asked: Asked) -> Mapping[str, Any]:
    codelist, variable = find_codelist_of_any(
        asked.caller, asked.path["codelist"], origin=asked.origin, services=asked.services
    )
    return codelist_document(
        codelist, variable, language=asked.parameters.language, links=asked.links
    )


async def read_content(receive: Receive) -> bytes:
    """The whole body; the guard limits it."""
    parts, more = list[bytes](), True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)
