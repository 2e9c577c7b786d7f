"""A rows release: extract, place, then each area's slice: protect, write, read back and check."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from gateway.contracts import Catalog
from gateway.errors import ContractFault
from gateway.model.product import Product, RowsSpec
from gateway.model.release import DeliveredColumn, StoredFile
from gateway.ports import PseudonymDomain, StagedRelease
from gateway.publishing.extract import extract_rows
from gateway.publishing.gate import check_slice
from gateway.publishing.placement import Placement, place
from gateway.publishing.rows_report import rows_report
from gateway.publishing.services import Progress, PublishServices
from gateway.publishing.slices import AreaRows, area_rows, protect_slice, write_slice
from gateway.publishing.written import Written, stored_file
from gateway.releases.layout import slice_path


def write_rows(
    product: Product,
    spec: RowsSpec,
    *,
    as_of: date,
    staged: StagedRelease,
    services: PublishServices,
    progress: Progress,
) -> Written:
    """Write one slice for every employment area, an empty one where there are no rows.

    Raises WarehouseUnavailable, ContractFault, ReleaseRefused.
    """
    progress("extract", 0.0)
    purpose = family_purpose(product, services.catalog)
    table = extract_rows(product, spec, as_of=as_of, warehouse=services.warehouse)
    table, without_person = _identified(table, spec)
    placement = place(table.column(spec.municipality), services.registry)
    table = _with_current_municipality(table, spec, placement)
    files: list[StoredFile] = []
    reports: dict[str, Mapping[str, Any]] = {}
    for done, rows in enumerate(area_rows(table, placement), start=1):
        domain = PseudonymDomain(rows.area, spec.family, purpose)
        key = services.keys.domain_key(domain)
        file, reports[rows.area] = _write_area(product, spec, rows, key=key, staged=staged)
        files.append(file)
        progress(f"area {rows.area}", done / len(placement.areas))
    report = rows_report(product, spec, placement, reports, without_person=without_person)
    return Written(_columns(spec), tuple(files), report)


def family_purpose(product: Product, catalog: Catalog) -> str:
    """The purpose in the pseudonym domain: the family's, so that its products share pseudonyms.

    It is the first purpose of the contract. Raises ContractFault when two contracts of one family
    do not begin with the same one: their rows could not be joined, against what the family says.
    """
    if product.rows is None or not product.purposes:
        raise ContractFault(f"{product.id}: a rows product has a purpose.")
    family = product.rows.family
    for other in catalog.products:
        is_kin = other.rows is not None and other.rows.family == family
        if is_kin and other.purposes[:1] != product.purposes[:1]:
            raise ContractFault(
                f"{product.id} and {other.id} are of the family {family} and begin with different "
                "purposes; begin with the same one, or name two families."
            )
    return product.purposes[0]


def _identified(table: pa.Table, spec: RowsSpec) -> tuple[pa.Table, int]:
    """The rows that have a person, and how many have none: those cannot be counted by persons."""
    identified = table.filter(table.column(spec.person).is_valid())
    return identified, table.num_rows - identified.num_rows


def _with_current_municipality(table: pa.Table, spec: RowsSpec, placement: Placement) -> pa.Table:
    place = table.schema.get_field_index(spec.municipality)
    return table.set_column(place, spec.municipality, placement.municipality)


def _write_area(
    product: Product, spec: RowsSpec, rows: AreaRows, *, key: bytes, staged: StagedRelease
) -> tuple[StoredFile, Mapping[str, Any]]:
    protected = protect_slice(rows, spec, key=key)
    relative = slice_path(rows.area)
    path = staged.path_for(relative)
    write_slice(path, protected.table)
    reached = check_slice(path, spec, product=product)
    file = stored_file(path, relative, rows=protected.table.num_rows, area=rows.area)
    return file, {**protected.report, "k_in_file": reached}


def _columns(spec: RowsSpec) -> tuple[DeliveredColumn, ...]:
    return tuple(
        DeliveredColumn(column.name, column.type.value, column.label)
        for column in spec.columns
        if column.is_delivered
    )
