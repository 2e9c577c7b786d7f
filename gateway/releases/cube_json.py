"""A cube's axes and measures as JSON: what `cube.arrow` carries in its schema metadata."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from gateway.errors import ReleaseDamaged
from gateway.model.codes import Code
from gateway.model.cube import Axis, Line
from gateway.model.label import Label
from gateway.model.product import AxisRole, Dominance, Measure, MeasureKind

FORMAT = 1


def dump_structure(axes: tuple[Axis, ...], measures: tuple[Measure, ...]) -> bytes:
    """JSON text of the axes (codes, labels, levels, lines) and measures, in order."""
    document = {
        "format": FORMAT,
        "axes": [asdict(axis) for axis in axes],
        "measures": [asdict(measure) for measure in measures],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def load_structure(text: bytes) -> tuple[tuple[Axis, ...], tuple[Measure, ...]]:
    """The axes and measures of a cube file. Raises ReleaseDamaged."""
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise ReleaseDamaged("The cube file has a format that this version does not read.")
        axes = tuple(_axis(axis) for axis in document["axes"])
        measures = tuple(_measure(measure) for measure in document["measures"])
    except (ValueError, KeyError, TypeError) as error:
        raise ReleaseDamaged("The cube file does not say what its axes are.") from error
    return axes, measures


def _axis(axis: dict[str, Any]) -> Axis:
    return Axis(
        name=axis["name"],
        label=Label(**axis["label"]),
        role=AxisRole(axis["role"]),
        codes=tuple(
            Code(code["code"], Label(**code["label"]), code["level"], tuple(code["parents"]))
            for code in axis["codes"]
        ),
        lines=tuple(Line(line["parent"], tuple(line["children"])) for line in axis["lines"]),
        total=axis["total"],
    )


def _measure(measure: dict[str, Any]) -> Measure:
    fields: dict[str, Any] = {
        **measure,
        "label": Label(**measure["label"]),
        "unit": Label(**measure["unit"]),
        "kind": MeasureKind(measure["kind"]),
        "of": tuple(measure["of"]),
        "lineage": tuple(measure["lineage"]),
        "dominance": Dominance(**rule) if (rule := measure.get("dominance")) else None,
    }
    return Measure(**fields)
