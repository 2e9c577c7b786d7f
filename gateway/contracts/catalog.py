"""Every contract of a folder, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.contracts.checks import cross_checks
from gateway.contracts.code_list_file import Lists, read_code_lists
from gateway.contracts.contract import Contract
from gateway.contracts.contract_file import read_contract
from gateway.contracts.faults import ContractFaults, Fault
from gateway.contracts.links import followed
from gateway.contracts.source_tables import SourceTable, SourceTables, read_source_tables
from gateway.errors import ContractFault
from gateway.model.codes import CodeList
from gateway.model.product import Product
from gateway.model.ruling import unknown_product

CODE_LISTS = "codelists"
SOURCES = "sources"


@dataclass(frozen=True, slots=True)
class Catalog:
    """The products there are, by id, the code lists that they use, and the tables they may read."""

    products: tuple[Product, ...]
    code_lists: Mapping[str, CodeList]
    tables: SourceTables = field(default_factory=dict[str, SourceTable])

    def find(self, product_id: str) -> Product:
        """Raises the one NotFound of an unknown product."""
        for product in self.products:
            if product.id == product_id:
                return product
        raise unknown_product()

    def code_list(self, list_id: str) -> CodeList:
        """Raises ContractFault when no contract could have named it."""
        found = self.code_lists.get(list_id)
        if found is None:
            raise ContractFault("There is no such code list.")
        return found


def load_catalog(
    products_dir: Path, *, registry_lists: Mapping[str, CodeList], runs_sql: bool = True
) -> Catalog:
    """Read every contract of a folder.

    registry_lists: code lists that the registry of organisations gives (`geography`), by id.
    runs_sql: False on the serve road, which runs none and so does not load the parser of it.
    Raises ContractFault with the file, the line and the remedy of every fault.
    """
    catalog, faults = _read(products_dir, registry_lists, tested_products=None, runs_sql=runs_sql)
    if faults:
        raise ContractFaults(faults)
    return catalog


def check_contracts(
    products_dir: Path,
    *,
    registry_lists: Mapping[str, CodeList],
    tested_products: frozenset[str] | None = None,
) -> tuple[Fault, ...]:
    """Every fault of every contract, in order of file and line; empty when all is well.

    tested_products: products with a row in the policy tests; None when there is no such list.
    """
    _, faults = _read(products_dir, registry_lists, tested_products=tested_products)
    return faults


def _read(
    folder: Path,
    registry_lists: Mapping[str, CodeList],
    *,
    tested_products: frozenset[str] | None,
    runs_sql: bool = True,
) -> tuple[Catalog, tuple[Fault, ...]]:
    faults: list[Fault] = []
    read: list[Contract] = []
    unread: set[str] = set()
    lists, tables = Lists(dict(registry_lists), {}), None
    try:
        lists = read_code_lists(folder / CODE_LISTS, registry_lists)
        tables = read_source_tables(folder / SOURCES) if runs_sql else None
    except ContractFaults as found:
        # Without its lists a contract would be blamed for faults that are not its own.
        return Catalog((), lists.codes), found.faults
    for path in sorted(folder.glob("*.yaml")):
        try:
            read.append(read_contract(path, lists))
        except ContractFaults as found:
            faults += found.faults
            unread.add(path.stem)
    contracts, broken = followed(read, unread=unread)
    faults += broken
    for contract in contracts:
        faults += cross_checks(contract, lists, tables=tables, tested_products=tested_products)
    faults += _folder_faults(folder)
    products = tuple(contract.product for contract in contracts)
    return Catalog(products, lists.codes, tables or {}), tuple(sorted(set(faults)))


def _folder_faults(folder: Path) -> list[Fault]:
    """A folder without contracts, or with files that nobody would read."""
    if not any(folder.glob("*.yaml")):
        remedy = "Point to the folder that holds them."
        return [Fault(str(folder), 1, "There is no contract in this folder.", remedy)]
    strays = [path for path in folder.rglob("*.yml") if path.is_file()]
    return [
        Fault(str(path), 1, "The file would not be read.", f"Rename it to {path.stem}.yaml.")
        for path in strays
    ]
