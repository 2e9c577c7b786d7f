"""A cube release: extract leaves, add them up, protect the whole lattice once, write, check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from gateway.encoding.cube_tables import is_integral
from gateway.model.cube import Axis, Cube, Lattice, Status
from gateway.model.product import CubeSpec, MeasureKind, Product
from gateway.model.release import DeliveredColumn, StoredFile
from gateway.ports import StagedRelease
from gateway.protection.derived import Derived
from gateway.protection.suppression import Protected
from gateway.protection.suppression_report import report_of
from gateway.publishing.cube_audit import Audited, protected_cube
from gateway.publishing.cube_counts import Counted, counted_cube
from gateway.publishing.cube_derived import derived_measures
from gateway.publishing.cube_earlier import beside, told_before_cube
from gateway.publishing.cube_gate import check_cube_files
from gateway.publishing.cube_leaves import Leaves
from gateway.publishing.cube_limits import kept_limits
from gateway.publishing.cube_links import linked_with
from gateway.publishing.dirt import reported_count
from gateway.publishing.long_table import write_cube_table
from gateway.publishing.services import Progress, PublishServices
from gateway.publishing.written import Written, stored_file
from gateway.releases.cube_file import write_cube
from gateway.releases.layout import CUBE_ARROW, CUBE_PARQUET


@dataclass(frozen=True, slots=True)
class MadeCube:
    """A cube that is protected and not written yet, with the truth behind it. audit: for the report."""

    lattice: Lattice
    leaves: Leaves
    protected: Protected
    derived: Mapping[str, Derived]
    cube: Cube
    audit: Mapping[str, Any]


def write_cube_release(
    product: Product,
    spec: CubeSpec,
    *,
    as_of: date,
    staged: StagedRelease,
    services: PublishServices,
    progress: Progress,
) -> Written:
    """Write the dense cube and the long table.

    Raises WarehouseUnavailable, ContractFault, NegativeCount, ReleaseRefused.
    """
    counted = counted_cube(
        product,
        spec,
        as_of=as_of,
        services=services,
        progress=progress,
        newest=services.newest_months if spec.disclosure.outsider_width else 0,
    )
    audited = protected_cube(
        product,
        counted.joint_lattice,
        counted.joint,
        services=services,
        progress=progress,
        before=told_before_cube(product, staged.release, counted.joint_lattice, services),
    )
    progress("means and shares", 0.75)
    made = made_cube(counted, audited)
    limits = kept_limits(
        product,
        spec,
        made.lattice,
        made.protected.status,
        made.cube,
        binding=services.keep_limits,
    )
    progress("write", 0.8)
    files = _write_files(made.cube, staged)
    check_cube_files(
        staged.path_for(CUBE_ARROW),
        staged.path_for(CUBE_PARQUET),
        made.lattice,
        spec,
        product=product,
        joint=audited.protected.status,
    )
    report = {
        **_report(product, made, linked_with(product, services.catalog)),
        **beside(product, staged.release, catalog=services.catalog, releases=services.releases),
        **limits,
        **made.audit,
    }
    return Written(_columns(made.lattice.axes, spec), files, report)


def made_cube(counted: Counted, audited: Audited) -> MadeCube:
    """The cube's own part of what is protected, and what is derived from it, as a reader gets it.

    A mean or a share is held against all that linked cubes tell. Raises ReleaseRefused.
    """
    spec, lattice, protected = counted.spec, counted.lattice, audited.protected
    derived = derived_measures(spec, counted.joint_lattice, protected, counted.leaves)
    if counted.joint is not spec:
        unseen = np.uint8(Status.NOT_PUBLISHED)
        status = np.where(lattice.designed, protected.status, unseen)
        protected = Protected(status, report_of(lattice, status, spec.disclosure))
    cube = assembled(spec, lattice, protected, derived)
    return MadeCube(lattice, counted.leaves, protected, derived, cube, audited.report)


def assembled(
    spec: CubeSpec, lattice: Lattice, protected: Protected, derived: Mapping[str, Derived]
) -> Cube:
    """The measures in the contract's order; a value only where it is published."""
    shape = (len(spec.measures), *lattice.counts.shape[1:])
    values = np.full(shape, np.nan)
    status = np.empty(shape, dtype=np.uint8)
    for i, measure in enumerate(spec.measures):
        if measure.kind is MeasureKind.COUNT:
            place = lattice.measure_names.index(measure.name)
            status[i] = protected.status[place]
            np.copyto(values[i], lattice.counts[place], where=status[i] == Status.PUBLISHED)
        else:
            status[i], values[i] = derived[measure.name].status, derived[measure.name].values
    return Cube(lattice.axes, spec.measures, values, status)


def _write_files(cube: Cube, staged: StagedRelease) -> tuple[StoredFile, ...]:
    files: list[StoredFile] = []
    for relative, write in ((CUBE_ARROW, write_cube), (CUBE_PARQUET, write_cube_table)):
        path = staged.path_for(relative)
        rows = write(path, cube)
        files.append(stored_file(path, relative, rows=rows))
    return tuple(files)


def _columns(axes: Sequence[Axis], spec: CubeSpec) -> tuple[DeliveredColumn, ...]:
    dimensions = (DeliveredColumn(axis.name, "string", axis.label) for axis in axes)
    measures = (
        DeliveredColumn(m.name, "integer" if is_integral(m) else "number", m.label)
        for m in spec.measures
    )
    return (*dimensions, *measures)


def _report(product: Product, made: MadeCube, linked: Sequence[Product]) -> dict[str, Any]:
    unknown = sorted(made.leaves.unknown.items())
    return {
        **made.protected.report,
        **({"protected_with": [one.id for one in linked]} if linked else {}),
        "derived": [part.report for part in made.derived.values()],
        "leaf_rows_with_unknown_value": {
            name: reported_count(count, product) for name, count in unknown
        },
    }
