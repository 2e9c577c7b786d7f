"""What the API document says of PxWeb's answers: the members that each of them has. Source: PxTools/PxApiSpecs, PxAPI-2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_TEXT: Schema = {"type": "string"}
_TEXT_OR_NONE: Schema = {"type": ["string", "null"]}
_NUMBER: Schema = {"type": "integer", "minimum": 0}
_YES: Schema = {"type": "boolean"}


def _whole(**members: Schema) -> dict[str, Any]:
    """An object that has these members and no others."""
    return {
        "type": "object",
        "required": list(members),
        "additionalProperties": False,
        "properties": members,
    }


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


_LINKS = _list(_whole(rel=_TEXT, hreflang=_TEXT, href=_TEXT))
_PLACEMENT = _whole(heading=_list(_TEXT), stub=_list(_TEXT))
_TABLE_MEMBERS: Mapping[str, Schema] = {
    **dict.fromkeys(("id", "label", "description", "sortCode"), _TEXT),
    **dict.fromkeys(("updated", "firstPeriod", "lastPeriod"), _TEXT_OR_NONE),
    "category": {"type": "string", "enum": ["public", "internal"]},
    "variableNames": _list(_TEXT),
    "discontinued": _YES,
    **dict.fromkeys(("source", "subjectCode", "timeUnit"), _TEXT),
    "paths": _list(_list(_whole(id=_TEXT, label=_TEXT, sortCode=_TEXT))),
    "links": _LINKS,
}
_INDEX: Schema = {"type": "object", "additionalProperties": _NUMBER}
_LABELS: Schema = {"type": "object", "additionalProperties": _TEXT}
# Of a dimension and of the whole, the standard and its extensions have more than clients rely on.
_DIMENSION: Schema = {
    "type": "object",
    "required": ["label", "category"],
    "properties": {
        "label": _TEXT,
        "category": {
            "type": "object",
            "required": ["index", "label"],
            "properties": {"index": _INDEX, "label": _LABELS},
        },
        "extension": {"type": "object"},
    },
}
_JSON_STAT: Schema = {
    "type": "object",
    "description": "A dataset of JSON-stat 2.0; metadata have no values.",
    "required": ["version", "class", "label", "id", "size", "dimension", "value", "extension"],
    "properties": {
        "version": {"const": "2.0"},
        "class": {"const": "dataset"},
        "label": _TEXT,
        "id": _list(_TEXT),
        "size": _list(_NUMBER),
        "dimension": {"type": "object", "additionalProperties": _DIMENSION},
        "value": _list({"type": ["number", "null"]}),
        "status": {"type": "object", "additionalProperties": _TEXT},
        "role": {"type": "object", "additionalProperties": _list(_TEXT)},
        "extension": {
            "type": "object",
            "required": ["jakelu"],
            "properties": {"jakelu": {"type": "object"}},
        },
    },
}
_JSON_PX = _whole(
    columns=_list(
        {
            "type": "object",
            "required": ["code", "text", "type"],
            "properties": {"code": _TEXT, "text": _TEXT, "type": _TEXT},
        }
    ),
    comments=_list({"type": "object"}),
    data=_list(_whole(key=_list(_TEXT), values=_list(_TEXT))),
    metadata=_list({"type": "object"}),
)
_SELECTION = _whole(
    language=_TEXT,
    selection=_list(_whole(variableCode=_TEXT, valueCodes=_list(_TEXT), codelist=_TEXT_OR_NONE)),
    placement=_PLACEMENT,
    links=_LINKS,
)
_SAVED = _whole(language=_TEXT, id=_TEXT, savedQuery={"type": "object"}, links=_LINKS)

CELLS: Schema = {"anyOf": [_JSON_STAT, _JSON_PX]}
ANSWERS: Mapping[str, Schema] = {
    "config": _whole(
        apiVersion=_TEXT,
        appVersion=_TEXT,
        languages=_list(_whole(id=_TEXT, label=_TEXT)),
        defaultLanguage=_TEXT,
        maxDataCells=_NUMBER,
        maxCallsPerTimeWindow=_NUMBER,
        timeWindow=_NUMBER,
        license=_TEXT,
        sourceReferences=_list(_whole(language=_TEXT, text=_TEXT)),
        defaultDataFormat=_TEXT,
        dataFormats=_list(_TEXT),
        features=_list({"type": "object"}),
    ),
    "tables": _whole(
        language=_TEXT,
        tables=_list(_whole(**_TABLE_MEMBERS)),
        page=_whole(
            pageNumber=_NUMBER,
            pageSize=_NUMBER,
            totalElements=_NUMBER,
            totalPages=_NUMBER,
            links=_LINKS,
        ),
        links=_LINKS,
    ),
    "table": _whole(language=_TEXT, **_TABLE_MEMBERS),
    "metadata": _JSON_STAT,
    "defaultselection": _SELECTION,
    "codelist": _whole(
        id=_TEXT,
        label=_TEXT,
        language=_TEXT,
        languages=_list(_TEXT),
        type={"type": "string", "enum": ["Aggregation", "Valueset"]},
        elimination=_YES,
        eliminationValueCode=_TEXT_OR_NONE,
        values=_list(_whole(code=_TEXT, label=_TEXT, valueMap=_list(_TEXT))),
        links=_LINKS,
    ),
    "savedqueries_create": _SAVED,
    "savedqueries_get": _SAVED,
    "savedqueries_selection": _SELECTION,
}
