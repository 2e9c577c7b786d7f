"""The SQL of a contract: one reading statement over the sources that the contract names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.contracts.contract import Contract, ContractSql
from gateway.contracts.extract_sql import Found, marks, parameters, tables, without_texts, words
from gateway.contracts.faults import Fault
from gateway.contracts.vocabulary import NEVER_READ, PLATFORM_SCHEMA

AS_OF = "$as_of"
_BEGINNING = re.compile(r"\s*(?:SELECT|WITH)\b", re.IGNORECASE)
_TABLE_NAME = re.compile(r'"?(\w+)"?\."?(\w+)"?')
_DOING = (
    "INSERT|UPDATE|DELETE|MERGE|TRUNCATE|CREATE|ALTER|DROP|GRANT|REVOKE|COPY|EXPORT|IMPORT|ATTACH"
    "|DETACH|INSTALL|LOAD|PRAGMA|CALL|EXECUTE|PREPARE|VACUUM|CHECKPOINT|INTO|GETENV|GLOB"
    r"|READ_\w+|\w+_SCAN|QUERY|QUERY_TABLE"
)


def check_statements(contract: Contract) -> Iterator[Fault]:
    for query in contract.queries:
        yield from _form(contract, query)
        yield from _placeholders(contract, query)
        yield from _tables(contract, query)
        if query.is_read:
            yield from _columns(contract, query)
    yield from _unread_sources(contract)


def _at(
    contract: Contract, query: ContractSql, found: Found, *, message: str, remedy: str
) -> Fault:
    line = contract.source.text_line(query.place, found.offset)
    return Fault(contract.source.file, line, message, remedy)


def _form(contract: Contract, query: ContractSql) -> Iterator[Fault]:
    if not _BEGINNING.match(without_texts(query.text)):
        remedy = "Begin with SELECT or WITH."
        yield contract.fault(query.place, "The SQL does not only read.", remedy)
    for found in marks(query.text, ";"):
        message, remedy = "The SQL holds a semicolon.", "Write one statement, without `;`."
        yield _at(contract, query, found, message=message, remedy=remedy)
    for found in words(query.text, _DOING):
        message = f"`{found.text}` has no place in contract SQL."
        remedy = "Write one SELECT over the source tables."
        yield _at(contract, query, found, message=message, remedy=remedy)


def _placeholders(contract: Contract, query: ContractSql) -> Iterator[Fault]:
    found = tuple(parameters(query.text))
    for parameter in found:
        if parameter.text != AS_OF:
            message = f"`{parameter.text}` is not a parameter of contract SQL."
            remedy = f"The one parameter is `{AS_OF}`."
            yield _at(contract, query, parameter, message=message, remedy=remedy)
    if query.is_dated and not any(parameter.text == AS_OF for parameter in found):
        message = f"The SQL does not use `{AS_OF}`, so it is not of one day."
        yield contract.fault(query.place, message, f"Limit it by `{AS_OF}`.")


def _tables(contract: Contract, query: ContractSql) -> Iterator[Fault]:
    known = {*contract.product.sources, PLATFORM_SCHEMA}
    for found in tables(query.text):
        name = _TABLE_NAME.fullmatch(found.text)
        if name is None:
            message = f"`{found.text}` is not a source table."
            remedy = "Write `system.table`, or a name that the WITH clause gives."
            yield _at(contract, query, found, message=message, remedy=remedy)
        elif name[1].casefold() not in known:
            message = f"The SQL reads `{found.text}`, a system that the contract does not list."
            remedy = f"Add `{name[1].casefold()}` to `sources`, or read another table."
            yield _at(contract, query, found, message=message, remedy=remedy)


def _columns(contract: Contract, query: ContractSql) -> Iterator[Fault]:
    """An extract names every column, so that what it reads can be held against the lineage."""
    dropped = {name for c in contract.columns if c.is_dropped for name in c.source_names}
    for found in words(query.text, "|".join(sorted(NEVER_READ - dropped))):
        message = f"The extract reads `{found.text}`, which is never delivered."
        remedy = "Leave it out; what is not read cannot leak."
        yield _at(contract, query, found, message=message, remedy=remedy)


def _unread_sources(contract: Contract) -> Iterator[Fault]:
    """What the lineage names must be read, or the lineage is not true."""
    text = "\n".join(without_texts(q.text) for q in contract.queries if q.is_read).casefold()
    for column in contract.columns:
        for index, item in enumerate(column.lineage):
            table, _, name = item.casefold().rpartition(".")
            if table in text and re.search(rf"\b{re.escape(name)}\b", text):
                continue
            path = (*column.place, "transformSourceObjects", index)
            message = f"The extract does not read `{item}`."
            yield contract.fault(path, message, "Correct the lineage, or the extract.")
