"""The surfaces as one ASGI application behind the guard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp

from gateway.delivery.services import Services
from gateway.identity.file_addresses import FileAddresses
from gateway.identity.key_desk import KeyDesk
from gateway.ports import SavedQueryStore
from gateway.surfaces.auditor.long_readings import LongReadings
from gateway.surfaces.delivery_route import DeliveryRoute
from gateway.surfaces.delta_sharing.files import FILE_PATH, file_of, read_file_wish
from gateway.surfaces.delta_sharing.names import FOLDER
from gateway.surfaces.delta_sharing.routes import Sharing, nothing_else, sharing_routes
from gateway.surfaces.openapi import FASTAPI_ROUTERS, openapi_document
from gateway.surfaces.ops.guides import guide_routes
from gateway.surfaces.ops.health import Readiness
from gateway.surfaces.ops.metrics import Metrics
from gateway.surfaces.ops.pages import page_routes
from gateway.surfaces.ops.routes import Protection, ops_routes
from gateway.surfaces.pxweb.documents import PREFIX
from gateway.surfaces.pxweb.reading import DATA_FORMATS
from gateway.surfaces.pxweb.routes import pxweb_routes
from gateway.surfaces.pxweb.saved_routes import saved_routes
from gateway.surfaces.rest.dcat_doors import Doors
from gateway.surfaces.rest.deliveries import (
    CHANGES_PATH,
    CUBE_PATH,
    ROWS_PATH,
    changes_of,
    cube_of,
    read_wish,
    rows_of,
)
from gateway.surfaces.rest.faults import render_problems
from gateway.surfaces.rest.head import answering_head
from gateway.surfaces.security import Gate, Guard
from gateway.surfaces.streaming import Sender
from gateway.surfaces.walking import Walker

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Operations:
    """What the routes for operators show."""

    readiness: Readiness
    metrics: Metrics
    protection: Protection


@dataclass(frozen=True, slots=True)
class Roads:
    """How deliveries are made: threads walk the road, the sender sends. keys: who has access keys;
    saved: queries that callers come back to; addresses: signs those of files; readings: of auditors,
    those that take long.
    """

    services: Services
    keys: KeyDesk
    saved: SavedQueryStore
    addresses: FileAddresses
    threads: Executor
    sender: Sender
    readings: LongReadings


def build_application(
    roads: Roads,
    gate: Gate,
    operations: Operations,
    *,
    pages: Sequence[BaseRoute] = (),
    lifespan: Lifespan | None = None,
) -> ASGIApp:
    """Guard → hot routes, operations, pages for people, and FastAPI for the rest."""
    walker = Walker(roads.services, roads.threads, roads.sender)
    road = partial(DeliveryRoute, walker=walker)
    routes: Sequence[BaseRoute] = (
        Route(ROWS_PATH, road(rows_of, read=read_wish)),
        Route(CHANGES_PATH, road(changes_of, read=read_wish)),
        Route(CUBE_PATH, road(cube_of, read=read_wish)),
        Route(FILE_PATH, road(file_of, read=read_file_wish)),
        *pxweb_routes(walker, public_url=gate.public_url, saved=roads.saved),
        *saved_routes(walker, public_url=gate.public_url, saved=roads.saved),
        *sharing_routes(Sharing(roads.services, roads.addresses, roads.threads, gate.public_url)),
        *ops_routes(operations.readiness, operations.metrics, operations.protection),
        *_document_pages(),
        *pages,
    )
    rest = answering_head(metadata_application(roads, public_url=gate.public_url))
    router = Router(routes, redirect_slashes=False, default=nothing_else(rest), lifespan=lifespan)
    return Guard(router, gate)


@cache
def _document_pages() -> Sequence[BaseRoute]:
    """The document depends on nothing but the code: it is written once in a process."""
    return (*page_routes(openapi_document()), *guide_routes())


def metadata_application(roads: Roads, *, public_url: str) -> FastAPI:
    """What FastAPI serves. Its own documents and redirects are off."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.services = roads.services
    app.state.keys = roads.keys
    app.state.readings = roads.readings
    app.state.doors = Doors(public_url, PREFIX, tuple(DATA_FORMATS.values()), FOLDER)
    for router in FASTAPI_ROUTERS:
        app.include_router(router)
    render_problems(app, FASTAPI_ROUTERS, public_url=public_url)
    return app
