"""From a code list to an axis: which codes a release has, and which sums tie them together.

A code list says only which codes stand one step above a code. From that follow the lines: for a
parent and each level found right below it, `parent = members of that level + whatever completes
them`. Employment areas leave Åland and the unknown municipality out, so the country is the sum of
the areas, MK21 and KUXXX: the largest codes of the list that fit into what is left, largest first.
A line's children are in that order: the members of the division, then what completes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ContractFault
from gateway.model.codes import Code
from gateway.model.cube import Axis, Line
from gateway.model.product import AxisRole, Combination, Dimension

Leaves = frozenset[str]


def axis_from_codes(dimension: Dimension, codes: Sequence[Code]) -> Axis:
    """The axis of a dimension: its codes of the asked levels, and those that complete a sum of them.

    codes: the whole code list; a level that the dimension leaves out is stepped over, and its codes
    are in the axis only where a sum would be incomplete without them. Raises ContractFault.
    """
    listed = _check(codes)
    leaves = _leaves(listed)
    kept = {code.code for code in codes if code.level in dimension.levels}
    if not kept:
        raise ContractFault(f"Dimension {dimension.name} has no code of its levels.")
    divisions = _divisions(listed, leaves, kept)
    while not (named := {child for _, children in divisions for child in children}) <= kept:
        kept |= named
        divisions = _divisions(listed, leaves, kept)
    chosen = tuple(code for code in codes if code.code in kept)
    place = {code.code: index for index, code in enumerate(chosen)}
    lines = tuple(
        Line(place[parent], tuple(place[child] for child in children))
        for parent, children in divisions
    )
    total = None if dimension.role is AxisRole.TIME else _total(chosen, leaves)
    return Axis(dimension.name, dimension.label, dimension.role, chosen, lines, total)


def designed_mask(axes: Sequence[Axis], combination: Combination) -> NDArray[np.bool_]:
    """(*axes) True where a combination publishes the codes' levels together.

    A code that completes a division is published with it, whatever its own level, so that every
    published sum adds up. Raises ContractFault when the combination names other dimensions.
    """
    if set(combination.levels) != {axis.name for axis in axes}:
        raise ContractFault("A combination names every dimension of the cube, and no other.")
    places = [
        [
            place
            for place, own in enumerate(published_levels(axis))
            if own & set(combination.levels[axis.name])
        ]
        for axis in axes
    ]
    designed = np.zeros(tuple(len(axis.codes) for axis in axes), dtype=np.bool_)
    designed[np.ix_(*places)] = True
    return designed


def published_levels(axis: Axis) -> tuple[frozenset[str], ...]:
    """(codes) each code's own level, and the levels of the divisions that it completes."""
    levels = [{code.level} for code in axis.codes]
    for line in axis.lines:
        division = axis.codes[line.children[0]].level
        for child in line.children:
            levels[child].add(division)
    return tuple(frozenset(own) for own in levels)


def _check(codes: Sequence[Code]) -> Mapping[str, Code]:
    listed = {code.code: code for code in codes}
    if len(listed) != len(codes):
        raise ContractFault("A code stands twice in its list.")
    missing = {parent for code in codes for parent in code.parents} - set(listed)
    if missing:
        raise ContractFault(f"A code has the parent {min(missing)}, which is not in the list.")
    return listed


def _leaves(listed: Mapping[str, Code]) -> Mapping[str, Leaves]:
    """code → the codes beneath it that have nothing beneath them (itself, for such a code)."""
    beneath: dict[str, set[str]] = {code: set() for code in listed}
    inner = {parent for code in listed.values() for parent in code.parents}
    for leaf in listed.keys() - inner:
        for code in _upwards(leaf, listed):
            beneath[code].add(leaf)
    if any(not leaves for leaves in beneath.values()):
        raise ContractFault("A code of the list is its own ancestor.")
    return {code: frozenset(leaves) for code, leaves in beneath.items()}


def _upwards(leaf: str, listed: Mapping[str, Code]) -> set[str]:
    """A code and everything above it."""
    seen: set[str] = set()
    waiting = [leaf]
    while waiting:
        code = waiting.pop()
        if code not in seen:
            seen.add(code)
            waiting.extend(listed[code].parents)
    return seen


def _divisions(
    listed: Mapping[str, Code], leaves: Mapping[str, Leaves], kept: set[str]
) -> list[tuple[str, tuple[str, ...]]]:
    """(parent, children) of every line, parents in list order, the widest division first."""
    right_below: dict[str, dict[str, list[str]]] = {}
    for code in listed.values():
        if code.code in kept:
            for parent in _nearest(code, listed, kept):
                right_below.setdefault(parent, {}).setdefault(code.level, []).append(code.code)
    return [
        (parent, children)
        for parent in listed
        if parent in right_below
        for children in _lines_of(parent, right_below[parent].values(), leaves)
    ]


def _nearest(code: Code, listed: Mapping[str, Code], kept: set[str]) -> set[str]:
    """The kept codes above a code with no kept code between, on any way up."""
    found: set[str] = set()
    for parent in code.parents:
        found |= {parent} if parent in kept else _nearest(listed[parent], listed, kept)
    further = {above for near in found for above in _upwards(near, listed) - {near}}
    return found - further


def _lines_of(
    parent: str, groups: Iterable[list[str]], leaves: Mapping[str, Leaves]
) -> Iterator[tuple[str, ...]]:
    """One line per level right below the parent; codes that only complete another one make none."""
    completed: Leaves = frozenset()
    for members in sorted(groups, key=lambda group: -len(_union(group, leaves))):
        covered = _union(members, leaves)
        if covered <= completed:
            continue
        if len(covered) != sum(len(leaves[member]) for member in members):
            raise ContractFault(f"Two codes under {parent} share a part of it.")
        rest = leaves[parent] - covered
        completed |= rest
        yield (*members, *_completion(rest, leaves))


def _completion(rest: Leaves, leaves: Mapping[str, Leaves]) -> Iterator[str]:
    """The largest codes that fit into what is left, until nothing is."""
    fitting = [code for code, own in leaves.items() if own <= rest]
    for code in sorted(fitting, key=lambda code: -len(leaves[code])):
        if leaves[code] <= rest:
            rest -= leaves[code]
            yield code


def _union(codes: Iterable[str], leaves: Mapping[str, Leaves]) -> Leaves:
    return frozenset[str]().union(*(leaves[code] for code in codes))


def _total(chosen: Sequence[Code], leaves: Mapping[str, Leaves]) -> int | None:
    """The first code that holds every other one."""
    whole = _union((code.code for code in chosen), leaves)
    return next((place for place, code in enumerate(chosen) if leaves[code.code] == whole), None)
