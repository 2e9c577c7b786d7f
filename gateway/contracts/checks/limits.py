"""The limits on hiding of a cube: each is about cells that the cube has, and can be broken."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.contracts.contract import Contract
from gateway.contracts.faults import Fault
from gateway.contracts.marked_yaml import YamlPath
from gateway.model.product import CubeSpec, HidingLimit

_NO_LIMIT = 1.0


def check_limits(contract: Contract) -> Iterator[Fault]:
    cube = contract.product.cube
    if cube is None:
        return
    for index, limit in enumerate(cube.limits):
        path = contract.at("cube", "limits", index)
        faults = [*_names(contract, cube, limit, path), *_shares(contract, limit, path)]
        yield from faults or _cells(contract, cube, limit, path)


def _names(
    contract: Contract, cube: CubeSpec, limit: HidingLimit, path: YamlPath
) -> Iterator[Fault]:
    measures = [measure.name for measure in cube.measures]
    for name in sorted(limit.measures - set(measures)):
        message = f"The limit names `{name}`, which is no measure of this cube."
        yield contract.fault((*path, "measures"), message, f"Use: {', '.join(measures)}.")
    dimensions = {dimension.name: dimension.levels for dimension in cube.dimensions}
    for name, levels in limit.levels.items():
        if name not in dimensions:
            message = f"The limit names `{name}`, which is no dimension of this cube."
            remedy = f"Use: {', '.join(dimensions)}; one that is left out is meant at all levels."
            yield contract.fault((*path, "levels", name), message, remedy)
            continue
        for level in levels:
            if level not in dimensions[name]:
                message = f"`{name}` has no level `{level}`."
                remedy = f"Use one of: {', '.join(dimensions[name])}."
                yield contract.fault((*path, "levels", name), message, remedy)


def _shares(contract: Contract, limit: HidingLimit, path: YamlPath) -> Iterator[Fault]:
    if min(limit.cells, limit.persons_median, limit.persons_worst) == _NO_LIMIT:
        remedy = "Give `cells`, `persons_median` or `persons_worst`: shares like 0.05."
        yield contract.fault(path, "The limit does not say how much may be hidden.", remedy)
    if limit.persons_worst < limit.persons_median < _NO_LIMIT:
        message = "The worst slice may hide less than the median one."
        remedy = "Raise `persons_worst`, or leave `persons_median` out."
        yield contract.fault((*path, "persons_worst"), message, remedy)


def _cells(
    contract: Contract, cube: CubeSpec, limit: HidingLimit, path: YamlPath
) -> Iterator[Fault]:
    """A limit on what is not published would always hold, and promise nothing."""
    for name in sorted(limit.measures):
        is_published = any(
            name in combination.measures
            and all(set(levels) & set(combination.levels[d]) for d, levels in limit.levels.items())
            for combination in cube.combinations
        )
        if not is_published:
            message = f"No combination publishes `{name}` at the levels of this limit."
            remedy = "Name levels that one combination publishes together, or take the measure out."
            yield contract.fault((*path, "levels"), message, remedy)
