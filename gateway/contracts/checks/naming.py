"""Names, versions and tests: the contract is what its file says it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from gateway.contracts.contract import Contract
from gateway.contracts.faults import Fault

_ID = re.compile(r"[a-z][a-z0-9-]*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_VERSION = re.compile(r"\d+\.\d+\.\d+")


def check_naming(contract: Contract, tested_products: frozenset[str] | None) -> Iterator[Fault]:
    """tested_products: products with a row in the policy tests; None leaves that check out."""
    product = contract.product
    stem = PurePath(contract.source.file).stem
    if product.id != stem:
        remedy = f"Write `id: {stem}`, or rename the file to {product.id}.yaml."
        yield contract.fault(("id",), "The file is not named after the product.", remedy)
    if not _ID.fullmatch(product.id):
        remedy = "Use small letters, digits and hyphens; begin with a letter."
        yield contract.fault(("id",), "The id cannot stand in an address.", remedy)
    if not _VERSION.fullmatch(product.version):
        remedy = "Write three numbers, like 1.0.0."
        yield contract.fault(("version",), "The version is not a semantic version.", remedy)
    if tested_products is not None and product.id not in tested_products:
        remedy = f"Add a row for `{product.id}` to the policy tests."
        yield contract.fault(("id",), "The product has no row in the policy tests.", remedy)
    yield from _column_names(contract)
    yield from _dirt_names(contract)


def _column_names(contract: Contract) -> Iterator[Fault]:
    seen: set[str] = set()
    for column in contract.columns:
        path = (*column.place, "name")
        if not _NAME.fullmatch(column.name):
            remedy = "Use small letters, digits and underscores; begin with a letter."
            yield contract.fault(path, f"`{column.name}` is not a name for a column.", remedy)
        if column.name in seen:
            message = f"The column `{column.name}` is given twice."
            yield contract.fault(path, message, "Rename or remove one of the two.")
        seen.add(column.name)


def _dirt_names(contract: Contract) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, rule in enumerate(contract.product.dirt):
        if rule.name in seen:
            message = f"The quality rule `{rule.name}` is given twice."
            place = ("schema", 0, "quality", index, "name")
            yield contract.fault(place, message, "Rename or remove one of the two.")
        seen.add(rule.name)
    if not contract.product.dirt:
        message = "The contract has no quality rule: what it does about dirty rows is not said."
        yield contract.fault(("schema", 0), message, "Add `quality`; see docs/contracts.md.")
