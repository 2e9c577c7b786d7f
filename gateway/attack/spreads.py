"""How far an unpublished count can move while every column stays: no programme needed.

A combination that is no union of atoms is a split of atoms. Where nothing finer is told of an atom,
all of its persons or none may be in the split. A leaf's atom is bound by the piece's finer atoms: of
X[g, k] persons at most sum of N[p, f] over f in k that meet the combination can be in it, and at most
the rest outside it. These bounds are reached: within (p, k) the rows g and columns f are a transport
problem with told margins, in which any one row's part can be anything within them. The same holds
of pieces under the whole, and of a share under its owner's class detail in one leaf geography. The
shares of several are added up where the owner's persons are spread evenly (`_even`): one of the tables
there are, in which each leaf geography's share moves by itself.
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
        self._tables = list(tables)
        self._totals: dict[tuple[tuple[int, ...], int, bool], tuple[Table, Table]] = {}

    def add(self, tables: Sequence[Table]) -> None:
        """More tables that the reader cannot tell apart."""
        self._tables += tables

    def of(self, measure: int, unit: Unit) -> Table:
        """(combination) the least width of a measure in a region of the map.

        Nodes under one finer total are not free of each other: several of them prove nothing (0).
        """
        least = np.zeros((len(self._tables), len(self._columns.combinations)))
        most = least.copy()
        for group in self._columns.nest.groups(measure):
            tier, nodes = self._columns.stored(group[0], unit)
            units = [Unit(tier, nodes)]
            if group[0] in self._columns.nest.owner:
                units = self._columns.lowest(tier, nodes)
            elif len(nodes) > 1 and (group[0], tier + 1) in self._columns.blocks:
                return np.zeros(len(self._columns.combinations))
            several = sum(len(each.nodes) for each in units) > 1
            for each in units:
                low, high = self._total(group, each.tier, evenly=several)
                least += low[:, :, each.nodes].sum(axis=2)
                most += high[:, :, each.nodes].sum(axis=2)
        return most.max(axis=0) - least.min(axis=0)

    def _total(self, group: tuple[int, ...], tier: int, *, evenly: bool) -> tuple[Table, Table]:
        """(table, combination, node) least and most of variables that move together.

        evenly: of shares, where their owner is spread evenly.
        """
        key = (group, tier, evenly and group[0] in self._columns.nest.owner)
        known = self._totals.get(key)
        fresh = self._tables[0 if known is None else len(known[0]) :]
        if fresh:
            spreads = [
                _spread(self._columns, table, group, tier, evenly=key[-1]) for table in fresh
            ]
            start = spreads[0].pairs.start[:-1]
            least = np.stack([np.add.reduceat(each.least, start, axis=0) for each in spreads])
            most = np.stack([np.add.reduceat(each.most, start, axis=0) for each in spreads])
            if known is not None:
                least, most = np.concatenate([known[0], least]), np.concatenate([known[1], most])
            self._totals[key] = least, most
        return self._totals[key]


def _spread(
    columns: Columns, table: Table, group: tuple[int, ...], tier: int, *, evenly: bool = False
) -> Spread:
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
        columns.blocks[variable, higher].of(table),
        upper=(_even if evenly else _spread)(columns, table, (variable,), higher),
        finer=columns.blocks[variable, higher].atoms,
        nodes=nodes,
    )


def _even(columns: Columns, table: Table, group: tuple[int, ...], tier: int) -> Spread:
    """One table of a variable: as much of each node's atom is in a combination as of what is above it.

    Half of it where nothing is told above.
    """
    block = columns.blocks[group[0], tier]
    people = block.of(table)
    pairs = block.atoms.meets
    above = columns.above(group, tier)
    if above is None:
        part = people[:, pairs.members].T * np.where(_is_inside(block.atoms), 1.0, 0.5)[:, None]
        return Spread(pairs, part, part)
    variable, higher = above
    nodes = columns.geography.upwards(tier, higher)
    finer = columns.blocks[variable, higher].atoms
    inside, around = _gathered(
        block.atoms,
        columns.blocks[variable, higher].of(table),
        upper=_even(columns, table, (variable,), higher),
        finer=finer,
    )
    ratio = np.divide(inside.least, around, out=np.zeros_like(around), where=around > 0)
    part = people[:, pairs.members].T * ratio[:, nodes]
    return Spread(pairs, part, part)


def _bounded(
    atoms: Partition,
    people: Table,
    above: Table,
    *,
    upper: Spread,
    finer: Partition,
    nodes: Indices,
) -> Spread:
    """Bounds of (node, atom) people whose finer detail is bounded by `upper`; above: (node above, finer atom)."""
    inside, around = _gathered(atoms, above, upper=upper, finer=finer)
    mine = people[:, atoms.meets.members].T
    return Spread(
        atoms.meets,
        np.maximum(0, mine - around[:, nodes] + inside.least[:, nodes]),
        np.minimum(mine, inside.most[:, nodes]),
    )


def _gathered(
    atoms: Partition, above: Table, *, upper: Spread, finer: Partition
) -> tuple[Spread, Table]:
    """Per (pair, node above): what of the finer atoms within its atom is in its combination, and all.

    above: (node above, finer atom).
    """
    pairs = atoms.meets
    combination, fine = upper.pairs.pairs(np.arange(len(upper.pairs)))
    coarse = atoms.label[finer.first]
    own, atom = pairs.pairs(np.arange(len(pairs)))
    key = own * len(atoms) + atom
    place = np.searchsorted(key, combination * len(atoms) + coarse[fine])
    least, most = (np.zeros((len(key), len(above))) for _ in range(2))
    np.add.at(least, place, upper.least)
    np.add.at(most, place, upper.most)
    whole = np.zeros((len(above), len(atoms)))
    np.add.at(whole.T, coarse, above.T)
    return Spread(pairs, least, most), whole[:, atom].T


def _is_inside(atoms: Partition) -> NDArray[np.bool_]:
    """(pair of `meets`) True where the atom is wholly inside the combination."""
    owner, atom = atoms.meets.pairs(np.arange(len(atoms.meets)))
    inner, inside = atoms.inside.pairs(np.arange(len(atoms.inside)))
    return np.isin(owner * len(atoms) + atom, inner * len(atoms) + inside)
