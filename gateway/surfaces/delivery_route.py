"""A delivery as an ASGI application: its wish is read, the road is walked, and what comes of it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from starlette.types import Receive, Scope, Send

from gateway.delivery.delivery import Delivery
from gateway.delivery.requests import Wish
from gateway.delivery.services import Services
from gateway.errors import MethodNotAllowed
from gateway.model.caller import Caller
from gateway.surfaces.inbound import caller_of
from gateway.surfaces.walking import Walker

Deliver = Callable[[Caller, Wish, Services], Delivery]


@dataclass(frozen=True, slots=True)
class DeliveryRoute:
    """One route. read: the wish of a request."""

    deliver: Deliver
    walker: Walker
    read: Callable[[Scope], Wish]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            raise MethodNotAllowed
        caller, wish = caller_of(scope), self.read(scope)
        deliver = partial(self.deliver, caller, wish, self.walker.services)
        await self.walker.answer(caller, deliver, wish.conditions, receive=receive, send=send)
