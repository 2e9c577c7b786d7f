"""Rows to slices: one area at a time, pseudonymised in the area's own domain, brought to k, written.

An area's slice shares nothing with another's: not the key, not the pooled values, not the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gateway.errors import ReleaseRefused
from gateway.model.product import Column, RowsSpec, Transformation
from gateway.protection.anonymity import anonymise
from gateway.protection.pseudonym import pseudonyms
from gateway.protection.told import Told
from gateway.protection.transform import banded, month_start, rounded, truncated, year_start
from gateway.publishing.placement import Placement
from gateway.releases.layout import slice_schema

ROW_GROUP_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class AreaRows:
    """One area's extracted rows, by source name, still identified."""

    area: str
    table: pa.Table


@dataclass(frozen=True, slots=True)
class ProtectedSlice:
    """One area's rows as they may be delivered, in their final order, and the gate's report."""

    table: pa.Table
    report: Mapping[str, Any]


def area_rows(table: pa.Table, placement: Placement) -> Iterator[AreaRows]:
    """Every area of the registry in turn, those without rows too."""
    order = np.argsort(placement.area, kind="stable")
    sorted_areas = placement.area[order]
    for index, area in enumerate(placement.areas):
        first, last = np.searchsorted(sorted_areas, [index, index + 1])
        yield AreaRows(area, table.take(pa.array(order[first:last])))


def protect_slice(
    rows: AreaRows, spec: RowsSpec, *, key: bytes, told: Sequence[Told] = ()
) -> ProtectedSlice:
    """Transform every delivered column, generalise to k, and put the rows in an order of no meaning.

    key: of the area's pseudonym domain; told: the area's slices of the family's products that come
    before this one. Raises ReleaseRefused, ContractFault.
    """
    persons = persons_of(rows, spec)
    delivered = tuple(column for column in spec.columns if column.is_delivered)
    table = transformed(rows, delivered, key=key)
    gated = anonymise(table, persons=persons, columns=delivered, rules=spec.anonymity, told=told)
    return ProtectedSlice(_in_no_order(_typed(gated.table, spec), spec), gated.report)


def persons_of(rows: AreaRows, spec: RowsSpec) -> NDArray[np.int64]:
    """(rows) the internal ids."""
    return rows.table.column(spec.person).combine_chunks().to_numpy()


def transformed(rows: AreaRows, columns: Sequence[Column], *, key: bytes) -> pa.Table:
    """The columns by delivered name; quasi-identifiers are still as extracted."""
    return pa.table({c.name: _transformed(c, rows.table.column(c.source), key) for c in columns})


def write_slice(path: Path, table: pa.Table) -> None:
    """One Parquet file, zstd, in row groups that a reader may skip through."""
    pq.write_table(table, path, compression="zstd", row_group_size=ROW_GROUP_ROWS)


def _transformed(column: Column, values: pa.ChunkedArray, key: bytes) -> pa.Array | pa.ChunkedArray:
    match column.transformation:
        case Transformation.PSEUDONYM:
            return pseudonyms(_ids(values), key)
        case Transformation.MONTH:
            return month_start(values)
        case Transformation.YEAR:
            return year_start(values)
        case Transformation.TRUNCATE:
            return truncated(values, column.length)
        case Transformation.BANDS:
            return banded(values, column.bounds)
        case Transformation.ROUND:
            return rounded(values, column.rounding)
        case Transformation.KEEP | Transformation.GENERALISE:
            return values
        case Transformation.DROP:
            raise ReleaseRefused(f"The column {column.name} is dropped and cannot be delivered.")


def _ids(values: pa.ChunkedArray) -> NDArray[np.int64]:
    return values.combine_chunks().cast(pa.int64()).to_numpy(zero_copy_only=True)


def _typed(table: pa.Table, spec: RowsSpec) -> pa.Table:
    """The exact schema of the contract; a value that does not fit its column refuses the release."""
    schema = slice_schema(spec.columns)
    columns: list[pa.ChunkedArray] = []
    for field in schema:
        try:
            columns.append(table.column(field.name).cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            # The cause quotes a value, so it is not passed on.
            raise ReleaseRefused(
                f"The column {field.name} has values that are no {field.type}."
            ) from None
    return pa.Table.from_arrays(columns, schema=schema)


def _in_no_order(table: pa.Table, spec: RowsSpec) -> pa.Table:
    """Sorted by pseudonym, then by every other column: equal inputs give equal bytes, and the order
    says nothing of the source's own.
    """
    first = [c.name for c in spec.columns if c.transformation is Transformation.PSEUDONYM]
    rest = [name for name in table.column_names if name not in first]
    return table.sort_by([(name, "ascending") for name in (*first, *rest)])
