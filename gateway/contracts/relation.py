"""Where the columns of a table or a query come from, as values: what `flow` adds up.

A column of a table is `schema.table.column`; that the table was read at all, `schema.table.*`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Origins = frozenset[str]
NOTHING: Origins = frozenset()


@dataclass(frozen=True, slots=True)
class Flow:
    """What a value is computed from, and what decides that it is this one."""

    values: Origins = NOTHING
    conditions: Origins = NOTHING

    def __or__(self, other: Flow) -> Flow:
        return Flow(self.values | other.values, self.conditions | other.conditions)

    @property
    def all(self) -> Origins:
        return self.values | self.conditions


@dataclass(frozen=True, slots=True)
class FlowColumn:
    name: str | None
    flow: Flow


@dataclass(frozen=True, slots=True)
class Relation:
    """The columns of a table or a query, and what decides which rows it has."""

    columns: tuple[FlowColumn, ...]
    rows: Origins

    def flow_of(self, name: str) -> Flow | None:
        """None when there is no such column; of several by one name, all of them."""
        found = [column.flow for column in self.columns if column.name == name]
        return joined(found) if found else None

    def renamed(self, names: tuple[str, ...]) -> Relation:
        """The first columns under new names."""
        new = (*names, *(column.name for column in self.columns[len(names) :]))
        pairs = zip(new, self.columns, strict=False)
        return Relation(tuple(FlowColumn(name, old.flow) for name, old in pairs), self.rows)


def joined(flows: Iterable[Flow]) -> Flow:
    whole = Flow()
    for flow in flows:
        whole |= flow
    return whole
