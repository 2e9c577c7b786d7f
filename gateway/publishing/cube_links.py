"""Linked cubes: products over one population that are counted, protected and attacked as one cube.

Their contracts together make one lattice and one mask; each product publishes its own part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from gateway.contracts import Catalog
from gateway.errors import ContractFault, ReleaseNotFound
from gateway.model.cube import Cube, Lattice, Status
from gateway.model.product import CubeSpec, Product
from gateway.ports import ReleaseStore
from gateway.publishing.stored_cube import stored_cube
from gateway.releases.layout import CUBE_ARROW


def leader_of(product: Product, catalog: Catalog) -> Product | None:
    """The cube that this one is linked to, None where it is linked to none. Raises ContractFault."""
    name = None if product.cube is None else product.cube.linked_to
    if name is None:
        return None
    for one in catalog.products:
        if one.id == name and one.cube is not None and one.cube.linked_to is None:
            return one
    raise ContractFault(f"{product.id}: there is no cube {name} to be linked to.")


def linked_with(product: Product, catalog: Catalog) -> tuple[Product, ...]:
    """The other cubes that are protected with this one: the leader first, then by their ids.

    Raises ContractFault.
    """
    leader = leader_of(product, catalog) or product
    followers = sorted(
        (one for one in catalog.products if one.cube and one.cube.linked_to == leader.id),
        key=lambda one: one.id,
    )
    return tuple(one for one in (leader, *followers) if one.id != product.id)


def leaders_first(products: Sequence[Product]) -> list[Product]:
    """In the order of publication: a linked cube comes after those that it could be linked to."""
    return sorted(products, key=lambda one: bool(one.cube and one.cube.linked_to))


def joint_spec(product: Product, spec: CubeSpec, catalog: Catalog) -> CubeSpec:
    """The leader's cube with the combinations of everybody who is linked. Raises ContractFault.

    spec: of the product, as it is to be published.
    """
    others = [one.cube for one in linked_with(product, catalog) if one.cube is not None]
    if not others:
        return spec
    leader, *followers = (
        (spec, *others) if spec.linked_to is None else (others[0], spec, *others[1:])
    )
    further = (one for follower in followers for one in follower.combinations)
    return replace(leader, combinations=(*leader.combinations, *further))


def told_beside(
    product: Product, *, as_of: date, catalog: Catalog, releases: ReleaseStore
) -> Mapping[str, Cube]:
    """By product, what the cubes that are linked with this one tell of a day in their newest releases.

    Raises ReleaseDamaged, ContractFault.
    """
    found: dict[str, Cube] = {}
    for one in linked_with(product, catalog):
        try:
            manifest = releases.newest(one.id, as_of)
        except ReleaseNotFound:
            continue
        if manifest.release.as_of == as_of and manifest.file_at(CUBE_ARROW) is not None:
            found[one.id] = stored_cube(manifest, releases)
    return found


def status_of(cube: Cube, lattice: Lattice) -> NDArray[np.uint8]:
    """(measure, *axes) of the lattice, as a cube tells it; what it does not have is not published."""
    status = np.full(lattice.counts.shape, Status.NOT_PUBLISHED, dtype=np.uint8)
    place = {measure.name: index for index, measure in enumerate(cube.measures)}
    for index, name in enumerate(lattice.measure_names):
        if index not in lattice.latent and name in place:
            status[index] = cube.status[place[name]]
    return with_latent(status, lattice)


def with_latent(status: NDArray[np.uint8], lattice: Lattice) -> NDArray[np.uint8]:
    """The same array, where what is left of a measure is told where all of the measure is."""
    for line in lattice.measure_lines:
        *parts, rest = line.children
        # The numbers of Status are in order.
        status[rest] = status[[line.parent, *parts]].max(axis=0)
    return status
