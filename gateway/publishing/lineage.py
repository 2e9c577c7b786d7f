"""Where a product's columns come from, at publication: followed through the warehouse as it is now.

Here stands the second of the three places of the Income Register ban (laki tulotietojärjestelmästä
53/2018 13 §): its data is never delivered as rows. Not names decide, but the lineage of what is about
to be run; and the engine's own plan must read no table that the lineage has not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gateway.contracts.flow import Traced
from gateway.contracts.relation import Flow
from gateway.contracts.source_tables import SourceTables, systems_of
from gateway.contracts.sql_fault import SqlFault
from gateway.contracts.sql_lineage import trace_sql
from gateway.contracts.vocabulary import (
    NEVER_READ,
    PERSON_IDS,
    QUASI_IDENTIFIERS,
    RECORD_IDS,
    TEAM_TAGS,
)
from gateway.errors import ContractFault, IncomeRegisterRowsRefused
from gateway.model.product import INCOME_REGISTER, Column, Product, Transformation
from gateway.ports import Stored
from gateway.publishing.live_tables import LiveTables
from gateway.publishing.services import PublishServices


@dataclass(frozen=True, slots=True)
class _Statement:
    """One SQL text of a product. is_extract: it gives rows or cells, which are protected."""

    place: str
    sql: str
    is_extract: bool = False


def check_lineage(product: Product, *, as_of: date, services: PublishServices) -> None:
    """Refuse a product that reads what it may not, whatever it is called.

    Raises IncomeRegisterRowsRefused, ContractFault, WarehouseUnavailable.
    """
    stored = services.warehouse.stored()
    for statement in _statements(product):
        _check_functions(product, statement, stored)
        live = LiveTables(stored, services.catalog.tables)
        try:
            traced = trace_sql(statement.sql, live)
        except SqlFault as fault:
            raise ContractFault(
                f"{product.id}: {statement.place}: {fault.message} {fault.remedy}"
            ) from fault
        _check_systems(product, statement, traced, live)
        read = services.warehouse.tables_read(statement.sql, {"as_of": as_of})
        if not read <= live.base:
            raise _fault(product, statement, f"the engine reads {_list(read - live.base)} as well")
        if statement.is_extract:
            _check_columns(product, statement, traced)


def check_sources(product: Product) -> None:
    """Refuse a rows product that says itself that it is of the Income Register, before it is read.

    Dropped columns count too. Raises IncomeRegisterRowsRefused.
    """
    said = {*product.sources}
    for column in product.rows.columns if product.rows else ():
        said |= {*column.lineage, column.source}
    if product.rows is not None and any(INCOME_REGISTER in text.casefold() for text in said):
        raise IncomeRegisterRowsRefused(f"{product.id}: it names {INCOME_REGISTER}.")


def _statements(product: Product) -> Iterator[_Statement]:
    extracted = product.rows or product.cube
    if extracted is not None:
        yield _Statement("the extract", extracted.extract, is_extract=True)
    for dimension in product.cube.dimensions if product.cube else ():
        if dimension.codes_sql is not None:
            yield _Statement(f"the codes of {dimension.name}", dimension.codes_sql)
    for rule in product.dirt:
        yield _Statement(f"the quality rule {rule.name}", rule.count_sql)


def _check_functions(product: Product, statement: _Statement, stored: Stored) -> None:
    """A function that somebody has defined may read anything, whatever its arguments."""
    words = set(re.findall(r"\w+", statement.sql.casefold()))
    called = {f for f in stored.functions if f in words or not f.isidentifier()}
    if called:
        raise _fault(product, statement, f"{_list(called)} is a function of the warehouse's own")


def _check_systems(
    product: Product, statement: _Statement, traced: Traced, live: LiveTables
) -> None:
    """Raises IncomeRegisterRowsRefused, ContractFault."""
    origins = frozenset({*traced.reads, *live.reads})
    systems = systems_of(origins, live.with_comments())
    if INCOME_REGISTER in systems and not (statement.is_extract and product.rows is None):
        made = _list(_made_of_income(traced, live.with_comments())) or "nothing that is delivered"
        raise IncomeRegisterRowsRefused(
            f"{product.id}: {statement.place} reads {INCOME_REGISTER} data, and gives it to {made}. "
            "It may be used in the cells of a cube only."
        )
    unknown = live.undeclared(origins)
    if unknown:
        raise _fault(product, statement, f"nobody has said the source of {_list(unknown)}")
    unlisted = systems - set(product.sources)
    if unlisted:
        raise _fault(product, statement, f"it reads {_list(unlisted)}, which is not in `sources`")


def _made_of_income(traced: Traced, tables: SourceTables) -> set[str]:
    rows = traced.relation.rows
    return {
        column.name or "a column without a name"
        for column in traced.relation.columns
        if INCOME_REGISTER in systems_of(column.flow.all | rows, tables)
    }


def _check_columns(product: Product, statement: _Statement, traced: Traced) -> None:
    """What identifies a person does not change its nature behind the name that a view gives it."""
    taken = {dimension.column for dimension in product.cube.dimensions} if product.cube else set()
    for column in traced.relation.columns:
        if column.name in taken and _names(column.flow) & (NEVER_READ | TEAM_TAGS):
            raise _fault(product, statement, f"`{column.name}` is made from an identifier or a tag")
    for column in product.rows.columns if product.rows else ():
        made = traced.relation.flow_of(column.source)
        if column.is_delivered and (made is None or not _is_fit(column, _names(made))):
            raise _fault(
                product, statement, f"`{column.name}` comes from what it may not be made from"
            )


def _is_fit(column: Column, names: frozenset[str]) -> bool:
    how = column.transformation
    if names & (NEVER_READ | RECORD_IDS):
        return False
    if names & PERSON_IDS and how is not Transformation.PSEUDONYM:
        return False
    return not names & QUASI_IDENTIFIERS or how is Transformation.GENERALISE


def _names(flow: Flow) -> frozenset[str]:
    """The columns' own names in the tables that they come from."""
    return frozenset(origin.rpartition(".")[2] for origin in flow.values)


def _list(names: set[str] | frozenset[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _fault(product: Product, statement: _Statement, what: str) -> ContractFault:
    return ContractFault(f"{product.id}: {statement.place}: {what}.")
