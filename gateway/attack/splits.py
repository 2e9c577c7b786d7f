"""Columns for what no column says: the part of an atom that is in a combination.

For combination S and atom k of a node, s = the persons of S in X[k]: 0 <= s <= X[k]. Where finer atoms
are told above (of the piece, the whole, or a share's owner), s is at most what of these is in S, and
X[k] - s at most what of them is not. A finer atom that S cuts has a split of its own. Several nodes
are one place: what is told above binds them together. Shares are
split in each leaf geography by itself, since what their owner has there bounds them there; what is told
above binds these splits together as well (`_bind`). These are all the bounds there are, so the least and the most of s in the programme are exact. It is
right to put many splits in one programme: each alone can be met whatever the columns are, so they
leave the columns as free as before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from gateway.attack.columns import Columns
from gateway.attack.geography import WHOLE, Unit
from gateway.attack.incidence import Indices
from gateway.attack.partitions import Partition
from gateway.attack.rows import Rows

Terms = list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Place:
    """Variables that move together, in nodes of a tier taken together."""

    group: tuple[int, ...]
    tier: int
    nodes: tuple[int, ...]


@dataclass(slots=True)
class Splits:
    """Columns and rows to be added to those of a slice."""

    columns: Columns
    truth: list[int] = field(default_factory=list)
    tier: list[int] = field(default_factory=list)
    node: list[int] = field(default_factory=list)
    rows: list[Terms] = field(default_factory=list)
    room: list[float] = field(default_factory=list)
    _made: dict[tuple[Place, int, int], int] = field(default_factory=dict)

    def of(self, measure: int, unit: Unit, combination: int) -> Indices:
        """The columns whose sum a cell is, made where they are missing."""
        terms: list[int] = []
        for group in self.columns.nest.groups(measure):
            tier, nodes = self.columns.stored(group[0], unit)
            for place in self._places(group, tier, nodes):
                for atom in self._atoms(place).meets.of(combination).tolist():
                    terms += [column for column, _ in self._part(place, atom, combination)]
        return np.array(terms, dtype=np.intp)

    def _places(self, group: tuple[int, ...], tier: int, nodes: Indices) -> list[Place]:
        """What moves as one."""
        if group[0] not in self.columns.nest.owner:
            return [Place(group, tier, tuple(nodes.tolist()))]
        lowest = self.columns.lowest(tier, nodes)
        return [Place(group, unit.tier, (node,)) for unit in lowest for node in unit.nodes.tolist()]

    def extended(self, rows: Rows) -> tuple[Columns, Rows]:
        """The columns and rows of the slice with these after them."""
        self._bind()
        columns = replace(
            self.columns,
            truth=np.concatenate([self.columns.truth, np.array(self.truth, dtype=np.int64)]),
            tier=np.concatenate([self.columns.tier, np.array(self.tier, dtype=np.intp)]),
            node=np.concatenate([self.columns.node, np.array(self.node, dtype=np.intp)]),
        )
        entries = [(at + len(rows), c, s) for at, terms in enumerate(self.rows) for c, s in terms]
        row, column, sign = zip(*entries, strict=True) if entries else ((), (), ())
        return columns, Rows(
            np.concatenate([rows.row, np.array(row, dtype=np.intp)]),
            np.concatenate([rows.column, np.array(column, dtype=np.intp)]),
            np.concatenate([rows.sign, np.array(sign, dtype=np.float64)]),
            np.concatenate([rows.lower, np.full(len(self.rows), -np.inf)]),
            np.concatenate([rows.upper, np.array(self.room, dtype=np.float64)]),
            np.concatenate([rows.needed, np.ones(len(self.rows), dtype=np.bool_)]),
        )

    def _part(self, place: Place, atom: int, combination: int) -> Terms:
        """What of an atom is in a combination that meets it, as columns."""
        whole = self._whole(place, atom)
        if atom in self._atoms(place).inside.of(combination):
            return whole
        key = (place, atom, combination)
        if key not in self._made:
            self._made[key] = self._make(place, atom, combination)
        return [(self._made[key], 1.0)]

    def _make(self, place: Place, atom: int, combination: int) -> int:
        """A new split, with the rows that bound it."""
        split = len(self.columns.truth) + len(self.truth)
        self.truth.append(self._people(place, atom, combination))
        alone = len(place.nodes) == 1  # a split of several nodes is taken to be anywhere
        self.tier.append(place.tier if alone else WHOLE)
        self.node.append(place.nodes[0] if alone else 0)
        own: Terms = [(split, 1.0)]
        whole = self._whole(place, atom)
        self._at_most(own, whole)
        above = self._above(place)
        if above is not None:
            self._bound(own, whole, self._finer(place, above, atom, combination))
        return split

    def _bind(self) -> None:
        """What is told above splits of single nodes holds for all of them together."""
        together: dict[tuple[Place, int, int], list[tuple[Place, int]]] = {}
        for (place, atom, combination), split in self._made.items():
            above = self._above(place)
            if above is not None and above.tier > place.tier and len(place.nodes) == 1:
                together.setdefault((above, atom, combination), []).append((place, split))
        for (above, atom, combination), members in together.items():
            if len(members) > 1:
                own: Terms = [(split, 1.0) for _, split in members]
                whole = [term for place, _ in members for term in self._whole(place, atom)]
                self._bound(own, whole, self._finer(members[0][0], above, atom, combination))

    def _bound(self, own: Terms, whole: Terms, finer: tuple[Terms, Terms]) -> None:
        """No more is in the combination than of the finer atoms, and no more outside it."""
        inside, around = finer
        self._at_most(own, inside)
        self._at_most(whole + _minus(own), around + _minus(inside))

    def _finer(
        self, place: Place, above: Place, atom: int, combination: int
    ) -> tuple[Terms, Terms]:
        """What of the finer atoms within an atom is in the combination, and all of them."""
        finer = self._atoms(above)
        fine = np.flatnonzero(self._atoms(place).label[finer.first] == atom).tolist()
        meeting = set(finer.meets.of(combination).tolist())
        inside = [t for f in fine if f in meeting for t in self._part(above, f, combination)]
        return inside, [term for f in fine for term in self._whole(above, f)]

    def _above(self, place: Place) -> Place | None:
        """Where finer atoms bound those of a place."""
        above = self.columns.above(place.group, place.tier)
        if above is None:
            return None
        variable, tier = above
        held = self.columns.geography.upwards(place.tier, tier)[list(place.nodes)]
        return Place((variable,), tier, tuple(np.unique(held).tolist()))

    def _atoms(self, place: Place) -> Partition:
        return self.columns.blocks[place.group[0], place.tier].atoms

    def _whole(self, place: Place, atom: int) -> Terms:
        blocks = [self.columns.blocks[variable, place.tier] for variable in place.group]
        return [(int(block.columns([n])[0, atom]), 1.0) for block in blocks for n in place.nodes]

    def _at_most(self, left: Terms, right: Terms) -> None:
        """left <= right, as a row over changes."""
        total: dict[int, float] = {}
        for column, sign in left + _minus(right):
            total[column] = total.get(column, 0.0) + sign
        terms = [(column, sign) for column, sign in total.items() if sign]
        self.rows.append(terms)
        self.room.append(-sum(sign * self._truth(column) for column, sign in terms))

    def _truth(self, column: int) -> int:
        known = len(self.columns.truth)
        return int(self.columns.truth[column]) if column < known else self.truth[column - known]

    def _people(self, place: Place, atom: int, combination: int) -> int:
        """True persons of a place in the atom and the combination."""
        geography = self.columns.geography
        leaves = np.concatenate([geography.beneath(place.tier, node) for node in place.nodes])
        classes = self.columns.combinations.of(combination)
        classes = classes[self._atoms(place).label[classes] == atom]
        tables = (self.columns.table[variable] for variable in place.group)
        return sum(int(table[np.ix_(leaves, classes)].sum()) for table in tables)


def _minus(terms: Terms) -> Terms:
    return [(column, -sign) for column, sign in terms]
