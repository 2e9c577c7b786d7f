"""A cube release: extract leaves, add them up, protect the whole lattice once, write, check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from gateway.model.cube import Axis, Cube, Lattice, Status
from gateway.model.product import Combination, CubeSpec, Measure, MeasureKind, Product
from gateway.model.release import DeliveredColumn, StoredFile
from gateway.ports import StagedRelease
from gateway.protection.derived import Derived, mask_means, mask_shares
from gateway.protection.lattice import build_lattice, designed_cells, summed
from gateway.protection.suppression import Protected
from gateway.publishing.cube_audit import protected_cube
from gateway.publishing.cube_axes import release_axis
from gateway.publishing.cube_gate import check_cube_files
from gateway.publishing.cube_leaves import Leaves, leaves_of
from gateway.publishing.dirt import reported_count
from gateway.publishing.extract import extract_leaves
from gateway.publishing.services import Progress, PublishServices
from gateway.publishing.written import Written, stored_file
from gateway.releases.cube_file import write_cube
from gateway.releases.cube_table import is_integral, write_cube_table
from gateway.releases.layout import CUBE_ARROW, CUBE_PARQUET


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
    progress("extract", 0.0)
    table = extract_leaves(product, spec, as_of=as_of, warehouse=services.warehouse)
    axes = [release_axis(product, d, as_of=as_of, services=services) for d in spec.dimensions]
    leaves = leaves_of(table, spec, axes, registry=services.registry)
    progress("add up", 0.2)
    lattice = build_lattice(
        axes, leaves.counts, nestings=spec.nestings, combinations=spec.combinations
    )
    protected, audit = protected_cube(product, lattice, spec, services=services, progress=progress)
    derived = _derived(spec, lattice, protected, leaves)
    cube = assembled(spec, lattice, protected, derived)
    progress("write", 0.8)
    files = _write_files(cube, staged)
    check_cube_files(
        staged.path_for(CUBE_ARROW), staged.path_for(CUBE_PARQUET), lattice, spec, product=product
    )
    report = {**_report(product, protected, derived, leaves), **audit}
    return Written(_columns(axes, spec), files, report)


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


def _derived(
    spec: CubeSpec, lattice: Lattice, protected: Protected, leaves: Leaves
) -> dict[str, Derived]:
    return {
        measure.name: _masked(measure, lattice, protected, leaves, combinations=spec.combinations)
        for measure in spec.measures
        if measure.kind is not MeasureKind.COUNT
    }


def _masked(
    measure: Measure,
    lattice: Lattice,
    protected: Protected,
    leaves: Leaves,
    *,
    combinations: Sequence[Combination],
) -> Derived:
    of = lattice.counts[[lattice.measure_names.index(measure.of[0])]]
    designed = designed_cells(lattice.axes, [measure.name], of, combinations=combinations)[0]
    if measure.kind is MeasureKind.SHARE:
        return mask_shares(lattice, protected.status, measure=measure, designed=designed)
    sums = summed(lattice.axes, leaves.counts.positions, leaves.sums[measure.name])
    return mask_means(lattice, protected.status, measure=measure, sums=sums, designed=designed)


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


def _report(
    product: Product, protected: Protected, derived: Mapping[str, Derived], leaves: Leaves
) -> dict[str, Any]:
    return {
        **protected.report,
        "derived": [part.report for part in derived.values()],
        "leaf_rows_with_unknown_value": {
            name: reported_count(count, product) for name, count in sorted(leaves.unknown.items())
        },
    }
