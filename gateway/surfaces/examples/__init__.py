"""What the API document shows of each operation: a body to send, and what came of it at a running gateway.

A file for each operation, by its id: `body` and `query` are written by hand; `answers`, by status and media type, is what the
tests recorded (`make examples`), refusals too. Those that no request of the tests brings about are rendered from the error tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import orjson

from gateway.errors import (
    BodyTooLarge,
    GatewayError,
    InvalidToken,
    JournalUnavailable,
    NotAcceptable,
    NotFound,
    RangeNotSatisfiable,
    RateLimited,
    RoleMissing,
    TooManySavedQueries,
    UnknownParameter,
    WrongMediaType,
)
from gateway.surfaces.delta_sharing.problems import DELTA_ERROR
from gateway.surfaces.problems import PROBLEM_TYPE, problem

OCCURRENCE = "0197f3a2-7c55-7d1e-8b6f-2f0c4a9d3e11"
# What may be said of any operation: nothing of a product or of a parameter of one.
_REFUSALS: Mapping[str, GatewayError] = {
    str(error.status): error
    for error in (
        UnknownParameter("See /docs for the parameters here."),
        InvalidToken("expired"),
        RoleMissing("/v1/me lists what your roles give."),
        NotFound("See /docs for what there is."),
        NotAcceptable("See /docs for the formats here."),
        TooManySavedQueries("You may have 500; delete one that is not used."),
        BodyTooLarge("A body has at most 65536 bytes."),
        WrongMediaType("Send the body as `Content-Type: application/json`."),
        RangeNotSatisfiable(34_816),
        RateLimited("Wait 7 s, then go on more slowly.", retry_after_seconds=7),
        JournalUnavailable(),
    )
}


def load_shown(name: str) -> dict[str, Any]:
    """The file of an operation, empty where there is none."""
    file = files("gateway.surfaces.examples").joinpath(f"{name}.json")
    return orjson.loads(file.read_bytes()) if file.is_file() else {}


def show(document: dict[str, Any]) -> None:
    """Put examples of bodies and answers into a document, in place."""
    for operation in _operations(document):
        name = operation["operationId"]
        shown = load_shown(name)
        if "body" in shown:
            operation["requestBody"]["content"]["application/json"]["example"] = shown["body"]
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            for media_type, told in content.items():
                example = _example(status, media_type, shown)
                if example is not None:
                    told["example"] = example


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def _example(status: str, media_type: str, shown: Mapping[str, Any]) -> object:
    recorded = shown.get("answers", {}).get(status, {}).get(media_type)
    error = _REFUSALS.get(status)
    if recorded is not None or error is None:
        return recorded
    told = problem(error, instance=f"urn:uuid:{OCCURRENCE}")
    if media_type == PROBLEM_TYPE:
        return told
    return DELTA_ERROR.body(error, None) if media_type == "application/json" else None
