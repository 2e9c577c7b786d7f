"""What the OpenAPI document says of Delta Sharing, whose routes FastAPI does not see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.surfaces.delta_sharing.files import FILE_PATH
from gateway.surfaces.delta_sharing.routes import (
    ALL_TABLES,
    METADATA,
    QUERY,
    SCHEMAS,
    SHARE,
    SHARES,
    TABLES,
    VERSION,
)

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer", "format": "int64"}
_EXAMPLES = {
    "share": ("A share: the code of an area.", "39"),
    "schema": ("A schema; there is one.", "rows"),
    "table": ("A table: the id of a product of rows.", "job-seeker-spells"),
    "release": ("A release id.", "2026-06-30.1"),
}


def _query(
    name: str,
    description: str,
    example: object,
    schema: Mapping[str, Any] = _TEXT,
    *,
    required: bool = False,
) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": dict(schema),
        "example": example,
    }


_PAGING = [
    _query(
        "maxResults",
        "How many items at most; 500 and fewer.",
        100,
        {"type": "integer", "minimum": 0},
    ),
    _query("pageToken", "The `nextPageToken` of the page before.", "YWZ0ZXIgMDE="),
]
_WHEN = [
    _query(
        "version", "A version: the day and four digits, like 202606300001.", 202606300001, _NUMBER
    ),
    _query(
        "timestamp",
        "What the table told on that day, like 2026-06-30T00:00:00Z.",
        "2026-06-30T00:00:00Z",
    ),
]
_SINCE = [
    _query(
        "startingTimestamp",
        "The earliest version of that day or a later one.",
        "2026-06-01T00:00:00Z",
    )
]


def _of_texts(*members: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(members),
        "additionalProperties": False,
        "properties": dict.fromkeys(members, _TEXT),
    }


_SHARE = _of_texts("name", "id")
_SCHEMA = _of_texts("name", "share")
_TABLE = _of_texts("name", "schema", "share", "shareId", "id")


def _page_of(item: dict[str, Any]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": ["items"],
        "additionalProperties": False,
        "properties": {"items": {"type": "array", "items": item}, "nextPageToken": _TEXT},
    }
    return {"application/json": {"schema": schema}}


_ONE_SHARE = {
    "application/json": {
        "schema": {"type": "object", "required": ["share"], "properties": {"share": _SHARE}}
    }
}
_LINES = {"application/x-ndjson": {"schema": {"type": "string"}}}
_BODY = {
    "required": False,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "description": "Hints (`limitHint`, `predicateHints` and others) narrow nothing.",
                "properties": {"version": _NUMBER, "timestamp": _TEXT},
            }
        }
    },
}


def _operation(
    path: str,
    name: str,
    description: str,
    *,
    parameters: list[dict[str, Any]] | None = None,
    content: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": description}
    if content is not None:
        answer["content"] = dict(content)
    return {
        "operationId": f"delta_sharing_{name}",
        "tags": ["delta-sharing"],
        "summary": name.replace("_", " ").capitalize(),
        "description": description,
        "parameters": [*_in_path(path), *(parameters or [])],
        "responses": {"200": answer},
    }


def _in_path(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": description,
            "schema": _TEXT,
            "example": example,
        }
        for name, (description, example) in _EXAMPLES.items()
        if f"{{{name}}}" in path
    ]


_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FILE = _operation(
    FILE_PATH,
    "file",
    "The file of a table, by the address that a query gave: HEAD, GET and ranges, as often as needed until "
    "it expires. The right that it stands on is looked at each time.",
    parameters=[
        _query(name, description, example, required=True)
        for name, description, example in (
            ("until", "When the address ends, in seconds of the epoch.", "1782889200"),
            ("entry", "The journal's entry of the query.", "0197f3a2-7c55-7d1e-8b6f-2f0c4a9d3e11"),
            ("who", "On whose right the address stands.", "key.k3v9x0q2m7ab"),
            ("sp", "The signature over all of it.", "NvWf1nSgQ0bV4kq6xJ7yTQ3m2cZrL9dHs8uPaEoYiXw"),
        )
    ],
    content={"application/vnd.apache.parquet": _BYTES},
)

_FILE["responses"] |= {
    "206": {
        "description": "The asked range of the file, or several in parts.",
        "content": {"application/vnd.apache.parquet": _BYTES, "multipart/byteranges": _BYTES},
    },
    "304": {"description": "Nothing is new; journaled all the same."},
}

_QUERY = _operation(
    QUERY,
    "query",
    "Protocol, metadata and the address of the one file of a version, a JSON object a line.",
    content=_LINES,
) | {"requestBody": _BODY}

DELTA_PATHS: Mapping[str, dict[str, Any]] = {
    SHARES: {
        "get": _operation(
            SHARES,
            "shares",
            "The areas whose rows you may read.",
            parameters=_PAGING,
            content=_page_of(_SHARE),
        )
    },
    SHARE: {"get": _operation(SHARE, "share", "One share.", content=_ONE_SHARE)},
    SCHEMAS: {
        "get": _operation(
            SCHEMAS,
            "schemas",
            "The schemas of a share.",
            parameters=_PAGING,
            content=_page_of(_SCHEMA),
        )
    },
    ALL_TABLES: {
        "get": _operation(
            ALL_TABLES,
            "all_tables",
            "Every table of a share.",
            parameters=_PAGING,
            content=_page_of(_TABLE),
        )
    },
    TABLES: {
        "get": _operation(
            TABLES,
            "tables",
            "The tables of a schema.",
            parameters=_PAGING,
            content=_page_of(_TABLE),
        )
    },
    VERSION: {
        "get": _operation(
            VERSION, "version", "The version, in the header Delta-Table-Version.", parameters=_SINCE
        )
    },
    METADATA: {
        "get": _operation(
            METADATA,
            "metadata",
            "Protocol and metadata of a version, a JSON object a line.",
            parameters=_WHEN,
            content=_LINES,
        )
    },
    QUERY: {"post": _QUERY},
    FILE_PATH: {"get": _FILE},
}
