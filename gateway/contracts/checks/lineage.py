"""Where columns come from, and what may therefore never be delivered."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.contracts.column_terms import RowsColumnTerms
from gateway.contracts.contract import Contract, ContractColumn
from gateway.contracts.faults import Fault
from gateway.contracts.vocabulary import (
    DROPPED_ALWAYS,
    PERSON_IDS,
    QUASI_IDENTIFIERS,
    SOURCE_SYSTEMS,
    TEAM_TAGS,
)
from gateway.model.product import INCOME_REGISTER, ColumnType, ProductKind, Transformation

_LINEAGE = re.compile(r"([a-z][a-z0-9_]*)\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def check_lineage(contract: Contract) -> Iterator[Fault]:
    yield from _sources(contract)
    if contract.product.kind is ProductKind.ROWS:
        yield from _income_rows(contract)
    for column in contract.columns:
        yield from _written(contract, column)
        if isinstance(column.terms, RowsColumnTerms):
            yield from _identifier(contract, column, column.terms.transformation)
            yield from _quasi_identifier(contract, column, column.terms.transformation)
            yield from _day(contract, column, column.terms.transformation)
        else:
            yield from _tag_in_cube(contract, column)


def _sources(contract: Contract) -> Iterator[Fault]:
    for index, system in enumerate(contract.product.sources):
        if system not in SOURCE_SYSTEMS:
            message = f"`{system}` is not a source system of the warehouse."
            remedy = f"Use one of: {', '.join(sorted(SOURCE_SYSTEMS))}."
            yield contract.fault(contract.at("sources", index), message, remedy)


def _income_rows(contract: Contract) -> Iterator[Fault]:
    """The ban on Income Register rows (laki 53/2018 13 §), first of its three places: what is said.

    What is done follows from the lineage of the SQL, in `sql_flow.py`. The name itself is looked for
    in its text as well: a table may be named inside a text literal, or be declared as another's.
    """
    message = "Income Register data is never delivered as rows."
    remedy = "Take it out of this product; it may be used in a cube."
    for index, system in enumerate(contract.product.sources):
        if system.casefold() == INCOME_REGISTER:
            yield contract.fault(contract.at("sources", index), message, remedy)
    for column in contract.columns:
        for index, item in enumerate(column.lineage):
            if INCOME_REGISTER in item.casefold():
                path = (*column.place, "transformSourceObjects", index)
                yield contract.fault(path, message, remedy)
    for query in contract.queries:
        found = query.text.casefold().find(INCOME_REGISTER)
        if found >= 0:
            line = contract.source.text_line(query.place, found)
            yield Fault(contract.source.file, line, message, remedy)


def _written(contract: Contract, column: ContractColumn) -> Iterator[Fault]:
    for index, item in enumerate(column.lineage):
        path = (*column.place, "transformSourceObjects", index)
        parts = _LINEAGE.fullmatch(item)
        if parts is None:
            message = f"`{item}` does not name a source column."
            yield contract.fault(path, message, "Write `system.table.column`.")
        elif parts[1] not in contract.product.sources:
            message = f"`{item}` comes from a system that the contract does not list."
            yield contract.fault(path, message, f"Add `{parts[1]}` to `sources`.")


def _identifier(
    contract: Contract, column: ContractColumn, transformation: Transformation
) -> Iterator[Fault]:
    path = (*column.terms_place, "transformation")
    drop_only = sorted(column.source_names & DROPPED_ALWAYS)
    if drop_only and transformation is not Transformation.DROP:
        message = f"`{column.name}` is made from `{drop_only[0]}`, which is never delivered."
        yield contract.fault(path, message, "Write `transformation: drop`, or remove the column.")
    persons = sorted(column.source_names & PERSON_IDS)
    safe = (Transformation.DROP, Transformation.PSEUDONYM)
    if persons and transformation not in safe:
        message = f"`{column.name}` is made from the direct identifier `{persons[0]}`."
        yield contract.fault(path, message, "Write `transformation: pseudonym` or `drop`.")
    if transformation is Transformation.PSEUDONYM and not persons:
        message = f"The pseudonym `{column.name}` is not made from an internal person id."
        remedy = f"Make it from one of: {', '.join(sorted(PERSON_IDS))}."
        yield contract.fault(path, message, remedy)


def _quasi_identifier(
    contract: Contract, column: ContractColumn, transformation: Transformation
) -> Iterator[Fault]:
    known = sorted(column.source_names & QUASI_IDENTIFIERS)
    if known and transformation not in (Transformation.GENERALISE, Transformation.DROP):
        path = (*column.terms_place, "transformation")
        message = f"`{column.name}` is made from `{known[0]}`, which a neighbour could know."
        yield contract.fault(path, message, "Write `transformation: generalise`, with `levels`.")


def _day(
    contract: Contract, column: ContractColumn, transformation: Transformation
) -> Iterator[Fault]:
    is_kept = transformation is Transformation.KEEP
    if column.type is ColumnType.DATE and is_kept and not column.argument.strip():
        path = (*column.terms_place, "transformation")
        message = f"`{column.name}` delivers days and does not say why."
        remedy = "Write `transformation: month`, or argue in `transformDescription`."
        yield contract.fault(path, message, remedy)


def _tag_in_cube(contract: Contract, column: ContractColumn) -> Iterator[Fault]:
    tags = sorted(column.source_names & TEAM_TAGS)
    if tags:
        message = f"`{column.name}` is made from `{tags[0]}`: tags are never in a cube."
        path = (*column.place, "transformSourceObjects")
        yield contract.fault(path, message, "Remove the column.")
