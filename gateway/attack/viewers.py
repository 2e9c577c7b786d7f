"""Who may attack: the outsider, and every coalition of areas that a contract reckons with."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from gateway.attack.geography import Geography


@dataclass(frozen=True, slots=True)
class Viewers:
    """Coalitions of areas, smallest first; the first is the outsider, who has none.

    members: (viewer, area) True where the area is in the coalition.
    leaves: (viewer, leaf geography) True where the viewer knows everything.
    names: the area codes of each.
    """

    members: NDArray[np.bool_]
    leaves: NDArray[np.bool_]
    names: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.names)

    def foreign(self, leaves: NDArray[np.intp]) -> NDArray[np.bool_]:
        """(viewer) True where no area of the coalition holds one of these leaves; always of the outsider."""
        return np.logical_not(self.leaves[:, leaves].any(axis=1))


def viewers_of(geography: Geography, coalition: int) -> Viewers:
    number = len(geography.areas)
    sets = [
        chosen
        for size in range(min(coalition, number) + 1)
        for chosen in combinations(range(number), size)
    ]
    members = np.zeros((len(sets), number), dtype=np.bool_)
    for row, chosen in enumerate(sets):
        members[row, list(chosen)] = True
    area_leaves = np.zeros((number, geography.leaves.universe), dtype=np.bool_)
    for row, code in enumerate(geography.areas):
        area_leaves[row, geography.leaves.of(int(code))] = True
    leaves = (members.astype(np.int64) @ area_leaves.astype(np.int64)) > 0
    names = tuple(tuple(geography.area_names[area] for area in chosen) for chosen in sets)
    return Viewers(members, leaves, names)
