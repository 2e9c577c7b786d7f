"""Where every column of a query comes from, through every query within it.

Two flows are kept apart. *Values*: the columns that a value is computed from. *Conditions*: the
columns that decide whether a row is there at all, and which one: WHERE, the conditions of joins,
groups, QUALIFY, order and limits, and that a table was read. Both tell of what they come from, so a
ban follows both; a column's declared lineage names its values.

Where engines could read a name in two ways, both are taken. Source of the idea: Denning (1976), A
Lattice Model of Secure Information Flow, for implicit flows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from gateway.contracts.query import (
    Combined,
    CommonQuery,
    EveryColumn,
    Name,
    NamedSource,
    Query,
    QuerySource,
    Reading,
    Select,
    Source,
    TableSource,
    ValuesSource,
)
from gateway.contracts.relation import NOTHING, Flow, FlowColumn, Origins, Relation, joined
from gateway.contracts.sql_fault import SqlFault


class Tables(Protocol):
    def find(self, table: TableSource) -> Relation:
        """Raises SqlFault when nobody has said what the table is."""
        ...


@dataclass(frozen=True, slots=True)
class Traced:
    """A query with its relation, and what any part of it reads, used or not.

    reads: columns and tables, with the place where each is first read; stars: places of `*`.
    """

    query: Query
    relation: Relation
    tables: tuple[TableSource, ...]
    reads: Mapping[str, int]
    stars: tuple[int, ...]


@dataclass(slots=True)
class _Seen:
    tables: list[TableSource] = field(default_factory=list[TableSource])
    reads: dict[str, int] = field(default_factory=dict[str, int])
    stars: list[int] = field(default_factory=list[int])

    def note(self, origins: Origins, offset: int) -> None:
        for origin in sorted(origins):
            self.reads.setdefault(origin, offset)


@dataclass(frozen=True, slots=True)
class _Scope:
    """sources: relation by the name that its columns go by; outputs: names that the SELECT gives.

    is_sure: False where some engines would look into these sources and others only further out.
    """

    sources: Sequence[tuple[str | None, Relation]]
    outputs: Mapping[str, Flow]
    outer: _Scope | None
    is_sure: bool = True


_Common = Mapping[str, Relation]


def trace(query: Query, tables: Tables) -> Traced:
    """Raises SqlFault when a name cannot be followed to a table."""
    seen = _Seen()
    relation = _Tracer(tables, seen).query(query, {}, None)
    return Traced(query, relation, tuple(seen.tables), dict(seen.reads), tuple(seen.stars))


@dataclass(frozen=True, slots=True)
class _Tracer:
    tables: Tables
    seen: _Seen

    def query(self, query: Query, common: _Common, outer: _Scope | None) -> Relation:
        known = self._with(query.common, common, outer)
        match query:
            case Select():
                return self._select(query, known, outer)
            case Combined():
                return self._combined(query, known, outer)

    def _with(
        self, queries: tuple[CommonQuery, ...], common: _Common, outer: _Scope | None
    ) -> _Common:
        known = dict(common)
        for each in queries:
            relation = self._common(each, known, outer)
            known[each.name] = relation
        return known

    def _common(self, each: CommonQuery, common: _Common, outer: _Scope | None) -> Relation:
        """A query that reads itself is followed until nothing new flows into it."""
        query = each.query
        if not each.may_recur or not isinstance(query, Combined):
            return self.query(query, common, outer).renamed(each.columns)
        within = self._with(query.common, common, outer)
        relation = self.query(query.left, within, outer).renamed(each.columns)
        while True:
            again = self.query(query, {**common, each.name: relation}, outer)
            further = again.renamed(each.columns)
            if further == relation:
                return relation
            relation = further

    def _combined(self, query: Combined, common: _Common, outer: _Scope | None) -> Relation:
        left = self.query(query.left, common, outer)
        right = self.query(query.right, common, outer)
        if len(left.columns) != len(right.columns):
            raise SqlFault("Two combined queries differ in columns.", "Align them.", query.offset)
        pairs = zip(left.columns, right.columns, strict=True)
        columns = tuple(FlowColumn(one.name, one.flow | two.flow) for one, two in pairs)
        ends = _Scope(((None, Relation(columns, NOTHING)),), {}, outer)
        decided = self._reading(query.conditions, ends, common, is_condition=True)
        rows = left.rows | right.rows | decided.all
        if not query.is_plain:
            rows |= joined(column.flow for column in columns).all
        return Relation(columns, rows)

    def _select(self, select: Select, common: _Common, outer: _Scope | None) -> Relation:
        sources: list[tuple[str | None, Relation]] = []
        for source in select.sources:
            beside = _Scope(tuple(sources), {}, outer)
            relation = self._source(source, common, beside).renamed(source.columns)
            if source.alias is not None and source.alias in dict(sources):
                message = f"`{source.alias}` stands for two things."
                raise SqlFault(message, "Give each its own alias.", source.offset)
            sources.append((source.alias, relation))
        columns, scope = self._outputs(select, sources, common, outer)
        decided = self._reading(select.conditions, scope, common, is_condition=True).all
        for position in select.positions:
            decided |= columns[position - 1].flow.all if position <= len(columns) else NOTHING
        if select.is_distinct:
            decided |= joined(column.flow for column in columns).all
        rows = decided.union(*(relation.rows for _, relation in sources))
        return Relation(tuple(columns), rows)

    def _source(self, source: Source, common: _Common, beside: _Scope) -> Relation:
        match source.what:
            case TableSource() as table:
                relation = self.tables.find(table)
                self.seen.tables.append(table)
                self.seen.note(relation.rows, table.offset)
                return relation
            case NamedSource(name, offset):
                if name not in common:
                    message = f"`{name}` is not a source table."
                    remedy = "Write `system.table`, or a name that the WITH clause gives."
                    raise SqlFault(message, remedy, offset)
                return common[name]
            case QuerySource(query, is_lateral):
                return self.query(query, common, replace(beside, is_sure=is_lateral))
            case ValuesSource(columns):
                flows = (self._reading(each, beside, common) for each in columns)
                named = enumerate(flows)
                return Relation(tuple(FlowColumn(f"col{i}", flow) for i, flow in named), NOTHING)

    def _outputs(
        self,
        select: Select,
        sources: Sequence[tuple[str | None, Relation]],
        common: _Common,
        outer: _Scope | None,
    ) -> tuple[list[FlowColumn], _Scope]:
        columns: list[FlowColumn] = []
        outputs: dict[str, Flow] = {}
        scope = _Scope(sources, outputs, outer)
        for output in select.outputs:
            if isinstance(output, EveryColumn):
                columns += self._every(output, sources)
                continue
            flow = self._reading(output.reading, scope, common)
            columns.append(FlowColumn(output.name, flow))
            if output.name is not None:
                outputs[output.name] = outputs.get(output.name, Flow()) | flow
        return columns, scope

    def _every(
        self, output: EveryColumn, sources: Sequence[tuple[str | None, Relation]]
    ) -> list[FlowColumn]:
        found = [r for alias, r in sources if output.table is None or alias == output.table]
        if not found:
            raise _unfollowed(Name("*", output.table, output.offset))
        columns = [column for relation in found for column in relation.columns]
        self.seen.stars.append(output.offset)
        self.seen.note(joined(column.flow for column in columns).all, output.offset)
        names = [column.name for column in columns]
        if len(set(names)) < len(names) or None in names:
            # How many columns there are would depend on the join, and their order with it.
            message = "`*` gives columns without a name of their own."
            raise SqlFault(message, "Name the columns.", output.offset)
        return columns

    # --- expressions -------------------------------------------------------------------------

    def _reading(
        self, reading: Reading, scope: _Scope, common: _Common, *, is_condition: bool = False
    ) -> Flow:
        flow = Flow()
        for name in reading.names:
            one = _resolve(name, scope, is_condition=is_condition)
            self.seen.note(one.all, name.offset)
            flow |= one
        for query in reading.queries:
            relation = self.query(query, common, scope)
            value = joined(column.flow for column in relation.columns)
            # EXISTS and count(*) give a value that only the rows make.
            values = value.values or relation.rows
            flow |= Flow(values, value.conditions | relation.rows)
        return flow


def _resolve(name: Name, scope: _Scope, *, is_condition: bool) -> Flow:
    if name.table is not None:
        return _qualified(name, name.table, scope)
    found = [flow for _, r in scope.sources if (flow := r.flow_of(name.column)) is not None]
    if found and scope.is_sure and not is_condition:
        return joined(found)
    if not found and any(alias == name.column for alias, _ in scope.sources):
        message = f"`{name.column}` is a whole row of a source table."
        raise SqlFault(message, "Name one of its columns.", name.offset)
    given = scope.outputs.get(name.column)
    if given is not None:
        found.append(given)  # in a condition, engines differ in which they prefer
    if found and given is None and scope.is_sure:
        return joined(found)
    return joined([*found, *_further_out(name, scope, is_needed=not found)])


def _qualified(name: Name, table: str, scope: _Scope) -> Flow:
    for alias, relation in scope.sources:
        if alias == table:
            flow = relation.flow_of(name.column)
            if flow is None:
                raise _unfollowed(name)
            if scope.is_sure:
                return flow
            return joined([flow, *_further_out(name, scope, is_needed=False)])
    return joined(_further_out(name, scope, is_needed=True))


def _further_out(name: Name, scope: _Scope, *, is_needed: bool) -> list[Flow]:
    """What the name may mean in the queries around this one."""
    if scope.outer is None:
        if is_needed:
            raise _unfollowed(name)
        return []
    try:
        return [_resolve(name, scope.outer, is_condition=False)]
    except SqlFault:
        if is_needed:
            raise
        return []


def _unfollowed(name: Name) -> SqlFault:
    written = name.column if name.table is None else f"{name.table}.{name.column}"
    message = f"`{written}` cannot be followed to a column of a source table."
    return SqlFault(message, "Correct the name, or add it to products/sources.", name.offset)
