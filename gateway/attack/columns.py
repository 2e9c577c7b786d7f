"""The unknowns of a slice: an exact reduction of the table of all leaves.

The full table is x[v, g, j] >= 0 persons of variable measure v in leaf geography g and class leaf j.
A reader is told sums of it. Per tier of the geography (leaf, piece, whole) the *atoms* are the common
refinement of the combinations that anybody is told, or that the contract designs, at codes of this
tier or a lower one; so atoms get finer upwards. The columns are, per variable measure,

    X[g, k]   leaf geography g in a piece of several leaves, leaf atom k
    N[p, k]   piece p, piece atom k
    W[k]      the whole, atom k; only where its atoms are finer than those of the pieces

and the rows that tie them: sum of X[g, k] over g in p = sum of N[p, k'] over k' in k, and the same
from pieces to the whole.

*Nothing is lost.* A full table gives columns that keep the rows. Conversely, from columns that keep
them, x[p, j] = N[p, k(j)] * W[j] / W[k(j)] (0 where W[k] = 0) is a table of pieces with the told sums
N and W; within a piece, x[g, j] = X[g, k(j)] * x[p, j] / x[p, k(j)] is one of leaves with the told
sums X and x[p, j]. Both are nonnegative. Below the finest atoms nothing is told, so any split does. A
measure that is a sum of variables needs nothing more: each variable is lifted alone.

*Shares* (see `nest`) are tied to their owner at every class leaf, so they cannot be lifted alone.
Their atoms are the same in every tier, q, and the owner's leaf atoms refine them; then
x_share[g, j] = X_share[g, q(j)] * x_owner[g, j] / X_owner[g, q(j)] keeps every told sum of the share,
and the shares of one line add up to their owner at every class leaf.

An *insider* knows all of its own leaves. Columns of its own leaves alone are then fixed; a column
that also holds others' persons cannot go below its own. The lift above, made of what is left when
its own persons are taken off, shows that this is again exact. It needs each area to be a union of
pieces or a single leaf, which it is: pieces are made from the areas among others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.attack.geography import LEAF, PIECE, WHOLE, Geography, Unit
from gateway.attack.incidence import Indices, Sets
from gateway.attack.nest import Nest
from gateway.attack.partitions import Partition, refinement
from gateway.attack.slices import Slice
from gateway.errors import NegativeCount

TIERS = (LEAF, PIECE, WHOLE)


@dataclass(frozen=True, slots=True)
class Block:
    """The columns of one variable measure in one tier: start + node * atoms + atom."""

    start: int
    nodes: int
    atoms: Partition

    def span(self) -> slice:
        return slice(self.start, self.start + self.nodes * len(self.atoms))

    def of(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """(node, atom) what a table of all columns has in these."""
        return table[self.span()].reshape(self.nodes, len(self.atoms))

    def columns(self, nodes: Indices | Sequence[int]) -> Indices:
        """(nodes, atom) column numbers."""
        first = self.start + np.asarray(nodes) * len(self.atoms)
        return first[:, None] + np.arange(len(self.atoms))


@dataclass(frozen=True, slots=True)
class Columns:
    """Every column, with the true persons in it.

    blocks: (variable measure, tier) → its columns; the whole may have none.
    truth: (column) persons; tier, node: (column) the region of the map that it is about.
    table: (variable measure) → (leaf geography, class leaf) true persons.
    """

    geography: Geography
    combinations: Sets
    nest: Nest
    blocks: dict[tuple[int, int], Block]
    truth: NDArray[np.int64]
    tier: Indices
    node: Indices
    table: dict[int, NDArray[np.int64]]

    def says(self, measure: int, unit: Unit) -> NDArray[np.bool_]:
        """(combination) True where the measure there is a sum of columns."""
        return np.logical_and.reduce(
            [
                self.blocks[variable, self.stored(variable, unit)[0]].atoms.says
                for variable in self.nest.basis[measure]
            ]
        )

    def of(self, measure: int, unit: Unit, combinations: Indices) -> tuple[Indices, Indices]:
        """(position in `combinations`, column) of the columns whose sum each cell is."""
        owners: list[Indices] = []
        columns: list[Indices] = []
        for variable in self.nest.basis[measure]:
            tier, nodes = self.stored(variable, unit)
            block = self.blocks[variable, tier]
            owner, atom = block.atoms.inside.pairs(combinations)
            owners.append(np.tile(owner, len(nodes)))
            columns.append(block.columns(nodes)[:, atom].ravel())
        return np.concatenate(owners), np.concatenate(columns)

    def touching(self, leaves: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(column) True where it may hold persons of these leaf geographies."""
        found = np.zeros(len(self.truth), dtype=np.bool_)
        for tier in TIERS:
            node = self.geography.node_of(tier)
            touched = np.bincount(node[leaves], minlength=int(node.max()) + 1) > 0
            own = self.tier == tier
            found[own] = touched[self.node[own]]
        return found

    def persons_of(self, leaves: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(column) how many of its persons are in these leaf geographies; of splits, 0."""
        own = np.zeros(len(self.truth), dtype=np.int64)
        for (variable, tier), block in self.blocks.items():
            table = np.where(leaves[:, None], self.table[variable], 0)
            own[block.span()] = persons(self.geography, tier, block.atoms, table).ravel()
        return own

    def stored(self, variable: int, unit: Unit) -> tuple[int, Indices]:
        """The tier and nodes whose columns say a region: of the whole, its pieces when it has none."""
        if (variable, unit.tier) in self.blocks:
            return unit.tier, unit.nodes
        return PIECE, np.arange(len(self.geography.pieces))

    def lowest(self, tier: int, nodes: Indices) -> list[Unit]:
        """The leaf geographies of a region one by one: those alone in their piece, and the others."""
        leaves = np.concatenate([self.geography.beneath(tier, node) for node in nodes.tolist()])
        piece = self.geography.piece_of[leaves]
        alone = self.geography.pieces.sizes()[piece] == 1
        units = [Unit(PIECE, piece[alone]), Unit(LEAF, leaves[~alone])]
        return [unit for unit in units if len(unit.nodes)]

    def above(self, group: tuple[int, ...], tier: int) -> tuple[int, int] | None:
        """The variable and tier whose finer atoms bound those of a group; None: nothing does."""
        if group[0] in self.nest.owner:
            return self.nest.owner[group[0]], tier
        return (group[0], tier + 1) if (group[0], tier + 1) in self.blocks else None


def columns_of(
    part: Slice, geography: Geography, combinations: Sets, *, leaves: Indices, nest: Nest
) -> Columns:
    """leaves: the combination of each class leaf. Raises NegativeCount."""
    named = part.known | part.designed
    told = _told(named, geography)
    table = {v: part.counts[v][np.ix_(geography.leaf_codes, leaves)] for v in nest.variables}
    if any((own < 0).any() for own in table.values()):
        raise NegativeCount("A leaf of the cube has a negative count.")
    blocks: dict[tuple[int, int], Block] = {}
    truth: list[NDArray[np.int64]] = []
    tiers: list[Indices] = []
    nodes: list[Indices] = []
    start = 0
    for variable in nest.variables:
        atoms = _atoms(variable, told, nest, combinations)
        for tier in TIERS:
            if tier == WHOLE and (
                len(geography.pieces) == 1 or len(atoms[WHOLE]) == len(atoms[PIECE])
            ):
                continue
            people = persons(geography, tier, atoms[tier], table[variable])
            blocks[variable, tier] = Block(start, len(people), atoms[tier])
            truth.append(people.ravel())
            tiers.append(np.full(people.size, tier))
            nodes.append(np.repeat(np.arange(len(people)), len(atoms[tier])))
            start += people.size
    return Columns(
        geography,
        combinations,
        nest,
        blocks,
        np.concatenate(truth),
        np.concatenate(tiers),
        np.concatenate(nodes),
        table,
    )


def persons(
    geography: Geography, tier: int, atoms: Partition, table: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(node, atom) sums of a (leaf geography, class leaf) table."""
    node = geography.node_of(tier)
    by_atom = np.zeros((len(atoms), len(table)), dtype=np.int64)
    np.add.at(by_atom, atoms.label, table.T)
    summed = np.zeros((int(node.max()) + 1, len(atoms)), dtype=np.int64)
    np.add.at(summed, node, by_atom.T)
    return summed


def _told(named: NDArray[np.bool_], geography: Geography) -> NDArray[np.bool_]:
    """(tier, measure, combination) True where something is told at a code of the tier."""
    tiers = np.array([geography.unit(geography.leaves.of(c)).tier for c in range(named.shape[1])])
    return np.stack([named[:, tiers == tier].any(axis=1) for tier in TIERS])


def _atoms(
    variable: int, told: NDArray[np.bool_], nest: Nest, combinations: Sets
) -> tuple[Partition, Partition, Partition]:
    """The atoms of a variable in each tier."""
    root = nest.root(variable)
    shares = [other for other in nest.variables if other != root and nest.root(other) == root]
    shared = np.array(told[:, nest.over(shares)].any(axis=(0, 1)))
    if variable != root:
        one = refinement(combinations, shared)
        return one, one, one
    own = np.array(told[:, nest.over([variable])].any(axis=1))
    for tier in TIERS:
        own[tier] |= own[tier - 1] if tier else shared
    leaf, piece, whole = (refinement(combinations, own[tier]) for tier in TIERS)
    return leaf, piece, whole
