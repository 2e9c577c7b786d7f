"""A cube as JSON-stat 2.0 (https://json-stat.org/full/): dense `value`, measures as a dimension.

`measure` is the first dimension, so that the cube's own memory order is the document's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from gateway.encoding.heading import Heading
from gateway.encoding.marks import LEGEND, MARKS
from gateway.model.cube import Axis, Cube
from gateway.model.label import Label
from gateway.model.product import AxisRole, Measure

MEASURE = "measure"
MEASURE_LABEL = Label(fi="Mittari", sv="Mått", en="Measure")


def encode_json_stat(cube: Cube, heading: Heading) -> bytes:
    """The document, UTF-8.

    A cell without a value is null, and has a mark in `status` unless it is published all the same (a
    mean of nobody).
    """
    language = heading.language
    dimensions = {MEASURE: _measure_dimension(cube.measures, language)}
    dimensions |= {axis.name: _dimension(axis, language) for axis in cube.axes}
    document: dict[str, Any] = {
        "version": "2.0",
        "class": "dataset",
        "label": heading.title.in_language(language),
        "source": ", ".join(heading.sources),
        "updated": heading.created_utc,
        "id": list(dimensions),
        "size": list(cube.values.shape),
        "dimension": dimensions,
        "role": _roles(cube.axes),
        "value": orjson.Fragment(values_text(cube.values)),
        "extension": {"jakelu": provenance(heading)},
    }
    status = marks_of(cube.status)
    if status:
        document["status"] = status
    return orjson.dumps(document)


def _measure_dimension(measures: tuple[Measure, ...], language: str) -> dict[str, Any]:
    return {
        "label": MEASURE_LABEL.in_language(language),
        "category": {
            "index": {measure.name: i for i, measure in enumerate(measures)},
            "label": {measure.name: measure.label.in_language(language) for measure in measures},
            "unit": {
                measure.name: {
                    "base": measure.unit.in_language(language),
                    "decimals": measure.decimals,
                }
                for measure in measures
            },
        },
    }


def _dimension(axis: Axis, language: str) -> dict[str, Any]:
    return {
        "label": axis.label.in_language(language),
        "category": {
            "index": {code.code: i for i, code in enumerate(axis.codes)},
            "label": {code.code: code.label.in_language(language) for code in axis.codes},
        },
    }


def _roles(axes: tuple[Axis, ...]) -> dict[str, list[str]]:
    roles: dict[str, list[str]] = {"metric": [MEASURE]}
    for role, name in ((AxisRole.TIME, "time"), (AxisRole.GEO, "geo")):
        found = [axis.name for axis in axes if axis.role is role]
        if found:
            roles[name] = found
    return roles


def values_text(values: NDArray[np.float64]) -> bytes:
    """The array as JSON text, row-major, NaN as null. Whole numbers lose their `.0`, which changes no value."""
    flat = np.ascontiguousarray(values).reshape(-1)
    text = orjson.dumps(flat, option=orjson.OPT_SERIALIZE_NUMPY)
    return text.replace(b".0,", b",").replace(b".0]", b"]")


def marks_of(status: NDArray[np.uint8]) -> dict[str, str]:
    """Marks by flat index, row-major, only for cells that have one."""
    flat = status.reshape(-1)
    marked = np.flatnonzero(flat)
    codes = flat[marked].tolist()
    return {str(i): MARKS[code] for i, code in zip(marked.tolist(), codes, strict=True)}


def provenance(heading: Heading) -> dict[str, Any]:
    """What stands under `extension.jakelu`: which release it is, and what the marks mean."""
    return {
        "product": heading.product,
        "release": heading.release,
        "as_of": heading.as_of.isoformat(),
        "contract_version": heading.contract_version,
        "definition_version": heading.definition_version,
        "status": {
            mark: {"fi": label.fi, "sv": label.sv, "en": label.en} for mark, label in LEGEND.items()
        },
    }
