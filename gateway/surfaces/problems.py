"""The one renderer: the error tree as RFC 9457 problems.

A detail is ours, never the caller's words; of those only the names of parameters come back. What a
5xx is about inside stays inside.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Scope, Send

from gateway.errors import (
    Busy,
    GatewayError,
    InvalidFileAddress,
    InvalidToken,
    MethodNotAllowed,
    NotFound,
    QuotaUsedUp,
    RangeNotSatisfiable,
    TooManyExtracts,
    Unauthenticated,
)
from gateway.identity.binding import PROOF_ALGORITHMS
from gateway.surfaces.rate_fields import limit_item

PROBLEM_TYPE = "application/problem+json"
PARAMETER_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}")
NOTHING_DELIVERED = (
    "Nothing was delivered. Try again later, and tell the keeper of the service if it goes on."
)
_LOG = logging.getLogger("jakelu.requests")
METADATA_PATH = "/.well-known/oauth-protected-resource"


@dataclass(frozen=True, slots=True)
class Shape:
    """How the clients of a surface read errors. body: an error and its instance → JSON values."""

    media_type: str
    body: Callable[[GatewayError, str | None], dict[str, Any]]


def problem(error: GatewayError, *, instance: str | None) -> dict[str, Any]:
    """The members of the problem. instance: a URI of this one occurrence."""
    spoken = error.spoken
    return {
        "type": "about:blank" if spoken is None else spoken.type,
        "code": error.code,
        "title": error.title if spoken is None else spoken.title,
        "status": error.status,
        "detail": error.detail if is_told(error) else NOTHING_DELIVERED,
        "instance": instance,
        "parameter": _shown(error.parameter),
    }


def is_told(error: GatewayError) -> bool:
    """Whether the caller can do something about it."""
    return error.status < 500 or isinstance(error, Busy)


def log_unserved(error: GatewayError, request_id: str | None) -> None:
    """For the keeper of the service: what the caller is not told. A detail is our own sentence."""
    if error.status >= 500:
        _LOG.error("request %s: %s: %s", request_id, error.code, error.detail)


def routing_error(status: int) -> GatewayError:
    """What routing could not find, as one of ours."""
    match status:
        case 404:
            return NotFound("See /docs for what there is.")
        case 405:
            return MethodNotAllowed()
        case _:
            return GatewayError()


def instance_of(request_id: str | None) -> str | None:
    """The occurrence, as the journal and the log call it too."""
    return None if request_id is None else f"urn:uuid:{request_id}"


def problem_headers(error: GatewayError, *, public_url: str) -> dict[str, str]:
    """The headers that an error's status asks for."""
    headers = {"content-type": PROBLEM_TYPE, "cache-control": "no-store"}
    match error:
        case InvalidFileAddress():
            pass  # 403: no credentials help
        case InvalidToken():
            headers["www-authenticate"] = _challenges(public_url, error)
        case Unauthenticated():
            headers["www-authenticate"] = _challenges(public_url, None)
        case RangeNotSatisfiable():
            headers["content-range"] = f"bytes */{error.size}"
        case MethodNotAllowed():
            headers["allow"] = ", ".join(error.allowed)
        case TooManyExtracts() | QuotaUsedUp():  # the guard tells of requests on every answer
            headers["ratelimit"] = limit_item(error.limit, 0, error.retry_after_seconds or 1)
        case _:
            pass
    if error.retry_after_seconds is not None:
        headers["retry-after"] = str(error.retry_after_seconds)
    return headers


async def send_problem(
    error: GatewayError,
    scope: Scope,
    send: Send,
    *,
    request_id: str | None,
    public_url: str,
    shape: Shape | None = None,
) -> None:
    """Answer with a problem; nothing of the answer may have been sent before.

    shape: None for problems as RFC 9457 has them.
    """
    instance = instance_of(request_id)
    told = shape.body(error, instance) if shape else problem(error, instance=instance)
    body = orjson.dumps(told)
    headers = problem_headers(error, public_url=public_url) | {"content-length": str(len(body))}
    if shape is not None:
        headers["content-type"] = shape.media_type
    await send(
        {
            "type": "http.response.start",
            "status": error.status,
            "headers": [
                (name.encode(), value.encode("latin-1")) for name, value in headers.items()
            ],
        }
    )
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _challenges(public_url: str, error: InvalidToken | None) -> str:
    """Both schemes, with what is wrong in the one that was used (RFC 6750 section 3, RFC 9449 section 7.2).

    RFC 9728 section 5.1 says where a client reads of the rest.
    """
    metadata = f'resource_metadata="{public_url}{METADATA_PATH}"'
    algorithms = f'algs="{" ".join(PROOF_ALGORITHMS)}"'
    told = {"Bearer": [metadata], "DPoP": [algorithms, metadata]}
    if error is not None:
        told[error.scheme].insert(0, f'error="{error.code}"')
    return ", ".join(f'{scheme} realm="jakelu", {", ".join(each)}' for scheme, each in told.items())


def _shown(parameter: str | None) -> str | None:
    if parameter is None or PARAMETER_NAME.fullmatch(parameter):
        return parameter
    return "(a name that is not shown)"
