"""What the OpenAPI document says of saved queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.surfaces.problems import PROBLEM_TYPE
from gateway.surfaces.pxweb.documents import PREFIX
from gateway.surfaces.pxweb.openapi import (
    FORMATS,
    LANG,
    PURPOSE,
    cells,
    operation,
    path_parameter,
    selection_schema,
)
from gateway.surfaces.pxweb.saved_documents import FOLDER, SavedRequest

_SAVED_PATH = f"{PREFIX}{FOLDER}/{{query}}"
SAVED_DATA_PATH = f"{_SAVED_PATH}/data"
_QUERY = path_parameter(
    "query", "The id of a saved query; in any case.", "3f0c9a5be1d24c7785aa0d6b9b1c2e47"
)


def _schema() -> dict[str, Any]:
    schema = SavedRequest.model_json_schema()
    schema.pop("$defs", None)
    schema["properties"] |= {"selection": selection_schema()}
    return schema


def _saving() -> dict[str, Any]:
    told = operation(
        "savedqueries_create",
        "PxWebApi: save a query",
        "Keeps a selection, never a cell: `release` and `as_of` pin it if they are given, expressions are read "
        "anew at each run. The same query saved twice has one id. Saving is no delivery.",
        [LANG],
    )
    answer = told["responses"].pop("200")
    location = {"description": "The address of the query.", "schema": {"type": "string"}}
    problem = {"content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    told["responses"] = {
        "201": answer | {"headers": {"Location": location}},
        "409": {"description": "You have too many saved queries; delete some.", **problem},
    }
    body = {"required": True, "content": {"application/json": {"schema": _schema()}}}
    return told | {"requestBody": body}


def _deleting() -> dict[str, Any]:
    told = operation(
        "savedqueries_delete",
        "PxWebApi: delete a saved query",
        "Ends it for everybody. Only whoever saved it can; its releases and cells are not touched.",
        [_QUERY],
    )
    told["responses"] = {"204": {"description": "It is gone."}}
    return told


SAVED_PATHS: Mapping[str, dict[str, Any]] = {
    f"{PREFIX}{FOLDER}": {"post": _saving()},
    _SAVED_PATH: {
        "get": operation(
            "savedqueries_get", "PxWebApi: a saved query",
            "For whoever is of the organisation and the issuer that it was saved with.", [_QUERY, LANG],
        ),
        "delete": _deleting(),
    },
    SAVED_DATA_PATH: {
        "get": cells("savedqueries_data", "Cells of a saved query", [_QUERY, LANG, *FORMATS, PURPOSE])
    },
    f"{_SAVED_PATH}/selection": {
        "get": operation(
            "savedqueries_selection", "PxWebApi: what a saved query selects",
            "Its expressions as the codes that they are today.", [_QUERY, LANG],
        )
    },
}  # fmt: skip
