"""Every sum that a reader can form along one axis, not only the published lines.

Divisions cross: regions, EVK centres and employment areas cut one country three ways. Where an area
lies in one region, the region less its areas gives the rest of it; where an area equals a region,
two published codes are one number. So an axis is widened before it is protected: each code is
divided by every level, pieces that no code stands for (a border piece of an area in a region)
become latent codes, and the lines that follow are protected like the published ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ContractFault
from gateway.model.cube import Axis, Line
from gateway.protection.lattice import leaf_sets

Leaves = frozenset[int]


@dataclass(frozen=True, slots=True)
class WideAxis:
    """An axis with its latent pieces.

    size: codes and pieces; pieces: per piece the leaf codes in it, standing after the axis's codes;
    lines: published and implied ones, each set of cells once.
    """

    size: int
    pieces: tuple[tuple[int, ...], ...]
    lines: tuple[Line, ...]

    def widened(self, values: NDArray[np.int64], along: int) -> NDArray[np.int64]:
        """The values with one more entry along an axis for each piece."""
        if not self.pieces:
            return values
        sums = [
            values.take(leaves, axis=along).sum(axis=along, keepdims=True) for leaves in self.pieces
        ]
        return np.concatenate([values, *sums], axis=along)


def widen(axis: Axis) -> WideAxis:
    """The axis with every implied line. Raises ContractFault when its lines contradict each other."""
    sets = list(leaf_sets(axis))
    levels = _levels(axis, sets)
    place: dict[Leaves, int] = {}
    for index, leaves in enumerate(sets):
        place.setdefault(leaves, index)
    lines = {_terms(line, sets): line for line in axis.lines}
    parent = 0
    while parent < len(sets):  # grows: a piece is divided like a code
        for code_of in levels.values():
            parts = _parts(sets[parent], code_of, sets)
            for part in parts:
                if part not in place:
                    place[part] = len(sets)
                    sets.append(part)
            line = Line(parent, tuple(place[part] for part in parts))
            if parts and line.children != (parent,):
                lines.setdefault(_terms(line, sets), line)
        parent += 1
    pieces = tuple(tuple(sorted(piece)) for piece in sets[len(axis.codes) :])
    return WideAxis(len(sets), pieces, tuple(lines.values()))


def _terms(line: Line, sets: Sequence[Leaves]) -> frozenset[Leaves] | frozenset[int]:
    """What a line adds up, so that two ways to write one sum are one line."""
    if len(line.children) == 1:
        return frozenset({line.parent, *line.children})
    return frozenset(sets[index] for index in (line.parent, *line.children))


def _levels(axis: Axis, sets: Sequence[Leaves]) -> Mapping[str, Mapping[int, int]]:
    """level → leaf → the code of that level which holds the leaf. Raises ContractFault."""
    levels: dict[str, dict[int, int]] = defaultdict(dict)
    for index, code in enumerate(axis.codes):
        for leaf in sets[index]:
            if leaf in levels[code.level]:
                raise ContractFault(f"Two codes of level {code.level} in {axis.name} overlap.")
            levels[code.level][leaf] = index
    return levels


def _parts(whole: Leaves, code_of: Mapping[int, int], sets: Sequence[Leaves]) -> tuple[Leaves, ...]:
    """What the codes of one level, and the largest codes for the rest, make of a set of leaves.

    Empty when the level does not divide it: one of its codes holds all of it and more.
    """
    inside: dict[int, set[int]] = defaultdict(set)
    for leaf in whole:
        if leaf in code_of:
            inside[code_of[leaf]].add(leaf)
    if not inside or any(whole < sets[code] for code in inside):
        return ()
    parts = [frozenset(leaves) for _, leaves in sorted(inside.items())]
    rest = whole - frozenset[int]().union(*parts)
    fitting = [leaves for leaves in sets if leaves <= rest] if rest else []
    for leaves in sorted(fitting, key=len, reverse=True):
        if leaves <= rest:
            parts.append(leaves)
            rest -= leaves
    return tuple(parts)
