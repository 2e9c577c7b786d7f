"""The SQL of a contract as text: that every engine reads its tokens alike, and its one parameter.

What the statement means is looked at through its parse, in `sql_flow.py`. A text that two readers
would cut into tokens differently has no one meaning, so it does not get there.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.contracts.contract import Contract, ContractSql
from gateway.contracts.extract_sql import Found, odd_tokens, parameters, semicolons
from gateway.contracts.faults import Fault

AS_OF = "$as_of"


def check_sql_text(contract: Contract) -> Iterator[Fault]:
    for query in contract.queries:
        for found in odd_tokens(query.text):
            remedy = "Write texts as 'text', names as letters and digits, comments after --."
            yield _at(contract, query, found, "The SQL has a token of two readings.", remedy)
        for found in semicolons(query.text):
            remedy = "Write one statement, without `;`."
            yield _at(contract, query, found, "The SQL holds a semicolon.", remedy)
        yield from _placeholders(contract, query)


def _placeholders(contract: Contract, query: ContractSql) -> Iterator[Fault]:
    found = tuple(parameters(query.text))
    for parameter in found:
        if parameter.text != AS_OF:
            message = f"`{parameter.text}` is not a parameter of contract SQL."
            yield _at(contract, query, parameter, message, f"The one parameter is `{AS_OF}`.")
    if query.is_dated and not any(parameter.text == AS_OF for parameter in found):
        message = f"The SQL does not use `{AS_OF}`, so it is not of one day."
        yield contract.fault(query.place, message, f"Limit it by `{AS_OF}`.")


def _at(contract: Contract, query: ContractSql, found: Found, message: str, remedy: str) -> Fault:
    line = contract.source.text_line(query.place, found.offset)
    return Fault(contract.source.file, line, message, remedy)
