"""The routes of saved queries: saved and deleted from threads, and run as deliveries of the serve road."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import orjson
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from gateway.errors import GatewayError, MethodNotAllowed
from gateway.ports import SavedQueryStore
from gateway.surfaces.inbound import caller_of, header, inbound_of
from gateway.surfaces.pxweb.deliveries import deliver_table
from gateway.surfaces.pxweb.documents import PREFIX, Links
from gateway.surfaces.pxweb.reading import read_parameters
from gateway.surfaces.pxweb.routes import (
    LANGUAGE_ONLY,
    AnyCase,
    Asked,
    DocumentRoute,
    read_content,
)
from gateway.surfaces.pxweb.saved import SavedDesk
from gateway.surfaces.pxweb.saved_documents import (
    FOLDER,
    saved_document,
    saved_selection_document,
)
from gateway.surfaces.pxweb.tables import find_table
from gateway.surfaces.pxweb.words import in_words
from gateway.surfaces.walking import Walker, read_conditions

RUN_PARAMETERS = ("lang", "outputFormat", "outputFormatParams", "purpose")
NONE: tuple[str, ...] = ()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SavingRoute:
    """A query that is kept, and told where it is."""

    walker: Walker
    desk: SavedDesk
    links: Links

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            raise MethodNotAllowed(("POST",))
        caller, inbound = caller_of(scope), inbound_of(scope)
        try:
            language = read_parameters(inbound.parameters, known=LANGUAGE_ONLY).language
            content = await read_content(receive)
            saved = await _in_thread(
                self.walker,
                partial(
                    self.desk.save,
                    caller,
                    content,
                    media_type=header(scope, b"content-type"),
                    origin=inbound.origin,
                ),
            )
        except GatewayError as error:
            in_words(error)
            raise
        query_id = saved.query.id
        document = saved_document(query_id, saved.request, language=language, links=self.links)
        location = f"{self.links.public_url}{PREFIX}{FOLDER}/{query_id}"
        headers = {"content-language": language, "location": location}
        answer = Response(
            orjson.dumps(document), 201, media_type="application/json", headers=headers
        )
        await answer(scope, receive, send)


@dataclass(frozen=True, slots=True)
class SavedRoute:
    """One saved query: told to its circle, and deleted by whoever saved it."""

    tell: DocumentRoute
    desk: SavedDesk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in {"GET", "HEAD"}:
            await self.tell(scope, receive, send)
            return
        if scope["method"] != "DELETE":
            raise MethodNotAllowed(("GET", "HEAD", "DELETE"))
        caller, inbound = caller_of(scope), inbound_of(scope)
        try:
            read_parameters(inbound.parameters, known=NONE)
            wanted = scope["path_params"]["query"]
            remove = partial(self.desk.remove, caller, wanted, origin=inbound.origin)
            await _in_thread(self.tell.walker, remove)
        except GatewayError as error:
            in_words(error)
            raise
        await Response(status_code=204)(scope, receive, send)


@dataclass(frozen=True, slots=True)
class RunRoute:
    """Cells: one delivery a call under the rights of whoever calls, as by /tables/{id}/data."""

    walker: Walker
    desk: SavedDesk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            raise MethodNotAllowed
        caller, inbound = caller_of(scope), inbound_of(scope)
        conditions = read_conditions(scope)
        wanted = scope["path_params"]["query"]
        try:
            given = read_parameters(inbound.parameters, known=RUN_PARAMETERS).plain
            find = partial(self.desk.find, caller, wanted, origin=inbound.origin)
            saved = await _in_thread(self.walker, find)
            ask = saved.ask(given, conditions, inbound.origin)
            deliver = partial(deliver_table, caller, ask, self.walker.services)
            await self.walker.answer(caller, deliver, conditions, receive=receive, send=send)
        except GatewayError as error:
            in_words(error)
            raise


def saved_routes(
    walker: Walker, *, public_url: str, saved: SavedQueryStore
) -> tuple[BaseRoute, ...]:
    links, desk = Links(public_url), SavedDesk(saved, walker.services)

    def document(write: Callable[[SavedDesk, Asked], Mapping[str, Any]]) -> DocumentRoute:
        return DocumentRoute(partial(write, desk), LANGUAGE_ONLY, walker, links)

    one = f"{PREFIX}{FOLDER}/{{query}}"
    return (
        AnyCase(f"{PREFIX}{FOLDER}", SavingRoute(walker, desk, links)),
        AnyCase(one, SavedRoute(document(_saved), desk)),
        AnyCase(f"{one}/data", RunRoute(walker, desk)),
        AnyCase(f"{one}/selection", document(_selection)),
    )


def _saved(desk: SavedDesk, asked: Asked) -> Mapping[str, Any]:
    saved = desk.find(asked.caller, asked.path["query"], origin=asked.origin)
    find_table(asked.caller, saved.request.table, origin=asked.origin, services=asked.services)
    language = asked.parameters.language
    return saved_document(saved.query.id, saved.request, language=language, links=asked.links)


def _selection(desk: SavedDesk, asked: Asked) -> Mapping[str, Any]:
    saved = desk.find(asked.caller, asked.path["query"], origin=asked.origin)
    product, meant, lists = desk.meant(asked.caller, saved, origin=asked.origin)
    return saved_selection_document(
        saved.query.id,
        product.id,
        meant,
        lists=lists,
        language=asked.parameters.language,
        links=asked.links,
    )


async def _in_thread(walker: Walker, do: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(walker.threads, do)
