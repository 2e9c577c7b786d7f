"""Which leaves make up each code: sets of small integers, held as one sorted list per set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ReleaseRefused
from gateway.model.cube import Axis

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Sets:
    """A family of sets over `universe` elements: set i is members[start[i]:start[i + 1]]."""

    start: Indices
    members: Indices
    universe: int

    def __len__(self) -> int:
        return len(self.start) - 1

    def of(self, index: int) -> Indices:
        return self.members[self.start[index] : self.start[index + 1]]

    def sizes(self) -> Indices:
        return np.diff(self.start)

    def pairs(self, chosen: Indices) -> tuple[Indices, Indices]:
        """(position in `chosen`, member) of every member of the chosen sets."""
        sizes = self.sizes()[chosen]
        owner = np.repeat(np.arange(len(chosen)), sizes)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return owner, self.members[self.start[chosen][owner] + within]


def sets_of(parts: Sequence[Sequence[int]], universe: int) -> Sets:
    sizes = [len(part) for part in parts]
    start = np.concatenate([[0], np.cumsum(sizes, dtype=np.intp)]).astype(np.intp)
    members = np.array([member for part in parts for member in sorted(part)], dtype=np.intp)
    return Sets(start, members, universe)


def axis_leaves(axis: Axis) -> tuple[Sets, Indices]:
    """The leaves of each code of an axis (numbered in the order of their codes), and their codes.

    Raises ReleaseRefused when two lines of a parent have different leaves, or one has a leaf twice.
    """
    below: dict[int, tuple[int, ...]] = {}
    for line in axis.lines:
        below.setdefault(line.parent, line.children)
    leaf_codes = [place for place in range(len(axis.codes)) if place not in below]
    number = {code: index for index, code in enumerate(leaf_codes)}
    found: dict[int, frozenset[int]] = {code: frozenset({number[code]}) for code in leaf_codes}

    def leaves(code: int) -> frozenset[int]:
        if code not in found:
            found[code] = frozenset[int]().union(*map(leaves, below[code]))
        return found[code]

    for line in axis.lines:
        if sorted(leaf for child in line.children for leaf in leaves(child)) != sorted(
            leaves(line.parent)
        ):
            raise ReleaseRefused(f"The lines of {axis.name} contradict each other.")
    parts = [sorted(leaves(code)) for code in range(len(axis.codes))]
    return sets_of(parts, len(leaf_codes)), np.array(leaf_codes, dtype=np.intp)


def combined_leaves(axes: Sequence[Axis]) -> tuple[Sets, Indices]:
    """The class leaves of each combination of codes, and the combination of each class leaf.

    A class leaf is one leaf of every axis; both are flattened in row-major order.
    """
    sets, codes = sets_of([[0]], 1), np.zeros(1, dtype=np.intp)
    for axis in axes:
        own, own_codes = axis_leaves(axis)
        codes = (codes[:, None] * len(own) + own_codes[None, :]).ravel()
        sets = _product(sets, own)
    return sets, codes


def _product(left: Sets, right: Sets) -> Sets:
    """Set (i, j) is every pair of a member of i and one of j."""
    parts = [
        (left.of(i)[:, None] * right.universe + right.of(j)[None, :]).ravel()
        for i in range(len(left))
        for j in range(len(right))
    ]
    start = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.intp)
    return Sets(start, np.concatenate(parts), left.universe * right.universe)
