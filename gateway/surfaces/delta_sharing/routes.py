"""The addresses of Delta Sharing, thin over the serve road. What blocks runs on the road's threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.delivery.services import Services
from gateway.errors import MethodNotAllowed, NotAcceptable, NotFound, UnknownParameter
from gateway.identity.file_addresses import FileAddresses
from gateway.model.release import ReleaseId
from gateway.surfaces.delta_sharing import paging, shares, tables
from gateway.surfaces.delta_sharing.documents import (
    schema_document,
    share_document,
    table_document,
    table_lines,
)
from gateway.surfaces.delta_sharing.names import (
    FOLDER,
    edition_of,
    read_version,
    version_of,
)
from gateway.surfaces.delta_sharing.shares import Asking, as_bearer
from gateway.surfaces.inbound import caller_of, header, inbound_of

SHARES = f"{FOLDER}/shares"
SHARE = f"{SHARES}/{{share}}"
SCHEMAS = f"{SHARE}/schemas"
ALL_TABLES = f"{SHARE}/all-tables"
TABLES = f"{SCHEMAS}/{{schema}}/tables"
TABLE = f"{TABLES}/{{table}}"
VERSION, METADATA, QUERY = f"{TABLE}/version", f"{TABLE}/metadata", f"{TABLE}/query"

CAPABILITIES = "delta-sharing-capabilities"
_JSON = "application/json; charset=utf-8"
_LINES = "application/x-ndjson; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Sharing:
    """What the routes work with. public_url: our address as clients see it, without a slash at the end."""

    services: Services
    addresses: FileAddresses
    threads: Executor
    public_url: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the routes read it. names: of its path; formats: that the client can read."""

    asking: Asking
    names: Mapping[str, str]
    parameters: Mapping[str, str]
    content: bytes
    formats: frozenset[str]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route. parameters: the query values that it reads; a query's hints stand in its body."""

    answer: Callable[[Call, Sharing], Response]
    sharing: Sharing
    parameters: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("GET", "HEAD")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in self.methods:
            raise MethodNotAllowed(self.methods)
        inbound = inbound_of(scope)
        for name in inbound.parameters:
            if name not in self.parameters:
                offered = ", ".join(self.parameters) or "none"
                raise UnknownParameter(f"The parameters here: {offered}.", parameter=name)
        call = Call(
            asking=Asking(as_bearer(caller_of(scope)), inbound.origin),
            names=scope["path_params"],
            parameters=inbound.parameters,
            content=await Request(scope, receive).body(),
            formats=_formats(header(scope, CAPABILITIES.encode())),
        )
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(self.sharing.threads, self.answer, call, self.sharing)
        if scope["method"] == "HEAD":
            response.body = b""
        await response(scope, receive, send)


def sharing_routes(sharing: Sharing) -> Sequence[Route]:
    when = ("version", "timestamp")
    endpoints = (
        (SHARES, Endpoint(_shares, sharing, paging.PARAMETERS)),
        (SHARE, Endpoint(_share, sharing)),
        (SCHEMAS, Endpoint(_schemas, sharing, paging.PARAMETERS)),
        (ALL_TABLES, Endpoint(_all_tables, sharing, paging.PARAMETERS)),
        (TABLES, Endpoint(_tables, sharing, paging.PARAMETERS)),
        (VERSION, Endpoint(_version, sharing, ("startingTimestamp",))),
        (METADATA, Endpoint(_metadata, sharing, when)),
        (QUERY, Endpoint(_query, sharing, methods=("POST",))),
    )
    return [Route(path, endpoint) for path, endpoint in endpoints]


def nothing_else(app: ASGIApp) -> ASGIApp:
    """What the protocol has besides is not there: changes between versions, temporary credentials."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(f"{FOLDER}/"):
            raise NotFound(
                "Here are shares, schemas, tables, and of a table version, metadata and query; "
                "changes between versions are not shared."
            )
        await app(scope, receive, send)

    return answer


def _shares(call: Call, sharing: Sharing) -> Response:
    found = shares.shares(call.asking.caller, sharing.services)
    return _page([share_document(area) for area in found], call)


def _share(call: Call, sharing: Sharing) -> Response:
    area = shares.find_share(call.names["share"], call.asking, sharing.services)
    return _json({"share": share_document(area)})


def _schemas(call: Call, sharing: Sharing) -> Response:
    area = shares.find_share(call.names["share"], call.asking, sharing.services)
    return _page([schema_document(area)], call)


def _all_tables(call: Call, sharing: Sharing) -> Response:
    area = shares.find_share(call.names["share"], call.asking, sharing.services)
    return _tables_of(area, call, sharing)


def _tables(call: Call, sharing: Sharing) -> Response:
    names = call.names
    area = shares.find_schema(names["share"], names["schema"], call.asking, sharing.services)
    return _tables_of(area, call, sharing)


def _tables_of(area: str, call: Call, sharing: Sharing) -> Response:
    found = shares.tables(call.asking.caller, area, sharing.services)
    return _page([table_document(area, product) for product in found], call)


def _version(call: Call, sharing: Sharing) -> Response:
    table, since = _table(call, sharing), call.parameters.get("startingTimestamp")
    if since is None:
        edition = edition_of(None, None)
        release = tables.look(table, edition, call.asking, sharing.services).manifest.release
    else:
        _, release = tables.first_version(table, since, call.asking, sharing.services)
    return Response(headers=_version_headers(release))


def _metadata(call: Call, sharing: Sharing) -> Response:
    _check_format(call)
    version = call.parameters.get("version")
    edition = edition_of(
        None if version is None else read_version(version), call.parameters.get("timestamp")
    )
    table = _table(call, sharing)
    plan = tables.look(table, edition, call.asking, sharing.services)
    return _lines(table_lines(plan, table.product), plan.manifest.release)


def _query(call: Call, sharing: Sharing) -> Response:
    _check_format(call)
    edition = tables.read_query(call.content)
    delivery, lines = tables.query(
        _table(call, sharing),
        edition,
        call.asking,
        sharing.services,
        addresses=sharing.addresses,
        public_url=sharing.public_url,
    )
    response = _lines(lines, delivery.plan.manifest.release)
    response.headers["jakelu-receipt"] = delivery.receipt.event_id
    return response


def _table(call: Call, sharing: Sharing) -> shares.Table:
    names = call.names
    return shares.find_table(
        names["share"], names["schema"], names["table"], call.asking, sharing.services
    )


def _formats(capabilities: str | None) -> frozenset[str]:
    """`responseformat=delta,parquet;readerfeatures=…`; who says nothing reads Parquet."""
    for part in (capabilities or "").lower().split(";"):
        name, _, values = part.strip().partition("=")
        if name == "responseformat":
            return frozenset(each.strip() for each in values.split(","))
    return frozenset({"parquet"})


def _check_format(call: Call) -> None:
    if "parquet" not in call.formats:
        raise NotAcceptable("The response format here is parquet; the client asked for others.")


def _page(items: list[dict[str, Any]], call: Call) -> Response:
    asked = paging.read_page(call.parameters)
    return _json(paging.page_of(items, asked, name=lambda each: str(each["name"])))


def _json(document: dict[str, Any]) -> Response:
    headers = {"content-type": _JSON, "cache-control": "no-store"}
    return Response(orjson.dumps(document), headers=headers)


def _lines(lines: Sequence[dict[str, Any]], release: ReleaseId) -> Response:
    content = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    return Response(content, headers={"content-type": _LINES, **_version_headers(release)})


def _version_headers(release: ReleaseId) -> dict[str, str]:
    return {
        "delta-table-version": str(version_of(release)),
        CAPABILITIES: "responseformat=parquet",
        "cache-control": "no-store",
        "jakelu-release": str(release),
        "jakelu-as-of": release.as_of.isoformat(),
    }
