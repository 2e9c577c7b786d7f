"""The cross-checks: what neither the standard nor the terms can say of a contract alone."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.contracts.checks.access import check_access
from gateway.contracts.checks.anonymity import check_anonymity
from gateway.contracts.checks.lattice import check_lattice
from gateway.contracts.checks.lineage import check_lineage
from gateway.contracts.checks.measures import check_measures
from gateway.contracts.checks.naming import check_naming
from gateway.contracts.checks.plain_sql import check_plain
from gateway.contracts.checks.statements import check_statements
from gateway.contracts.code_list_file import Lists
from gateway.contracts.contract import Contract
from gateway.contracts.faults import Fault


def cross_checks(
    contract: Contract, lists: Lists, *, tested_products: frozenset[str] | None
) -> Iterator[Fault]:
    """Every fault of a contract that could be read."""
    yield from check_naming(contract, tested_products)
    yield from check_access(contract)
    yield from check_lineage(contract)
    yield from check_plain(contract)
    yield from check_statements(contract)
    yield from check_anonymity(contract, lists)
    yield from check_lattice(contract, lists)
    yield from check_measures(contract)
