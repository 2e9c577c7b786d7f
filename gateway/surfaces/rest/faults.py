"""Errors inside the FastAPI part, as problems like everywhere else."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.errors import (
    BadParameter,
    GatewayError,
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


def render_problems(app: FastAPI, *, public_url: str) -> None:
    """Register the renderer for the error tree, for routing, and for validation."""

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
        return await refused(request, routing_error(status))

    async def invalid(request: Request, error: Exception) -> Response:
        faults = error.errors() if isinstance(error, RequestValidationError) else ()
        return await refused(request, _first(faults))

    app.add_exception_handler(GatewayError, refused)
    app.add_exception_handler(HTTPException, unrouted)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, refused)


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
            return MissingParameter(parameter=name)
        case _:
            return BadParameter("See /docs for its values.", parameter=name)
