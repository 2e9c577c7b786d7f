"""Every column of a written slice, held against the form that its contract promises.

Written apart from what gives the columns their form (`gateway.protection`): a fault there must not
be shared here. Messages name columns and never a value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from datetime import date

import pyarrow as pa

from gateway.contracts import Catalog
from gateway.errors import ReleaseRefused
from gateway.model.product import Column, ColumnType, Level, LevelKind, RowsSpec, Transformation

_PSEUDONYM = re.compile(r"[A-Z2-7]{26}")
_UNKNOWN = "X"
# Whatever column it stands in: a personal identity code, or an address of e-mail.
_IDENTIFYING = re.compile(
    r"(?<![0-9A-Za-z])\d{6}[-+A-FU-Y]\d{3}[0-9A-Y](?![0-9A-Za-z])|[^\s@]+@[^\s@]+\.[^\s@]+"
)
_TOLERANCE = 1e-6  # of a step: a multiple of it is rarely exact in binary


def check_column(
    values: pa.ChunkedArray,
    column: Column,
    *,
    spec: RowsSpec,
    catalog: Catalog,
    level: str | None = None,
) -> None:
    """level: where a quasi-identifier is reported to stand.

    Raises ReleaseRefused; ContractFault when its code list is not there.
    """
    if column.required and values.null_count:
        raise ReleaseRefused(f"The required column {column.name} has missing values.")
    if column.unique and len(values.unique()) != len(values):
        raise ReleaseRefused(f"The column {column.name} has a value twice.")
    hidden = _hidden(column, spec)
    shown = [
        value for value in values.unique().to_pylist() if value is not None and value not in hidden
    ]
    # Neither has a text in JSON, and whoever sums up a column gets nothing else of it.
    if any(isinstance(value, float) and not math.isfinite(value) for value in shown):
        raise ReleaseRefused(f"The column {column.name} holds something that is no finite number.")
    if not _is_formed(shown, column, level):
        form = (
            f"value at the level {level}" if column.is_quasi_identifier else column.transformation
        )
        raise ReleaseRefused(f"The column {column.name} holds something that is no {form}.")
    is_text = column.type is ColumnType.STRING
    is_open = is_text and column.transformation is not Transformation.PSEUDONYM
    if is_open and any(_IDENTIFYING.search(text) for text in shown):
        raise ReleaseRefused(f"The column {column.name} holds what looks like an identifier.")
    check_codes(values, column, catalog=catalog)


def check_codes(values: pa.ChunkedArray, column: Column, *, catalog: Catalog) -> None:
    """A column of codes holds nothing else, whatever the extract calls by its name.

    Raises ReleaseRefused; ContractFault when its code list is not there.
    """
    if column.code_list is None:
        return
    known = {code.code for code in catalog.code_list(column.code_list).codes}
    if not known.issuperset(values.drop_null().unique().to_pylist()):
        raise ReleaseRefused(f"The column {column.name} holds a value that is not in its list.")


def _hidden(column: Column, spec: RowsSpec) -> frozenset[str]:
    """The code of a suppressed value, where one may stand."""
    hides = (name for c in spec.columns if c.sensitive for name in c.sensitive.hides)
    may_hide = column.is_quasi_identifier or column.sensitive is not None or column.name in hides
    return frozenset({spec.anonymity.suppressed_code} if may_hide else ())


def _is_formed(shown: list[object], column: Column, level: str | None) -> bool:
    match column.transformation:
        case Transformation.PSEUDONYM:
            return all(_PSEUDONYM.fullmatch(str(text)) for text in shown)
        case Transformation.MONTH:
            return all(day.day == 1 for day in _days(shown))
        case Transformation.YEAR:
            return all((day.month, day.day) == (1, 1) for day in _days(shown))
        case Transformation.TRUNCATE:
            return all(0 < len(str(code)) <= column.length for code in shown)
        case Transformation.BANDS:
            return set(shown) <= {*_bands(column.bounds), _UNKNOWN}
        case Transformation.ROUND:
            return all(_is_step(number, column) for number in shown)
        case Transformation.GENERALISE:
            return any(each.name == level and _is_level(set(shown), each) for each in column.levels)
        case Transformation.KEEP:
            return True
        case Transformation.DROP:
            return False


def _days(values: Iterable[object]) -> Iterator[date]:
    for value in values:
        if not isinstance(value, date):
            raise ReleaseRefused("A column of days holds something else.")
        yield value


def _is_step(number: object, column: Column) -> bool:
    rounding = column.rounding
    if rounding is None or not isinstance(number, (int, float)):
        return False
    steps = number / rounding.step
    return abs(steps - round(steps)) <= _TOLERANCE and rounding.bottom <= number <= rounding.top


def _is_level(shown: set[object], level: Level) -> bool:
    """Whether the values are such as the level gives: a column never mixes two."""
    match level.kind:
        case LevelKind.BANDS:
            return shown <= {*_bands(level.bounds), _UNKNOWN}
        case LevelKind.GROUPS:
            return shown <= {*(level.groups or {}).values(), level.otherwise, _UNKNOWN}
        case LevelKind.TRUNCATE:
            return all(len(str(code)) <= level.length for code in shown)
        case LevelKind.ALL:
            return shown <= {level.pooled_code or "SSS"}
        case LevelKind.KEEP | LevelKind.POOL_SMALL:
            return True


def _bands(bounds: tuple[int, ...]) -> Iterator[str]:
    """Every label that bands by these lower bounds can have."""
    last = ""
    for bound in bounds:
        yield f"{last}-{bound - 1}"
        last = str(bound)
    yield f"{last}-"
