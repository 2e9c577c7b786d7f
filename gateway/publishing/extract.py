"""Reading the warehouse: the only step that sees what the contract drops."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import pyarrow as pa

from gateway.errors import ContractFault, WarehouseUnavailable
from gateway.model.product import CubeSpec, Product, RowsSpec
from gateway.ports import Warehouse

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def extract_rows(
    product: Product, spec: RowsSpec, *, as_of: date, warehouse: Warehouse
) -> pa.Table:
    """Person, municipality and the source of every delivered column; each once, by source name.

    The selection runs in the warehouse, so that a dropped column never enters this process.
    Raises WarehouseUnavailable, ContractFault.
    """
    sources = (column.source for column in spec.columns if column.is_delivered)
    wanted = list(dict.fromkeys((spec.person, spec.municipality, *sources)))
    return _read_columns(product, spec.extract, wanted, as_of=as_of, warehouse=warehouse)


def extract_leaves(
    product: Product, spec: CubeSpec, *, as_of: date, warehouse: Warehouse
) -> pa.Table:
    """The code column of every dimension and the columns of every count and mean."""
    measured = (name for m in spec.measures for name in m.columns)
    wanted = list(dict.fromkeys((*(d.column for d in spec.dimensions), *measured)))
    return _read_columns(product, spec.extract, wanted, as_of=as_of, warehouse=warehouse)


def read_sql(product: Product, sql: str, *, as_of: date, warehouse: Warehouse) -> pa.Table:
    """Run one statement of a contract; a fault names the product. Raises WarehouseUnavailable."""
    try:
        return warehouse.read(sql, {"as_of": as_of})
    except WarehouseUnavailable as error:
        raise WarehouseUnavailable(f"{product.id}: {error.detail}") from error


def _read_columns(
    product: Product, sql: str, wanted: Sequence[str], *, as_of: date, warehouse: Warehouse
) -> pa.Table:
    for name in wanted:
        if _IDENTIFIER.fullmatch(name) is None:
            raise ContractFault(f"{product.id}: `{name}` cannot be a column of an extract.")
    # Names are checked above and come from contracts alone; values are bound.
    selection = f"SELECT {', '.join(wanted)} FROM (\n{sql}\n) AS extracted"  # noqa: S608
    table = read_sql(product, selection, as_of=as_of, warehouse=warehouse)
    return table.rename_columns(list(wanted))  # some engines answer in upper case
