"""The SQL of a contract is plain: what the other checks read is what the warehouse runs.

The text checks see names. So nothing may stand in the text that an engine reads otherwise than
they do (quoting, nested comments), and nothing that reaches a column without naming it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.contracts.contract import Contract, ContractSql
from gateway.contracts.extract_sql import Found, marks, odd_tokens, words
from gateway.contracts.faults import Fault
from gateway.contracts.vocabulary import NEVER_READ, SOURCE_SYSTEMS

_NAME = r'"?(\w+)"?'
_TABLE = rf'"?\b(?:{"|".join(sorted(SOURCE_SYSTEMS))})\b"?\s*\.\s*{_NAME}'
# What may follow a table that has no alias.
_AFTER_TABLE = (
    "(?:ON|USING|WHERE|JOIN|LEFT|RIGHT|FULL|INNER|CROSS|NATURAL|ASOF|SEMI|ANTI|POSITIONAL|GROUP|HAVING"
    "|WINDOW|QUALIFY|ORDER|LIMIT|OFFSET|FETCH|UNION|EXCEPT|INTERSECT|TABLESAMPLE|SELECT|AT|FOR)"
)
_ALIAS = rf"{_TABLE}\s+(?:AS\s+)?(?!{_AFTER_TABLE}\b){_NAME}"
_NAMELESS = (
    # The rows of a table, or its columns by place or pattern.
    r"(?:\b(?:SELECT|DISTINCT|ALL)\b|[,.]|(?<!\bcount)\()\s*\*",
    r"\bDISTINCT\s+ON\b",
    r"\bCOLUMNS\s*\(",
    r"\(\s*FROM\b",
    r"\b(?:TABLE|PIVOT\w*|UNPIVOT|SUMMARIZE|DESCRIBE|SHOW)\b",
    r"#\s*\d",
    rf"{_ALIAS}\s*\(",
    # What runs a text as SQL, or tells of the engine.
    r"\b(?:JSON_\w*SQL\w*|DUCKDB_\w+|PRAGMA_\w+|INFORMATION_SCHEMA|PG_CATALOG)\b",
)


def check_plain(contract: Contract) -> Iterator[Fault]:
    for query in contract.queries:
        for found in odd_tokens(query.text):
            remedy = "Write texts as 'text', names as letters and digits, comments after --."
            yield _at(contract, query, found, "The SQL has a token of two readings.", remedy)
        for pattern in _NAMELESS:
            for found in marks(query.text, pattern):
                message = _nameless(" ".join(found.text.split()))
                yield _at(contract, query, found, message, "Name the columns.")
        yield from _whole_rows(contract, query)
        yield from _other_systems(contract, query)
    yield from _sources_of_columns(contract)


def _nameless(text: str) -> str:
    if text.endswith("*"):
        return "The SQL takes every column of a table."
    return f"`{text}` reads more than it names."


def _at(contract: Contract, query: ContractSql, found: Found, message: str, remedy: str) -> Fault:
    return Fault(
        contract.source.file,
        contract.source.text_line(query.place, found.offset),
        message,
        remedy,
    )


def _whole_rows(contract: Contract, query: ContractSql) -> Iterator[Fault]:
    """A table's name without a column after it is its whole row: every column in one value."""
    aliased = list(marks(query.text, _ALIAS))
    bare = {f.offset: f for f in marks(query.text, _TABLE)}
    for found in aliased:
        del bare[found.offset]  # a table that has an alias goes by that alone
    rows = {_last_name(found) for found in (*aliased, *bare.values())}
    if not rows:
        return
    either = "|".join(sorted(map(re.escape, rows)))
    # Where a name is given, or is a column's or a table's own after a dot, it is no row.
    given = (
        rf'\b(?:FROM|JOIN)\s+(?:"?\w+"?\s*\.\s*)?"?\w+"?\s+(?:AS\s+)?"?(?:{either})\b',
        rf',\s*"?\w+"?\s*\.\s*"?\w+"?\s+(?:AS\s+)?"?(?:{either})\b',
        rf'(?:\.\s*|\bAS\s+)"?(?:{either})\b',
    )
    allowed = {f.offset + len(f.text) for one in given for f in marks(query.text, one)}
    for found in marks(query.text, rf'\b(?:{either})\b(?!"?\s*\.)(?!\s*\()'):
        if found.offset + len(found.text) not in allowed:
            message = f"`{found.text}` is a whole row of a source table."
            yield _at(contract, query, found, message, "Name one of its columns.")


def _last_name(found: Found) -> str:
    return re.findall(r"\w+", found.text)[-1]


def _other_systems(contract: Contract, query: ContractSql) -> Iterator[Fault]:
    """A system that the contract does not list is not named at all, wherever it stands."""
    others = sorted(SOURCE_SYSTEMS - set(contract.product.sources))
    for found in words(query.text, "|".join(others)):
        message = f"The SQL names `{found.text}`, a system that the contract does not list."
        yield _at(contract, query, found, message, "Add it to `sources`, or leave it out.")


def _sources_of_columns(contract: Contract) -> Iterator[Fault]:
    """The extract's own column names are read too: the selection around the extract names them."""
    rows = contract.product.rows
    for column in rows.columns if rows else ():
        if column.is_delivered and column.source.casefold() in NEVER_READ:
            message = f"`{column.name}` is made from `{column.source}`, which is never delivered."
            yield contract.fault(contract.at("rows"), message, "Remove the column.")
