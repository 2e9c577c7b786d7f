"""What a request for data means in one cube: which cells, which variables drop out, what stands where.

A variable that is left out drops out at its published total. Nothing is ever summed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from gateway.delivery.plan import SMALL_CELLS_MAX
from gateway.errors import (
    AggregationNotPublished,
    BadParameter,
    MissingParameter,
    TooManyCells,
    UnknownDimension,
)
from gateway.model.cube import Cube, Status
from gateway.releases.cube_slice import MEASURE, Selection
from gateway.surfaces.pxweb.variables import (
    TIME_ALIAS,
    Codelist,
    Kind,
    Variable,
    codelists_of,
    variables_of,
)
from gateway.surfaces.pxweb.words import ILLEGAL_PLACEMENT, NO_CODELIST, said

# Clients split a larger selection and send its parts side by side: so large a part is no extract yet.
DATA_CELLS_MAX = SMALL_CELLS_MAX
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A selection as sent, names in any case. expressions: by variable, an empty list eliminates it.

    codelists: by variable. heading, stub: None when not said.
    """

    expressions: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    codelists: Mapping[str, str] = field(default_factory=dict[str, str])
    heading: tuple[str, ...] | None = None
    stub: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Meant:
    """kept: indices of the values of each variable, in the table's order of variables; eliminated: those
    that drop out; stub, heading: the others' names.
    """

    variables: tuple[Variable, ...]
    kept: Mapping[str, tuple[int, ...]]
    eliminated: frozenset[str]
    stub: tuple[str, ...]
    heading: tuple[str, ...]

    @property
    def shown(self) -> tuple[Variable, ...]:
        """What the answer has, in its order."""
        by_name = {each.name: each for each in self.variables}
        return tuple(
            by_name[name].narrowed(self.kept[name]) for name in (*self.stub, *self.heading)
        )

    def selection(self, cube: Cube) -> Selection:
        return Selection(self.kept[MEASURE], tuple(self.kept[axis.name] for axis in cube.axes))


def resolve(product: str, cube: Cube, wanted: Wanted) -> Meant:
    """Raises as `understand`, and AggregationNotPublished."""
    meant, lists = understand(product, cube, wanted)
    _check_aggregations(cube, meant, lists)
    return meant


def understand(product: str, cube: Cube, wanted: Wanted) -> tuple[Meant, Mapping[str, Codelist]]:
    """By codes alone, without a look at any cell; with the code lists by variable.

    Raises UnknownDimension, UnknownValue, BadParameter, MissingParameter, TooManyCells.
    """
    variables = variables_of(cube)
    expressions = _by_variable(variables, wanted.expressions, "valuecodes")
    asked_lists = _by_variable(variables, wanted.codelists, "codelist")
    lists = {
        each.name: find_codelist(product, each, asked_lists[each.name])
        for each in variables
        if each.name in asked_lists
    }
    if not expressions:
        expressions = {**default_expressions(variables), **dict.fromkeys(lists, ("*",))}
    expressions = {**dict.fromkeys(lists, ("*",)), **expressions}
    kept: dict[str, tuple[int, ...]] = {}
    for variable in variables:
        texts = expressions.get(variable.name, ())
        kept[variable.name] = _kept(variable, texts, lists.get(variable.name))
    check_size(kept)
    eliminated = frozenset(each.name for each in variables if not expressions.get(each.name))
    shown = [each for each in variables if each.name not in eliminated]
    stub, heading = place(variables, shown, wanted)
    return Meant(variables, kept, eliminated, stub, heading), lists


def default_expressions(variables: Sequence[Variable]) -> dict[str, tuple[str, ...]]:
    """All measures of all areas in the newest time; classes at their totals."""
    chosen: dict[str, tuple[str, ...]] = {}
    for each in variables:
        if each.kind is Kind.TIME:
            chosen[each.name] = ("top(1)",)
        elif each.kind is not Kind.CLASS or not each.is_eliminable:
            chosen[each.name] = ("*",)
    return chosen


def find_variable(variables: Sequence[Variable], name: str, *, parameter: str) -> Variable:
    """By its name in any case; `TIME` is the time. Raises UnknownDimension."""
    folded = name.casefold()
    for each in variables:
        if each.name.casefold() == folded:
            return each
    for each in variables:
        if folded == TIME_ALIAS and each.kind is Kind.TIME:
            return each
    raise UnknownDimension("See the metadata of the table for its variables.", parameter=parameter)


def find_codelist(product: str, variable: Variable, wanted: str) -> Codelist:
    """Raises BadParameter."""
    for each in codelists_of(product, variable):
        if each.id.casefold() == wanted.casefold():
            return each
    parameter = f"codelist[{variable.name}]"
    detail = "See the metadata of the table for the code lists of the variable."
    raise said(NO_CODELIST, BadParameter(detail, parameter=parameter))


def check_size(kept: Mapping[str, Sequence[int]]) -> None:
    """Counted in whole numbers of any length: a product that wrapped around would look small."""
    if math.prod(map(len, kept.values())) > DATA_CELLS_MAX:
        raise TooManyCells(
            f"A selection has at most {DATA_CELLS_MAX} cells here. Ask for it in parts, or fetch the "
            "whole cube as Parquet from /v1/cubes/{id}/data."
        )


def place(
    variables: Sequence[Variable], shown: Sequence[Variable], wanted: Wanted
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names in the stub and in the heading. Raises UnknownDimension, BadParameter."""
    names = [each.name for each in shown]
    if wanted.heading is None and wanted.stub is None:
        own = {each.name for each in shown if each.kind in {Kind.METRIC, Kind.TIME}}
        return tuple(n for n in names if n not in own), tuple(n for n in names if n in own)
    heading = _placed(variables, wanted.heading, "heading")
    stub = _placed(variables, wanted.stub, "stub")
    if wanted.heading is None:
        heading = tuple(name for name in names if name not in stub)
    if wanted.stub is None:
        stub = tuple(name for name in names if name not in heading)
    if sorted((*stub, *heading)) != sorted(names):
        raise said(
            ILLEGAL_PLACEMENT,
            BadParameter(
                "Name every variable that is selected once, in `heading` or in `stub`.",
                parameter="heading" if wanted.heading is not None else "stub",
            ),
        )
    return stub, heading


def _placed(
    variables: Sequence[Variable], names: Sequence[str] | None, parameter: str
) -> tuple[str, ...]:
    found = (find_variable(variables, name, parameter=parameter) for name in names or ())
    return tuple(each.name for each in found)


def _by_variable(
    variables: Sequence[Variable], asked: Mapping[str, T], parameter: str
) -> dict[str, T]:
    """By the variables' own names. Raises UnknownDimension, BadParameter (a variable twice)."""
    found: dict[str, T] = {}
    for name, wish in asked.items():
        variable = find_variable(variables, name, parameter=f"{parameter}[{name}]")
        if variable.name in found:
            raise BadParameter(
                "A variable is selected twice.", parameter=f"{parameter}[{variable.name}]"
            )
        found[variable.name] = wish
    return found


def _kept(variable: Variable, texts: Sequence[str], codelist: Codelist | None) -> tuple[int, ...]:
    parameter = f"valuecodes[{variable.name}]"
    if not texts:
        if variable.total is None:
            raise MissingParameter(
                "The variable has no total that is published, so it cannot be left out.",
                parameter=parameter,
            )
        texts, codelist = (variable.total,), None
    within = None if codelist is None else codelist.kept
    found = variable.codes(within, parameter=parameter).select(texts)
    return found if within is None else tuple(within[i] for i in found)


def _check_aggregations(cube: Cube, meant: Meant, lists: Mapping[str, Codelist]) -> None:
    """A group's figure is a published total or nothing: it is never summed from its members.

    Raises AggregationNotPublished.
    """
    summed = [name for name, each in lists.items() if each.is_aggregation]
    if not summed:
        return
    chosen = meant.selection(cube)
    status = cube.status[np.ix_(chosen.measures, *chosen.axes)]
    names = [MEASURE, *(axis.name for axis in cube.axes)]
    for name in summed:
        others = tuple(i for i, each in enumerate(names) if each != name)
        if (status == Status.NOT_PUBLISHED).all(axis=others).any():
            raise AggregationNotPublished(
                "A group of the code list has no published total together with the rest of the "
                "selection, and sums are never made for you. Leave other variables out, or choose a "
                "value set (`vs_`), which marks what is not published.",
                parameter=f"codelist[{name}]",
            )
