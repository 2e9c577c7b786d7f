"""A table as JSON-stat 2.0 the way PxWeb says it: data, and the metadata that is a dataset without values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from gateway.encoding.heading import Heading
from gateway.encoding.jsonstat import marks_of, provenance, values_text
from gateway.model.cube import Cube
from gateway.model.product import Measure, MeasureKind
from gateway.releases.cube_slice import MEASURE
from gateway.surfaces.pxweb.selection import Meant
from gateway.surfaces.pxweb.variables import Kind, Variable, codelists_of

_ROLES = (Kind.TIME, Kind.GEO, Kind.METRIC)


def encode_dataset(cube: Cube, heading: Heading, meant: Meant) -> bytes:
    """The selected cells. cube: cut to the selection already."""
    document = table_document(meant, cube.measures, heading)
    document["value"] = orjson.Fragment(values_text(arranged(cube.values, cube, meant)))
    status = marks_of(arranged(cube.status, cube, meant))
    if status:
        document["status"] = status
    return orjson.dumps(document)


def arranged(cells: NDArray[Any], cube: Cube, meant: Meant) -> NDArray[Any]:
    """The cells with a dimension per shown variable, in the answer's order; eliminated ones are gone."""
    names = [MEASURE, *(axis.name for axis in cube.axes)]
    order = [*meant.stub, *meant.heading]
    gone = [name for name in names if name in meant.eliminated]
    turned = np.transpose(cells, [names.index(name) for name in (*order, *gone)])
    return np.ascontiguousarray(turned).reshape([len(each.values) for each in meant.shown])


def table_document(meant: Meant, measures: Sequence[Measure], heading: Heading) -> dict[str, Any]:
    """Everything but the cells. measures: those that are shown."""
    language, shown = heading.language, meant.shown
    roles = {
        kind.value: [each.name for each in shown if each.kind is kind]
        for kind in _ROLES
        if any(each.kind is kind for each in shown)
    }
    return {
        "version": "2.0",
        "class": "dataset",
        "label": heading.title.in_language(language),
        "source": ", ".join(heading.sources),
        "updated": heading.created_utc,
        "role": roles,
        "id": [each.name for each in shown],
        "size": [len(each.values) for each in shown],
        "dimension": {each.name: _dimension(each, measures, heading) for each in shown},
        "extension": {
            "px": _px(meant, measures, heading),
            "contact": [],
            "jakelu": provenance(heading),
        },
        "value": [],
    }


def _px(meant: Meant, measures: Sequence[Measure], heading: Heading) -> dict[str, Any]:
    title = heading.title.in_language(heading.language)
    return {
        "tableid": heading.product,
        "matrix": heading.product,
        "decimals": max((each.decimals for each in measures), default=0),
        "official-statistics": False,
        "aggregallowed": False,  # a suppressed cell is in every sum of its own
        "copyright": False,
        "language": heading.language,
        "contents": title,
        "description": title,
        "descriptiondefault": True,
        "heading": list(meant.heading),
        "stub": list(meant.stub),
        "subject-code": heading.product,
        "subject-area": title,
    }


def _dimension(variable: Variable, measures: Sequence[Measure], heading: Heading) -> dict[str, Any]:
    language = heading.language
    category: dict[str, Any] = {
        "index": {each.code: i for i, each in enumerate(variable.values)},
        "label": {each.code: each.label.in_language(language) for each in variable.values},
    }
    extension: dict[str, Any] = {"elimination": variable.is_eliminable, "show": "value"}
    if variable.total is not None:
        extension["eliminationValueCode"] = variable.total
    if variable.kind is Kind.METRIC:
        category["unit"] = {
            each.name: {"base": each.unit.in_language(language), "decimals": each.decimals}
            for each in measures
        }
        kinds = {MeasureKind.MEAN: "Average"}
        extension["measuringType"] = {each.name: kinds.get(each.kind, "Other") for each in measures}
    lists = [
        {
            "id": each.id,
            "label": each.label.in_language(language),
            "type": "Aggregation" if each.is_aggregation else "Valueset",
        }
        for each in codelists_of(heading.product, variable)
    ]
    # The specification says `codelists`; pxwebpy reads the earlier spelling.
    extension |= {"codelists": lists, "codeLists": lists}
    return {
        "label": variable.label.in_language(language),
        "category": category,
        "extension": extension,
    }
