"""A query as the lineage reads it: what it takes from where, without how it computes.

Names are in lower case, as the engines compare them. offset: place in the SQL text, for a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Name:
    """A column as it is written: `column`, or `table.column`."""

    column: str
    table: str | None
    offset: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What an expression is made from: columns, and queries within it (also of EXISTS and IN)."""

    names: tuple[Name, ...] = ()
    queries: tuple[Query, ...] = ()

    def __add__(self, other: Reading) -> Reading:
        return Reading(self.names + other.names, self.queries + other.queries)


@dataclass(frozen=True, slots=True)
class Output:
    """One column of a SELECT. name: None where it has none that anybody could use.

    is_count: made of counts and of nothing else.
    """

    name: str | None
    reading: Reading
    is_count: bool = False


@dataclass(frozen=True, slots=True)
class EveryColumn:
    """`*`, or `table.*`."""

    table: str | None
    offset: int


@dataclass(frozen=True, slots=True)
class TableSource:
    """`schema.table`."""

    schema: str
    table: str
    offset: int

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True, slots=True)
class NamedSource:
    """A query that WITH has named."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class QuerySource:
    """A query in parentheses; it sees the sources beside it when it is lateral."""

    query: Query
    is_lateral: bool = False


@dataclass(frozen=True, slots=True)
class ValuesSource:
    """`VALUES`: what each of its columns is made from."""

    columns: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """One item of FROM. alias: what its columns go by; columns: new names for the first of them."""

    what: TableSource | NamedSource | QuerySource | ValuesSource
    alias: str | None
    columns: tuple[str, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class CommonQuery:
    """One query of a WITH clause."""

    name: str
    columns: tuple[str, ...]
    query: Query
    may_recur: bool


@dataclass(frozen=True, slots=True)
class Select:
    """conditions: all that decides which rows there are, in which group and order.

    positions: outputs named by number, from 1, in GROUP BY and ORDER BY; is_distinct: all of them
    decide.
    """

    common: tuple[CommonQuery, ...]
    sources: tuple[Source, ...]
    outputs: tuple[Output | EveryColumn, ...]
    conditions: Reading
    positions: tuple[int, ...] = ()
    is_distinct: bool = False


@dataclass(frozen=True, slots=True)
class Combined:
    """UNION, EXCEPT or INTERSECT. is_plain: UNION ALL, whose rows no value decides.

    conditions: order and limits, which read the combined columns.
    """

    common: tuple[CommonQuery, ...]
    left: Query
    right: Query
    conditions: Reading
    is_plain: bool
    offset: int


Query: TypeAlias = Select | Combined
