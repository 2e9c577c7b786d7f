"""What a field of a Parquet or Arrow file says of itself, beside its name and type.

The keys are the same in every file: `jakelu.title.fi` and its kin, `jakelu.unit.fi`, `jakelu.decimals`, and
`jakelu.codes`, a JSON list of the codes of a dimension with their level, parents and labels.
"""

from __future__ import annotations

import orjson

from gateway.model.cube import Axis
from gateway.model.label import Label
from gateway.model.product import Column, Measure

_LANGUAGES = ("fi", "sv", "en")


def titled(label: Label) -> dict[str, str]:
    return _texts("title", label)


def of_column(column: Column) -> dict[str, str]:
    """A column of rows: its titles, and the name of its code list where the contract has one."""
    named = {} if column.code_list is None else {"jakelu.code_list": column.code_list}
    return titled(column.label) | named


def of_axis(axis: Axis) -> dict[str, str]:
    """A dimension of a cube: its titles, its role, and the codes that it has here."""
    codes = [
        {
            "code": code.code,
            "level": code.level,
            "parents": list(code.parents),
            "label": {language: code.label.in_language(language) for language in _LANGUAGES},
        }
        for code in axis.codes
    ]
    return titled(axis.label) | {
        "jakelu.role": axis.role.value,
        "jakelu.codes": orjson.dumps(codes).decode(),
    }


def of_measure(measure: Measure) -> dict[str, str]:
    unit = _texts("unit", measure.unit)
    return titled(measure.label) | unit | {"jakelu.decimals": str(measure.decimals)}


def _texts(name: str, label: Label) -> dict[str, str]:
    return {f"jakelu.{name}.{language}": label.in_language(language) for language in _LANGUAGES}
