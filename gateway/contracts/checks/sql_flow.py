"""What the SQL of a contract reads, and where its columns come from.

The lineage of every column is worked out from the statement (`gateway.contracts.flow`), down to the
tables of `products/sources`, and held against what the contract says. No name decides here: a column
is of the Income Register when what it comes from is.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.contracts.column_terms import DimensionTerms, MeasureTerms, RowsColumnTerms
from gateway.contracts.contract import Contract, ContractColumn, ContractSql
from gateway.contracts.faults import Fault
from gateway.contracts.flow import Traced
from gateway.contracts.query import Select
from gateway.contracts.relation import FlowColumn
from gateway.contracts.source_tables import DeclaredTables, SourceTables, systems_of
from gateway.contracts.sql_fault import SqlFault
from gateway.contracts.sql_lineage import trace_sql
from gateway.contracts.vocabulary import NEVER_READ
from gateway.model.product import INCOME_REGISTER, ProductKind

_ROWS_BAN = "Income Register data is never delivered as rows"
_TAKE_OUT = "Take it out of this product; it may be used in a cube."


def check_sql_flow(contract: Contract, tables: SourceTables) -> Iterator[Fault]:
    for query in contract.queries:
        try:
            traced = trace_sql(query.text, DeclaredTables(tables))
        except SqlFault as fault:
            yield _at(contract, query, fault.offset, fault.message, fault.remedy)
            continue
        yield from _shape(contract, query, traced)
        yield from _systems(contract, query, traced, tables)
        if query.is_extract:
            yield from _never_read(contract, query, traced)
            yield from _given(contract, query, traced)
            yield from _declared(contract, traced)


def _at(contract: Contract, query: ContractSql, offset: int, message: str, remedy: str) -> Fault:
    line = contract.source.text_line(query.place, offset)
    return Fault(contract.source.file, line, message, remedy)


def _shape(contract: Contract, query: ContractSql, traced: Traced) -> Iterator[Fault]:
    for offset in traced.stars:
        message = "The SQL takes every column of a table."
        yield _at(contract, query, offset, message, "Name the columns.")
    if query.is_read:
        return
    outputs = traced.query.outputs if isinstance(traced.query, Select) else ()
    if [getattr(output, "is_count", False) for output in outputs] != [True]:
        # Its number is told to every reader as it is, so it must not be able to hold a value.
        message = "A quality rule gives something else than one count."
        yield contract.fault(query.place, message, "Write `SELECT count(…) FROM …`.")


def _systems(
    contract: Contract, query: ContractSql, traced: Traced, tables: SourceTables
) -> Iterator[Fault]:
    """Every source is listed; the Income Register's reach the protected cells of a cube alone."""
    is_cell = query.is_extract and contract.product.kind is ProductKind.CUBE
    told: set[tuple[str, str]] = set()
    for origin, offset in sorted(traced.reads.items(), key=lambda item: item[1]):
        table = origin.rpartition(".")[0]
        for system in sorted(systems_of(frozenset({origin}), tables)):
            if (table, system) in told:
                continue
            told.add((table, system))
            if system == INCOME_REGISTER and not is_cell:
                yield _at(contract, query, offset, *_banned(contract, table, traced, tables))
            if system not in contract.product.sources:
                message = (
                    f"The SQL reads `{table}`, of a system that the contract does not list:"
                    f" `{system}`."
                )
                remedy = f"Add `{system}` to `sources`, or read another table."
                yield _at(contract, query, offset, message, remedy)


def _banned(
    contract: Contract, table: str, traced: Traced, tables: SourceTables
) -> tuple[str, str]:
    if contract.product.kind is ProductKind.CUBE:
        message = f"Labels and counts of faults are never protected, and `{table}` is of incomes."
        return message, "Read the Income Register in the extract only."
    rows = traced.relation.rows
    made = [
        column.name or "a column without a name"
        for column in traced.relation.columns
        if INCOME_REGISTER in systems_of(column.flow.all | rows, tables)
    ]
    reached = f"; it reaches {', '.join(made)}" if made else ""
    return f"{_ROWS_BAN}: `{table}` comes from it{reached}.", _TAKE_OUT


def _never_read(contract: Contract, query: ContractSql, traced: Traced) -> Iterator[Fault]:
    dropped = {name for c in contract.columns if c.is_dropped for name in c.source_names}
    for origin, offset in traced.reads.items():
        name = origin.rpartition(".")[2]
        if name in NEVER_READ - dropped:
            message = f"The extract reads `{name}`, which is never delivered."
            remedy = "Leave it out; what is not read cannot leak."
            yield _at(contract, query, offset, message, remedy)


def _given(contract: Contract, query: ContractSql, traced: Traced) -> Iterator[Fault]:
    """Every column that the contract takes from the extract is there, once."""
    names = [column.name for column in traced.relation.columns]
    rows = contract.product.rows
    wanted = {_taken(contract, column) for column in contract.columns}
    wanted |= {rows.person, rows.municipality} if rows else set()
    cube = contract.product.cube
    wanted |= {name for measure in cube.measures for name in measure.columns} if cube else set()
    for name in sorted(each for each in wanted if each is not None):
        if names.count(name) != 1:
            message = f"The extract gives {names.count(name)} columns called `{name}`."
            yield contract.fault(query.place, message, f"Give one, with `AS {name}`.")


def _taken(contract: Contract, column: ContractColumn) -> str | None:
    """The column of the extract that a column is made from; a share's is its numerator's."""
    match column.terms:
        case RowsColumnTerms(source=source):
            return source or column.name
        case DimensionTerms(column=source):
            return source or column.name
        case MeasureTerms(numerator=str(numerator)):
            return next(
                (_taken(contract, c) for c in contract.columns if c.name == numerator), None
            )
        case MeasureTerms(column=source):
            return source


def _declared(contract: Contract, traced: Traced) -> Iterator[Fault]:
    """The declared lineage names every column that a value is made from, and none that it is not."""
    for column in contract.columns:
        found = [c for c in traced.relation.columns if c.name == _taken(contract, column)]
        if len(found) == 1:
            yield from _agrees(contract, column, found[0], traced)
        for further in (c for c in traced.relation.columns if c.name in _beside(contract, column)):
            yield from _unsaid(contract, column, further.flow.values - _placing(contract))


def _beside(contract: Contract, column: ContractColumn) -> set[str]:
    """The further columns of the extract that decide what is told of a measure."""
    cube = contract.product.cube
    own = [m for m in cube.measures if m.name == column.name] if cube else []
    return {name for measure in own for name in measure.columns[1:]}


def _placing(contract: Contract) -> set[str]:
    """What the dimensions are made from: by these columns the extract says whose amounts are compared."""
    dimensions = (c for c in contract.columns if isinstance(c.terms, DimensionTerms))
    return {item.casefold() for column in dimensions for item in column.lineage}


def _unsaid(contract: Contract, column: ContractColumn, values: frozenset[str]) -> Iterator[Fault]:
    missing = sorted(values - {item.casefold() for item in column.lineage})
    if missing:
        message = f"`{column.name}` is also made from {', '.join(f'`{one}`' for one in missing)}."
        place = (*column.place, "transformSourceObjects")
        yield contract.fault(place, message, "Add it to `transformSourceObjects`.")


def _agrees(
    contract: Contract, column: ContractColumn, found: FlowColumn, traced: Traced
) -> Iterator[Fault]:
    place = (*column.place, "transformSourceObjects")
    yield from _unsaid(contract, column, found.flow.values)
    if not found.flow.values and isinstance(column.terms, RowsColumnTerms):
        message = f"`{column.name}` is made from no source column."
        remedy = "Compute it from the columns that it tells of, as in CASE, and not by a join."
        yield contract.fault(place, message, remedy)
    known = found.flow.all | traced.relation.rows
    for index, item in enumerate(column.lineage):
        if item.casefold() not in known:
            message = f"The extract does not read `{item}` for `{column.name}`."
            yield contract.fault((*place, index), message, "Correct the lineage, or the extract.")
