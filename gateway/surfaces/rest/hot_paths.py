"""What the OpenAPI document says of the two hot routes, which FastAPI does not see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.encoding.formats import CUBE_FORMATS, ROW_FORMATS, Format
from gateway.encoding.heading import LANGUAGES
from gateway.surfaces.rest.deliveries import CHANGES_PATH, CUBE_PATH, ROWS_PATH

_TEXT = {"type": "string"}
_RECEIPT_HEADERS: dict[str, Any] = {
    "ETag": {
        "description": "Strong: equal tags, equal bytes.",
        "schema": _TEXT,
    },
    "Link": {
        "description": "`describedby`: the contract; `version-history`: the releases.",
        "schema": _TEXT,
    },
    "Jakelu-Release": {"description": "The release that was read.", "schema": _TEXT},
    "Jakelu-As-Of": {"description": "The day that it tells of.", "schema": _TEXT},
    "Jakelu-Receipt": {"description": "The journal entry's event id.", "schema": _TEXT},
}


def _query(
    name: str, description: str, example: str, *, schema: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": dict(schema or _TEXT),
        "example": example,
    }


def _header(name: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": _TEXT,
        "example": example,
    }


def _product(example: str) -> dict[str, Any]:
    return {
        "name": "product",
        "in": "path",
        "required": True,
        "description": "The id of a product; see /v1/products.",
        "schema": _TEXT,
        "example": example,
    }


def _formats(formats: Mapping[str, Format]) -> dict[str, Any]:
    names = list(formats)
    return _query(
        "format",
        f"The format; without it `Accept` decides, and without a wish it is {names[0]}.",
        names[0],
        schema={"type": "string", "enum": names},
    )


_EDITION = [
    _query("release", "A release id, or `latest`.", "2026-06-30.1"),
    _query(
        "as_of",
        "The newest release of this day or an earlier one; not together with a release id.",
        "2026-06-30",
        schema={"type": "string", "format": "date"},
    ),
]
_PURPOSE = "The purpose of the delivery, when your subscriptions allow several."
_ROWS_PURPOSE = _query("purpose", _PURPOSE, "employment-service-management")
_CUBE_PURPOSE = _query("purpose", _PURPOSE, "statistics-and-monitoring")
_NONE_MATCH = _header("If-None-Match", "Answered with 304 while nothing is new.", '"5f2c…"')
_SENT_AS = [
    _header("Accept-Encoding", "`zstd` and `gzip`, for all but Parquet and workbooks.", "zstd"),
    _header("Want-Content-Digest", "Asks for `Content-Digest` (RFC 9530).", "sha-256=1"),
]

_ROWS_PARAMETERS = [
    _product("job-seeker-spells"),
    _query(
        "area",
        "One employment area, two digits; may be left out by those who have only one.",
        "39",
        schema={"type": "string", "pattern": "^[0-9]{2}$"},
    ),
    *_EDITION,
    _formats(ROW_FORMATS),
    _query("municipality", "Only rows of these municipalities, with commas.", "837,536"),
    _query("columns", "Only these columns, with commas, in the release's order.", "sex,age_band"),
    _ROWS_PURPOSE,
    _NONE_MATCH,
    *_SENT_AS,
    _header(
        "Range",
        "Ranges of bytes of a stored slice (Parquet, not narrowed), at most 16; several come as `multipart/byteranges`.",
        "bytes=0-1023",
    ),
    _header("If-Range", "The ETag that the range belongs to.", '"5f2c…"'),
]

_BYTES: dict[str, Any] = {"type": "string", "format": "binary"}

_CUBE_PARAMETERS = [
    _product("job-seekers"),
    {
        "name": "dimensions",
        "in": "query",
        "required": False,
        "description": (
            "One parameter per dimension, by its name: codes with commas, or `*` for all. A dimension "
            "that is left out stands at its total; without a total, time stands at its newest code "
            "and another dimension shows all its codes."
        ),
        "schema": {"type": "object", "additionalProperties": _TEXT},
        "style": "form",
        "explode": True,
        "example": {"geography": "SSS,TA39", "month": "*"},
    },
    _query("measure", "Only these measures, with commas.", "job_seekers,unemployed"),
    *_EDITION,
    _formats(CUBE_FORMATS),
    _query(
        "lang",
        "The language of labels in JSON-stat.",
        LANGUAGES[0],
        schema={"type": "string", "enum": list(LANGUAGES), "default": LANGUAGES[0]},
    ),
    _CUBE_PURPOSE,
    _NONE_MATCH,
    *_SENT_AS,
]


def _answers(formats: Mapping[str, Format], *, description: str) -> dict[str, Any]:
    content = {
        each.accepted[0]: {"schema": _schema(each)} for each in formats.values() if each.accepted
    }
    return {
        "200": {"description": description, "headers": _RECEIPT_HEADERS, "content": content},
        "206": {
            "description": "The asked range of a stored file, or several in parts.",
            "headers": _RECEIPT_HEADERS,
            "content": content | {"multipart/byteranges": {"schema": _BYTES}},
        },
        "304": {"description": "Nothing is new; journaled all the same."},
    }


def _schema(each: Format) -> dict[str, Any]:
    if each.name == "json-stat2":
        return {"type": "object", "description": "A dataset of JSON-stat 2.0."}
    return _BYTES


_ROWS: dict[str, Any] = {
    "operationId": "rows",
    "tags": ["rows"],
    "summary": "Rows",
    "description": (
        "The rows of one employment area, pseudonymised. Parquet without narrowing is the stored file: "
        "it has a length, a `Repr-Digest` and ranges. Everything else is encoded while it is sent."
    ),
    "parameters": _ROWS_PARAMETERS,
    "responses": _answers(ROW_FORMATS, description="The slice, or the asked part of it."),
}

_CUBE: dict[str, Any] = {
    "operationId": "cube_data",
    "tags": ["cubes"],
    "summary": "Cube Data",
    "description": (
        "Cells of a protected cube. A cell without a value is null with the status `...` (suppressed) "
        "or `..` (the combination is not published). Sums are never made for you."
    ),
    "parameters": _CUBE_PARAMETERS,
    "responses": _answers(CUBE_FORMATS, description="The cells."),
}

_CHANGES: dict[str, Any] = {
    "operationId": "row_changes",
    "tags": ["rows"],
    "summary": "Row Changes",
    "description": (
        "What changed in one area's rows between two releases, by pseudonym: `change` is `added` or `changed` "
        "with all rows of the person as they are now, or `removed` with the pseudonym alone. Only where the "
        "pseudonyms of both releases are of one epoch; otherwise 409."
    ),
    "parameters": [
        _product("job-seeker-spells"),
        _ROWS_PARAMETERS[1],
        {**_query("from", "The id of the older release.", "2026-05-31.1"), "required": True},
        _query("to", "The id of the newer release, or `latest`.", "latest"),
        _formats(ROW_FORMATS),
        _ROWS_PURPOSE,
        _NONE_MATCH,
        *_SENT_AS,
    ],
    "responses": _answers(ROW_FORMATS, description="The changes."),
}
_CHANGES["responses"].pop("206")

HOT_PATHS: Mapping[str, dict[str, Any]] = {
    ROWS_PATH: {"get": _ROWS},
    CHANGES_PATH: {"get": _CHANGES},
    CUBE_PATH: {"get": _CUBE},
}
