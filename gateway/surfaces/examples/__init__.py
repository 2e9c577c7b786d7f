"""What the API document shows of each operation: a body to send, and what came of it at a running gateway.

A file for each operation, by its id: `body` is written by hand; `answers`, by status and media type, is what the tests recorded
(`make examples`). Refusals are rendered from the error tree as they are when they happen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import orjson

from gateway.errors import (
    AreaOutOfScope,
    BadParameter,
    BodyTooLarge,
    Busy,
    GatewayError,
    InvalidFileAddress,
    InvalidToken,
    JournalUnavailable,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    ProductNotFound,
    RangeNotSatisfiable,
    RateLimited,
    ReleasesNotComparable,
    TooManyKeys,
    UrlTooLong,
    WrongMediaType,
)
from gateway.surfaces.delta_sharing.problems import DELTA_ERROR
from gateway.surfaces.problems import PROBLEM_TYPE, problem

OCCURRENCE = "0197f3a2-7c55-7d1e-8b6f-2f0c4a9d3e11"
_REFUSALS: Mapping[str, GatewayError] = {
    str(error.status): error
    for error in (
        BadParameter("Choose json-stat2, csv, arrow, parquet or xlsx.", parameter="format"),
        InvalidToken("expired"),
        AreaOutOfScope("Your areas: 39.", parameter="area"),
        ProductNotFound("See /v1/products for those that are listed to you.", parameter="product"),
        MethodNotAllowed(),
        NotAcceptable("Choose application/json or text/csv."),
        TooManyKeys("Revoke one that nobody uses."),
        BodyTooLarge("Send at most 65536 bytes."),
        UrlTooLong("Send at most 8192 characters."),
        WrongMediaType("Send application/json."),
        RangeNotSatisfiable(34_816),
        RateLimited("Wait 7 seconds.", retry_after_seconds=7),
        JournalUnavailable(),
    )
}
# Where one status has another reason than anywhere else.
_OWN_REFUSALS: Mapping[tuple[str, str], GatewayError] = {
    ("row_changes", "409"): ReleasesNotComparable(
        "The pseudonyms of the two releases are of different epochs, so nobody can be found again.",
        parameter="from",
    ),
    ("delta_sharing_file", "403"): InvalidFileAddress("signature"),
    ("rows", "503"): Busy("Nothing was delivered; try again in a moment.", retry_after_seconds=5),
    ("metrics", "404"): NotFound("See /docs for what there is."),
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
                example = _example(name, status, media_type, shown)
                if example is not None:
                    told["example"] = example


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def _example(name: str, status: str, media_type: str, shown: Mapping[str, Any]) -> object:
    recorded = shown.get("answers", {}).get(status, {}).get(media_type)
    error = _OWN_REFUSALS.get((name, status)) or _REFUSALS.get(status)
    if recorded is not None or error is None:
        return recorded
    told = problem(error, instance=f"urn:uuid:{OCCURRENCE}")
    if media_type == PROBLEM_TYPE:
        return told
    return DELTA_ERROR.body(error, None) if media_type == "application/json" else None
