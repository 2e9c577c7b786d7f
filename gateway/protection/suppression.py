"""Which counts of a cube are hidden: one mask for everybody, made once, over the whole lattice.

A lattice falls into slices that no sum connects, such as the months of a stock. Each is protected
by itself, several at once. What one slice hides is cheaper to hide in the others too, so that masks
stay similar: a cell that is hidden in one month and published in the next tells of the change.
Source: Hundepool et al., Statistical Disclosure Control (2012), ch. 4.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.errors import NegativeCount
from gateway.model.cube import Lattice, Status
from gateway.model.product import DisclosureRules
from gateway.protection.line_suppression import hide_by_lines
from gateway.protection.slice_suppression import hide_slice, prepare
from gateway.protection.slice_task import Mask, Task, Terms
from gateway.protection.suppression_report import report_of

Where = tuple[int | slice, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the release before this one told of the same slices, where the counts are still the same.

    told: (measure, *axes) True where the count was published: readers have it. kept: True where it
    was hidden: it stays so, or the earlier release could be undone with this one.
    """

    told: NDArray[np.bool_]
    kept: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Protected:
    """status: (measure, *axes) uint8 of `Status`, measures as in the lattice, latent ones included.

    A latent cell is never shown whatever its status: SUPPRESSED is one that nobody can compute,
    PUBLISHED one that follows from the published whole and parts, and may.
    """

    status: NDArray[np.uint8]
    report: Mapping[str, Any]

    @property
    def known(self) -> NDArray[np.bool_]:
        """(measure, *axes) True where a reader sees the number or works it out across measures."""
        return self.status == Status.PUBLISHED


def protect(
    lattice: Lattice,
    rules: DisclosureRules,
    *,
    processes: int = 1,
    also: NDArray[np.bool_] | None = None,
    earlier: Earlier | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Protected:
    """Hide every count of 1..threshold-1, differences of nested measures included, and complements.

    Where the contract states widths, each such count keeps an interval of them afterwards, for every
    reader and for every coalition of areas; else no single subtraction gives it back. A threshold of
    0 hides nothing. Deterministic, whatever `processes`.
    also: (measure, *axes) cells to hide besides, where an audit of the mask without them found
    something; never of a latent measure. They are kept unknown like small counts.
    earlier: a cell that it told stays published, where that leaves enough to hide behind. Of a cube
    with widths only: complements found sum by sum would grow with every release.
    progress: called with the share done.
    Raises NegativeCount, ReleaseRefused.
    """
    if lattice.counts.min(initial=0) < 0:
        raise NegativeCount("A cell of the lattice is negative.")
    status = np.where(lattice.designed, np.uint8(Status.PUBLISHED), np.uint8(Status.NOT_PUBLISHED))
    nothing = np.zeros(lattice.counts.shape, dtype=np.bool_)
    besides = nothing if also is None else also
    before = Earlier(nothing, nothing) if earlier is None else earlier
    for share, where, hidden in _masks(lattice, rules, besides, before, processes=processes):
        inside = status[(slice(None), *where)]
        inside[hidden & (inside == Status.PUBLISHED)] = Status.SUPPRESSED
        progress(share)
    return Protected(status, report_of(lattice, status, rules))


def _masks(
    lattice: Lattice,
    rules: DisclosureRules,
    also: NDArray[np.bool_],
    earlier: Earlier,
    *,
    processes: int,
) -> Iterator[tuple[float, Where, Mask]]:
    """Per slice the share that is done, where it is, and what is hidden of it."""
    if rules.threshold <= 1:
        return
    places = list(_slices(lattice))
    if rules.outsider_width == 0:
        for number, (where, hidden) in enumerate(hide_by_lines(lattice, rules, also), start=1):
            yield number / len(places), where, hidden
        return
    tasks = [_task(lattice, where, rules, also, earlier) for where in places]
    for number, hidden in _hidden(tasks, processes=processes):
        yield (number + 1) / len(places), places[number], hidden


def _slices(lattice: Lattice) -> Iterator[Where]:
    """The index of each slice in an array over the axes: one code of every axis without sums."""
    steps = [(slice(None),) if axis.lines else range(len(axis.codes)) for axis in lattice.axes]
    yield from product(*steps)


def _task(
    lattice: Lattice, where: Where, rules: DisclosureRules, also: Mask, earlier: Earlier
) -> Task:
    at = (slice(None), *where)
    terms = Terms(
        axes=tuple(axis for axis in lattice.axes if axis.lines),
        designed=np.ascontiguousarray(lattice.designed[at]),
        measure_lines=lattice.measure_lines,
        latent=lattice.latent,
        rules=rules,
    )
    return Task(
        terms,
        counts=np.ascontiguousarray(lattice.counts[at]),
        liked=np.zeros(terms.designed.shape, dtype=np.bool_),
        also=np.ascontiguousarray(also[at]),
        told=np.ascontiguousarray(earlier.told[at] & ~also[at]),
        kept=np.ascontiguousarray(earlier.kept[at]),
    )


def _hidden(tasks: Sequence[Task], *, processes: int) -> Iterator[tuple[int, Mask]]:
    """The mask of each slice, in order. The first one is what the others are likened to."""
    if not tasks:
        return
    first = hide_slice(tasks[0])
    yield 0, first
    rest = [replace(task, liked=first) if _alike(task, tasks[0]) else task for task in tasks[1:]]
    if processes <= 1:
        yield from enumerate(map(hide_slice, rest), start=1)
        return
    context = multiprocessing.get_context("spawn")  # threads of a warehouse do not survive a fork
    with ProcessPoolExecutor(processes, mp_context=context, initializer=prepare) as pool:
        yield from enumerate(pool.map(hide_slice, rest), start=1)


def _alike(task: Task, first: Task) -> bool:
    return np.array_equal(task.terms.designed, first.terms.designed)
