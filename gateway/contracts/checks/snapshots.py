"""Cubes of a day: told every day anew, they may tell little, since a change of one is one person.

A cube of closed months is revised from one day to the next, and a revision is held to what was hidden
before. A cube without months is of another day each time. What differs between two days is what happened
to the few people to whom something happened, so only large groups may be told so often.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.contracts.contract import Contract
from gateway.contracts.faults import Fault
from gateway.model.product import AxisRole, Combination, CubeSpec

_OFTEN = ("daily", "weekly")
_LARGE_PLACES = ("country", "region", "evk", "ely")


def check_snapshots(contract: Contract) -> Iterator[Fault]:
    """No places smaller than a region, and one classification at a time."""
    cube, cadence = contract.product.cube, contract.product.cadence
    if cube is None or cadence not in _OFTEN or not cube.disclosure.threshold or _has_months(cube):
        return
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
