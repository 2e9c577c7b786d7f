"""A table as PxWeb's CSV: the stub's variables as columns, and a column per combination of the heading.

With every variable in the stub it is a tidy table with one column of values.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from gateway.encoding.csv_text import unrun
from gateway.encoding.heading import Heading
from gateway.encoding.marks import MARKS
from gateway.errors import BadParameter
from gateway.model.cube import Cube
from gateway.surfaces.pxweb.dataset import arranged
from gateway.surfaces.pxweb.selection import Meant
from gateway.surfaces.pxweb.variables import Value, Variable

VALUE_COLUMN = "value"
_SEPARATORS = {"separatortab": "\t", "separatorspace": " ", "separatorsemicolon": ";"}
_NAMES = {"usecodes": "codes", "usetexts": "texts", "usecodesandtexts": "both"}
_TITLE = "includetitle"
PARAMETERS = (
    "UseCodes", "UseTexts", "UseCodesAndTexts", "IncludeTitle", "SeparatorTab", "SeparatorSpace",
    "SeparatorSemicolon",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CsvForm:
    """names: `codes`, `texts` or `both`."""

    names: str = "texts"
    has_title: bool = False
    separator: str = ","


def read_csv_form(parameters: Collection[str]) -> CsvForm:
    """`outputFormatParams`, in any case. Raises BadParameter."""
    given = {each.strip().casefold() for each in parameters}
    names = [_NAMES[each] for each in _NAMES if each in given]
    separators = [_SEPARATORS[each] for each in _SEPARATORS if each in given]
    if given - {*_NAMES, *_SEPARATORS, _TITLE} or len(names) > 1 or len(separators) > 1:
        raise BadParameter(
            f"Give some of {', '.join(PARAMETERS)}: at most one `Use` and one `Separator`.",
            parameter="outputFormatParams",
        )
    return CsvForm(
        names[0] if names else "texts", _TITLE in given, separators[0] if separators else ","
    )


def encode_px_csv(cube: Cube, heading: Heading, meant: Meant, form: CsvForm) -> bytes:
    """UTF-8, line feeds, point as the decimal sign. A cell without a value holds its mark, if it has one."""
    language, shown = heading.language, meant.shown
    stub, head = shown[: len(meant.stub)], shown[len(meant.stub) :]
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=form.separator, lineterminator="\n")
    if form.has_title:
        writer.writerow([unrun(heading.title.in_language(language))])
    columns = _combinations(head, form, language)
    titles = [" ".join(each) for each in columns] if head else [VALUE_COLUMN]
    names = [_variable_name(each, form, language) for each in stub]
    writer.writerow([unrun(each) for each in (*names, *titles)])
    for row, cells in zip(
        _combinations(stub, form, language), _cell_rows(cube, meant, len(titles)), strict=True
    ):
        writer.writerow([*(unrun(each) for each in row), *cells])
    return sink.getvalue().encode()


def _cell_rows(cube: Cube, meant: Meant, width: int) -> list[list[str]]:
    values = arranged(cube.values, cube, meant).reshape(-1, width)
    status = arranged(cube.status, cube, meant).reshape(-1, width)
    return [
        [_cell(value, mark) for value, mark in zip(row, marks, strict=True)]
        for row, marks in zip(values.tolist(), status.tolist(), strict=True)
    ]


def _cell(value: float, status: int) -> str:
    if status in MARKS:
        return MARKS[status]
    if np.isnan(value):  # a mean of nobody
        return ""
    return str(int(value)) if value == int(value) else repr(value)


def _combinations(
    variables: Sequence[Variable], form: CsvForm, language: str
) -> list[tuple[str, ...]]:
    return list(
        product(*([_name(each, form, language) for each in one.values] for one in variables))
    )


def _name(value: Value, form: CsvForm, language: str) -> str:
    return _written(value.code, value.label.in_language(language), form)


def _variable_name(variable: Variable, form: CsvForm, language: str) -> str:
    label = variable.label.in_language(language)
    return variable.name if form.names == "codes" else label


def _written(code: str, text: str, form: CsvForm) -> str:
    match form.names:
        case "codes":
            return code
        case "texts":
            return text
        case _:
            return f"{code} {text}"
