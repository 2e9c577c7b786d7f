"""GET /v1/rows/{id}, its changes, and GET /v1/cubes/{id}/data: the hot routes, without FastAPI around them."""

from __future__ import annotations

from starlette.types import Scope

from gateway.delivery.deliver import deliver_cube, deliver_rows
from gateway.delivery.delivery import Delivery
from gateway.delivery.requests import (
    Wish,
    read_changes_request,
    read_cube_request,
    read_rows_request,
)
from gateway.delivery.services import Services
from gateway.model.caller import Caller
from gateway.surfaces.inbound import header, inbound_of
from gateway.surfaces.walking import read_conditions

ROWS_PATH = "/v1/rows/{product}"
CHANGES_PATH = "/v1/rows/{product}/changes"
CUBE_PATH = "/v1/cubes/{product}/data"


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
        conditions=read_conditions(scope),
        origin=inbound.origin,
    )
