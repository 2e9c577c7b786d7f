"""A rows release: extract, place, then each area's slice: protect, write, read back and check."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from gateway.model.product import Product, RowsSpec
from gateway.model.release import DeliveredColumn, StoredFile
from gateway.ports import PseudonymDomain, StagedRelease
from gateway.protection.pseudonym import fingerprint
from gateway.publishing.earlier import earlier_release, told_before
from gateway.publishing.family import family_purpose, told_by_area
from gateway.publishing.gate import check_slice
from gateway.publishing.placed import placed_rows
from gateway.publishing.rows_report import rows_report
from gateway.publishing.services import Progress, PublishServices
from gateway.publishing.slices import area_rows, persons_of, protect_slice, write_slice
from gateway.publishing.written import Written, stored_file
from gateway.releases.layout import MUNICIPALITIES, MUNICIPALITY, PSEUDONYMS, slice_path


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

    Raises WarehouseUnavailable, ContractFault, ReleaseRefused, ReleaseDamaged.
    """
    progress("extract", 0.0)
    purpose = family_purpose(product, services.catalog)
    placed = placed_rows(product, spec, as_of=as_of, services=services)
    placement = placed.placement
    known = told_by_area(product, as_of=as_of, services=services)
    earlier = earlier_release(product, before=staged.release, releases=services.releases)
    files: list[StoredFile] = []
    reports: dict[str, Mapping[str, Any]] = {}
    slices = zip(area_rows(placed.table, placement), known, strict=True)
    for done, (rows, of_kin) in enumerate(slices, start=1):
        domain = PseudonymDomain(rows.area, spec.family, purpose)
        key = services.keys.domain_key(domain)
        before = earlier and told_before(
            earlier,
            rows.area,
            spec,
            ids=persons_of(rows, spec),
            key=key,
            releases=services.releases,
        )
        told = of_kin if before is None else (*of_kin, before)
        protected = protect_slice(rows, spec, key=key, told=told)
        path = staged.path_for(slice_path(rows.area))
        write_slice(path, protected.table)
        reached = check_slice(
            path,
            spec,
            product=product,
            catalog=services.catalog,
            levels=protected.report["levels"],
        )
        file = stored_file(
            path, slice_path(rows.area), rows=protected.table.num_rows, area=rows.area
        )
        places = _municipalities(protected.table)
        in_file = {"k_in_file": reached.k, "l_in_file": reached.l}
        reports[rows.area] = {
            **protected.report,
            **in_file,
            MUNICIPALITIES: places,
            PSEUDONYMS: fingerprint(key),
        }
        files.append(file)
        progress(f"area {rows.area}", done / len(placement.areas))
    report = rows_report(
        product,
        spec,
        placement,
        reports,
        without_person=placed.without_person,
        earlier=None if earlier is None else str(earlier.release),
    )
    return Written(_columns(spec), tuple(files), report)


def _municipalities(table: pa.Table) -> list[str]:
    """The codes that a reader of the slice may narrow it by: what stands in it, pools included."""
    if MUNICIPALITY not in table.column_names:
        return []
    return sorted(code for code in table.column(MUNICIPALITY).unique().to_pylist() if code)


def _columns(spec: RowsSpec) -> tuple[DeliveredColumn, ...]:
    return tuple(
        DeliveredColumn(column.name, column.type.value, column.label)
        for column in spec.columns
        if column.is_delivered
    )
