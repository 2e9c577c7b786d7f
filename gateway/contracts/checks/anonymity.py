"""The k gate of a rows product: levels, the ladder down to `all`, and what is suppressed last."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.contracts.code_list_file import Lists
from gateway.contracts.column_terms import (
    AllLevel,
    BandsLevel,
    GroupsLevel,
    KeepLevel,
    LevelTerms,
    PoolLevel,
    RowsColumnTerms,
    TruncateLevel,
)
from gateway.contracts.contract import Contract, ContractColumn
from gateway.contracts.faults import Fault
from gateway.contracts.vocabulary import MAXIMUM_SUPPRESSED_SHARE, MINIMUM_K
from gateway.model.product import ColumnType, LevelKind, RowsSpec, Transformation

UNKNOWN = "X"  # what a missing value becomes; see docs/contracts.md


def check_anonymity(contract: Contract, lists: Lists) -> Iterator[Fault]:
    rows = contract.product.rows
    if rows is None:
        return
    yield from _rules(contract, rows)
    yield from _person_column(contract, rows)
    for column in contract.columns:
        if isinstance(column.terms, RowsColumnTerms):
            yield from _levels(contract, column, column.terms)
            yield from _codes(contract, column, column.terms, lists)
    yield from _ladder(contract, rows)
    yield from _suppress_order(contract, rows)


def _rules(contract: Contract, rows: RowsSpec) -> Iterator[Fault]:
    rules = rows.anonymity
    if rules.k < MINIMUM_K:
        message = f"k = {rules.k} is too small a crowd."
        path = contract.at("rows", "anonymity", "k")
        yield contract.fault(path, message, f"Write at least {MINIMUM_K}.")
    if not 0 <= rules.maximum_suppressed_share <= MAXIMUM_SUPPRESSED_SHARE:
        path = contract.at("rows", "anonymity", "maximum_suppressed_share")
        remedy = f"Write a share from 0 to {MAXIMUM_SUPPRESSED_SHARE}; add steps to the ladder."
        yield contract.fault(path, "Too many rows may be suppressed.", remedy)


def _person_column(contract: Contract, rows: RowsSpec) -> Iterator[Fault]:
    """The person's id leaves only as a pseudonym, and a pseudonym is made of nothing else."""
    pseudonyms = [c for c in rows.columns if c.transformation is Transformation.PSEUDONYM]
    if len(pseudonyms) != 1:
        message = f"A rows product has one pseudonym; this one has {len(pseudonyms)}."
        remedy = f"Give one column `transformation: pseudonym` and `source: {rows.person}`."
        yield contract.fault(("schema", 0, "properties"), message, remedy)
    for column, spec in zip(contract.columns, rows.columns, strict=True):
        path = (*column.terms_place, "transformation")
        is_pseudonym = spec.transformation is Transformation.PSEUDONYM
        if spec.source == rows.person and spec.is_delivered and not is_pseudonym:
            message = f"`{spec.name}` delivers the internal person id."
            yield contract.fault(path, message, "Write `transformation: pseudonym` or `drop`.")
        if is_pseudonym and (spec.source != rows.person or spec.type is not ColumnType.STRING):
            message = f"The pseudonym `{spec.name}` is not text made from `{rows.person}`."
            remedy = f"Write `source: {rows.person}` and `logicalType: string`."
            yield contract.fault(path, message, remedy)


def _levels(contract: Contract, column: ContractColumn, terms: RowsColumnTerms) -> Iterator[Fault]:
    path = (*column.terms_place, "levels")
    if terms.transformation is not Transformation.GENERALISE:
        if terms.levels:
            message = f"`{column.name}` has levels but is not generalised."
            yield contract.fault(path, message, "Write `transformation: generalise`.")
        return
    if not terms.levels or terms.levels[-1].kind is not LevelKind.ALL:
        message = f"The levels of `{column.name}` do not end with `kind: all`."
        yield contract.fault(path, message, "Add `{name: all, kind: all, code: SSS}` as the last.")
    names = [level.name for level in terms.levels]
    for index, name in enumerate(names):
        if name in names[:index]:
            message = f"`{column.name}` has two levels called `{name}`."
            yield contract.fault((*path, index), message, "Rename one of the two.")
        if terms.levels[index].kind is LevelKind.ALL and index < len(names) - 1:
            message = f"`{column.name}` has a level after `{name}`, where all is one already."
            yield contract.fault((*path, index), message, "Move it to the end.")
    if column.type is not ColumnType.STRING:
        message = f"The generalised column `{column.name}` is not text."
        yield contract.fault(
            (*column.place, "logicalType"), message, "Write `logicalType: string`."
        )


def _codes(
    contract: Contract, column: ContractColumn, terms: RowsColumnTerms, lists: Lists
) -> Iterator[Fault]:
    """Whatever code a level can give has a label in the column's code list."""
    if terms.code_list is not None and terms.code_list not in lists.codes:
        path = (*column.terms_place, "code_list")
        message = f"There is no code list `{terms.code_list}`."
        remedy = f"Write products/codelists/{terms.code_list}.yaml, or correct the name."
        yield contract.fault(path, message, remedy)
        return
    groupings = lists.groupings.get(terms.code_list or "", {})
    for index, level in enumerate(terms.levels):
        path = (*column.terms_place, "levels", index)
        if isinstance(level, GroupsLevel) and level.grouping not in groupings:
            message = f"There is no grouping `{level.grouping}` for `{column.name}`."
            remedy = "Give `code_list`, and write the grouping in its file."
            yield contract.fault((*path, "grouping"), message, remedy)
    if terms.code_list is None:
        return
    known = {code.code for code in lists.codes[terms.code_list].codes}
    for index, level in enumerate(terms.levels):
        for code in sorted(set(_codes_of(level)) - known):
            message = f"The level `{level.name}` gives the code `{code}`, which has no label."
            remedy = f"Add it to products/codelists/{terms.code_list}.yaml."
            path = (*column.terms_place, "levels", index)
            yield contract.fault(path, message, remedy)


def _codes_of(level: LevelTerms) -> tuple[str, ...]:
    """The codes that a level makes up; those of groups are checked with their code list."""
    match level:
        case BandsLevel():
            return band_codes(level.bounds)
        case PoolLevel():
            return (level.pooled_code,)
        case AllLevel():
            return (level.code,)
        case GroupsLevel() | TruncateLevel() | KeepLevel():
            return ()


def band_codes(bounds: tuple[int, ...]) -> tuple[str, ...]:
    """Every code that bands by these lower bounds can have."""
    ends = (*(str(bound - 1) for bound in bounds), "")
    starts = ("", *(str(bound) for bound in bounds))
    return (*(f"{low}-{high}" for low, high in zip(starts, ends, strict=True)), UNKNOWN)


def _ladder(contract: Contract, rows: RowsSpec) -> Iterator[Fault]:
    """Every step goes to a coarser level of a quasi-identifier, and each of them ends at `all`."""
    levels = {c.name: [level.name for level in c.levels] for c in rows.columns if c.levels}
    reached = dict.fromkeys(levels, 0)
    for index, step in enumerate(rows.anonymity.ladder):
        path = contract.at("rows", "anonymity", "ladder", index)
        names = levels.get(step.column)
        if names is None:
            message = f"The ladder names `{step.column}`, which is not a generalised column."
            yield contract.fault(path, message, f"Use one of: {', '.join(levels)}.")
        elif step.level not in names:
            message = f"`{step.column}` has no level `{step.level}`."
            yield contract.fault(path, message, f"Use one of: {', '.join(names)}.")
        elif names.index(step.level) <= reached[step.column]:
            message = f"`{step.column}` is at `{names[reached[step.column]]}` already."
            yield contract.fault(path, message, "Let every step go to a coarser level.")
        else:
            reached[step.column] = names.index(step.level)
    for column, place in reached.items():
        if levels[column] and place != len(levels[column]) - 1:
            message = f"The ladder never takes `{column}` to its last level."
            remedy = f"Add the step `{{column: {column}, level: {levels[column][-1]}}}`."
            yield contract.fault(contract.at("rows", "anonymity", "ladder"), message, remedy)


def _suppress_order(contract: Contract, rows: RowsSpec) -> Iterator[Fault]:
    hidden = [c.name for c in rows.columns if c.is_quasi_identifier or c.sensitive is not None]
    order = rows.anonymity.suppress_order
    if sorted(order) != sorted(hidden):
        path = contract.at("rows", "anonymity", "suppress_order")
        message = (
            "The order of suppression does not name every generalised and sensitive column once."
        )
        yield contract.fault(path, message, f"Order these: {', '.join(hidden)}.")
