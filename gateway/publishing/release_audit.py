"""A release attacked as it was published: held against the warehouse, and against what readers can do."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from gateway.attack import Attacked, Finding, attacked
from gateway.errors import BadParameter, ContractFault, ReleaseRefused
from gateway.model.cube import Cube, Lattice, Status
from gateway.model.product import CubeSpec, DisclosureRules, MeasureKind, Product
from gateway.model.release import Manifest
from gateway.protection.suppression import Protected
from gateway.publishing.cube_audit import placed
from gateway.publishing.cube_counts import counted_cube
from gateway.publishing.cube_derived import derived_measures
from gateway.publishing.cube_earlier import known_by, revised_beyond, told_before_cube, widened
from gateway.publishing.cube_links import status_of, told_beside, with_latent
from gateway.publishing.cube_times import (
    at_times,
    axes_at,
    newest_places,
    slice_names,
    taken,
    time_axis,
)
from gateway.publishing.cubes import assembled
from gateway.publishing.services import Progress, PublishServices, silent


@dataclass(frozen=True, slots=True)
class Untrue:
    """A measure that the release tells otherwise. why: in words; cells: how many; first: codes of one."""

    measure: str
    why: str
    cells: int
    first: str


@dataclass(frozen=True, slots=True)
class ReleaseAudited:
    """What an audit of a release found. lattice: the truth, for the names of the findings.

    same_contract: whether the contract is still the one that the release was made by. attacks: of
    some slices each, the newest first; stopped: why there are no more of them, empty when all were.
    revised_beyond: the slices that hide what the release before tells, and that is still so.
    """

    manifest: Manifest
    rules: DisclosureRules
    slices: tuple[str, ...]
    same_contract: bool
    untrue: tuple[Untrue, ...]
    attacks: tuple[Attacked, ...]
    stopped: str
    lattice: Lattice
    revised_beyond: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for attack in self.attacks for finding in attack.findings)

    @property
    def holds(self) -> bool:
        return not (self.untrue or self.findings or self.stopped)


@dataclass(frozen=True, slots=True)
class Strength:
    """How hard to attack. Widths in persons, None for those of the contract, or where it states none
    for the widest that its threshold asks for. newest: only so many months, 0 for all; seconds: budget.
    """

    seconds: float
    outsider_width: int | None = None
    insider_width: int | None = None
    newest: int = 0


def audit_release(
    product: Product,
    manifest: Manifest,
    cube: Cube,
    *,
    strength: Strength,
    services: PublishServices,
    progress: Progress = silent,
) -> ReleaseAudited:
    """Count the cube again as of its day, compare, and attack what is published of it.

    What linked cubes tell of the same day, in their newest releases, readers know as well; and what the
    releases before tell, but for months that were revised beyond them.
    Raises BadParameter for rows; ContractFault when the contract has other dimensions or measures now;
    WarehouseUnavailable, NegativeCount, ReleaseRefused.
    """
    spec = product.cube
    if spec is None:
        raise BadParameter(
            f"{product.id} delivers rows: only cubes are attacked.", parameter="product"
        )
    counted = counted_cube(
        product,
        spec,
        as_of=manifest.release.as_of,
        services=services,
        progress=progress,
        newest=strength.newest,
    )
    lattice, told = counted.lattice, _newest(cube, strength.newest)
    if told.axes != lattice.axes or [m.name for m in told.measures] != [
        m.name for m in spec.measures
    ]:
        raise ContractFault(
            f"{product.id}: the contract has other codes or measures than the release."
        )
    status = status_of(told, lattice)
    beside = _beside(product, manifest, strength, lattice, services)
    joint = with_latent(np.minimum.reduce([status, *beside.values()]), lattice)  # what most is told
    derived = derived_measures(spec, counted.joint_lattice, Protected(joint, {}), counted.leaves)
    again = assembled(spec, lattice, Protected(status, {}), derived)
    untrue = (
        *_untrue(told, again),
        *_beyond_contract(told, lattice),
        *_told_otherwise(told, status, beside, lattice),
    )
    rules = _rules(spec, strength)
    before = told_before_cube(product, manifest.release, lattice, services)
    together = replace(lattice, designed=joint != Status.NOT_PUBLISHED)
    beyond: tuple[str, ...] = ()
    if before is not None:
        together = widened(together, before.cells)
        marks = revised_beyond(together, joint, before.cells.told).reshape(-1)
        beyond = tuple(compress(slice_names(lattice.axes), marks))
    attacks, stopped = _attacks(
        together,
        known_by(together, joint, None if before is None else before.cells.told),
        rules,
        seconds=strength.seconds,
        services=services,
        progress=progress,
    )
    return ReleaseAudited(
        manifest,
        rules,
        slice_names(lattice.axes),
        manifest.contract_sha256 == product.contract_sha256,
        untrue,
        attacks,
        stopped,
        lattice,
        beyond,
    )


def _attacks(
    lattice: Lattice,
    known: NDArray[np.bool_],
    rules: DisclosureRules,
    *,
    seconds: float,
    services: PublishServices,
    progress: Progress,
) -> tuple[tuple[Attacked, ...], str]:
    """As many months at once as there are processes, so that what was found is kept when time ends."""
    axis, ends = time_axis(lattice.axes), time.monotonic() + seconds
    waiting = list(newest_places(lattice.axes, 0))
    done: list[Attacked] = []
    while True:
        times, waiting = waiting[-services.processes :], waiting[: -services.processes]
        try:
            found = attacked(
                at_times(lattice, times),
                taken(known, axis, times),
                rules,
                processes=services.processes,
                budget_seconds=max(0.0, ends - time.monotonic()),
            )
        except ReleaseRefused as refused:
            return tuple(done), refused.detail
        done.append(found if axis is None else placed(found, axis, times))
        progress("attack", 0.3 + 0.7 * (1 - len(waiting) / max(1, len(waiting) + len(done))))
        if not waiting:
            return tuple(done), ""


def _rules(spec: CubeSpec, strength: Strength) -> DisclosureRules:
    rules = spec.disclosure
    widest = max(0, rules.threshold - 1)
    unsaid = (widest, widest) if not rules.outsider_width else None
    outsider, insider = unsaid or (rules.outsider_width, rules.insider_width)
    return replace(
        rules,
        outsider_width=outsider if strength.outsider_width is None else strength.outsider_width,
        insider_width=insider if strength.insider_width is None else strength.insider_width,
    )


def _newest(cube: Cube, newest: int) -> Cube:
    """The same months of a cube as of its counts."""
    places, number = newest_places(cube.axes, newest), time_axis(cube.axes)
    return replace(
        cube,
        axes=axes_at(cube.axes, places),
        values=taken(cube.values, number, places),
        status=taken(cube.status, number, places),
    )


def _beside(
    product: Product,
    manifest: Manifest,
    strength: Strength,
    lattice: Lattice,
    services: PublishServices,
) -> Mapping[str, NDArray[np.uint8]]:
    """By linked product, (measure, *axes) of the lattice what it tells. Raises ContractFault."""
    found: dict[str, NDArray[np.uint8]] = {}
    cubes = told_beside(
        product,
        as_of=manifest.release.as_of,
        catalog=services.catalog,
        releases=services.releases,
    )
    for name, cube in cubes.items():
        told = _newest(cube, strength.newest)
        if told.axes != lattice.axes:
            raise ContractFault(f"{product.id}: {name}, linked with it, tells of other codes.")
        found[name] = status_of(told, lattice)
    return found


def _told_otherwise(
    told: Cube,
    status: NDArray[np.uint8],
    beside: Mapping[str, NDArray[np.uint8]],
    lattice: Lattice,
) -> Iterator[Untrue]:
    """Where a linked cube hides what this one shows, or shows what it hides."""
    for name, theirs in beside.items():
        both = np.maximum(status, theirs) != Status.NOT_PUBLISHED
        for measure in told.measures:
            if measure.kind is MeasureKind.COUNT:
                at = lattice.measure_names.index(measure.name)
                other = both[at] & (status[at] != theirs[at])
                yield from _cells(told, measure.name, f"has another status in {name}", other)


def _untrue(told: Cube, again: Cube) -> Iterator[Untrue]:
    """Where a published number is not what it would be under the same mask, or would not be shown."""
    for index, measure in enumerate(told.measures):
        shown = told.status[index] == Status.PUBLISHED
        would = again.status[index] == Status.PUBLISHED
        ours, theirs = told.values[index], again.values[index]
        other = shown & would & (ours != theirs) & ~(np.isnan(ours) & np.isnan(theirs))
        word = "counted" if measure.kind is MeasureKind.COUNT else "reckoned"
        yield from _cells(told, measure.name, f"is not what is {word} now", other)
        yield from _cells(told, measure.name, "is shown of too few, or of hidden", shown & ~would)


def _beyond_contract(told: Cube, lattice: Lattice) -> Iterator[Untrue]:
    for index, measure in enumerate(told.measures):
        if measure.kind is MeasureKind.COUNT:
            designed = lattice.designed[lattice.measure_names.index(measure.name)]
            beyond = (told.status[index] != Status.NOT_PUBLISHED) & ~designed
            yield from _cells(told, measure.name, "is not published by the contract", beyond)


def _cells(cube: Cube, measure: str, why: str, cells: NDArray[np.bool_]) -> Iterator[Untrue]:
    places = np.argwhere(cells)
    if len(places):
        codes = (axis.codes[at].code for axis, at in zip(cube.axes, places[0], strict=True))
        yield Untrue(measure, why, len(places), " × ".join(codes))
