"""Narrowing a cube: cells are picked, never summed.

A dimension that is not asked for stands at its total; without a total a time axis stands at its
newest code and another axis shows all its codes. What the contract does not publish is refused, not
computed from its parts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from gateway.errors import AggregationNotPublished, BadParameter, UnknownDimension, UnknownValue
from gateway.model.cube import Axis, Cube, Line, Status
from gateway.model.product import AxisRole

EVERY = "*"
MEASURE = "measure"
_NAMED = 12  # in one sentence


@dataclass(frozen=True, slots=True)
class Selection:
    """Indices that stay: of the measures, and of each of the cube's axes; none is empty."""

    measures: tuple[int, ...]
    axes: tuple[tuple[int, ...], ...]

    @property
    def cells(self) -> int:
        """How many cells it has, all measures counted."""
        return math.prod([len(self.measures), *(len(axis) for axis in self.axes)])

    def is_whole(self, cube: Cube) -> bool:
        """Whether nothing of the cube is left out, and all of it stands in the cube's order."""
        kept = (self.measures, *self.axes)
        return all(
            each == tuple(range(size)) for each, size in zip(kept, cube.values.shape, strict=True)
        )


def resolve_selection(cube: Cube, asked: Mapping[str, Sequence[str]]) -> Selection:
    """What a request means in one cube, in the cube's own order, so that equal requests are one.

    asked: codes by dimension, or measure names under `measure`; `*` alone means all.
    Raises UnknownDimension, UnknownValue, BadParameter (a code twice, `*` beside others, nothing),
    each naming the parameter.
    """
    known = (*(axis.name for axis in cube.axes), MEASURE)
    for name in asked:
        if name not in known:
            raise UnknownDimension(f"The dimensions are: {_shown(known)}.", parameter=name)
    measures = {measure.name: index for index, measure in enumerate(cube.measures)}
    return Selection(
        _indices(MEASURE, measures, asked=asked.get(MEASURE, (EVERY,))),
        tuple(
            _indices(axis.name, axis.position(), asked=asked[axis.name])
            if axis.name in asked
            else _standing(axis)
            for axis in cube.axes
        ),
    )


def standing_codes(axis: Axis) -> list[str]:
    """The codes at which an axis stands when a request does not name it; `*` for all of them."""
    kept = _standing(axis)
    if 1 < len(kept) == len(axis.codes):
        return [EVERY]
    return [axis.codes[i].code for i in kept]


def check_published(cube: Cube, selection: Selection) -> None:
    """Raises AggregationNotPublished when the contract publishes none of the selected cells."""
    status = cube.status[np.ix_(selection.measures, *selection.axes)]
    if (status == Status.NOT_PUBLISHED).all():
        raise AggregationNotPublished(_unpublished(cube, selection))


def cut(cube: Cube, selection: Selection) -> Cube:
    """The selected cells as a cube of its own, copied out of the file's memory."""
    index = np.ix_(selection.measures, *selection.axes)
    return Cube(
        axes=tuple(
            _narrowed(axis, kept) for axis, kept in zip(cube.axes, selection.axes, strict=True)
        ),
        measures=tuple(cube.measures[i] for i in selection.measures),
        values=np.ascontiguousarray(cube.values[index]),
        status=np.ascontiguousarray(cube.status[index]),
    )


def _indices(name: str, position: Mapping[str, int], *, asked: Sequence[str]) -> tuple[int, ...]:
    if list(asked) == [EVERY]:
        return tuple(position.values())
    if not asked or "" in asked:
        raise BadParameter("Give codes separated by commas, or `*` for all.", parameter=name)
    if EVERY in asked:
        raise BadParameter("`*` means all and stands alone.", parameter=name)
    if len(set(asked)) != len(asked):
        raise BadParameter("A code stands in the list twice.", parameter=name)
    if not position.keys() >= set(asked):
        raise UnknownValue(f"The codes are: {_shown(position)}.", parameter=name)
    return tuple(sorted(position[code] for code in asked))


def _shown(names: Iterable[str]) -> str:
    """The first of them, in the cube's order."""
    first = list(islice(names, _NAMED + 1))
    listed = ", ".join(first[:_NAMED])
    return f"{listed}; its page at /v1/cubes tells the others" if len(first) > _NAMED else listed


def _standing(axis: Axis) -> tuple[int, ...]:
    """Where an axis stands when nothing is said of it."""
    if axis.total is not None:
        return (axis.total,)
    if axis.role is AxisRole.TIME:
        return (max(range(len(axis.codes)), key=lambda i: axis.codes[i].code),)
    return tuple(range(len(axis.codes)))


def _narrowed(axis: Axis, kept: tuple[int, ...]) -> Axis:
    """The axis with fewer codes, and the sum relations that still hold between them."""
    if kept == tuple(range(len(axis.codes))):
        return axis
    place = {old: new for new, old in enumerate(kept)}
    lines = tuple(
        Line(place[line.parent], tuple(place[child] for child in line.children))
        for line in axis.lines
        if line.parent in place and place.keys() >= set(line.children)
    )
    total = None if axis.total is None else place.get(axis.total)
    return replace(axis, codes=tuple(axis.codes[i] for i in kept), lines=lines, total=total)


def _unpublished(cube: Cube, selection: Selection) -> str:
    """Name the combination by its levels: those are the contract's words, not the caller's.

    A place may be left out where others of its level are shown (`Combination.least_persons`); nothing
    that the caller asks for less would bring it back, so that is said instead.
    """
    levels = " x ".join(
        f"{axis.name} ({', '.join(dict.fromkeys(axis.codes[i].level for i in kept))})"
        for axis, kept in zip(cube.axes, selection.axes, strict=True)
        if kept != (axis.total,)
    )
    if _is_shown_elsewhere(cube, selection):
        return (
            f"The combination {levels} is published, but not of this place: those with few persons are left "
            "out. Ask for a larger one that it belongs to."
        )
    return (
        f"The combination {levels} is not published. Leave a dimension out to get its total; "
        "sums are never made for you."
    )


def _is_shown_elsewhere(cube: Cube, selection: Selection) -> bool:
    """Whether other places of the same levels have what was asked for."""
    kept = list(selection.axes)
    for number, axis in enumerate(cube.axes):
        if axis.role is AxisRole.GEO:
            levels = {axis.codes[i].level for i in kept[number]}
            kept[number] = tuple(i for i, code in enumerate(axis.codes) if code.level in levels)
    status = cube.status[np.ix_(selection.measures, *kept)]
    return bool((status != Status.NOT_PUBLISHED).any())
