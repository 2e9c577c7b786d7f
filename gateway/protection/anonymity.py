"""The release gate of rows: at least k distinct persons behind every combination of one slice, and
no sensitive value that a combination tells of everybody in it.

Global recoding first (the contract's ladder, for the whole slice at once), then local suppression
of values in the few rows that are left. Counted are persons, not rows, over every delivered
quasi-identifier. Source: Samarati & Sweeney (1998); Machanavajjhala et al. (2007); Hundepool et al.,
Statistical Disclosure Control (2012), ch. 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gateway.errors import ContractFault, ReleaseRefused
from gateway.model.product import AnonymityRules, Column, ColumnType
from gateway.protection.diversity import least_cover
from gateway.protection.generalise import Coded
from gateway.protection.persons import distinct_persons
from gateway.protection.rows_course import Course, report_of
from gateway.protection.rows_hiding import Hiding, hide_for_k, hide_for_l, withhold_columns
from gateway.protection.rows_slice import Granularity, RowSlice, ladder
from gateway.protection.told import (
    Crowd,
    Told,
    crowds_of,
    hidden_elsewhere,
    is_finer,
)


@dataclass(frozen=True, slots=True)
class Anonymised:
    """A slice after the gate, and the JSON-able report of what it took."""

    table: pa.Table
    report: Mapping[str, Any]


def anonymise(
    table: pa.Table,
    *,
    persons: NDArray[np.int64],
    columns: Sequence[Column],
    rules: AnonymityRules,
    told: Sequence[Told] = (),
) -> Anonymised:
    """Bring one slice to k and l, or refuse it.

    told: what the area reads of the same persons elsewhere, under the same pseudonyms; none of them
    is told of in finer terms than there.

    table: the slice under delivered column names, its quasi-identifiers still as extracted; they
    come back as strings without nulls, every other column as it was, but for hidden values.
    persons: (rows) internal ids. A slice of fewer than k persons comes back with no rows, which its
    report counts. Raises ReleaseRefused when the ladder's end still leaves too much to suppress,
    ContractFault.
    """
    _check(table, persons, columns, rules)
    piece = RowSlice.of(table, persons, columns)
    if piece.size < rules.k:
        return _withheld(piece, rules)
    crowds = [crowd for one in told for crowd in crowds_of(one, piece.secret, persons=piece.ids)]
    course = Course()
    share = 1.0
    for granularity, without in _attempts(piece, rules):
        hiding = _hiding(piece, granularity, rules, told=told, crowds=crowds)
        withheld = withhold_columns(hiding, without)
        below, uniform = _open_questions(
            piece, granularity, rules, crowds=crowds, withheld=withheld
        )
        if not without:
            course.note(piece, granularity, below_k=below, uniform=uniform)
        if any(is_finer(granularity.levels, piece.known, other) for other in told):
            continue
        share = float((below | uniform).mean())
        if share > rules.maximum_suppressed_share:
            continue
        hide_for_k(hiding)
        hide_for_l(hiding)
        share = float(_suppressed(hiding, withheld).mean())
        if share <= rules.maximum_suppressed_share:
            return _published(hiding, granularity, course, withheld)
    raise ReleaseRefused(
        f"After the last step of the ladder {100 * share:.1f} % of a slice's rows are or would have "
        f"to be suppressed for k = {rules.k} and l = {rules.diversity}; at most "
        f"{100 * rules.maximum_suppressed_share:.1f} % may be. Add a coarser step to the contract's "
        "ladder."
    )


def _attempts(
    piece: RowSlice, rules: AnonymityRules
) -> Iterator[tuple[Granularity, tuple[int, ...]]]:
    """The ladder; and at its end, sensitive columns withheld as a whole, one more each time.

    Those that the contract would suppress first go first.
    """
    last: Granularity | None = None
    for granularity in ladder(piece, rules):
        last = granularity
        yield granularity, ()
    names = [column.name for column in piece.secret]
    order = [names.index(name) for name in rules.suppress_order if name in names]
    order += [place for place in range(len(names)) if place not in order]
    for count in range(1, len(order) + 1):
        if last is not None:
            yield last, tuple(order[:count])


def _hiding(
    piece: RowSlice,
    granularity: Granularity,
    rules: AnonymityRules,
    *,
    told: Sequence[Told],
    crowds: Sequence[Crowd],
) -> Hiding:
    """What is hidden before anything is counted: what is hidden elsewhere."""
    names = [column.name for column in piece.known]
    coding = dict(zip(names, granularity.coding, strict=True))
    known = np.zeros((len(names), piece.rows), dtype=np.bool_)
    secret = np.zeros((len(piece.secret), piece.rows), dtype=np.bool_)
    for other in told:
        known |= hidden_elsewhere(coding, granularity.levels, other, persons=piece.ids)
    return Hiding(piece, granularity.coding, rules, crowds, known, secret)


def _open_questions(
    piece: RowSlice,
    granularity: Granularity,
    rules: AnonymityRules,
    *,
    crowds: Sequence[Crowd],
    withheld: Sequence[int],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(rows) below k, and (rows) that tell a sensitive value, when nothing is suppressed here yet."""
    known = np.zeros((len(piece.known), piece.rows), dtype=np.bool_)
    secret = np.zeros((len(piece.secret), piece.rows), dtype=np.bool_)
    secret[list(withheld)] = True
    bare = Hiding(piece, granularity.coding, rules, crowds, known, secret)
    return bare.below_k(), bare.any_uniform()


def _suppressed(hiding: Hiding, withheld: Sequence[int]) -> NDArray[np.bool_]:
    """(rows) with a suppressed value; a column withheld as a whole is a step, and no suppression."""
    secret = hiding.secret.copy()
    secret[list(withheld)] = False
    return np.logical_or.reduce(np.vstack([hiding.known, secret]), axis=0)


def _published(
    hiding: Hiding, granularity: Granularity, course: Course, withheld: Sequence[int]
) -> Anonymised:
    piece, rules = hiding.piece, hiding.rules
    groups = hiding.groups()
    counts = distinct_persons(groups, piece.persons, groups=int(groups.max()) + 1)
    if counts.min() < rules.k or hiding.any_uniform().any():
        raise ReleaseRefused("A combination of the slice does not reach k or l.")
    covers = [
        least_cover(groups, piece.persons, hiding.values(place))
        for place in range(len(piece.secret))
    ]
    report = report_of(piece, rules) | course.report(piece, granularity)
    report |= {
        "k_reached": int(counts.min()),
        "l_reached": min((cover for cover in covers if cover is not None), default=None),
        "columns_withheld": [piece.secret[place].name for place in withheld],
        "rows_published": piece.rows,
        "persons": piece.size,
        "suppressed": _suppressed_report(hiding, withheld),
    }
    return Anonymised(_hidden_table(hiding), report)


def _suppressed_report(hiding: Hiding, withheld: Sequence[int]) -> dict[str, Any]:
    rows = _suppressed(hiding, withheld)
    masks = zip(
        (*hiding.piece.known, *hiding.piece.secret), (*hiding.known, *hiding.secret), strict=True
    )
    return {
        "rows": int(rows.sum()),
        "share": float(rows.mean()),
        "by_column": {column.name: int(mask.sum()) for column, mask in masks},
    }


def _hidden_table(hiding: Hiding) -> pa.Table:
    """The slice as it may be delivered."""
    piece, code = hiding.piece, hiding.rules.suppressed_code
    table = piece.table
    for column, coding, hidden in zip(piece.known, hiding.coding, hiding.known, strict=True):
        if code in coding.names:
            raise ContractFault(f"{column.name} has the suppressed code as a value of its own.")
        codes = np.where(hidden, len(coding.names), coding.codes)
        table = _with_column(table, column.name, Coded((*coding.names, code), codes).texts())
    for column, hidden in zip(piece.secret, hiding.secret, strict=True):
        for name in (column.name, *(column.sensitive.hides if column.sensitive else ())):
            values = table.column(name).to_pylist()
            if column.name == name and code in values:
                raise ContractFault(f"{name} has the suppressed code as a value of its own.")
            shown = [code if gone else value for value, gone in zip(values, hidden, strict=True)]
            table = _with_column(table, name, pa.array(shown, type=pa.string()))
    return table


def _withheld(piece: RowSlice, rules: AnonymityRules) -> Anonymised:
    """Fewer than k persons in all: no combination of them can be published."""
    table = piece.table.schema.empty_table()
    for column in (*piece.known, *piece.secret):
        table = _with_column(table, column.name, pa.array([], type=pa.string()))
    return Anonymised(
        table, report_of(piece, rules) | {"withheld_below_k": {"rows": piece.table.num_rows}}
    )


def _with_column(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, values)


def _check(
    table: pa.Table, persons: NDArray[np.int64], columns: Sequence[Column], rules: AnonymityRules
) -> None:
    """Raises ContractFault, or ValueError when persons are not one for each row."""
    if len(persons) != table.num_rows:
        raise ValueError("Give one person for every row.")
    if rules.k < 1 or rules.diversity < 2:
        raise ContractFault("k is at least 1, and l at least 2.")
    quasi = [column for column in columns if column.is_quasi_identifier]
    secret = [column for column in columns if column.sensitive is not None]
    names = {column.name for column in (*quasi, *secret)}
    hides = {name for column in secret if column.sensitive for name in column.sensitive.hides}
    if any(not column.levels for column in quasi) or not names | hides <= set(table.column_names):
        raise ContractFault("A quasi-identifier has no levels, or the slice lacks a column.")
    if not set(rules.suppress_order) <= names or hides & names:
        raise ContractFault("Only quasi-identifiers and sensitive columns can be suppressed.")
    if any(column.type is not ColumnType.STRING for column in secret):
        raise ContractFault("A sensitive column holds text.")
