"""Cubes without months: of another day in each release, and what differs is what happened to few people.

A cube of closed months is revised from one day to the next, and a revision is held to what was hidden
before. A cube without months is about nearly the same people each time. A change of one in a count is one
person, so only large groups may be told every day; a change in a mean is what that person contributes.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.contracts.contract import Contract
from gateway.contracts.faults import Fault
from gateway.model.product import AxisRole, Combination, CubeSpec, MeasureKind

_OFTEN = ("daily", "weekly")
_LARGE_PLACES = ("country", "region", "evk", "ely")


def check_snapshots(contract: Contract) -> Iterator[Fault]:
    cube = contract.product.cube
    if cube is None or not cube.disclosure.threshold or _has_months(cube):
        return
    yield from _means(contract, cube)
    if contract.product.cadence in _OFTEN:
        yield from _coarse(contract, cube)


def _means(contract: Contract, cube: CubeSpec) -> Iterator[Fault]:
    """Of few persons they are told so coarsely that nobody's contribution is in a difference."""
    places = {column.name: column.terms_place for column in contract.columns}
    for measure in cube.measures:
        if measure.kind is MeasureKind.MEAN and not measure.sum_step:
            message = (
                f"Two releases of `{measure.name}` would tell of one who came or left between them."
            )
            remedy = (
                "Give `sum_step`, in the mean's unit: what *percent* is of a large contribution."
            )
            yield contract.fault(places[measure.name], message, remedy)


def _coarse(contract: Contract, cube: CubeSpec) -> Iterator[Fault]:
    """No places smaller than a region, and one classification at a time."""
    cadence = contract.product.cadence
    for index, combination in enumerate(cube.combinations):
        path = (*contract.at("cube", "combinations", index), "levels")
        for dimension in cube.dimensions:
            small = [
                level
                for level in combination.levels.get(dimension.name, ())
                if dimension.role is AxisRole.GEO and level not in _LARGE_PLACES
            ]
            if small:
                message = f"A {cadence} cube without months tells of each `{small[0]}`."
                remedy = f"Use: {', '.join(_LARGE_PLACES)}; or give the cube months."
                yield contract.fault((*path, dimension.name), message, remedy)
        divided = _divided(cube, combination)
        if len(divided) > 1:
            message = f"A {cadence} cube without months crosses `{divided[0]}` and `{divided[1]}`."
            remedy = "Publish one classification at a time; or give the cube months."
            yield contract.fault(path, message, remedy)


def _has_months(cube: CubeSpec) -> bool:
    return any(dimension.months is not None for dimension in cube.dimensions)


def _divided(cube: CubeSpec, combination: Combination) -> list[str]:
    """The classifications that a combination publishes below their totals: the first of several levels."""
    return [
        dimension.name
        for dimension in cube.dimensions
        if dimension.role is AxisRole.CLASS
        and (
            len(dimension.levels) == 1
            or any(
                level != dimension.levels[0] for level in combination.levels.get(dimension.name, ())
            )
        )
    ]
