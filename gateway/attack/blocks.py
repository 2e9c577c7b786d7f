"""Where witnesses are sought first: small parts of the map, everything outside them unchanged.

A witness of a part is one of the whole map, so a part can prove a width but never refute it.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gateway.attack.geography import Geography

Leaves = NDArray[np.bool_]


def blocks_of(geography: Geography) -> list[list[Leaves]]:
    """Stages of blocks, (leaf geography) True inside.

    Each area; each division with its areas; two at a time of the parts that no division crosses, where
    what a division has in all can change too.
    """
    everything = np.ones(geography.leaves.universe, dtype=np.bool_)
    areas = [_leaves(geography, [int(code)]) for code in geography.areas]
    inside = np.logical_or.reduce([*areas, ~everything])
    outside = [_pieces(geography, piece) for piece in np.unique(geography.piece_of[~inside])]
    wider: list[Leaves] = []
    for code in range(len(geography.levels)):
        own = _leaves(geography, [code])
        hull = np.logical_or.reduce([own, *(area for area in areas if (area & own).any())])
        wider.append(hull)
    small = [*areas, *outside]
    seen = {block.tobytes() for block in small} | {everything.tobytes()}
    hulls: list[Leaves] = []
    for hull in sorted(wider, key=np.sum):
        if hull.tobytes() not in seen:
            seen.add(hull.tobytes())
            hulls.append(hull)
    parts = _joined([*hulls, *small])
    two = [one | other for one, other in pairwise(parts)] if hulls and len(parts) > 2 else []
    return [small, hulls, two]


def _joined(blocks: list[Leaves]) -> list[Leaves]:
    """Blocks that overlap, as one."""
    parts: list[Leaves] = []
    for block in blocks:
        over = [part for part in parts if (part & block).any()]
        joined = np.logical_or.reduce([block, *over])
        parts = [part for part in parts if not (part & block).any()] + [joined]
    return parts


def _leaves(geography: Geography, codes: list[int]) -> Leaves:
    held = np.zeros(geography.leaves.universe, dtype=np.bool_)
    for code in codes:
        held[geography.leaves.of(code)] = True
    return held


def _pieces(geography: Geography, piece: int) -> Leaves:
    held = np.zeros(geography.leaves.universe, dtype=np.bool_)
    held[geography.pieces.of(piece)] = True
    return held
