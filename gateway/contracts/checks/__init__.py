"""The cross-checks: what neither the standard nor the terms can say of a contract alone."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.contracts.checks.access import check_access
from gateway.contracts.checks.anonymity import check_anonymity
from gateway.contracts.checks.lattice import check_lattice
from gateway.contracts.checks.limits import check_limits
from gateway.contracts.checks.lineage import check_lineage
from gateway.contracts.checks.measures import check_measures
from gateway.contracts.checks.naming import check_naming
from gateway.contracts.checks.sensitive import check_sensitive
from gateway.contracts.checks.snapshots import check_snapshots
from gateway.contracts.checks.sql_flow import check_sql_flow
from gateway.contracts.checks.sql_text import check_sql_text
from gateway.contracts.checks.transformations import check_transformations
from gateway.contracts.code_list_file import Lists
from gateway.contracts.contract import Contract
from gateway.contracts.faults import Fault
from gateway.contracts.source_tables import SourceTables


def cross_checks(
    contract: Contract,
    lists: Lists,
    *,
    tables: SourceTables | None,
    tested_products: frozenset[str] | None,
) -> Iterator[Fault]:
    """Every fault of a contract that could be read.

    tables: what its SQL may read; None leaves the SQL alone, where none is ever run.
    """
    yield from check_naming(contract, tested_products)
    yield from check_access(contract)
    yield from check_lineage(contract)
    yield from check_sql_text(contract)
    if tables is not None:
        yield from check_sql_flow(contract, tables)
    yield from check_transformations(contract, lists)
    yield from check_anonymity(contract, lists)
    yield from check_sensitive(contract, lists)
    yield from check_lattice(contract, lists)
    yield from check_measures(contract)
    yield from check_limits(contract)
    yield from check_snapshots(contract)
