"""The lineage of a statement's columns, from its text.

The parser is loaded late: the serve road runs no SQL, and has none.
"""

from __future__ import annotations

from gateway.contracts.flow import Tables, Traced, trace


def trace_sql(sql: str, tables: Tables) -> Traced:
    """Of one reading statement. Raises SqlFault."""
    from gateway.contracts.contract_sql import parse

    return trace(parse(sql), tables)


def trace_view(sql: str, tables: Tables) -> Traced:
    """Of the query in a statement that makes a view. Raises SqlFault."""
    from gateway.contracts.contract_sql import parse_view

    return trace(parse_view(sql), tables)
