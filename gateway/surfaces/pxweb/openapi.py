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

_TEXT: Mapping[str, Any] = {"type": "string"}
_JSON: Mapping[str, Any] = {"type": "object"}
DATA_PATH = f"{PREFIX}/tables/{{product}}/data"


def _query(name: str, description: str, schema: Mapping[str, Any] = _TEXT) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": dict(schema),
    }


def _path(name: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": dict(_TEXT),
        "example": example,
    }


def _of_variables(name: str, description: str) -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": dict(_TEXT)}
    return _query(name, description, schema) | {"style": "deepObject", "explode": True}


_LANG = _query("lang", "The language of labels.", {"type": "string", "enum": list(LANGUAGES)})
_TABLE = _path("product", "The id of a table, which is a cube product; in any case.", "job-seekers")
_CODELISTS = _of_variables(
    "codelist", "`codelist[variable]=id`: the values are those of this code list."
)
_EDITION = [
    _query("release", "A release id, or `latest`."),
    _query(
        "as_of", "The newest release of this day or an earlier one.", {**_TEXT, "format": "date"}
    ),
]
_NUMBER = {"type": "integer", "minimum": 1}
_TABLES = [
    _LANG,
    _query("query", "Only tables with all of these words in their texts, in any language."),
    _query("pastDays", "Only tables with a release made within so many days.", _NUMBER),
    _query(
        "includeDiscontinued", "Changes nothing: no table is discontinued.", {"type": "boolean"}
    ),
    _query("pageNumber", "From 1.", _NUMBER),
    _query("pageSize", "How many to a page; all without it.", _NUMBER),
]
_METADATA = [
    _TABLE,
    _LANG,
    _query("defaultSelection", "Only what is delivered without a selection.", {"type": "boolean"}),
    _CODELISTS,
    *_EDITION,
]
_DATA = [
    _TABLE,
    _LANG,
    _of_variables(
        "valuecodes",
        "`valuecodes[variable]=…`: codes and expressions with commas; one that holds a comma in brackets.",
    ),
    _CODELISTS,
    _query("outputFormat", "The format.", {"type": "string", "enum": list(DATA_FORMATS)}),
    _query(
        "outputFormatParams",
        "With commas, at most one `Use` and one `Separator`. "
        + " ".join(f"For {each.name}: {', '.join(PARAMETERS[each])}." for each in PARAMETERS),
    ),
    _query("heading", "Variables across, with commas."),
    _query("stub", "Variables down, with commas."),
    *_EDITION,
    _query("purpose", "The purpose of the delivery, when your subscriptions allow several."),
]


def _operation(
    name: str, summary: str, description: str, parameters: list[dict[str, Any]]
) -> dict[str, Any]:
    content = {"application/json": {"schema": dict(_JSON)}}
    return {
        "operationId": f"pxweb_{name}",
        "tags": ["pxweb"],
        "summary": summary,
        "description": description,
        "parameters": parameters,
        "responses": {"200": {"description": summary, "content": content}},
    }


def _cells(name: str) -> dict[str, Any]:
    told = _operation(
        name,
        "Cells of a table",
        "One delivery, ruled on and journaled like /v1/cubes/{id}/data. A suppressed cell is null with the "
        "status `...`. A variable that is left out drops out at its published total; nothing is summed.",
        _DATA,
    )
    content = told["responses"]["200"]["content"]
    binary = {"schema": {"type": "string", "format": "binary"}}
    for each in DATA_FORMATS.values():
        content.setdefault(each.accepted[0], binary)
    return told


def _data_by_body() -> dict[str, Any]:
    variables = {"type": "array", "items": VariableSelection.model_json_schema()}
    schema = {
        "type": "object",
        "title": VariablesSelection.__name__,
        "description": VariablesSelection.__doc__,
        "additionalProperties": False,
        "properties": {"selection": variables, "placement": Placement.model_json_schema()},
    }
    body = {"required": False, "content": {"application/json": {"schema": schema}}}
    return _cells("data_by_body") | {"requestBody": body}


PXWEB_PATHS: Mapping[str, dict[str, Any]] = {
    f"{PREFIX}/config": {
        "get": _operation("config", "PxWebApi: configuration", "Languages, formats and limits.", [_LANG])
    },
    f"{PREFIX}/tables": {
        "get": _operation("tables", "PxWebApi: tables", "The cubes that are listed to you.", _TABLES)
    },
    f"{PREFIX}/tables/{{product}}": {
        "get": _operation("table", "PxWebApi: one table", "One cube.", [_TABLE, _LANG])
    },
    f"{PREFIX}/tables/{{product}}/metadata": {
        "get": _operation(
            "metadata", "PxWebApi: metadata", "JSON-stat 2.0 without values; no cell is told.", _METADATA
        )
    },
    f"{PREFIX}/tables/{{product}}/defaultselection": {
        "get": _operation(
            "defaultselection", "PxWebApi: default selection",
            "What is delivered to whoever selects nothing.", [_TABLE, _LANG],
        )
    },
    DATA_PATH: {"get": _cells("data"), "post": _data_by_body()},
    f"{PREFIX}/codelists/{{codelist}}": {
        "get": _operation(
            "codelist", "PxWebApi: code list", "Values of one level, or groups with published totals.",
            [_path("codelist", "`vs_…` or `agg_…`.", "vs_job-seekers_geography_region"), _LANG],
        )
    },
}  # fmt: skip
