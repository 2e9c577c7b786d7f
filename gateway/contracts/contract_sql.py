"""SQL text to `Query`: the one module that knows the SQL parser.

The parser's tree is read through closed lists. A kind of node, a function or a clause that is not on
them is refused, so nothing can reach a column by a way that the lineage does not follow.
Never loaded on the serve road, which runs no SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.expressions.core import Expr

from gateway.contracts.query import (
    Combined,
    CommonQuery,
    EveryColumn,
    Name,
    NamedSource,
    Output,
    Query,
    QuerySource,
    Reading,
    Select,
    Source,
    TableSource,
    ValuesSource,
)
from gateway.contracts.sql_fault import SqlFault

DIALECT = "duckdb"

# Expressions that are made from their parts and from nothing else.
_PLAIN: tuple[type[Expr], ...] = (
    exp.Literal, exp.Null, exp.Boolean, exp.Placeholder, exp.Paren, exp.Neg, exp.Not,
    exp.And, exp.Or, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.DPipe,
    exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ, exp.GT, exp.GTE, exp.LT, exp.LTE,
    exp.Is, exp.In, exp.Between, exp.Like, exp.ILike, exp.Escape, exp.Case, exp.If, exp.Cast,
    exp.TryCast, exp.DataType, exp.DataTypeParam, exp.Interval, exp.Var, exp.Tuple, exp.Where,
    exp.Having, exp.Qualify, exp.Distinct, exp.Order, exp.Ordered, exp.Window, exp.WindowSpec,
    exp.Filter, exp.IgnoreNulls,
)  # fmt: skip
# Functions of their arguments alone. What reads a file, a setting, the clock or chance is not here.
_FUNCTIONS: tuple[type[Expr], ...] = (
    exp.Abs, exp.Ceil, exp.Floor, exp.Round, exp.Sign, exp.Greatest, exp.Least, exp.Coalesce,
    exp.Nullif, exp.Length, exp.Lower, exp.Upper, exp.Trim, exp.Substring, exp.Left, exp.Right,
    exp.Pad, exp.Concat, exp.Replace, exp.StartsWith, exp.Year, exp.Month, exp.Day, exp.Quarter,
    exp.LastDay, exp.DateTrunc, exp.TimestampTrunc, exp.DateDiff, exp.DateAdd, exp.DateSub,
    exp.DateFromParts, exp.Extract, exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.ArgMax,
    exp.ArgMin, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead, exp.FirstValue,
    exp.LastValue,
)  # fmt: skip
_CLAUSES = {"with_", "expressions", "from_", "joins", "laterals", "where", "group", "having",
            "qualify", "order", "limit", "offset", "distinct"}  # fmt: skip
_CONDITIONS = ("where", "having", "qualify", "order", "limit", "offset", "distinct")
_ENDS = ("order", "limit", "offset")
_COMBINED = {"with_", "this", "expression", "distinct", "order", "limit", "offset"}
_JOINS = {"", "INNER", "CROSS", "OUTER"}
_SIDES = {"", "LEFT", "RIGHT", "FULL"}


@lru_cache(maxsize=256)
def parse(sql: str) -> Query:
    """One reading statement. Raises SqlFault."""
    try:
        statements = sqlglot.parse(sql, read=DIALECT)
    except (SqlglotError, RecursionError, ValueError) as error:
        raise SqlFault("The SQL cannot be read.", "Write one SELECT.", 0) from error
    if len(statements) != 1 or not isinstance(statements[0], (exp.Select, exp.SetOperation)):
        raise SqlFault("The SQL is not one reading statement.", "Write one SELECT.", 0)
    try:
        return _query(statements[0])
    except RecursionError as error:
        raise SqlFault("The SQL is too deep to be followed.", "Write it flatter.", 0) from error


@lru_cache(maxsize=256)
def parse_view(sql: str) -> Query:
    """The query of a view, from the statement that made it. Raises SqlFault."""
    try:
        statements = sqlglot.parse(sql, read=DIALECT)
    except (SqlglotError, RecursionError, ValueError) as error:
        raise SqlFault("The view cannot be read.", "Read a table instead.", 0) from error
    created = [each for each in statements if each is not None]
    if len(created) != 1 or not isinstance(created[0], exp.Create) or created[0].kind != "VIEW":
        raise SqlFault("The view is not made by one statement.", "Read a table instead.", 0)
    return _query(created[0].expression)


# --- queries ---------------------------------------------------------------------------------


def _query(node: object) -> Query:
    match node:
        case exp.Subquery() if not _given(node) - {"this"}:
            return _query(node.this)
        case exp.Select():
            return _select(node)
        case exp.SetOperation():
            return _combined(node)
        case _:
            raise _unknown(node)


def _select(node: exp.Select) -> Select:
    _only(node, _CLAUSES)
    if node.args.get("from_") is None and node.args.get("joins"):
        raise _unknown(node)
    outputs = tuple(_output(each) for each in node.expressions)
    items, parts = _from(node)
    parts += [part for name in _CONDITIONS if (part := node.args.get(name)) is not None]
    group = _group(node)
    conditions = _sum(_reading(part) for part in (*parts, *group))
    ordered = node.args["order"].expressions if node.args.get("order") else []
    numbers = (_number(part) for part in (*group, *(each.this for each in ordered)))
    return Select(
        common=_common(node),
        sources=tuple(_source(item) for item in items),
        outputs=outputs,
        conditions=conditions,
        positions=tuple(number for number in numbers if number is not None),
        is_distinct=node.args.get("distinct") is not None,
    )


def _combined(node: exp.SetOperation) -> Combined:
    _only(node, _COMBINED)
    is_plain = isinstance(node, exp.Union) and not node.args.get("distinct")
    return Combined(
        common=_common(node),
        left=_query(node.this),
        right=_query(node.expression),
        conditions=_sum(_reading(part) for name in _ENDS if (part := node.args.get(name))),
        is_plain=is_plain and not node.args.get("limit") and not node.args.get("offset"),
        offset=_offset(node),
    )


def _common(node: Expr) -> tuple[CommonQuery, ...]:
    clause = node.args.get("with_")
    if clause is None:
        return ()
    _only(clause, {"expressions", "recursive"})
    return tuple(
        _common_query(each, bool(clause.args.get("recursive"))) for each in clause.expressions
    )


def _common_query(node: Expr, may_recur: bool) -> CommonQuery:
    _only(node, {"this", "alias", "materialized"})
    alias, columns = _alias(node)
    if alias is None:
        raise _unknown(node)
    return CommonQuery(alias, columns, _query(node.this), may_recur)


def _output(node: Expr) -> Output | EveryColumn:
    match node:
        case exp.Star():
            _only(node, set())
            return EveryColumn(None, _offset(node))
        case exp.Column(this=exp.Star() as star):
            _only(star, set())
            return EveryColumn(_name(node).table, _offset(node))
        case exp.Alias():
            _only(node, {"this", "alias"})
            name = _identifier(node.args["alias"])
            return Output(name, _reading(node.this), is_count=_is_count(node.this))
        case exp.Column():
            return Output(_name(node).column, _reading(node))
        case _:
            return Output(None, _reading(node), is_count=_is_count(node))


def _is_count(node: Expr) -> bool:
    if isinstance(node, (exp.Paren, exp.Add, exp.Sub)):
        return all(_is_count(part) for part in _parts(node))
    return isinstance(node, exp.Count)


# --- FROM ------------------------------------------------------------------------------------

_Nodes = list[Expr]


def _from(node: exp.Select) -> tuple[_Nodes, _Nodes]:
    """The items of FROM, out of all parentheses, and the conditions of their joins."""
    first = node.args.get("from_")
    items, conditions = _items(first.this) if first is not None else ([], [])
    further, theirs = _joined(node)
    lateral = list(node.args.get("laterals") or ())
    return [*items, *further, *lateral], [*conditions, *theirs]


def _items(node: Expr) -> tuple[_Nodes, _Nodes]:
    """One item of FROM, which may be joins in parentheses."""
    is_query = isinstance(node.this, (exp.Select, exp.SetOperation))
    if not isinstance(node, exp.Subquery) or is_query:
        items, conditions = [node], []
    else:
        _only(node, {"this", "joins"})
        items, conditions = _items(node.this)
    further, theirs = _joined(node)
    return [*items, *further], [*conditions, *theirs]


def _joined(node: Expr) -> tuple[_Nodes, _Nodes]:
    """What is joined to a node, and on what conditions."""
    items: _Nodes = []
    conditions: _Nodes = []
    for join in node.args.get("joins") or ():
        _only(join, {"this", "on", "using", "kind", "side"})
        if join.text("kind").upper() not in _JOINS or join.text("side").upper() not in _SIDES:
            raise _unknown(join)
        inside, within = _items(join.this)
        items += inside
        conditions += [*within, *_join_conditions(join)]
    return items, conditions


def _source(node: Expr) -> Source:
    alias, columns = _alias(node)
    match node:
        case exp.Table():
            what = _table(node)
            alias = alias or (what.table if isinstance(what, TableSource) else what.name)
        case exp.Subquery():
            _only(node, {"this", "alias", "joins"})
            what = QuerySource(_query(node.this))
        case exp.Lateral(this=exp.Subquery() as inner):
            _only(node, {"this", "alias"})
            what = QuerySource(_query(inner), is_lateral=True)
        case exp.Values():
            _only(node, {"expressions", "alias", "joins"})
            what = ValuesSource(_values(node))
        case _:
            raise _unknown(node)
    return Source(what, alias, columns, _offset(node))


def _table(node: exp.Table) -> TableSource | NamedSource:
    _only(node, {"this", "db", "alias", "joins"})
    if not isinstance(node.this, exp.Identifier):
        raise _unknown(node.this)  # a function in place of a table
    schema, name = node.args.get("db"), _identifier(node.this)
    if schema is None:
        return NamedSource(name, _offset(node))
    return TableSource(_identifier(schema), name, _offset(node))


def _values(node: exp.Values) -> tuple[Reading, ...]:
    rows = [each.expressions for each in node.expressions if isinstance(each, exp.Tuple)]
    if len(rows) != len(node.expressions) or len({len(row) for row in rows}) != 1:
        raise _unknown(node)
    return tuple(_sum(_reading(cell) for cell in column) for column in zip(*rows, strict=True))


def _join_conditions(node: Expr) -> Iterator[Expr]:
    if node.args.get("on") is not None:
        yield node.args["on"]
    for name in node.args.get("using") or ():
        yield exp.Column(this=name) if isinstance(name, exp.Identifier) else name


def _alias(node: Expr) -> tuple[str | None, tuple[str, ...]]:
    alias = node.args.get("alias")
    if alias is None:
        return None, ()
    _only(alias, {"this", "columns"})
    name = _identifier(alias.this) if alias.this is not None else None
    return name, tuple(_identifier(column) for column in alias.args.get("columns") or ())


# --- expressions -----------------------------------------------------------------------------


def _reading(node: Expr) -> Reading:
    match node:
        case exp.Column():
            return Reading(names=(_name(node),))
        case exp.Subquery() | exp.Select() | exp.SetOperation():
            return Reading(queries=(_query(node),))
        case exp.Exists(this=exp.Select() | exp.SetOperation() | exp.Subquery() as query):
            return Reading(queries=(_query(query),))
        case exp.Count(this=exp.Star() as star):
            _only(star, set())
            return Reading()
        case exp.Placeholder() if node.name != "as_of":
            raise SqlFault("The SQL has another parameter.", "The one is `$as_of`.", _offset(node))
        case exp.Limit() | exp.Offset():
            _only(node, {"expression", "this"})
        case _ if not isinstance(node, (*_PLAIN, *_FUNCTIONS)):
            raise _unknown(node)
        case _:
            pass
    if node.args.get("alias") is not None:  # a named window
        raise _unknown(node)
    return _sum(_reading(part) for part in _parts(node))


def _parts(node: Expr) -> Iterator[Expr]:
    for value in node.args.values():
        for part in value if isinstance(value, list) else (value,):
            if isinstance(part, Expr):
                yield part


def _group(node: exp.Select) -> list[Expr]:
    group = node.args.get("group")
    if group is None:
        return []
    _only(group, {"expressions"})  # ALL, ROLLUP and CUBE name columns that are not written
    return group.expressions


def _number(node: Expr) -> int | None:
    is_number = isinstance(node, exp.Literal) and not node.is_string
    return int(node.name) if is_number and node.name.isdecimal() else None


def _name(node: exp.Column) -> Name:
    _only(node, {"this", "table"})
    table = node.args.get("table")
    column = "*" if isinstance(node.this, exp.Star) else _identifier(node.this)
    return Name(column, None if table is None else _identifier(table), _offset(node))


def _identifier(node: object) -> str:
    """A name in lower case. One of other signs than letters, digits and `_` has two readings."""
    if not isinstance(node, exp.Identifier) or not node.name.isascii():
        raise _unknown(node)
    name = node.name.lower()
    if not name.replace("_", "a").isalnum():
        raise SqlFault(f"`{name}` is no plain name.", "Use letters, digits and _.", _offset(node))
    return name


def _sum(readings: Iterable[Reading]) -> Reading:
    found = tuple(readings)
    names = tuple(name for reading in found for name in reading.names)
    return Reading(names, tuple(query for reading in found for query in reading.queries))


# --- refusing --------------------------------------------------------------------------------


def _given(node: Expr) -> set[str]:
    return {name for name, value in node.args.items() if value}


def _only(node: Expr, known: set[str]) -> None:
    """Refuse a node with a part that is not followed."""
    for name in sorted(_given(node) - known):
        part = node.args[name]
        raise _unknown(part if isinstance(part, Expr) else node, name.strip("_"))


def _unknown(node: object, part: str = "") -> SqlFault:
    if not isinstance(node, Expr):
        return SqlFault("The SQL has a part that is not followed.", "Write it plainly.", 0)
    named = isinstance(node, exp.Anonymous) and isinstance(node.this, str)
    word = node.this if named else part or type(node).__name__
    return SqlFault(
        f"`{word.lower()}` has no place in contract SQL.",
        "Write one SELECT over the source tables, with the plain clauses and functions of docs/contracts.md.",
        _offset(node),
    )


def _offset(node: Expr) -> int:
    """Where the node, or the first part of it that has a place, begins."""
    places = (each.meta["start"] for each in node.walk() if "start" in each.meta)
    return min(places, default=0)
