"""The last look at what was written: the file is read back and held against the contract.

Nothing here trusts the steps before it, and nothing of their code is used: the schema, every column's
form, k and l are checked on the bytes that would be served. Any doubt refuses the release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gateway.contracts import Catalog
from gateway.errors import ReleaseRefused
from gateway.model.product import Product, RowsSpec, Transformation
from gateway.publishing.gate_columns import check_column
from gateway.releases.layout import slice_schema

_LARGEST_L = 4


@dataclass(frozen=True, slots=True)
class Reached:
    """k: the fewest persons behind a combination. l: the fewest values of a sensitive column that
    cover everybody in one, 4 at most; None without rows, without sensitive columns, or with no
    value to be seen.
    """

    k: int
    l: int | None  # noqa: E741 (the name that everybody knows it by)


def check_slice(
    path: Path,
    spec: RowsSpec,
    *,
    product: Product,
    catalog: Catalog,
    levels: Mapping[str, str],
) -> Reached:
    """Read a written slice back, and tell what it reaches.

    levels: the level that each quasi-identifier is reported to stand at. Raises ReleaseRefused when the columns are not exactly the delivered ones, a required value is
    missing, a value has not the form that its column promises, or k or l is not reached.
    """
    with pq.ParquetFile(path) as file:  # `read_table` would add the folder's `area=` as a column
        table = file.read()
    if not table.schema.equals(slice_schema(spec.columns)):
        raise ReleaseRefused(f"{product.id}: a slice has other columns than its contract delivers.")
    if not table.num_rows:
        return Reached(0, None)
    for column in spec.columns:
        if column.is_delivered:
            values = table.column(column.name)
            check_column(values, column, spec=spec, catalog=catalog, level=levels.get(column.name))
    reached = smallest_group(table, spec)
    if reached < spec.anonymity.k:
        raise ReleaseRefused(f"{product.id}: a written slice does not reach k.")
    cover = smallest_cover(table, spec)
    if cover is not None and cover < spec.anonymity.diversity:
        raise ReleaseRefused(f"{product.id}: a written slice does not reach l.")
    return Reached(reached, cover)


def smallest_group(table: pa.Table, spec: RowsSpec) -> int:
    """The fewest distinct pseudonyms that share a combination of quasi-identifiers."""
    pseudonym = _pseudonym(spec)
    counted = table.group_by(_known(spec)).aggregate([(pseudonym, "count_distinct")])
    return int(counted.column(f"{pseudonym}_count_distinct").to_numpy().min())


def smallest_cover(table: pa.Table, spec: RowsSpec) -> int | None:
    """The fewest values of a sensitive column of which everybody in a combination has one.

    A suppressed value is none, and who has no other is left out; who has a missing value only has
    none of the values, and cannot be covered.
    """
    smallest: int | None = None
    for column in spec.columns:
        if column.sensitive is not None and column.is_delivered:
            seen = _seen(table, spec, column.name)
            if len(seen):
                smallest = _cover(seen, at_most=smallest or _LARGEST_L)
    return smallest


def _seen(table: pa.Table, spec: RowsSpec, secret: str) -> NDArray[np.int64]:
    """(lines, 3) combination, person and value, each once; a missing value is -1."""
    values = table.column(secret).combine_chunks()
    hidden = pc.call_function("equal", [values, pa.scalar(spec.anonymity.suppressed_code)])
    is_hidden = hidden.fill_null(pa.scalar(value=False)).to_numpy(zero_copy_only=False)
    shown = table.take(np.flatnonzero(~is_hidden))
    combination = np.zeros(shown.num_rows, dtype=np.int64)
    for name in _known(spec):
        combination = _renumbered(combination * shown.num_rows + _numbers(shown.column(name)))
    person = _numbers(shown.column(_pseudonym(spec)))
    lines = np.stack([combination, person, _numbers(shown.column(secret))], axis=1)
    order = np.lexsort(lines.T[::-1])
    lines = lines[order]
    is_new = np.ones(len(lines), dtype=np.bool_)
    is_new[1:] = (lines[1:] != lines[:-1]).any(axis=1)
    return lines[is_new]


def _cover(seen: NDArray[np.int64], *, at_most: int) -> int:
    """How many values it takes at least to cover everybody in some combination; counted no further.

    Only combinations whose commonest values are had by as many as there are persons can be covered.
    """
    combination, person, value = seen.T
    starts = np.ones(len(seen), dtype=np.bool_)
    starts[1:] = (seen[1:, :2] != seen[:-1, :2]).any(axis=1)
    everybody = np.bincount(combination[starts])
    width = int(value.max(initial=0)) + 1
    is_value = value >= 0
    had = np.bincount(
        combination[is_value] * width + value[is_value], minlength=len(everybody) * width
    ).reshape(len(everybody), width)
    commonest = np.sort(had, axis=1)[:, ::-1].cumsum(axis=1)
    for size in range(1, at_most):
        most = commonest[:, min(size, width) - 1]
        for place in np.flatnonzero((most >= everybody) & (everybody > 0)):
            first, last = np.searchsorted(combination, [place, place + 1])
            if _is_covered(person[first:last], value[first:last], size=size):
                return size
    return at_most


def _is_covered(persons: NDArray[np.int64], values: NDArray[np.int64], *, size: int) -> bool:
    """Whether so many values cover all these persons."""
    people: dict[int, set[int]] = {}
    for person, value in zip(persons.tolist(), values.tolist(), strict=True):
        people.setdefault(person, set()).add(value)
    known = set(values.tolist()) - {-1}
    sets = {frozenset(each) for each in people.values()}
    chosen = combinations(known, min(size, len(known)))
    return any(all(not one.isdisjoint(cover) for one in sets) for cover in map(set, chosen))


def _numbers(values: pa.ChunkedArray) -> NDArray[np.int64]:
    """(rows) each value's number from 0, -1 for a missing one."""
    encoded = values.combine_chunks().dictionary_encode()
    return encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)


def _renumbered(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.unique(numbers, return_inverse=True)[1].astype(np.int64)


def _known(spec: RowsSpec) -> list[str]:
    return [c.name for c in spec.columns if c.is_quasi_identifier]


def _pseudonym(spec: RowsSpec) -> str:
    for column in spec.columns:
        if column.transformation is Transformation.PSEUDONYM:
            return column.name
    # Without a pseudonym persons cannot be told apart, so rows bound them from above only.
    raise ReleaseRefused("A rows product has no pseudonym to count persons by.")
