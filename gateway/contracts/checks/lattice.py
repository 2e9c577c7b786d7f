"""The lattice of a cube: dimensions, their levels, and the combinations that are published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product as every_choice

from gateway.contracts.code_list_file import Lists
from gateway.contracts.contract import Contract, ContractColumn
from gateway.contracts.faults import Fault
from gateway.contracts.vocabulary import MUNICIPALITY_OUTSIDE_AREAS
from gateway.model.codes import CodeList
from gateway.model.product import AxisRole, CubeSpec, Dimension

_SHOWN = 3  # missing combinations named in one fault


def check_lattice(contract: Contract, lists: Lists) -> Iterator[Fault]:
    cube = contract.product.cube
    if cube is None:
        return
    places = {column.name: column for column in contract.columns}
    for dimension in cube.dimensions:
        yield from _dimension(contract, dimension, places[dimension.name], lists)
    yield from _axes(contract, cube)
    yield from _combinations(contract, cube, lists)


def _axes(contract: Contract, cube: CubeSpec) -> Iterator[Fault]:
    for role in (AxisRole.GEO, AxisRole.TIME):
        if sum(dimension.role is role for dimension in cube.dimensions) > 1:
            message = f"The cube has two dimensions with the role `{role}`."
            yield contract.fault(("schema", 0, "properties"), message, "Keep one of them.")


def _dimension(
    contract: Contract, dimension: Dimension, column: ContractColumn, lists: Lists
) -> Iterator[Fault]:
    path = column.terms_place
    if (dimension.code_list, dimension.codes_sql, dimension.months) == (None, None, None):
        message = f"`{dimension.name}` does not say where its codes come from."
        remedy = "Give exactly one of code_list, codes_sql and months."
        yield contract.fault(path, message, remedy)
    if len(set(dimension.levels)) != len(dimension.levels):
        message = f"A level of `{dimension.name}` is given twice."
        yield contract.fault((*path, "levels"), message, "Keep one of the two.")
    if dimension.code_list is None:
        return
    code_list = lists.codes.get(dimension.code_list)
    if code_list is None:
        message = f"There is no code list `{dimension.code_list}`."
        remedy = f"Write products/codelists/{dimension.code_list}.yaml, or correct the name."
        yield contract.fault((*path, "code_list"), message, remedy)
        return
    known = {code.level for code in code_list.codes}
    for index, level in enumerate(dimension.levels):
        if level not in known:
            message = f"The code list `{code_list.id}` has no level `{level}`."
            remedy = f"Use one of: {', '.join(sorted(known))}."
            yield contract.fault((*path, "levels", index), message, remedy)
    yield from _order(contract, dimension, column, code_list)
    yield from _residual(contract, dimension, column, code_list)


def _order(
    contract: Contract, dimension: Dimension, column: ContractColumn, code_list: CodeList
) -> Iterator[Fault]:
    for level, above in _levels_above(dimension, code_list).items():
        for upper in sorted(above):
            if dimension.levels.index(upper) > dimension.levels.index(level):
                message = f"The level `{upper}` is above `{level}` but stands after it."
                path = (*column.terms_place, "levels")
                yield contract.fault(path, message, "Write the coarsest level first.")


def _residual(
    contract: Contract, dimension: Dimension, column: ContractColumn, code_list: CodeList
) -> Iterator[Fault]:
    if dimension.residual is None:
        return
    finest = dimension.levels[-1]
    leaves = {code.code for code in code_list.codes if code.level == finest}
    is_outside_areas = (
        dimension.role is AxisRole.GEO
        and finest == "area"
        and dimension.residual == MUNICIPALITY_OUTSIDE_AREAS
    )
    if dimension.residual not in leaves and not is_outside_areas:
        path = (*column.terms_place, "residual")
        message = f"The residual `{dimension.residual}` is not a code of the level `{finest}`."
        yield contract.fault(path, message, f"Add it to the code list `{code_list.id}`.")


def _levels_above(dimension: Dimension, code_list: CodeList | None) -> Mapping[str, set[str]]:
    """Per level of the dimension, those that its codes sum up to next.

    A list's own parents say it; codes made by SQL follow the order of the levels; months have none.
    """
    if dimension.months is not None:
        return {level: set() for level in dimension.levels}
    if code_list is None:
        pairs = zip(dimension.levels, ("", *dimension.levels), strict=False)
        return {level: {upper} - {""} for level, upper in pairs}
    codes = {code.code: code for code in code_list.codes}
    above: dict[str, set[str]] = {level: set() for level in dimension.levels}
    for code in code_list.codes:
        if code.level not in above:
            continue
        waiting = [codes[parent] for parent in code.parents if parent in codes]
        while waiting:
            upper = waiting.pop()
            if upper.level in above:
                above[code.level].add(upper.level)
            else:
                waiting += [codes[parent] for parent in upper.parents if parent in codes]
    return above


def _combinations(contract: Contract, cube: CubeSpec, lists: Lists) -> Iterator[Fault]:
    names = [dimension.name for dimension in cube.dimensions]
    faults: list[Fault] = []
    for index, combination in enumerate(cube.combinations):
        path = contract.at("cube", "combinations", index)
        missing = [name for name in names if not combination.levels.get(name)]
        if missing:
            message = f"The combination does not say at which levels `{missing[0]}` is published."
            faults.append(
                contract.fault(path, message, f"Name every dimension: {', '.join(names)}.")
            )
        for name in sorted(combination.measures - {measure.name for measure in cube.measures}):
            message = f"The combination names `{name}`, which is no measure of this cube."
            remedy = f"Use: {', '.join(measure.name for measure in cube.measures)}."
            faults.append(contract.fault((*path, "measures"), message, remedy))
        for name, levels in combination.levels.items():
            known = next((d.levels for d in cube.dimensions if d.name == name), ())
            for level in levels:
                if level not in known:
                    message = f"`{name}` has no level `{level}`."
                    remedy = f"Use one of: {', '.join(known or names)}."
                    faults.append(contract.fault((*path, "levels", name), message, remedy))
    yield from faults
    if not faults:
        yield from _closure(contract, cube, lists)


def _closure(contract: Contract, cube: CubeSpec, lists: Lists) -> Iterator[Fault]:
    """Whatever is published is published with its totals: a user never has to sum what is hidden."""
    above = [_levels_above(d, lists.codes.get(d.code_list or "")) for d in cube.dimensions]
    designed: dict[tuple[str, tuple[str, ...]], int] = {}
    for index, combination in enumerate(cube.combinations):
        for cell in every_choice(*(combination.levels[d.name] for d in cube.dimensions)):
            for measure in sorted(combination.measures):
                designed.setdefault((measure, cell), index)
    missing: dict[int, list[str]] = {}
    for (measure, cell), index in designed.items():
        for axis, level in enumerate(cell):
            for upper in sorted(above[axis][level]):
                wanted = (*cell[:axis], upper, *cell[axis + 1 :])
                if (measure, wanted) not in designed:
                    missing.setdefault(index, []).append(" × ".join(wanted))
    for index, cells in missing.items():
        shown = "; ".join(sorted(set(cells))[:_SHOWN])
        message = "A combination is published without its totals."
        path = contract.at("cube", "combinations", index)
        yield contract.fault(path, message, f"Publish also: {shown}.")
