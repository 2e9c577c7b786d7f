"""The coarsest classes that can still say some combinations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.attack.incidence import Indices, Sets


@dataclass(frozen=True, slots=True)
class Partition:
    """Class leaves in atoms.

    label: the atom of each class leaf; first: a class leaf of each atom.
    inside: the atoms wholly inside each combination; meets: those that share a class leaf with it.
    says: True where a combination is a union of atoms.
    """

    label: Indices
    first: Indices
    inside: Sets
    meets: Sets
    says: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.first)


def refinement(combinations: Sets, chosen: NDArray[np.bool_]) -> Partition:
    """The atoms of the chosen combinations: leaves that the same ones hold are in one atom."""
    owner, leaf = combinations.pairs(np.flatnonzero(chosen))
    drawn = np.random.default_rng(0).integers(
        0, 2**63, size=(2, int(chosen.sum())), dtype=np.uint64
    )
    signature = np.zeros((2, combinations.universe), dtype=np.uint64)
    for row in range(2):  # sums of random numbers tell leaves apart; `says` below makes sure of it
        np.add.at(signature[row], leaf, drawn[row][owner])
    _, first, label = np.unique(signature, axis=1, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    partition = partition_of(combinations, order[label.ravel()].astype(np.intp))
    if not partition.says[chosen].all():
        raise ArithmeticError("Two class leaves got one signature.")
    return partition


def partition_of(combinations: Sets, label: Indices) -> Partition:
    _, first, sizes = np.unique(label, return_index=True, return_counts=True)
    owner, leaf = combinations.pairs(np.arange(len(combinations)))
    key, held = np.unique(owner * len(sizes) + label[leaf], return_counts=True)
    combination, atom = np.divmod(key, len(sizes))
    whole = held == sizes[atom]
    says = np.ones(len(combinations), dtype=np.bool_)
    says[combination[~whole]] = False

    def grouped(chosen: NDArray[np.bool_]) -> Sets:
        counts = np.bincount(combination[chosen], minlength=len(combinations))
        start = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
        return Sets(start, atom[chosen], len(sizes))

    return Partition(label, first, grouped(whole), grouped(np.ones_like(whole)), says)
