"""Every cell of a cube as it is true on a day, before anything of it is hidden."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.model.cube import Lattice
from gateway.model.product import CubeSpec, Product
from gateway.protection.lattice import build_lattice, designed_by
from gateway.publishing.cube_axes import release_axis
from gateway.publishing.cube_leaves import Leaves, leaves_of
from gateway.publishing.cube_links import joint_spec
from gateway.publishing.cube_times import at_times, newest_places, rows_within
from gateway.publishing.extract import extract_leaves
from gateway.publishing.services import Progress, PublishServices


@dataclass(frozen=True, slots=True)
class Counted:
    """A cube as it is true, beside those that it is linked with.

    lattice: every cell, designed where this cube publishes it. joint: the cube that all of them are
    together; joint_lattice: the same counts, designed where any of them publishes.
    """

    spec: CubeSpec
    lattice: Lattice
    joint: CubeSpec
    joint_lattice: Lattice
    leaves: Leaves


def counted_cube(
    product: Product,
    spec: CubeSpec,
    *,
    as_of: date,
    services: PublishServices,
    progress: Progress,
    newest: int = 0,
) -> Counted:
    """Every cell of a cube as it is true, and the leaves that it is counted from.

    newest: so many codes of the time axis, 0 for all. Which places are large enough is decided over all
    of them. Raises WarehouseUnavailable, ContractFault, NegativeCount, ReleaseRefused.
    """
    progress("extract", 0.0)
    joint = joint_spec(product, spec, services.catalog)
    table = extract_leaves(product, joint, as_of=as_of, warehouse=services.warehouse)
    axes = [release_axis(product, d, as_of=as_of, services=services) for d in joint.dimensions]
    leaves = leaves_of(table, joint, axes, registry=services.registry)
    progress("add up", 0.2)
    together = build_lattice(
        axes, leaves.counts, nestings=joint.nestings, combinations=joint.combinations
    )
    own = together if joint is spec else designed_by(together, spec.combinations)
    if newest == 0:
        return Counted(spec, own, joint, together, leaves)
    own, together = (at_times(one, newest_places(axes, newest)) for one in (own, together))
    rows = rows_within(table, joint, own.axes)
    leaves = leaves_of(rows, joint, own.axes, registry=services.registry)
    return Counted(spec, own, joint, together, leaves)
