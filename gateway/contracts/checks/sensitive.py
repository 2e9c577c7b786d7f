"""What is not to be learnt of a person: which columns are sensitive, and that they can be hidden."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.contracts.code_list_file import Lists
from gateway.contracts.column_terms import RowsColumnTerms
from gateway.contracts.contract import Contract, ContractColumn
from gateway.contracts.faults import Fault
from gateway.contracts.vocabulary import SENSITIVE_SOURCES
from gateway.model.product import Column, ColumnType, RowsSpec, Transformation


def check_sensitive(contract: Contract, lists: Lists) -> Iterator[Fault]:
    rows = contract.product.rows
    if rows is None:
        return
    for column, spec in zip(contract.columns, rows.columns, strict=True):
        if isinstance(column.terms, RowsColumnTerms):
            yield from _unmarked(contract, column, spec)
            if spec.sensitive is not None:
                yield from _can_be_hidden(contract, column, spec, lists, rows)
                yield from _hides(contract, column, spec, lists, rows)


def _unmarked(contract: Contract, column: ContractColumn, spec: Column) -> Iterator[Fault]:
    told = sorted({item.casefold() for item in column.lineage} & SENSITIVE_SOURCES)
    if told and spec.is_delivered and spec.sensitive is None and not spec.is_quasi_identifier:
        if spec.type is ColumnType.DATE:
            return  # when it was, not what it was
        message = f"`{spec.name}` is made from `{told[0]}`, which is not to be learnt of a person."
        remedy = "Give `sensitive`, with the reason, or drop the column."
        yield contract.fault(column.terms_place, message, remedy)


def _can_be_hidden(
    contract: Contract, column: ContractColumn, spec: Column, lists: Lists, rows: RowsSpec
) -> Iterator[Fault]:
    path = (*column.terms_place, "sensitive")
    open_ways = (Transformation.KEEP, Transformation.TRUNCATE, Transformation.BANDS)
    if spec.transformation not in open_ways:
        message = f"`{spec.name}` is sensitive, and also `{spec.transformation}`."
        yield contract.fault(path, message, "A sensitive column is kept, truncated or banded.")
    if spec.code_list is None:
        message = f"The sensitive column `{spec.name}` has no code list."
        yield contract.fault(
            path, message, "Give `code_list`: it has few values, and a label for each."
        )
    yield from _hideable(contract, path, spec, lists, rows)


def _hides(
    contract: Contract, column: ContractColumn, spec: Column, lists: Lists, rows: RowsSpec
) -> Iterator[Fault]:
    names = {each.name: each for each in rows.columns}
    for index, name in enumerate(spec.sensitive.hides if spec.sensitive else ()):
        path = (*column.terms_place, "sensitive", "hides", index)
        other = names.get(name)
        if other is None or not other.is_delivered:
            message = f"`{spec.name}` hides `{name}`, which is not delivered."
            yield contract.fault(path, message, "Correct the name, or remove it.")
        elif other.is_quasi_identifier or other.sensitive is not None:
            message = f"`{name}` is hidden by rules of its own."
            yield contract.fault(path, message, "Remove it here.")
        else:
            yield from _hideable(contract, path, other, lists, rows)


def _hideable(
    contract: Contract, path: tuple[str | int, ...], spec: Column, lists: Lists, rows: RowsSpec
) -> Iterator[Fault]:
    """A value that is hidden leaves a code in its place."""
    code = rows.anonymity.suppressed_code
    if spec.type is not ColumnType.STRING or spec.unique:
        message = f"`{spec.name}` cannot hold `{code}` in place of hidden values."
        yield contract.fault(path, message, "Write `logicalType: string`, without `unique`.")
    listed = lists.codes.get(spec.code_list or "")
    if listed is not None and code not in {each.code for each in listed.codes}:
        message = f"`{code}`, which stands for hidden values of `{spec.name}`, has no label."
        yield contract.fault(path, message, f"Add it to products/codelists/{spec.code_list}.yaml.")
