"""A table laid out for people: the stub's variables down, and a column per combination of the heading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from gateway.encoding.marks import MARKS
from gateway.model.cube import Cube
from gateway.surfaces.pxweb.dataset import arranged
from gateway.surfaces.pxweb.form import Form
from gateway.surfaces.pxweb.selection import Meant
from gateway.surfaces.pxweb.variables import Value, Variable

VALUE_COLUMN = "value"


@dataclass(frozen=True, slots=True)
class Grid:
    """stub: the names of its variables. heads: per variable of the heading its values, in order.

    columns: the names of each column's values. values: (row, column) float64; status: the same, `Status`;
    decimals: the same, of the cell's measure.
    """

    stub: tuple[str, ...]
    stub_values: tuple[tuple[str, ...], ...]
    heads: tuple[tuple[str, ...], ...]
    values: NDArray[np.float64]
    status: NDArray[np.uint8]
    decimals: NDArray[np.uint8]

    @property
    def columns(self) -> list[tuple[str, ...]]:
        return list(product(*self.heads))

    def rows(self) -> Iterator[tuple[tuple[str, ...], list[float], list[int]]]:
        """The names of a row's values, its values and its statuses."""
        cells = zip(self.values, self.status, strict=True)
        for names, (values, status) in zip(product(*self.stub_values), cells, strict=True):
            yield names, values.tolist(), status.tolist()


def lay_out(cube: Cube, meant: Meant, form: Form, language: str) -> Grid:
    """cube: cut to the selection already."""
    shown = meant.shown
    stub, head = shown[: len(meant.stub)], shown[len(meant.stub) :]
    heads = _values(head, form, language)
    width = int(np.prod([len(each) for each in heads], dtype=np.int64))
    return Grid(
        stub=tuple(variable_name(each, form, language) for each in stub),
        stub_values=_values(stub, form, language),
        heads=heads,
        values=arranged(cube.values, cube, meant).reshape(-1, width),
        status=arranged(cube.status, cube, meant).reshape(-1, width),
        decimals=arranged(_decimals(cube), cube, meant).reshape(-1, width),
    )


def _decimals(cube: Cube) -> NDArray[np.uint8]:
    each = np.array([measure.decimals for measure in cube.measures], dtype=np.uint8)
    return np.broadcast_to(each.reshape(-1, *(1 for _ in cube.axes)), cube.values.shape)


def cell_text(value: float, status: int, *, nobody: str = "") -> str:
    """A number in as few digits as tell it, or a mark. nobody: what stands for a mean of nobody."""
    if status in MARKS:
        return MARKS[status]
    if np.isnan(value):
        return nobody
    return str(int(value)) if value == int(value) else np.format_float_positional(value)


def variable_name(variable: Variable, form: Form, language: str) -> str:
    return variable.name if form.names == "codes" else variable.label.in_language(language)


def _values(
    variables: Sequence[Variable], form: Form, language: str
) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_name(each, form, language) for each in one.values) for one in variables)


def _name(value: Value, form: Form, language: str) -> str:
    text = value.label.in_language(language)
    match form.names:
        case "codes":
            return value.code
        case "texts":
            return text
        case _:
            return f"{value.code} {text}"
