"""The geography of a slice in three tiers: single leaves, pieces of them, the whole.

A *piece* is a class of leaf geographies that the same divisions hold: codes that are a sum of others
and not the whole. Every division is a union of pieces. A leaf alone in its piece is that piece.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.attack.incidence import Indices, Sets, axis_leaves, sets_of
from gateway.model.cube import Axis

LEAF, PIECE, WHOLE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Unit:
    """A region of the map as nodes of one tier: leaf numbers, piece numbers, or the whole (0)."""

    tier: int
    nodes: Indices


@dataclass(frozen=True, slots=True)
class Geography:
    """The map of a slice.

    leaves: the leaf geographies of each code; leaf_codes: the code of each leaf.
    pieces: the leaves of each piece; piece_of: the piece of each leaf.
    levels: the level of each code; areas: codes of the employment areas.
    """

    leaves: Sets
    leaf_codes: Indices
    pieces: Sets
    piece_of: Indices
    levels: tuple[str, ...]
    areas: Indices
    area_names: tuple[str, ...]

    def unit(self, leaves: Indices) -> Unit:
        """Leaves as nodes of the highest tier that can say them; several leaves must be whole pieces."""
        if len(leaves) == self.leaves.universe and len(self.pieces) > 1:
            return Unit(WHOLE, np.zeros(1, dtype=np.intp))
        pieces = np.unique(self.piece_of[leaves])
        if self.pieces.sizes()[pieces].sum() == len(leaves):
            return Unit(PIECE, pieces)
        if len(leaves) != 1:
            raise ValueError("Several leaves that are no union of pieces.")
        return Unit(LEAF, leaves)

    def node_of(self, tier: int) -> Indices:
        """(leaf) the node of a tier that holds it."""
        if tier == PIECE:
            return self.piece_of
        count = self.leaves.universe
        return np.arange(count) if tier == LEAF else np.zeros(count, dtype=np.intp)

    def upwards(self, tier: int, higher: int) -> Indices:
        """(node of a tier) the node of a higher tier, or of the same one, that holds it."""
        _, first = np.unique(self.node_of(tier), return_index=True)
        return self.node_of(higher)[first]

    def beneath(self, tier: int, node: int) -> Indices:
        """The leaf geographies of a node."""
        if tier == LEAF:
            return np.array([node], dtype=np.intp)
        return self.pieces.of(node) if tier == PIECE else np.arange(self.leaves.universe)


def geography_of(axis: Axis | None) -> Geography:
    """The map of an axis; of no axis, one leaf that is everything."""
    if axis is None:
        one = sets_of([[0]], 1)
        none = np.empty(0, dtype=np.intp)
        zero = np.zeros(1, dtype=np.intp)
        return Geography(one, zero, one, zero, ("",), none, ())
    leaves, leaf_codes = axis_leaves(axis)
    piece_of = _pieces(leaves, leaf_codes)
    pieces = [np.flatnonzero(piece_of == piece).tolist() for piece in range(piece_of.max() + 1)]
    levels = tuple(code.level for code in axis.codes)
    areas = axis.areas()
    return Geography(
        leaves,
        leaf_codes,
        sets_of(pieces, leaves.universe),
        piece_of,
        levels,
        np.array(areas, dtype=np.intp),
        tuple(axis.codes[place].code for place in areas),
    )


def _pieces(leaves: Sets, leaf_codes: Indices) -> Indices:
    """(leaf) its piece, numbered in the order of first leaves."""
    signature: dict[tuple[int, ...], int] = {}
    holders: list[list[int]] = [[] for _ in range(leaves.universe)]
    for code in sorted(set(range(len(leaves))) - set(leaf_codes.tolist())):
        own = leaves.of(code)
        if len(own) < leaves.universe:
            for leaf in own:
                holders[leaf].append(code)
    numbers = [signature.setdefault(tuple(held), len(signature)) for held in holders]
    return np.array(numbers, dtype=np.intp)
