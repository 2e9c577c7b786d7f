"""Errors inside the FastAPI part, as problems like everywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from gateway.errors import (
    BadParameter,
    GatewayError,
    MethodNotAllowed,
    MissingParameter,
    UnknownParameter,
)
from gateway.surfaces.inbound import inbound_of
from gateway.surfaces.problems import (
    instance_of,
    log_unserved,
    problem,
    problem_headers,
    routing_error,
)

METHOD_NOT_ALLOWED = 405


def render_problems(app: FastAPI, routers: Sequence[APIRouter], *, public_url: str) -> None:
    """Register the renderer for the error tree, for routing, and for validation.

    routers: those that the application includes.
    """

    async def refused(request: Request, error: Exception) -> Response:
        fault = error if isinstance(error, GatewayError) else GatewayError()
        request_id = inbound_of(request.scope).origin.request_id
        log_unserved(fault, request_id)
        return Response(
            orjson.dumps(problem(fault, instance=instance_of(request_id))),
            fault.status,
            headers=problem_headers(fault, public_url=public_url),
        )

    async def unrouted(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == METHOD_NOT_ALLOWED:
            return await refused(request, MethodNotAllowed(_methods(routers, request.scope)))
        return await refused(request, routing_error(status))

    async def invalid(request: Request, error: Exception) -> Response:
        faults = error.errors() if isinstance(error, RequestValidationError) else ()
        return await refused(request, _first(faults))

    app.add_exception_handler(GatewayError, refused)
    app.add_exception_handler(HTTPException, unrouted)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, refused)


def _methods(routers: Sequence[APIRouter], scope: Scope) -> tuple[str, ...]:
    """Those of every route at the address; the router itself tells of the first alone."""
    routes = (each for router in routers for each in router.routes if isinstance(each, Route))
    at_address = [route for route in routes if route.matches(scope)[0] is not Match.NONE]
    methods = {method for route in at_address for method in route.methods or ()}
    return tuple(sorted(methods | ({"HEAD"} if "GET" in methods else set[str]())))


def _first(faults: Any) -> GatewayError:  # noqa: ANN401 - FastAPI types it so
    """The first fault by the name of its parameter; its text may hold the caller's value."""
    if not faults:
        return BadParameter()
    fault = faults[0]
    name = str(fault["loc"][-1])
    match fault["type"]:
        case "extra_forbidden":
            return UnknownParameter("See /docs for the parameters here.", parameter=name)
        case "missing":
            return MissingParameter("See /docs for its values.", parameter=name)
        case _:
            return BadParameter("See /docs for its values.", parameter=name)
