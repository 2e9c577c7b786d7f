"""The whole lattice of a release, totals included, from the counts of its leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations as chosen

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ContractFault, NegativeCount
from gateway.model.cube import Axis, Lattice, Line
from gateway.model.product import AxisRole, Combination, Nesting
from gateway.protection.axes import designed_mask


@dataclass(frozen=True, slots=True)
class LeafCounts:
    """What an extract counts: one row per occurring leaf; rows of one leaf add up.

    positions: (axes, rows) int, per axis the index of a code that is the parent of no line.
    counts: measure → (rows) int64 >= 0.
    """

    positions: NDArray[np.intp]
    counts: Mapping[str, NDArray[np.int64]]


def build_lattice(
    axes: Sequence[Axis],
    leaves: LeafCounts,
    *,
    nestings: Sequence[Nesting],
    combinations: Sequence[Combination],
) -> Lattice:
    """Counts of every cell, with the latent measures of each nesting: the whole less any of its parts.

    Measures stand in the order of `leaves.counts`, latent ones after them, in the order of the
    nestings. Raises NegativeCount (parts that exceed their whole as well), ContractFault.
    """
    rests = (latent_name(nesting.whole, some) for nesting in nestings for some in _choices(nesting))
    names = (*leaves.counts, *rests)
    shape = tuple(len(axis.codes) for axis in axes)
    place = {name: index for index, name in enumerate(names)}
    counts = np.empty((len(names), *shape), dtype=np.int64)
    for name, values in leaves.counts.items():
        if (values < 0).any():
            raise NegativeCount(f"A leaf of {name} has a negative count.")
        counts[place[name]] = summed(axes, leaves.positions, values)
    lines = tuple(line for nesting in nestings for line in _measure_lines(nesting, place))
    for line in lines:
        *parts, latent = line.children
        counts[latent] = counts[line.parent]
        for part in parts:
            counts[latent] -= counts[part]
        if counts[latent].min(initial=0) < 0:
            raise NegativeCount(f"The parts of {names[line.parent]} exceed it in some cell.")
    latent = frozenset(line.children[-1] for line in lines)
    nothing = np.zeros(counts.shape, dtype=np.bool_)
    whole = Lattice(tuple(axes), names, counts, lines, latent, nothing)
    return designed_by(whole, combinations)


def designed_by(lattice: Lattice, combinations: Sequence[Combination]) -> Lattice:
    """The same counts, as other combinations publish them. Raises ContractFault."""
    designed = designed_cells(
        lattice.axes, lattice.measure_names, lattice.counts, combinations=combinations
    )
    for line in lattice.measure_lines:  # what is left follows where the whole and all its parts are
        *parts, rest = line.children
        designed[rest] = designed[[line.parent, *parts]].all(axis=0)
    return replace(lattice, designed=designed)


def designed_cells(
    axes: Sequence[Axis],
    names: Sequence[str],
    counts: NDArray[np.int64],
    *,
    combinations: Sequence[Combination],
) -> NDArray[np.bool_]:
    """(measure, *axes) True where a combination publishes the measure, in places large enough.

    names: of the measures; counts: (measure, *axes). Raises ContractFault.
    """
    designed = np.zeros(counts.shape, dtype=np.bool_)
    for combination in combinations:
        own = [i for i, name in enumerate(names) if name in combination.measures]
        mask = designed_mask(axes, combination)
        if combination.least_persons and own:
            mask &= _large(axes, counts[own[0]], least=combination.least_persons)
        designed[own] |= mask
    return designed


def _large(axes: Sequence[Axis], counts: NDArray[np.int64], *, least: int) -> NDArray[np.bool_]:
    """(*axes, broadcast) True for the places that have so many persons in every slice.

    One answer for all slices: a series is published or not, and its gaps tell nothing.
    """
    for number, axis in enumerate(axes):
        if axis.role is AxisRole.GEO:
            continue
        if axis.total is None:
            counts = counts.min(axis=number, keepdims=True)
        else:
            counts = counts.take([axis.total], axis=number)
    return counts >= least


def latent_name(whole: str, parts: Sequence[str]) -> str:
    """The name of what is left: `job_seekers-unemployed-in_services`. It is never published."""
    return "-".join((whole, *parts))


def summed(
    axes: Sequence[Axis], positions: NDArray[np.intp], values: NDArray[np.number]
) -> NDArray[np.number]:
    """(*axes) in the type of `values`: leaf rows added up along every axis.

    Also for what is not a count, such as the sums behind means. Raises ContractFault when a row
    stands at no code or at one that is itself a sum, or the lines of an axis contradict each other.
    """
    for number, axis in enumerate(axes):
        leaves = [place for place, own in enumerate(leaf_sets(axis)) if own == frozenset({place})]
        if not np.isin(positions[number], leaves).all():
            raise ContractFault(f"A row stands at no code of {axis.name}, or at a sum of others.")
    dense = np.zeros(tuple(len(axis.codes) for axis in axes), dtype=values.dtype)
    np.add.at(dense, tuple(positions), values)
    for number, axis in enumerate(axes):
        along = np.moveaxis(dense, number, 0)
        for line in _bottom_up(axis):
            along[line.parent] = along[list(line.children)].sum(axis=0)
    return dense


def leaf_sets(axis: Axis) -> tuple[frozenset[int], ...]:
    """(codes) the leaf indices that make up each code; a leaf is its own.

    Raises ContractFault unless every line of a parent gives the same leaves, each of them once:
    the total is then the same whichever division it is computed from.
    """
    sets = [frozenset({place}) for place in range(len(axis.codes))]
    for line in _bottom_up(axis):
        sets[line.parent] = frozenset[int]().union(*(sets[child] for child in line.children))
    for line in axis.lines:
        parts = [sets[child] for child in line.children]
        whole = frozenset[int]().union(*parts)
        if whole != sets[line.parent] or len(whole) != sum(map(len, parts)):
            code = axis.codes[line.parent].code
            raise ContractFault(f"The divisions of {code} in {axis.name} do not agree.")
    return tuple(sets)


def _bottom_up(axis: Axis) -> list[Line]:
    """One line per parent, the first of each, children before parents."""
    first: dict[int, Line] = {}
    for line in axis.lines:
        first.setdefault(line.parent, line)
    ordered: list[Line] = []
    while first:
        ready = [line for line in first.values() if not first.keys() & set(line.children)]
        if not ready:
            raise ContractFault(f"A code of {axis.name} is a sum of itself.")
        ordered += ready
        for line in ready:
            del first[line.parent]
    return ordered


def _choices(nesting: Nesting) -> Iterator[tuple[str, ...]]:
    """Every choice of parts, all of them first: a reader may take off any."""
    for size in range(len(nesting.parts), 0, -1):
        yield from chosen(nesting.parts, size)


def _measure_lines(nesting: Nesting, place: Mapping[str, int]) -> Iterator[Line]:
    """A whole is some of its parts and what is left; and that is the other parts and the last rest."""
    named = (nesting.whole, *nesting.parts)
    if missing := set(named) - set(place):
        raise ContractFault(f"A nesting names {min(missing)}, which is not a count measure.")
    last = place[latent_name(nesting.whole, nesting.parts)]
    for some in _choices(nesting):
        rest = place[latent_name(nesting.whole, some)]
        yield Line(place[nesting.whole], (*(place[part] for part in some), rest))
        if others := tuple(place[part] for part in nesting.parts if part not in some):
            yield Line(rest, (*others, last))
