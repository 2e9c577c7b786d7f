"""The last look at what was written: the file is read back and held against the contract.

Nothing here trusts the steps before it: the schema, the pseudonyms and k are checked on the bytes
that would be served. Any doubt refuses the release.
"""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gateway.contracts import Catalog
from gateway.errors import ReleaseRefused
from gateway.model.product import Column, Product, RowsSpec, Transformation
from gateway.releases.layout import slice_schema

_PSEUDONYM = re.compile(r"[A-Z2-7]{26}")


def check_slice(path: Path, spec: RowsSpec, *, product: Product, catalog: Catalog) -> int:
    """Read a written slice back; returns the smallest number of persons behind a combination.

    0 for an empty slice. Raises ReleaseRefused when the columns are not exactly the delivered ones,
    a required value is missing, something stands in place of a pseudonym or of a code, or k is not
    reached.
    """
    with pq.ParquetFile(path) as file:  # `read_table` would add the folder's `area=` as a column
        table = file.read()
    if not table.schema.equals(slice_schema(spec.columns)):
        raise ReleaseRefused(f"{product.id}: a slice has other columns than its contract delivers.")
    if not table.num_rows:
        return 0
    for column in spec.columns:
        if column.is_delivered:
            _check_column(table.column(column.name), column.name, spec, product=product)
            check_codes(table.column(column.name), column, catalog=catalog)
    reached = smallest_group(table, spec)
    if reached < spec.anonymity.k:
        raise ReleaseRefused(f"{product.id}: a written slice does not reach k.")
    return reached


def smallest_group(table: pa.Table, spec: RowsSpec) -> int:
    """The fewest distinct pseudonyms that share a combination of quasi-identifiers."""
    known = [c.name for c in spec.columns if c.is_quasi_identifier]
    pseudonym = next(
        (c.name for c in spec.columns if c.transformation is Transformation.PSEUDONYM), None
    )
    if pseudonym is None:
        # Without a pseudonym persons cannot be told apart, so rows bound them from above only.
        raise ReleaseRefused("A rows product has no pseudonym to count persons by.")
    counted = table.group_by(known).aggregate([(pseudonym, "count_distinct")])
    return int(counted.column(f"{pseudonym}_count_distinct").to_numpy().min())


def _check_column(values: pa.ChunkedArray, name: str, spec: RowsSpec, *, product: Product) -> None:
    column = next(c for c in spec.columns if c.name == name)
    if column.required and values.null_count:
        raise ReleaseRefused(f"{product.id}: the required column {name} has missing values.")
    if column.unique and len(values.unique()) != len(values):
        raise ReleaseRefused(f"{product.id}: the column {name} has a value twice.")
    is_pseudonym = column.transformation is Transformation.PSEUDONYM
    if is_pseudonym and not all(_PSEUDONYM.fullmatch(t or "") for t in values.unique().to_pylist()):
        raise ReleaseRefused(f"{product.id}: {name} holds something that is no pseudonym.")


def check_codes(values: pa.ChunkedArray, column: Column, *, catalog: Catalog) -> None:
    """A column of codes holds nothing else, whatever the extract calls by its name.

    Raises ReleaseRefused; ContractFault when its code list is not there.
    """
    if column.code_list is None:
        return
    known = {code.code for code in catalog.code_list(column.code_list).codes}
    if not known.issuperset(values.drop_null().unique().to_pylist()):
        raise ReleaseRefused(f"The column {column.name} holds a value that is not in its list.")
