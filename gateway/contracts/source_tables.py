"""The tables that contracts may read: `products/sources/<schema>.yaml`.

The file says which columns a table has and which source systems it comes from. What is not said
there is not known, and what is not known is not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from gateway.contracts.faults import ContractFaults, Fault
from gateway.contracts.marked_yaml import MarkedYaml, read_marked
from gateway.contracts.query import TableSource
from gateway.contracts.relation import Flow, FlowColumn, Origins, Relation
from gateway.contracts.sql_fault import SqlFault
from gateway.contracts.strict_model import Name, StrictModel, read_terms
from gateway.contracts.vocabulary import PLATFORM_SCHEMA, SOURCE_SYSTEMS
from gateway.model.product import INCOME_REGISTER


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table of the warehouse: its columns, and the source systems that it comes from."""

    name: str
    columns: tuple[str, ...]
    origin: frozenset[str]


class TableTerms(StrictModel):
    """origin: the systems it comes from; its schema's own when left out, none when empty."""

    columns: Annotated[tuple[Name, ...], Field(min_length=1)]
    origin: tuple[Name, ...] | None = None


class SchemaTerms(StrictModel):
    schema_name: Annotated[Name, Field(alias="schema")]
    tables: Annotated[dict[Name, TableTerms], Field(min_length=1)]


SourceTables = Mapping[str, SourceTable]


@dataclass(frozen=True, slots=True)
class DeclaredTables:
    """`Tables` as the files declare them, for a check without a warehouse."""

    tables: SourceTables

    def find(self, table: TableSource) -> Relation:
        known = self.tables.get(table.name)
        if known is None:
            raise unknown_table(table)
        return relation_of(table.name, known.columns)


def unknown_table(table: TableSource) -> SqlFault:
    message = f"`{table.name}` is a table that nobody has said the source of."
    remedy = f"Read another table, or add it to products/sources/{table.schema}.yaml."
    return SqlFault(message, remedy, table.offset)


def relation_of(name: str, columns: Iterable[str]) -> Relation:
    """A table that is read as it is."""
    flows = (FlowColumn(each, Flow(frozenset({f"{name}.{each}"}))) for each in columns)
    return Relation(tuple(flows), frozenset({f"{name}.*"}))


def systems_of(origins: Origins, tables: SourceTables) -> frozenset[str]:
    """The source systems behind columns; of a table that is not known, its schema's name.

    Whatever is called after the Income Register is of it, whatever a file says.
    """
    systems: set[str] = set()
    for origin in origins:
        table = origin.rpartition(".")[0]
        known = tables.get(table)
        systems |= {table.partition(".")[0]} if known is None else known.origin
        if INCOME_REGISTER in origin:
            systems.add(INCOME_REGISTER)
    return frozenset(systems)


def read_source_tables(folder: Path) -> SourceTables:
    """Every `*.yaml` of the folder. Raises ContractFaults."""
    tables: dict[str, SourceTable] = {}
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            tables |= _read(path)
        except ContractFaults as found:
            faults += found.faults
    if faults:
        raise ContractFaults(faults)
    return tables


def _read(path: Path) -> Mapping[str, SourceTable]:
    source = read_marked(path)
    terms = read_terms(SchemaTerms, source.value, source, ())
    faults = tuple(_faults(terms, source, path.stem))
    if faults:
        raise ContractFaults(faults)
    schema = terms.schema_name
    return {
        f"{schema}.{name}": SourceTable(
            f"{schema}.{name}",
            table.columns,
            frozenset({schema} if table.origin is None else table.origin),
        )
        for name, table in terms.tables.items()
    }


def _faults(terms: SchemaTerms, source: MarkedYaml, stem: str) -> Iterator[Fault]:
    if terms.schema_name != stem:
        remedy = f"Write `schema: {stem}`, or rename the file to {terms.schema_name}.yaml."
        yield source.fault(("schema",), "The file is not named after the schema.", remedy)
    if terms.schema_name not in {*SOURCE_SYSTEMS, PLATFORM_SCHEMA}:
        remedy = f"Use one of: {', '.join(sorted(SOURCE_SYSTEMS))}."
        yield source.fault(("schema",), f"`{stem}` is not a source system.", remedy)
    for name, table in terms.tables.items():
        path = ("tables", name)
        for system in sorted(set(table.origin or ()) - SOURCE_SYSTEMS):
            remedy = f"Use one of: {', '.join(sorted(SOURCE_SYSTEMS))}."
            message = f"`{system}` is not a source system of the warehouse."
            yield source.fault((*path, "origin"), message, remedy)
        if table.origin == () and terms.schema_name != PLATFORM_SCHEMA:
            message = f"`{name}` comes from nowhere."
            yield source.fault((*path, "origin"), message, "Name its source systems.")
        for column in sorted({c for c in table.columns if table.columns.count(c) > 1}):
            message = f"`{name}` has the column `{column}` twice."
            yield source.fault((*path, "columns"), message, "Keep one of the two.")
