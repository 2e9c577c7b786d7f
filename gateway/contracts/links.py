"""Linked cubes: what one has from the cube that it is linked to, and what must be the same in both."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from gateway.contracts.column_terms import DimensionTerms
from gateway.contracts.contract import Contract, ContractColumn
from gateway.contracts.faults import Fault
from gateway.model.product import CubeSpec, Dimension, Measure, MeasureKind


def followed(
    contracts: Sequence[Contract], *, unread: Collection[str]
) -> tuple[list[Contract], list[Fault]]:
    """The contracts, those of linked cubes made whole; one whose link is wrong is left out.

    unread: products whose contract has faults of its own, which are told already.
    """
    whole: list[Contract] = []
    faults: list[Fault] = []
    by_id = {contract.product.id: contract for contract in contracts}
    for contract in contracts:
        cube = contract.product.cube
        if cube is None or cube.linked_to is None:
            whole.append(contract)
        elif cube.linked_to not in unread:
            found = list(_leader_faults(contract, cube.linked_to, by_id))
            if not found:
                found = list(_differences(contract, cube, by_id[cube.linked_to]))
            if not found:
                whole.append(_whole(contract, cube, by_id[cube.linked_to]))
            faults += found
    return whole, faults


def _leader_faults(contract: Contract, name: str, by_id: Mapping[str, Contract]) -> Iterator[Fault]:
    """A leader is another cube, and follows nobody."""
    cubes = {one: found.product.cube for one, found in by_id.items() if found is not contract}
    leaders = sorted(one for one, cube in cubes.items() if cube and cube.linked_to is None)
    if name in leaders:
        return
    cube = cubes.get(name)
    if cube is None:
        message = f"There is no other cube `{name}`."
        remedy = f"Use one of: {', '.join(leaders)}."
    else:
        message = f"`{name}` is linked to another cube itself."
        remedy = f"Write `linked_to: {cube.linked_to}`."
    yield contract.fault(contract.at("cube", "linked_to"), message, remedy)


def _differences(contract: Contract, cube: CubeSpec, leader: Contract) -> Iterator[Fault]:
    """One population: the same sources, dimensions and counts, and the same class of secrecy."""
    own, theirs = contract.product, leader.product
    if set(own.sources) != set(theirs.sources):
        message = f"The sources are not those of `{theirs.id}`."
        remedy = f"Write `sources: [{', '.join(theirs.sources)}]`."
        yield contract.fault(contract.at("sources"), message, remedy)
    if own.classification is not theirs.classification:
        message = f"`{theirs.id}` is classified otherwise, and its counts are these."
        remedy = f"Write `classification: {theirs.classification}`."
        yield contract.fault(contract.at("classification"), message, remedy)
    names = [dimension.name for dimension in _cube(leader).dimensions]
    if [dimension.name for dimension in cube.dimensions] != names:
        message = f"The dimensions are not those of `{theirs.id}`."
        remedy = f"Write these, in this order: {', '.join(names)}."
        yield contract.fault(("schema", 0, "properties"), message, remedy)
    counts = [measure.name for measure in _cube(leader).measures if _is_count(measure)]
    columns = {column.name: column for column in leader.columns}
    for column in contract.columns:
        if isinstance(column.terms, DimensionTerms):
            if column.name in names:
                yield from _column(contract, column, leader, columns[column.name])
        elif column.name in counts:
            yield from _column(contract, column, leader, columns[column.name])
        else:
            message = f"`{column.name}` is no count of `{theirs.id}`."
            yield contract.fault(column.place, message, f"Use: {', '.join(counts)}.")


def _column(
    contract: Contract, column: ContractColumn, leader: Contract, its: ContractColumn
) -> Iterator[Fault]:
    """Whatever is said of a dimension or a count is what the leader says."""
    if isinstance(column.terms, DimensionTerms) and column.terms.codes_sql is not None:
        message = "A linked cube has no SQL of its own."
        path = (*column.terms_place, "codes_sql")
        yield contract.fault(path, message, "Leave `codes_sql` out; the codes are the same.")
        return
    own, theirs = _term(contract, column.name), _term(leader, column.name)
    for name in sorted(column.terms.model_fields_set):
        if getattr(own, name) != getattr(theirs, name):
            message = f"`{name}` of `{column.name}` is not as in `{leader.product.id}`."
            yield contract.fault((*column.terms_place, name), message, "Write the same.")
    if set(column.lineage) != set(its.lineage):
        path = (*column.place, "transformSourceObjects")
        message = f"`{column.name}` comes from elsewhere than in `{leader.product.id}`."
        yield contract.fault(path, message, f"Write [{', '.join(its.lineage)}].")


def _whole(contract: Contract, own: CubeSpec, leader: Contract) -> Contract:
    """What is left of a measure when its parts are taken off is the joint cube's, so no nestings."""
    theirs = _cube(leader)
    measures = {measure.name: measure for measure in theirs.measures}
    cube = replace(
        own,
        extract=theirs.extract,
        dimensions=theirs.dimensions,
        measures=tuple(measures[measure.name] for measure in own.measures),
        disclosure=theirs.disclosure,
    )
    return replace(contract, product=replace(contract.product, cube=cube))


def _cube(contract: Contract) -> CubeSpec:
    cube = contract.product.cube
    if cube is None:
        raise LookupError("A leader is a cube.")  # looked at in `_leader_faults`
    return cube


def _term(contract: Contract, name: str) -> Dimension | Measure:
    cube = _cube(contract)
    return next(one for one in (*cube.dimensions, *cube.measures) if one.name == name)


def _is_count(measure: Measure) -> bool:
    return measure.kind is MeasureKind.COUNT
