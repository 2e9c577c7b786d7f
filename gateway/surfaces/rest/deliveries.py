"""GET /v1/rows/{id}, its changes, and GET /v1/cubes/{id}/data: the hot routes, without FastAPI around them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial

from starlette.types import Receive, Scope, Send

from gateway.delivery.conditions import Conditions
from gateway.delivery.deliver import deliver_cube, deliver_rows
from gateway.delivery.delivery import Delivery
from gateway.delivery.digests import is_wanted
from gateway.delivery.requests import (
    Wish,
    read_changes_request,
    read_cube_request,
    read_rows_request,
)
from gateway.delivery.services import Services
from gateway.errors import Busy, MethodNotAllowed
from gateway.model.caller import Caller
from gateway.model.entry import Outcome
from gateway.surfaces.inbound import caller_of, header, inbound_of
from gateway.surfaces.rest.answers import delivery_headers
from gateway.surfaces.streaming import Sender

ROWS_PATH = "/v1/rows/{product}"
CHANGES_PATH = "/v1/rows/{product}/changes"
CUBE_PATH = "/v1/cubes/{product}/data"

LOOK_AGAIN_SECONDS = 0.25

# Granian says `1` for HTTP/1.0.
_WITHOUT_CHUNKS = frozenset({"0.9", "1", "1.0"})

Deliver = Callable[[Caller, Wish, Services], Delivery]


@dataclass(frozen=True, slots=True)
class DeliveryRoute:
    """One hot route as an ASGI application. threads: where the road itself runs, for it blocks."""

    deliver: Deliver
    services: Services
    threads: Executor
    sender: Sender

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            raise MethodNotAllowed
        wish = read_wish(scope)
        delivery = await self._delivery(caller_of(scope), wish)
        headers_of = partial(delivery_headers, conditions=wish.conditions)
        await self.sender.send(delivery, headers_of, receive=receive, send=send)

    async def _delivery(self, caller: Caller, wish: Wish) -> Delivery:
        """Whoever finds no place waits a while, but in no thread: nothing is announced yet, so the
        road is walked again. Raises GatewayError.
        """
        tolls = self.services.tolls
        try:
            return await self._walk(caller, wish)
        except Busy:
            patience = tolls.limits.extract_wait_seconds
            if not patience:
                raise
        deadline = time.monotonic() + patience
        with tolls.waiting(caller):
            while True:
                await asyncio.sleep(min(LOOK_AGAIN_SECONDS, patience))
                try:
                    return await self._walk(caller, wish)
                except Busy:
                    if time.monotonic() >= deadline:
                        raise

    async def _walk(self, caller: Caller, wish: Wish) -> Delivery:
        future = self.threads.submit(self.deliver, caller, wish, self.services)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            future.add_done_callback(_abandon)
            raise


def rows_of(caller: Caller, wish: Wish, services: Services) -> Delivery:
    request = read_rows_request(wish, caller, areas=services.registry.areas)
    return deliver_rows(caller, request, services)


def changes_of(caller: Caller, wish: Wish, services: Services) -> Delivery:
    request = read_changes_request(wish, caller, areas=services.registry.areas)
    return deliver_rows(caller, request, services)


def cube_of(caller: Caller, wish: Wish, services: Services) -> Delivery:
    return deliver_cube(caller, read_cube_request(wish), services)


def read_wish(scope: Scope) -> Wish:
    """The request as the serve road reads it."""
    inbound = inbound_of(scope)
    return Wish(
        product=scope["path_params"]["product"],
        parameters=inbound.parameters,
        accept=header(scope, b"accept"),
        conditions=Conditions(
            if_none_match=header(scope, b"if-none-match"),
            range=header(scope, b"range"),
            if_range=header(scope, b"if-range"),
            wants_body=scope["method"] != "HEAD",
            takes_streams=scope["http_version"] not in _WITHOUT_CHUNKS,
            accept_encoding=header(scope, b"accept-encoding"),
            wants_repr_digest=is_wanted(header(scope, b"want-repr-digest"), unasked=True),
            wants_content_digest=is_wanted(header(scope, b"want-content-digest"), unasked=False),
        ),
        origin=inbound.origin,
    )


def _abandon(future: Future[Delivery]) -> None:
    """The server stopped while the road was walked: what was announced is closed, unsent."""
    if not future.cancelled() and future.exception() is None:
        future.result().finish(Outcome.SERVER_ERROR, sent=0, status=503)
