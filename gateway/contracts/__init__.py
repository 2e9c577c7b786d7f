"""Contracts: `products/<id>.yaml` to `Product`, and the checks that refuse what is wrong."""

from __future__ import annotations

from gateway.contracts.catalog import Catalog, check_contracts, load_catalog
from gateway.contracts.faults import Fault

__all__ = ["Catalog", "Fault", "check_contracts", "load_catalog"]
