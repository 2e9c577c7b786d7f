"""The release gate of rows: at least k distinct persons behind every combination of one slice.

Global recoding first (the contract's ladder, for the whole slice at once), then local suppression
of values in the few rows that are left. Counted are persons, not rows, over every delivered
quasi-identifier. Source: Samarati & Sweeney (1998); Hundepool et al., Statistical Disclosure
Control (2012), ch. 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gateway.errors import ContractFault, ReleaseRefused
from gateway.model.product import AnonymityRules, Column, LadderStep, Level
from gateway.protection.generalise import Coded, coded
from gateway.protection.persons import distinct_persons, numbered
from gateway.protection.told import Told, hidden_elsewhere, is_finer

LIMITS = (
    (
        "k is counted per combination of values within one slice; it says nothing about "
        "trajectories: several rows of one pseudonym, read together, can be rarer than k."
    ),
    "k says nothing about groups whose members share a sensitive value (no l-diversity yet).",
)
_LARGEST_CODE = 2**62


@dataclass(frozen=True, slots=True)
class Anonymised:
    """A slice after the gate, and the JSON-able report of what it took."""

    table: pa.Table
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Slice:
    """persons: (rows) numbered 0..; columns: the quasi-identifiers, in the contract's order."""

    table: pa.Table
    ids: NDArray[np.int64]
    persons: NDArray[np.int64]
    columns: tuple[Column, ...]

    @property
    def size(self) -> int:
        """How many distinct persons."""
        return int(self.persons.max(initial=-1)) + 1


@dataclass(frozen=True, slots=True)
class _Granularity:
    """Where the ladder stands: steps taken, and each column's level and codes."""

    steps: tuple[LadderStep, ...]
    levels: Mapping[str, Level]
    coding: tuple[Coded, ...]


def anonymise(
    table: pa.Table,
    *,
    persons: NDArray[np.int64],
    columns: Sequence[Column],
    rules: AnonymityRules,
    told: Sequence[Told] = (),
) -> Anonymised:
    """Bring one slice to k, or refuse it.

    told: the same area's slices of other products that share its pseudonyms; none of their persons
    is told of in finer terms than there.

    table: the slice under delivered column names, its quasi-identifiers still as extracted; they
    come back as strings without nulls, every other column as it was. persons: (rows) internal ids.
    A slice of fewer than k persons comes back with no rows, which its report counts.
    Raises ReleaseRefused when the ladder's end still leaves too much to suppress, ContractFault.
    """
    quasi = tuple(column for column in columns if column.is_quasi_identifier)
    _check(table, persons, quasi, rules)
    piece = _Slice(table, persons, numbered(persons), quasi)
    if piece.size < rules.k:
        return _withheld(piece, rules)
    order = _suppress_order(quasi, rules)
    share = 1.0
    for granularity in _ladder(piece, rules):
        if any(is_finer(granularity.levels, quasi, other) for other in told):
            continue
        share = _rows_below_k(granularity.coding, None, piece.persons, rules.k).mean()
        if share > rules.maximum_suppressed_share:
            continue
        hidden = _hidden_elsewhere(piece, granularity, told)
        _suppress(granularity.coding, hidden, piece.persons, k=rules.k, order=order)
        share = hidden.any(axis=0).mean()
        if share <= rules.maximum_suppressed_share:
            return _published(piece, granularity, hidden, rules)
    raise ReleaseRefused(
        f"After the last step of the ladder {100 * share:.1f} % of a slice's rows are or would have "
        f"to be suppressed for k = {rules.k}; at most {100 * rules.maximum_suppressed_share:.1f} % "
        "may be. Add a coarser step to the contract's ladder."
    )


# --- the ladder ------------------------------------------------------------------------------


def _ladder(piece: _Slice, rules: AnonymityRules) -> Iterator[_Granularity]:
    """The finest granularity, then one more step of the ladder each time."""
    levels = {column.name: column.levels[0] for column in piece.columns}
    coding = {column.name: _coded(piece, column, column.levels[0]) for column in piece.columns}
    by_name = {column.name: column for column in piece.columns}
    yield _Granularity((), dict(levels), tuple(coding.values()))
    for count, step in enumerate(rules.ladder, start=1):
        level = _find_level(by_name, step)
        levels[step.column] = level
        coding[step.column] = _coded(piece, by_name[step.column], level)
        yield _Granularity(rules.ladder[:count], dict(levels), tuple(coding.values()))


def _coded(piece: _Slice, column: Column, level: Level) -> Coded:
    return coded(piece.table.column(column.name), level, persons=piece.ids)


def _find_level(columns: Mapping[str, Column], step: LadderStep) -> Level:
    levels = columns[step.column].levels if step.column in columns else ()
    for level in levels:
        if level.name == step.level:
            return level
    raise ContractFault(f"The ladder names {step.column} at {step.level}, which does not exist.")


# --- counting and suppressing ----------------------------------------------------------------


def _combinations(
    coding: Sequence[Coded], hidden: NDArray[np.bool_] | None, rows: int
) -> NDArray[np.int64]:
    """(rows) the number 0.. of each row's combination; a suppressed value is a value of its own."""
    combination = np.zeros(rows, dtype=np.int64)
    width = 1
    for place, column in enumerate(coding):
        values = len(column.names) + 1
        if width * values >= _LARGEST_CODE:
            combination = _ranked(combination)
            width = rows
        codes = column.codes
        if hidden is not None:
            codes = np.where(hidden[place], values - 1, codes)
        combination = combination * values + codes
        width *= values
    return _ranked(combination)


def _ranked(combination: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2 … in the order of the values: ties are decided alike whatever order the rows come in."""
    return np.unique(combination, return_inverse=True)[1].astype(np.int64)


def _rows_below_k(
    coding: Sequence[Coded], hidden: NDArray[np.bool_] | None, persons: NDArray[np.int64], k: int
) -> NDArray[np.bool_]:
    """(rows) True where fewer than k distinct persons share the row's combination."""
    combination = _combinations(coding, hidden, len(persons))
    counts = distinct_persons(combination, persons, groups=int(combination.max(initial=-1)) + 1)
    return (counts < k)[combination]


def _hidden_elsewhere(
    piece: _Slice, granularity: _Granularity, told: Sequence[Told]
) -> NDArray[np.bool_]:
    """(columns, rows) True where another product of the family hides the value."""
    names = [column.name for column in piece.columns]
    coding = dict(zip(names, granularity.coding, strict=True))
    hidden = np.zeros((len(names), len(piece.ids)), dtype=np.bool_)
    for other in told:
        hidden |= hidden_elsewhere(coding, granularity.levels, other, persons=piece.ids)
    return hidden


def _suppress(
    coding: Sequence[Coded],
    hidden: NDArray[np.bool_],
    persons: NDArray[np.int64],
    *,
    k: int,
    order: Sequence[int],
) -> None:
    """Mark in hidden (columns, rows) further values, until every combination has k persons.

    Column by column, only in the rows still below k; a column of one value has nothing to hide. A
    combination that has reached k never shrinks. What is below k at the end has every value
    suppressed and is one group; if that is too small itself, the smallest other combination joins
    it, and brings k persons with it.
    """
    below = _rows_below_k(coding, hidden, persons, k)
    useful = [place for place in order if len(coding[place].names) > 1]
    for place in useful:
        if not below.any():
            return
        hidden[place, below] = True
        below = _rows_below_k(coding, hidden, persons, k)
    if below.any():
        combination = _combinations(coding, hidden, len(persons))
        rows = np.bincount(combination)
        rows[combination[below]] = len(persons) + 1
        hidden[np.ix_(useful, combination == rows.argmin())] = True


def _suppress_order(columns: Sequence[Column], rules: AnonymityRules) -> tuple[int, ...]:
    """Places of the columns: those that the contract names first, then the others."""
    names = [column.name for column in columns]
    rest = [name for name in names if name not in rules.suppress_order]
    return tuple(names.index(name) for name in (*rules.suppress_order, *rest))


# --- what comes back -------------------------------------------------------------------------


def _published(
    piece: _Slice, granularity: _Granularity, hidden: NDArray[np.bool_], rules: AnonymityRules
) -> Anonymised:
    table = piece.table
    for place, (column, coding) in enumerate(zip(piece.columns, granularity.coding, strict=True)):
        if rules.suppressed_code in coding.names:
            raise ContractFault(f"{column.name} has the suppressed code as a value of its own.")
        names = (*coding.names, rules.suppressed_code)
        codes = np.where(hidden[place], len(coding.names), coding.codes)
        table = _with_column(table, column.name, Coded(names, codes).texts())
    combination = _combinations(granularity.coding, hidden, table.num_rows)
    counts = distinct_persons(combination, piece.persons, groups=int(combination.max()) + 1)
    if counts.min() < rules.k:
        raise ReleaseRefused("A combination of the slice has fewer than k persons.")
    names = [column.name for column in piece.columns]
    report = _report(piece, rules) | {
        "k_reached": int(counts.min()),
        "levels": {name: granularity.levels[name].name for name in names},
        "steps": [{"column": step.column, "level": step.level} for step in granularity.steps],
        "rows_published": table.num_rows,
        "persons": piece.size,
        "suppressed": {
            "rows": int(hidden.any(axis=0).sum()),
            "share": float(hidden.any(axis=0).mean()),
            "by_column": {name: int(row.sum()) for name, row in zip(names, hidden, strict=True)},
        },
    }
    return Anonymised(table, report)


def _withheld(piece: _Slice, rules: AnonymityRules) -> Anonymised:
    """Fewer than k persons in all: no combination of them can be published."""
    table = piece.table.schema.empty_table()
    for column in piece.columns:
        table = _with_column(table, column.name, pa.array([], type=pa.string()))
    return Anonymised(
        table, _report(piece, rules) | {"withheld_below_k": {"rows": piece.table.num_rows}}
    )


def _with_column(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, values)


def _report(piece: _Slice, rules: AnonymityRules) -> dict[str, Any]:
    """The report of a slice without rows; `persons` stays null, as it may be 1 to k-1."""
    return {
        "k": rules.k,
        "k_reached": None,
        "maximum_suppressed_share": rules.maximum_suppressed_share,
        "levels": {},
        "steps": [],
        "rows": piece.table.num_rows,
        "rows_published": 0,
        "persons": None,
        "suppressed": {"rows": 0, "share": 0.0, "by_column": {}},
        "withheld_below_k": {"rows": 0},
        "limits": list(LIMITS),
    }


def _check(
    table: pa.Table,
    persons: NDArray[np.int64],
    quasi: Sequence[Column],
    rules: AnonymityRules,
) -> None:
    """Raises ContractFault, or ValueError when persons are not one for each row."""
    if len(persons) != table.num_rows:
        raise ValueError("Give one person for every row.")
    if rules.k < 1:
        raise ContractFault("k is at least 1.")
    names = {column.name for column in quasi}
    if any(not column.levels for column in quasi) or not names <= set(table.column_names):
        raise ContractFault("A quasi-identifier has no levels, or the slice lacks it.")
    if not set(rules.suppress_order) <= names:
        raise ContractFault("Only quasi-identifiers can be suppressed.")
