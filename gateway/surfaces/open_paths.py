"""What the API document says of the addresses that need no token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.surfaces.guides import DOCS_PATH, GUIDES, PAGES
from gateway.surfaces.problems import METADATA_PATH, PROBLEM_TYPE
from gateway.surfaces.public import METRICS_PATH

_JSON: Mapping[str, Any] = {"application/json": {"schema": {"type": "object"}}}
_PAGE: Mapping[str, Any] = {"text/html": {"schema": {"type": "string"}}}
_FLAGS: Mapping[str, Any] = {"type": "object", "additionalProperties": {"type": "boolean"}}
_READINESS: Mapping[str, Any] = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["status", "checks", "issuers"],
            "properties": {
                "status": {"type": "string", "enum": ["ready", "not ready"]},
                "checks": _FLAGS,
                "issuers": _FLAGS,
            },
        }
    }
}


@dataclass(frozen=True, slots=True)
class _Open:
    """One address. content: of its answer; is_kept: by clients, who ask whether it is still the same."""

    summary: str
    description: str
    content: Mapping[str, Any]
    is_kept: bool = False


_OPEN = {
    "/health/live": _Open("Live", "Whether the process answers at all.", _JSON),
    "/health/ready": _Open(
        "Ready", "Whether it can deliver: what it needs, part by part.", _READINESS
    ),
    "/openapi.json": _Open("This document", "The interface, for machines.", _JSON, is_kept=True),
    DOCS_PATH: _Open("Documentation", "The interface, for people.", _PAGE, is_kept=True),
    **{each.path: _Open(each.title, "A page for people.", _PAGE, is_kept=True) for each in PAGES},
    **{
        each.path: _Open(
            f"Clients: {each.title}",
            f"How to read products with {each.title}.",
            _PAGE,
            is_kept=True,
        )
        for each in GUIDES.values()
    },
    METADATA_PATH: _Open(
        "Protected-resource metadata (RFC 9728)",
        "The issuers of tokens, and what a token can be bound to.",
        _JSON,
    ),
}
_METRICS = _Open(
    "Metrics",
    "Counts and durations of requests, in the text format of Prometheus.",
    {"text/plain": {"schema": {"type": "string"}}},
)


def open_paths() -> dict[str, Any]:
    """The paths of the document, by their addresses."""
    paths = {path: _operation(path, each, "Needs no token.") for path, each in _OPEN.items()}
    unready = {"description": "Something that it needs is not there.", "content": _READINESS}
    paths["/health/ready"]["get"]["responses"]["503"] = unready
    metrics = _operation(METRICS_PATH, _METRICS, "For the networks of the monitoring alone.")
    for status in ("401", "404"):
        metrics["get"]["responses"][status] = {
            "description": "For everybody else: as where there is nothing.",
            "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return paths | {METRICS_PATH: metrics}


def _operation(path: str, told: _Open, answer: str) -> dict[str, Any]:
    unchanged = {"304": {"description": "Nothing is new."}} if told.is_kept else {}
    return {
        "get": {
            "operationId": re.sub(r"[^a-z]+", "_", path).strip("_"),
            "tags": ["public"],
            "summary": told.summary,
            "description": told.description,
            "security": [],
            "responses": {"200": {"description": answer, "content": told.content}, **unchanged},
        }
    }
