"""Border pieces: what two divisions of the map give away where neither nests in the other.

For two codes that cross: what both hold. For a code and a level: what of the code the codes of the level within it leave over. And every piece that several codes hold.
Each follows from the sums of its codes, so it is as good as told where these are all published.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gateway.attack.geography import Geography
from gateway.attack.incidence import Indices

Leaves = frozenset[int]


@dataclass(frozen=True, slots=True)
class Border:
    """leaves: leaf geographies that are no division's code; code: the leaf code they are, or -1.

    ways: sets of codes whose sums tell of it.
    """

    leaves: Indices
    code: int
    ways: tuple[Indices, ...]


@dataclass(frozen=True, slots=True)
class Remainder:
    """parent = the codes of another level within it + the leaves that they leave over."""

    parent: int
    children: Indices
    rest: Indices


def borders_of(geography: Geography) -> tuple[Border, ...]:
    """Every border piece once, in the order of their leaves."""
    sets = _sets(geography)
    divisions = set(range(len(sets))) - set(geography.leaf_codes.tolist())
    codes = {sets[code] for code in divisions}
    ways: dict[Leaves, set[Leaves]] = {}
    for leaves, way in _ways(sets, sorted(divisions), geography):
        if leaves and leaves not in codes:
            ways.setdefault(leaves, set()).add(frozenset(way))
    return tuple(
        Border(
            np.array(sorted(leaves), dtype=np.intp),
            int(geography.leaf_codes[min(leaves)]) if len(leaves) == 1 else -1,
            tuple(np.array(way, dtype=np.intp) for way in sorted(map(sorted, ways[leaves]))),
        )
        for leaves in sorted(ways, key=sorted)
    )


def remainders_of(geography: Geography) -> tuple[Remainder, ...]:
    """Lines that crossing divisions imply: a code, the codes of another level within it, the rest."""
    sets = _sets(geography)
    found: list[Remainder] = []
    for parent, whole in enumerate(sets):
        for level in dict.fromkeys(geography.levels):
            within = [
                c for c, own in enumerate(sets) if geography.levels[c] == level and own < whole
            ]
            rest = whole.difference(*(sets[code] for code in within))
            if within and rest and level != geography.levels[parent]:
                found.append(Remainder(parent, np.array(within), np.array(sorted(rest))))
    return tuple(found)


def _ways(
    sets: list[Leaves], divisions: list[int], geography: Geography
) -> Iterator[tuple[Leaves, tuple[int, ...]]]:
    everything = geography.leaves.universe
    parts = [code for code in divisions if len(sets[code]) < everything]
    for first in parts:
        for second in parts:
            both = sets[first] & sets[second]
            if both and both not in (sets[first], sets[second]):
                yield both, (first, second)
        for level in dict.fromkeys(geography.levels[code] for code in parts):
            peers = [c for c in parts if geography.levels[c] == level and c != first]
            within = [c for c in peers if sets[c] < sets[first]]
            if within:
                yield sets[first].difference(*(sets[c] for c in within)), (first, *within)
    for piece in range(len(geography.pieces)):
        leaves = frozenset(geography.pieces.of(piece).tolist())
        holders = [code for code in parts if leaves < sets[code]]
        if len(holders) > 1:
            yield leaves, tuple(holders)


def _sets(geography: Geography) -> list[Leaves]:
    return [frozenset(geography.leaves.of(code).tolist()) for code in range(len(geography.leaves))]
