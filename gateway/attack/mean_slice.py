"""One slice of the sums behind a mean: what is in every cell, and what a reader knows of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from gateway.attack.borders import remainders_of
from gateway.attack.geography import Geography, geography_of
from gateway.attack.incidence import Indices, Sets, combined_leaves
from gateway.attack.mean_sums import Amounts, Sums, joined, over, sums_of
from gateway.attack.slices import Slice, slices_of
from gateway.model.cube import Lattice, Line, Status
from gateway.model.product import Measure

_KINDS = len(fields(Sums))


@dataclass(frozen=True, slots=True)
class Rest:
    """What lines leave over: of which parents, (place) geography (-1: of leaves that no code is) and
    combination, and what is in it.
    """

    code: Indices
    combination: Indices
    sums: Sums


@dataclass(frozen=True, slots=True)
class MeanSlice:
    """sums: (geography, combination) by addition of the leaves; table: (5, leaf geography, class leaf).

    shown: the mean is published. counted: so is its count. known: a reader has the sum.
    designed: the contract publishes the mean. empty: (leaf geography, class leaf) True where a reader
    knows that nobody is. total: the slice with the totals for its one measure.
    """

    measure: Measure
    geography: Geography
    combinations: Sets
    class_leaves: Indices
    sums: Sums
    table: Amounts
    shown: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    known: NDArray[np.bool_]
    designed: NDArray[np.bool_]
    empty: NDArray[np.bool_]
    total: Slice

    def cell(self, code: int, combination: int) -> tuple[int, ...]:
        return self.total.cell(code, combination)

    def rests(self) -> Iterator[Rest]:
        """What every line leaves over beside the known parts of a known sum."""
        stacked = self.sums.stacked()
        combinations = np.arange(len(self.combinations))
        for line in self.total.geography.lines if self.total.geography is not None else ():
            yield from self._rest(
                [stacked[:, child] for child in line.children],
                known=self.known[line.parent],
                parts=self.known[list(line.children)],
                at=(np.full_like(combinations, line.parent), combinations),
            )
        for over_ in remainders_of(self.geography):
            rest = over(self.table[:, over_.rest].transpose(0, 2, 1), self.combinations)
            beside = joined([*rest.transpose(2, 0, 1)], np.ones((len(over_.rest), 1), np.bool_))
            yield from self._rest(
                [*(stacked[:, child] for child in over_.children), beside],
                known=self.known[over_.parent],
                parts=np.vstack(
                    [self.known[over_.children], np.zeros((1, len(combinations)), np.bool_)]
                ),
                at=(np.full_like(combinations, -1), combinations),
            )
        for line, number in self._class_lines():
            yield from self._of_classes(stacked, line, number)

    def _of_classes(self, stacked: Amounts, line: Line, number: Amounts) -> Iterator[Rest]:
        """number: (code of the axis, others) combinations."""
        parent = number[line.parent]
        children = [number[child] for child in line.children]
        for code in range(self.known.shape[0]):
            yield from self._rest(
                [stacked[:, code, child] for child in children],
                known=self.known[code, parent],
                parts=np.stack([self.known[code, child] for child in children]),
                at=(np.full_like(parent, code), parent),
            )

    def _class_lines(self) -> Iterator[tuple[Line, Amounts]]:
        shape = tuple(len(axis.codes) for axis in self.total.classes)
        number = np.arange(int(np.prod(shape))).reshape(shape)
        for place, axis in enumerate(self.total.classes):
            for line in axis.lines:
                yield line, np.moveaxis(number, place, 0).reshape(len(axis.codes), -1)

    def _rest(
        self,
        children: Sequence[Amounts],
        *,
        known: NDArray[np.bool_],
        parts: NDArray[np.bool_],
        at: tuple[Indices, Indices],
    ) -> Iterator[Rest]:
        """children: (5, place) each; known: of the parent, (place); parts: (child, place)."""
        told = known & ~parts.all(axis=0) & parts.any(axis=0)
        if told.any():
            rest = joined([child[:, told] for child in children], ~parts[:, told])
            yield Rest(at[0][told], at[1][told], sums_of(rest))


def mean_slices(
    lattice: Lattice,
    status: NDArray[np.uint8],
    *,
    measure: Measure,
    shown: NDArray[np.uint8],
    leaves: Sums,
) -> Iterator[MeanSlice]:
    """The slices of a mean. leaves: (*axes) as `attacked_mean` has it."""
    counted = status[lattice.measure_names.index(measure.of[0])] == Status.PUBLISHED
    designed = shown != Status.NOT_PUBLISHED
    nobody = counted & (leaves.persons == 0)
    known = designed & ((shown == Status.PUBLISHED) | nobody)
    flags = np.stack([known, shown == Status.PUBLISHED, counted, nobody]).astype(np.int64)
    counts = np.concatenate([leaves.stacked(), flags])
    every = replace(
        lattice,
        measure_names=tuple(str(number) for number in range(len(counts))),
        counts=counts,
        measure_lines=(),
        latent=frozenset(),
        designed=np.repeat(designed[None], len(counts), axis=0),
    )
    for part in slices_of(every, np.repeat(known[None], len(counts), axis=0)):
        yield _of(part, measure)


def _of(part: Slice, measure: Measure) -> MeanSlice:
    geography = geography_of(part.geography)
    combinations, class_leaves = combined_leaves(part.classes)
    table = part.counts[:_KINDS][:, geography.leaf_codes][:, :, class_leaves]
    by_class = over(table.transpose(0, 2, 1), combinations)
    stacked = over(by_class.transpose(0, 2, 1), geography.leaves)
    known, shown, counted, nobody = part.counts[_KINDS:].astype(np.bool_)
    return MeanSlice(
        measure,
        geography,
        combinations,
        class_leaves,
        sums_of(stacked),
        table,
        shown,
        counted,
        known,
        part.designed[0],
        _empty(nobody, geography, combinations),
        replace(
            part,
            counts=np.ascontiguousarray(stacked[2:3]),
            known=known[None],
            designed=part.designed[:1],
        ),
    )


def _empty(
    nobody: NDArray[np.bool_], geography: Geography, combinations: Sets
) -> NDArray[np.bool_]:
    """(leaf geography, class leaf) True where some known cell says that nobody is."""
    found = np.zeros((geography.leaves.universe, combinations.universe), dtype=np.bool_)
    for code in np.flatnonzero(nobody.any(axis=1)).tolist():
        _, classes = combinations.pairs(np.flatnonzero(nobody[code]))
        found[np.ix_(geography.leaves.of(code), np.unique(classes))] = True
    return found
