"""How far an unpublished count can move while every column stays: no programme needed.

A combination that is no union of atoms is a split of atoms. Where nothing finer is told of an atom,
all of its persons or none may be in the split. A leaf's atom is bound by the piece's finer atoms: of
X[g, k] persons at most sum of N[p, f] over f in k that meet the combination can be in it, and at most
the rest outside it. These bounds are reached: within (p, k) the rows g and columns f are a transport
problem with told margins, in which any one row's part can be anything within them. The same holds
of pieces under the whole, and of a share under its owner's class detail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.attack.columns import Columns
from gateway.attack.geography import Unit
from gateway.attack.incidence import Indices, Sets
from gateway.attack.partitions import Partition

Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spread:
    """Least and most persons, per (pair, node): a pair is a combination and an atom that meets it."""

    pairs: Sets
    least: Table
    most: Table


class Widths:
    """How wide the intervals of cells are at least, given tables that the reader cannot tell apart."""

    def __init__(self, columns: Columns, tables: Sequence[Table]) -> None:
        self._columns = columns
        self._tables = tables
        self._totals: dict[tuple[tuple[int, ...], int], tuple[Table, Table]] = {}

    def of(self, measure: int, unit: Unit) -> Table:
        """(combination) the least width of a measure in a region of the map.

        Nodes under one finer total are not free of each other: several of them prove nothing (0).
        """
        least = np.zeros((len(self._tables), len(self._columns.combinations)))
        most = least.copy()
        for group in self._columns.nest.groups(measure):
            tier, nodes = self._columns.stored(group[0], unit)
            if len(nodes) > 1 and (group[0], tier + 1) in self._columns.blocks:
                return np.zeros(len(self._columns.combinations))
            low, high = self._total(group, tier)
            least += low[:, :, nodes].sum(axis=2)
            most += high[:, :, nodes].sum(axis=2)
        return most.max(axis=0) - least.min(axis=0)

    def _total(self, group: tuple[int, ...], tier: int) -> tuple[Table, Table]:
        """(table, combination, node) least and most of variables that move together."""
        if (group, tier) not in self._totals:
            spreads = [_spread(self._columns, table, group, tier) for table in self._tables]
            start = spreads[0].pairs.start[:-1]
            self._totals[group, tier] = (
                np.stack([np.add.reduceat(spread.least, start, axis=0) for spread in spreads]),
                np.stack([np.add.reduceat(spread.most, start, axis=0) for spread in spreads]),
            )
        return self._totals[group, tier]


def _spread(columns: Columns, table: Table, group: tuple[int, ...], tier: int) -> Spread:
    """Of one variable, or of shares of one line: as wide as what is told above them leaves it."""
    block = columns.blocks[group[0], tier]
    people = np.sum([block.of(table) for block in (columns.blocks[v, tier] for v in group)], axis=0)
    above = columns.above(group, tier)
    if above is None:
        pairs = block.atoms.meets
        most = people[:, pairs.members].T
        return Spread(pairs, np.where(_is_inside(block.atoms)[:, None], most, 0), most)
    variable, higher = above
    nodes = columns.geography.upwards(tier, higher)
    return _bounded(
        block.atoms,
        people,
        columns.blocks[variable, higher].of(table)[nodes],
        upper=_spread(columns, table, (variable,), higher),
        finer=columns.blocks[variable, higher].atoms,
        nodes=nodes,
    )


def _bounded(
    atoms: Partition,
    people: Table,
    above: Table,
    *,
    upper: Spread,
    finer: Partition,
    nodes: Indices,
) -> Spread:
    """Bounds of (node, atom) people whose finer detail is bounded by `upper`; above: (node, finer atom)."""
    pairs = atoms.meets
    combination, fine = upper.pairs.pairs(np.arange(len(upper.pairs)))
    coarse = atoms.label[finer.first]
    own, atom = pairs.pairs(np.arange(len(pairs)))
    key = own * len(atoms) + atom
    place = np.searchsorted(key, combination * len(atoms) + coarse[fine])
    least, most = (np.zeros((len(key), upper.most.shape[1])) for _ in range(2))
    np.add.at(least, place, upper.least)
    np.add.at(most, place, upper.most)
    whole = np.zeros((len(above), len(atoms)))
    np.add.at(whole.T, coarse, above.T)
    mine, around = people[:, atom].T, whole[:, atom].T
    return Spread(
        pairs,
        np.maximum(0, mine - around + least[:, nodes]),
        np.minimum(mine, most[:, nodes]),
    )


def _is_inside(atoms: Partition) -> NDArray[np.bool_]:
    """(pair of `meets`) True where the atom is wholly inside the combination."""
    owner, atom = atoms.meets.pairs(np.arange(len(atoms.meets)))
    inner, inside = atoms.inside.pairs(np.arange(len(atoms.inside)))
    return np.isin(owner * len(atoms) + atom, inner * len(atoms) + inside)
