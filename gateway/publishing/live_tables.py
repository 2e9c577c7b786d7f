"""The tables as the warehouse has them now: views followed to the tables beneath, origins summed.

A contract was checked against `products/sources`. The warehouse may say more: that what is declared
as a table is a view over others, or, in a comment `origin: <system>`, where a table comes from. What
it says is added to what is declared, and takes nothing away from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from gateway.contracts.query import TableSource
from gateway.contracts.relation import Flow, FlowColumn, Origins, Relation
from gateway.contracts.source_tables import SourceTables, relation_of, unknown_table
from gateway.contracts.sql_fault import SqlFault
from gateway.contracts.sql_lineage import trace_view
from gateway.ports import Stored, StoredRelation

_ORIGIN = re.compile(r"origin:\s*(\w+(?:\s*,\s*\w+)*)", re.IGNORECASE)


@dataclass(slots=True)
class LiveTables:
    """`Tables` over a warehouse. base: the tables reached so far; reads: all that views read."""

    stored: Stored
    declared: SourceTables
    base: set[str] = field(default_factory=set[str])
    reads: set[str] = field(default_factory=set[str])
    views: list[str] = field(default_factory=list[str])

    def find(self, table: TableSource) -> Relation:
        """Raises SqlFault for a table that is not declared, or is not there."""
        relation = self.stored.relations.get(table.name)
        if table.name not in self.declared:
            raise unknown_table(table)
        if relation is None:
            message = f"`{table.name}` is not in the warehouse."
            raise SqlFault(message, "Read another table.", table.offset)
        if relation.view is None:
            self.base.add(table.name)
            return relation_of(table.name, relation.columns)
        return self._view(table, relation, relation.view)

    def _view(self, table: TableSource, relation: StoredRelation, sql: str) -> Relation:
        """What the view's columns come from, and the view itself: it is declared like a table."""
        if self.views.count(table.name) or len(self.views) > 1000:
            raise SqlFault(f"`{table.name}` is made of itself.", "Read a table.", table.offset)
        self.views.append(table.name)
        traced = trace_view(sql, self)
        self.views.remove(table.name)
        self.reads |= traced.reads.keys()
        if len(traced.relation.columns) != len(relation.columns):
            raise SqlFault(f"`{table.name}` cannot be followed.", "Read a table.", table.offset)
        named = zip(relation.columns, traced.relation.columns, strict=True)
        columns = tuple(
            FlowColumn(name, made.flow | Flow(frozenset({f"{table.name}.{name}"})))
            for name, made in named
        )
        return Relation(columns, traced.relation.rows | {f"{table.name}.*"})

    def undeclared(self, origins: Origins) -> tuple[str, ...]:
        """The columns that nobody has declared."""
        found: list[str] = []
        for origin in sorted(origins):
            table, _, column = origin.rpartition(".")
            known = self.declared.get(table)
            if known is None or column not in (*known.columns, "*"):
                found.append(origin)
        return tuple(found)

    def with_comments(self) -> SourceTables:
        """The declared tables, with the origins that the warehouse's comments add."""
        tables = dict(self.declared)
        for name, relation in self.stored.relations.items():
            noted = {
                system.strip().lower()
                for systems in _ORIGIN.findall(relation.comment)
                for system in systems.split(",")
            }
            if noted and name in tables:
                tables[name] = replace(tables[name], origin=tables[name].origin | noted)
        return tables
