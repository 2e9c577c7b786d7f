"""Known faults of the sources: counted at every publication, and handled as the contract says."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

from gateway.errors import WarehouseUnavailable
from gateway.model.product import DirtRule, Product
from gateway.ports import Warehouse
from gateway.publishing.extract import read_sql

_LOG = logging.getLogger(__name__)
ROUNDED_TO = 10


def dirt_report(product: Product, *, as_of: date, warehouse: Warehouse) -> list[dict[str, Any]]:
    """One JSON object per rule: its name, how often the fault occurs and what is done about it."""
    return [
        {
            "rule": rule.name,
            "description": {
                "fi": rule.description.fi,
                "sv": rule.description.sv,
                "en": rule.description.en,
            },
            "count": reported_count(
                _count(product, rule, as_of=as_of, warehouse=warehouse), product
            ),
            "handling": rule.handling,
        }
        for rule in product.dirt
    ]


def reported_count(count: int, product: Product) -> int:
    """A count as readers of the manifest may see it.

    Exact when no persons are counted, else rounded up to tens: an exact number of persons without a
    municipality would give back the very cell that a cube of the same persons hides.
    """
    if not product.personal_data:
        return count
    return -(-count // ROUNDED_TO) * ROUNDED_TO


def _count(product: Product, rule: DirtRule, *, as_of: date, warehouse: Warehouse) -> int:
    table = read_sql(product, rule.count_sql, as_of=as_of, warehouse=warehouse)
    count = table.column(0)[0].as_py() if table.num_columns == table.num_rows == 1 else None
    if not isinstance(count, int):
        raise WarehouseUnavailable(f"{product.id}: the rule {rule.name} does not give one number.")
    _LOG.info("%s: %s: %d", product.id, rule.name, count)
    return count
