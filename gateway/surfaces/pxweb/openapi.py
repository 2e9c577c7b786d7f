"""What the OpenAPI document says of PxWebApi 2: which of its routes are here, and what is our own in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.encoding.heading import LANGUAGES
from gateway.surfaces.pxweb.documents import PREFIX
from gateway.surfaces.pxweb.form import PARAMETERS
from gateway.surfaces.pxweb.reading import (
    DATA_FORMATS,
    Placement,
    VariableSelection,
    VariablesSelection,
)
from gateway.surfaces.pxweb.schemas import ANSWERS, CELLS

_TEXT: Mapping[str, Any] = {"type": "string"}
_FLAG: tuple[object, Mapping[str, Any]] = (True, {"type": "boolean"})
DATA_PATH = f"{PREFIX}/tables/{{product}}/data"


def query_parameter(
    name: str, description: str, example: object, schema: Mapping[str, Any] = _TEXT
) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": dict(schema),
        "example": example,
    }


def path_parameter(name: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": dict(_TEXT),
        "example": example,
    }


def _of_variables(name: str, description: str, example: Mapping[str, str]) -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": dict(_TEXT)}
    return query_parameter(name, description, dict(example), schema) | {
        "style": "deepObject",
        "explode": True,
    }


LANG = query_parameter(
    "lang", "The language of labels.", "sv", {"type": "string", "enum": list(LANGUAGES)}
)
_TABLE = path_parameter(
    "product", "The id of a table, which is a cube product; in any case.", "job-seekers"
)
_CODELISTS = _of_variables(
    "codelist",
    "`codelist[variable]=id`: the values are those of this code list.",
    {"geography": "vs_job-seekers_geography_region"},
)
_EDITION = [
    query_parameter("release", "A release id, or `latest`.", "2026-06-30.1"),
    query_parameter(
        "as_of",
        "The newest release of this day or an earlier one.",
        "2026-06-30",
        {**_TEXT, "format": "date"},
    ),
]
FORMATS = [
    query_parameter(
        "outputFormat", "The format.", "csv", {"type": "string", "enum": list(DATA_FORMATS)}
    ),
    query_parameter(
        "outputFormatParams",
        "With commas, at most one `Use` and one `Separator`. "
        + " ".join(f"For {each.name}: {', '.join(PARAMETERS[each])}." for each in PARAMETERS),
        "UseCodesAndTexts",
    ),
]
PURPOSE = query_parameter(
    "purpose",
    "The purpose of the delivery, when your subscriptions allow several.",
    "statistics-and-monitoring",
)
_NUMBER = {"type": "integer", "minimum": 1}
_TABLES = [
    LANG,
    query_parameter(
        "query", "Only tables with all of these words in their texts, in any language.", "job"
    ),
    query_parameter(
        "pastDays", "Only tables with a release made within so many days.", 30, _NUMBER
    ),
    query_parameter("includeDiscontinued", "Changes nothing: no table is discontinued.", *_FLAG),
    query_parameter("pageNumber", "From 1.", 1, _NUMBER),
    query_parameter("pageSize", "How many to a page; all without it.", 20, _NUMBER),
]
_METADATA = [
    _TABLE,
    LANG,
    query_parameter("defaultSelection", "Only what is delivered without a selection.", *_FLAG),
    query_parameter(
        "savedQuery",
        "The id of a saved query: only what it selects.",
        "3f0c9a5be1d24c7785aa0d6b9b1c2e47",
    ),
    _CODELISTS,
    *_EDITION,
]
_VALUE_CODES = _of_variables(
    "valuecodes",
    "`valuecodes[variable]=…`: codes and expressions with commas; one that holds a comma in brackets.",
    {"geography": "SSS,TA39", "measure": "unemployed", "month": "[top(3)]"},
)
_BY_BODY = [
    _TABLE,
    LANG,
    *FORMATS,
    query_parameter("heading", "Variables across, with commas.", "month"),
    query_parameter("stub", "Variables down, with commas.", "geography,measure"),
    *_EDITION,
    PURPOSE,
]
_DATA = [*_BY_BODY, _VALUE_CODES, _CODELISTS]


def operation(
    name: str, summary: str, description: str, parameters: list[dict[str, Any]]
) -> dict[str, Any]:
    content = {"application/json": {"schema": ANSWERS.get(name, CELLS)}}
    return {
        "operationId": f"pxweb_{name}",
        "tags": ["pxweb"],
        "summary": summary,
        "description": description,
        "parameters": parameters,
        "responses": {"200": {"description": summary, "content": content}},
    }


def cells(
    name: str, summary: str = "Cells of a table", parameters: list[dict[str, Any]] = _DATA
) -> dict[str, Any]:
    told = operation(
        name,
        summary,
        "One delivery, ruled on and journaled like /v1/cubes/{id}/data. A suppressed cell is null with the "
        "status `...`. A variable that is left out drops out at its published total; nothing is summed.",
        parameters,
    )
    content = told["responses"]["200"]["content"]
    binary = {"schema": {"type": "string", "format": "binary"}}
    for each in DATA_FORMATS.values():
        content.setdefault(each.accepted[0], binary)
    told["responses"]["304"] = {"description": "Nothing is new; journaled all the same."}
    return told


def selection_schema() -> dict[str, Any]:
    """The body of a request for data."""
    variables = {"type": "array", "items": VariableSelection.model_json_schema()}
    return {
        "type": "object",
        "title": VariablesSelection.__name__,
        "description": VariablesSelection.__doc__,
        "additionalProperties": False,
        "properties": {"selection": variables, "placement": Placement.model_json_schema()},
    }


def _data_by_body() -> dict[str, Any]:
    body = {"required": False, "content": {"application/json": {"schema": selection_schema()}}}
    told = cells("data_by_body", parameters=_BY_BODY) | {"requestBody": body}
    del told["responses"]["304"]  # a POST is never answered so (RFC 9110 section 13.1.2)
    return told


PXWEB_PATHS: Mapping[str, dict[str, Any]] = {
    f"{PREFIX}/config": {
        "get": operation("config", "PxWebApi: configuration", "Languages, formats and limits.", [LANG])
    },
    f"{PREFIX}/tables": {
        "get": operation("tables", "PxWebApi: tables", "The cubes that are listed to you.", _TABLES)
    },
    f"{PREFIX}/tables/{{product}}": {
        "get": operation("table", "PxWebApi: one table", "One cube.", [_TABLE, LANG])
    },
    f"{PREFIX}/tables/{{product}}/metadata": {
        "get": operation(
            "metadata", "PxWebApi: metadata", "JSON-stat 2.0 without values; no cell is told.", _METADATA
        )
    },
    f"{PREFIX}/tables/{{product}}/defaultselection": {
        "get": operation(
            "defaultselection", "PxWebApi: default selection",
            "What is delivered to whoever selects nothing.", [_TABLE, LANG],
        )
    },
    DATA_PATH: {"get": cells("data"), "post": _data_by_body()},
    f"{PREFIX}/codelists/{{codelist}}": {
        "get": operation(
            "codelist", "PxWebApi: code list", "Values of one level, or groups with published totals.",
            [path_parameter("codelist", "`vs_…` or `agg_…`.", "vs_job-seekers_geography_region"), LANG],
        )
    },
}  # fmt: skip
