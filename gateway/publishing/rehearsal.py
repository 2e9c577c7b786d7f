"""A publication of a cube up to where something would be written: what its contract comes to."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.errors import BadParameter, ReleaseRefused
from gateway.model.product import Product
from gateway.publishing.cube_audit import audited_cube
from gateway.publishing.cube_counts import counted_cube
from gateway.publishing.cube_earlier import told_before_cube
from gateway.publishing.cube_gate import check_cube_cells
from gateway.publishing.cube_limits import Reading, readings
from gateway.publishing.cube_options import Option, options
from gateway.publishing.cube_report import LevelRow, TableRow, level_rows, table_rows
from gateway.publishing.cube_seen import seen_of
from gateway.publishing.cube_times import slice_names
from gateway.publishing.cubes import made_cube
from gateway.publishing.earlier import release_of_day
from gateway.publishing.lineage import check_lineage, check_sources
from gateway.publishing.road import check_day
from gateway.publishing.services import Progress, PublishServices, silent


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The disclosure report of a cube that was not published.

    slices: the codes of each, oldest first. audit: of the attack, empty where no widths are stated.
    refusal: what the auditor or the gate says against the cube, empty when nothing.
    options: estimates of what coarser detail would win.
    """

    product: str
    as_of: date
    slices: tuple[str, ...]
    levels: tuple[LevelRow, ...]
    tables: tuple[TableRow, ...]
    limits: tuple[Reading, ...]
    options: tuple[Option, ...]
    audit: Mapping[str, Any]
    refusal: str
    seconds: float

    @property
    def holds(self) -> bool:
        return not self.refusal and all(reading.holds for reading in self.limits)


def rehearse(
    product: Product,
    *,
    as_of: date,
    services: PublishServices,
    newest: int = 0,
    progress: Progress = silent,
) -> Rehearsal:
    """Extract, add up, protect and attack a cube, and write nothing anywhere.

    newest: only so many of the newest months, 0 for all. The release before the day's own is looked back
    at, as in publication. Raises BadParameter for rows,
    WarehouseUnavailable, ContractFault, NegativeCount, ReleaseRefused when there is no mask at all.
    """
    spec = product.cube
    if spec is None:
        raise BadParameter(
            f"{product.id} delivers rows: only cubes are published for a trial.",
            parameter="dry-run",
        )
    started = time.monotonic()
    check_sources(product)
    check_day(product, as_of, services)
    check_lineage(product, as_of=as_of, services=services)
    counted = counted_cube(
        product, spec, as_of=as_of, services=services, progress=progress, newest=newest
    )
    audited = audited_cube(
        counted.joint_lattice,
        counted.joint,
        services=services,
        progress=progress,
        before=told_before_cube(
            product,
            release_of_day(product, as_of=as_of, releases=services.releases),
            counted.joint_lattice,
            services,
        ),
    )
    progress("means and shares", 0.75)
    made = made_cube(counted, audited)
    lattice, joint = made.lattice, audited.protected.status
    progress("report", 0.9)
    seen = seen_of(made.cube, lattice, spec)
    refusal = audited.refusal
    try:
        check_cube_cells(made.cube, lattice, spec, product=product, joint=joint)
    except ReleaseRefused as refused:
        refusal = refusal or refused.detail
    return Rehearsal(
        product.id,
        as_of,
        slice_names(lattice.axes),
        level_rows(seen),
        table_rows(seen),
        readings(seen, spec.limits),
        options(lattice, made.protected.status, spec),
        made.audit.get("audit", {}),
        refusal,
        time.monotonic() - started,
    )
