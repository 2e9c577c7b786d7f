"""The limits of a contract on hiding, held against a cube that is about to be published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ReleaseRefused
from gateway.model.cube import Cube, Lattice
from gateway.model.product import CubeSpec, HidingLimit, Product
from gateway.publishing.cube_options import options
from gateway.publishing.cube_seen import (
    Mask,
    Seen,
    at_levels,
    leaves_among,
    persons_share,
    seen_of,
)
from gateway.publishing.cube_times import by_slice, slice_names

_OPTIONS_NAMED = 3


@dataclass(frozen=True, slots=True)
class Worst:
    """The largest share that is hidden in a slice, and which slice it is."""

    share: float
    slice: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What is hidden of one measure where a limit speaks of it. number: of the limit, from 1.

    persons_median, persons_worst: shares of the persons in leaves, over the slices.
    """

    number: int
    limit: HidingLimit
    measure: str
    cells: Worst
    persons_median: float
    persons_worst: Worst

    def broken(self) -> Iterator[str]:
        """What does not hold, in words; nothing when the limit holds."""
        limit, at = self.limit, f"of {self.measure} {_place(self.limit)}".rstrip()
        if self.cells.share > limit.cells:
            yield (
                f"{_percent(self.cells.share)} of the cells {at} are hidden"
                f"{_in(self.cells)}, and {_percent(limit.cells)} may be"
            )
        if self.persons_median > limit.persons_median:
            yield (
                f"{_percent(self.persons_median)} of the persons {at} are in hidden leaves in the "
                f"median slice, and {_percent(limit.persons_median)} may be"
            )
        if self.persons_worst.share > limit.persons_worst:
            yield (
                f"{_percent(self.persons_worst.share)} of the persons {at} are in hidden leaves"
                f"{_in(self.persons_worst)}, and {_percent(limit.persons_worst)} may be"
            )

    @property
    def holds(self) -> bool:
        return next(self.broken(), None) is None


def readings(seen: Seen, limits: Sequence[HidingLimit]) -> tuple[Reading, ...]:
    """One reading per limit and measure of it, in the contract's order."""
    return tuple(
        read(seen, measure, limit, number=number)
        for number, limit in enumerate(limits, start=1)
        for measure, name in enumerate(seen.measures)
        if name in limit.measures
    )


def read(seen: Seen, measure: int, limit: HidingLimit, *, number: int) -> Reading:
    cells = seen.designed(measure) & at_levels(seen.axes, limit.levels)
    names = slice_names(seen.axes)
    hidden = by_slice(seen.axes, cells & seen.hidden(measure))
    persons = hidden_persons(seen, measure, cells)
    return Reading(
        number,
        limit,
        seen.measures[measure],
        worst(hidden / np.maximum(1, by_slice(seen.axes, cells)), names),
        float(np.median(persons)) if len(persons) else 0.0,
        worst(persons, names),
    )


def hidden_persons(seen: Seen, measure: int, cells: Mask) -> NDArray[np.float64]:
    """(slices) the share of the persons in the leaves of these cells who are in hidden ones."""
    leaves = leaves_among(seen, cells)
    persons = np.where(leaves, seen.persons[measure], 0)
    hidden = np.where(seen.hidden(measure), persons, 0)
    return persons_share(by_slice(seen.axes, hidden), by_slice(seen.axes, persons))


def worst(shares: NDArray[np.float64], names: Sequence[str]) -> Worst:
    if not len(shares):
        return Worst(0.0, "")
    place = int(shares.argmax())
    return Worst(float(shares[place]), names[place])


def kept_limits(
    product: Product,
    spec: CubeSpec,
    lattice: Lattice,
    status: NDArray[np.uint8],
    cube: Cube,
    *,
    binding: bool = True,
) -> Mapping[str, Any]:
    """What the manifest says of the limits, when they hold or do not bind.

    status: of the lattice's measures. Raises ReleaseRefused that names each broken limit, its slice,
    and what coarser detail would win.
    """
    found = readings(seen_of(cube, lattice, spec), spec.limits)
    broken = [f"limit {one.number}: {text}" for one in found for text in one.broken()]
    if not broken or not binding:
        return {"limits": limits_report(found)} if found else {}
    advice = "; ".join(_advice(lattice, status, spec, found))
    would = f" By estimate, what would help most: {advice}." if advice else ""
    raise ReleaseRefused(
        f"{product.id}: more is hidden than the contract allows. {'; '.join(broken)}.{would} "
        f"`jakelu publish {product.id} --dry-run` prints the whole report."
    )


def _advice(
    lattice: Lattice, status: NDArray[np.uint8], spec: CubeSpec, found: Sequence[Reading]
) -> Iterator[str]:
    """For each broken limit the cheapest steps back that could be enough, else those that win most."""
    for number, limit in enumerate(spec.limits, start=1):
        names = {one.measure for one in found if one.number == number and not one.holds}
        if names:
            steps = options(lattice, status, spec, measures=frozenset(names), levels=limit.levels)
            enough = [step for step in steps if step.hidden_share <= limit.cells]
            best = enough or sorted(steps, key=lambda step: step.hidden_share)
            yield from (f"for limit {number}, {step.told()}" for step in best[:_OPTIONS_NAMED])


def limits_report(found: Sequence[Reading]) -> list[Mapping[str, Any]]:
    """For the manifest, as JSON types. Of persons only the limit: a share of them is one more sum."""
    return [
        {
            "measure": one.measure,
            "levels": {name: list(levels) for name, levels in one.limit.levels.items()},
            "cells": {"limit": one.limit.cells, "worst": one.cells.share, "slice": one.cells.slice},
            "persons_median": one.limit.persons_median,
            "persons_worst": one.limit.persons_worst,
        }
        for one in found
    ]


def _place(limit: HidingLimit) -> str:
    return " ".join(f"at {name} {', '.join(levels)}" for name, levels in limit.levels.items())


def _in(worst_slice: Worst) -> str:
    return f" in {worst_slice.slice}" if worst_slice.slice else ""


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"
