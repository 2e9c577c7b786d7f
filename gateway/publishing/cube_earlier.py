"""What the release before told of a cube's cells: whoever reads both must learn no more than from one.

A month stands in every release until it is too old. Two masks over the same counts tell together what
each of them hides, so the second one begins where the first one ended. Linked cubes are one: what any
of them told before, readers have.

A cube without months tells of another time in every release, such as the last twelve months up to its
day. Many of its counts stay nearly the same for all that; only those are held to.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.contracts import Catalog
from gateway.errors import ReleaseDamaged
from gateway.model.cube import Axis, Cube, Lattice, Status
from gateway.model.product import Product
from gateway.model.release import Manifest, ReleaseId
from gateway.ports import ReleaseStore
from gateway.protection.suppression import Earlier
from gateway.publishing.cube_counts import counted_cube
from gateway.publishing.cube_links import leader_of, linked_with
from gateway.publishing.cube_times import slice_axes, time_axis
from gateway.publishing.earlier import release_of_day
from gateway.publishing.services import PublishServices, silent
from gateway.publishing.stored_cube import stored_cube
from gateway.releases.layout import CUBE_ARROW

_LOG = logging.getLogger(__name__)
_BESIDE = "published_beside"
Mask = NDArray[np.bool_]
Place = tuple[NDArray[np.intp], ...]


@dataclass(frozen=True, slots=True)
class Before:
    """cells: (measure, *axes) of a lattice, what was told and what was hidden. releases: by which."""

    cells: Earlier
    releases: tuple[str, ...]


def earlier_cubes(
    product: Product, release: ReleaseId, *, catalog: Catalog, releases: ReleaseStore
) -> tuple[Manifest, ...]:
    """The newest release before this one, of the cube and of each that is linked with it.

    Of the same contract and definition version: a new one is a decision about the cube, and begins
    anew. One that is damaged is passed over. None of a cube without widths: sum by sum, every cell
    that is kept hidden would want others, and the next release still more. Raises ContractFault.
    """
    leader = leader_of(product, catalog) or product
    if leader.cube is None or not leader.cube.disclosure.outsider_width:
        return ()
    made_with = _leading(product, release, catalog=catalog, releases=releases)
    found = (
        _newest(one, leader, made_with, releases) for one in (leader, *linked_with(leader, catalog))
    )
    return tuple(manifest for manifest in found if manifest is not None)


def beside(
    product: Product, release: ReleaseId, *, catalog: Catalog, releases: ReleaseStore
) -> dict[str, str]:
    """For the report of a linked cube, which release of its leader it was made with.

    By it a later revision knows what stood before. Empty for any other cube. Raises ContractFault.
    """
    if leader_of(product, catalog) is None:
        return {}
    return {_BESIDE: str(_leading(product, release, catalog=catalog, releases=releases))}


def cells_told(
    cubes: Sequence[Cube], lattice: Lattice, *, was: Lattice | None = None, width: int = 0
) -> Earlier:
    """Told is what any of the cubes publishes, where the count is still the same.

    Kept is what any of them hides and none tells. was: the truth behind them where it is of another
    time; then only where the count has changed by less than a width, in persons.
    """
    told, hidden = (np.zeros(lattice.counts.shape, dtype=np.bool_) for _ in range(2))
    for cube in cubes:
        names = [m.name for m in cube.measures]
        for here, (status, values) in _matched(cube.axes, names, lattice, cube.status, cube.values):
            told[here] |= (status == Status.PUBLISHED) & (values == lattice.counts[here])
            hidden[here] |= status == Status.SUPPRESSED
    kept = hidden & ~told
    if was is not None:
        kept &= _is_near(was, lattice, width)
    for line in lattice.measure_lines:  # who has the whole and the parts has what is left of it
        *parts, rest = line.children
        told[rest] |= told[[line.parent, *parts]].all(axis=0)
    return Earlier(told, kept)


def _is_near(was: Lattice, lattice: Lattice, width: int) -> Mask:
    """(measure, *axes) True where a cell counted nearly as many persons before.

    Whoever knows of the few who came or left has the one count when the other is told.
    """
    near = np.zeros(lattice.counts.shape, dtype=np.bool_)
    for here, (counts,) in _matched(was.axes, was.measure_names, lattice, was.counts):
        near[here] = np.abs(counts - lattice.counts[here]) < width
    return near


def widened(lattice: Lattice, earlier: Earlier) -> Lattice:
    """The lattice as the two releases publish it together.

    A place may have become too small to be published since; what was said of it stays said.
    """
    designed = lattice.designed | earlier.told | earlier.kept
    for line in lattice.measure_lines:
        *parts, rest = line.children
        designed[rest] = designed[[line.parent, *parts]].all(axis=0)
    return replace(lattice, designed=designed)


def told_before_cube(
    product: Product, release: ReleaseId, lattice: Lattice, services: PublishServices
) -> Before | None:
    """What was told of a cube's cells before a release; None where nothing was.

    Raises ReleaseDamaged, ContractFault, WarehouseUnavailable, NegativeCount, ReleaseRefused.
    """
    manifests = earlier_cubes(
        product, release, catalog=services.catalog, releases=services.releases
    )
    cubes = [stored_cube(manifest, services.releases) for manifest in manifests]
    was = _truth_before(product, release, lattice, manifests, services)
    cells = cells_told(cubes, lattice, was=was, width=_width(product))
    if not (cells.told | cells.kept).any():
        return None
    return Before(cells, tuple(f"{m.product} {m.release}" for m in manifests))


def _width(product: Product) -> int:
    rules = None if product.cube is None else product.cube.disclosure
    return 0 if rules is None else max(rules.outsider_width, rules.insider_width)


def _truth_before(
    product: Product,
    release: ReleaseId,
    lattice: Lattice,
    manifests: Sequence[Manifest],
    services: PublishServices,
) -> Lattice | None:
    """What the warehouse says today of the time of the earlier releases.

    None where any of them is of the same time: then it is held to all that was hidden.
    """
    days = {manifest.release.as_of for manifest in manifests}
    if product.cube is None or time_axis(lattice.axes) is not None or len(days) != 1:
        return None
    if release.as_of in days:
        return None
    return counted_cube(
        product, product.cube, as_of=days.pop(), services=services, progress=silent
    ).joint_lattice


def known_by(lattice: Lattice, status: NDArray[np.uint8], told: Mask | None) -> Mask:
    """(measure, *axes) what somebody knows who has read both releases; never of a latent measure.

    In a slice that was revised beyond the earlier one it is what this release alone publishes. told:
    None where there is no earlier one.
    """
    known = status == Status.PUBLISHED
    if told is not None:
        known |= told & ~revised_beyond(lattice, status, told)
    known[list(lattice.latent)] = False
    return known


def revised_beyond(lattice: Lattice, status: NDArray[np.uint8], told: Mask) -> Mask:
    """(1, *axes, 1 for those within a slice) True for slices that hide what was told and still holds."""
    within = {n + 1 for n in range(len(lattice.axes))} - {n + 1 for n in slice_axes(lattice.axes)}
    hides = told & (status == Status.SUPPRESSED)
    hides[list(lattice.latent)] = False
    return hides.any(axis=(0, *sorted(within)), keepdims=True)


def _leading(
    product: Product, release: ReleaseId, *, catalog: Catalog, releases: ReleaseStore
) -> ReleaseId:
    """The release of the leader that a release is made with: its own where it leads itself."""
    leader = leader_of(product, catalog)
    if leader is None:
        return release
    return release_of_day(leader, as_of=release.as_of, releases=releases)


def _newest(
    product: Product, leader: Product, made_with: ReleaseId, releases: ReleaseStore
) -> Manifest | None:
    for manifest in releases.list(product.id):
        alike = (manifest.contract_version, manifest.definition_version, manifest.kind) == (
            product.version,
            product.definition_version,
            product.kind,
        )
        stands = manifest.release if product.id == leader.id else _leader_release(manifest)
        if alike and stands < made_with and _is_whole(manifest, releases):
            return manifest
    return None


def _leader_release(manifest: Manifest) -> ReleaseId:
    """What a linked cube was made with; of one that was not linked then, before anything of its day."""
    named = manifest.protection.get(_BESIDE)
    return ReleaseId(manifest.release.as_of, 0) if named is None else ReleaseId.parse(named)


def _is_whole(manifest: Manifest, releases: ReleaseStore) -> bool:
    try:
        stored = manifest.file_at(CUBE_ARROW)
        if stored is None:
            return False
        releases.open(manifest, stored).close()
    except ReleaseDamaged:
        _LOG.warning("%s %s is damaged and passed over", manifest.product, manifest.release)
        return False
    return True


def _matched(
    axes: Sequence[Axis], measures: Sequence[str], lattice: Lattice, *arrays: NDArray[Any]
) -> Iterator[tuple[Place, list[NDArray[Any]]]]:
    """Per measure that both have: the cells that both have, as an index into the lattice, and arrays there.

    arrays: (measures, *axes). Months shift, codes come and go, and dimensions may change their order, so
    cells are matched by name and code.
    """
    names = [axis.name for axis in axes]
    if sorted(names) != sorted(axis.name for axis in lattice.axes):
        return
    order = [names.index(axis.name) for axis in lattice.axes]
    shared = [_shared(axis, axes[n]) for axis, n in zip(lattice.axes, order, strict=True)]
    here, there = (np.ix_(*(pair[side] for pair in shared)) for side in range(2))
    for number, name in enumerate(measures):
        if name in lattice.measure_names:
            place = np.array(lattice.measure_names.index(name))
            yield (place, *here), [one[number].transpose(order)[there] for one in arrays]


def _shared(here: Axis, there: Axis) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The codes that two axes have in common, by their places on each."""
    other = there.position()
    both = [(place, other[code]) for code, place in here.position().items() if code in other]
    places = np.array(both, dtype=np.intp).reshape(-1, 2)
    return places[:, 0], places[:, 1]
