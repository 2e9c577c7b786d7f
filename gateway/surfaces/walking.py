"""The serve road walked for a surface: in a thread, for it blocks, and waited for in none."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial

from starlette.types import Receive, Scope, Send

from gateway.delivery.conditions import Conditions
from gateway.delivery.delivery import Delivery
from gateway.delivery.digests import is_wanted
from gateway.delivery.services import Services
from gateway.errors import Busy, TooManyExtracts
from gateway.limits.allowance import client_of
from gateway.model.caller import Caller
from gateway.model.entry import Outcome
from gateway.surfaces.answers import delivery_headers
from gateway.surfaces.inbound import header
from gateway.surfaces.part_lines import PartLines
from gateway.surfaces.streaming import Sender

LOOK_AGAIN_SECONDS = 0.25

# Granian says `1` for HTTP/1.0.
_WITHOUT_CHUNKS = frozenset({"0.9", "1", "1.0"})


@dataclass(frozen=True, slots=True)
class Walker:
    """threads: where the road itself runs."""

    services: Services
    threads: Executor
    sender: Sender
    lines: PartLines = field(default_factory=PartLines)

    async def answer(
        self,
        caller: Caller,
        deliver: Callable[[], Delivery],
        conditions: Conditions,
        *,
        receive: Receive,
        send: Send,
    ) -> None:
        """Walk the road and send what comes of it. Raises GatewayError before anything is sent."""
        is_part = conditions.wants_body and conditions.range is not None
        async with self._turn(caller, is_part=is_part):
            delivery = await self._delivery(caller, deliver, is_part=is_part)
            headers_of = partial(delivery_headers, conditions=conditions)
            await self.sender.send(delivery, headers_of, receive=receive, send=send)

    def _turn(self, caller: Caller, *, is_part: bool) -> AbstractAsyncContextManager[None]:
        """Parts of files come one after another, beyond a few at once."""
        if not is_part:
            return nullcontext()
        limits = self.services.tolls.limits
        return self.lines.turn(
            client_of(caller, limits).key, wait_seconds=limits.extract_wait_seconds
        )

    async def _delivery(
        self, caller: Caller, deliver: Callable[[], Delivery], *, is_part: bool
    ) -> Delivery:
        """Whoever finds no place waits a while, but in no thread: nothing is announced yet, so the
        road is walked again. A part waits for the client's own places too, for those of other parts are soon
        free; its line says how many wait. Raises GatewayError.
        """
        tolls = self.services.tolls
        full = (Busy, TooManyExtracts) if is_part else Busy
        try:
            return await self._walk(deliver)
        except full:
            patience = tolls.limits.extract_wait_seconds
            if not patience:
                raise
        deadline = time.monotonic() + patience
        with nullcontext() if is_part else tolls.waiting(caller):
            while True:
                await asyncio.sleep(min(LOOK_AGAIN_SECONDS, patience))
                try:
                    return await self._walk(deliver)
                except full:
                    if time.monotonic() >= deadline:
                        raise

    async def _walk(self, deliver: Callable[[], Delivery]) -> Delivery:
        future = self.threads.submit(deliver)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            future.add_done_callback(_abandon)
            raise


def read_conditions(scope: Scope) -> Conditions:
    """What the headers of a request make the answer depend on."""
    return Conditions(
        if_none_match=header(scope, b"if-none-match"),
        range=header(scope, b"range"),
        if_range=header(scope, b"if-range"),
        wants_body=scope["method"] != "HEAD",
        takes_streams=scope["http_version"] not in _WITHOUT_CHUNKS,
        accept_encoding=header(scope, b"accept-encoding"),
        wants_repr_digest=is_wanted(header(scope, b"want-repr-digest"), unasked=True),
        wants_content_digest=is_wanted(header(scope, b"want-content-digest"), unasked=False),
    )


def _abandon(future: Future[Delivery]) -> None:
    """The server stopped while the road was walked: what was announced is closed, unsent."""
    if not future.cancelled() and future.exception() is None:
        future.result().finish(Outcome.SERVER_ERROR, sent=0, status=503)
