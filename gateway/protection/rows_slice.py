"""One slice on its way through the gate: what is counted, and where the ladder stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gateway.errors import ContractFault
from gateway.model.product import AnonymityRules, Column, LadderStep, Level
from gateway.protection.diversity import MISSING
from gateway.protection.generalise import Coded, coded
from gateway.protection.persons import numbered

_LARGEST_CODE = 2**62


@dataclass(frozen=True, slots=True)
class RowSlice:
    """table: under delivered names. ids: (rows) internal; persons: (rows) the same, numbered 0...

    known: the quasi-identifiers, in the contract's order; secret: the sensitive columns, and their
    values (rows) as codes from 1, MISSING where there is none.
    """

    table: pa.Table
    ids: NDArray[np.int64]
    persons: NDArray[np.int64]
    known: tuple[Column, ...]
    secret: tuple[Column, ...]
    secrets: tuple[NDArray[np.int64], ...]

    @staticmethod
    def of(table: pa.Table, ids: NDArray[np.int64], columns: Sequence[Column]) -> RowSlice:
        secret = tuple(column for column in columns if column.sensitive is not None)
        return RowSlice(
            table=table,
            ids=ids,
            persons=numbered(ids),
            known=tuple(column for column in columns if column.is_quasi_identifier),
            secret=secret,
            secrets=tuple(_codes(table.column(column.name)) for column in secret),
        )

    @property
    def size(self) -> int:
        """How many distinct persons."""
        return int(self.persons.max(initial=-1)) + 1

    @property
    def rows(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Granularity:
    """Where the ladder stands: steps taken, and each column's level and codes."""

    steps: tuple[LadderStep, ...]
    levels: Mapping[str, Level]
    coding: tuple[Coded, ...]


def ladder(piece: RowSlice, rules: AnonymityRules) -> Iterator[Granularity]:
    """The finest granularity, then one more step of the ladder each time. Raises ContractFault."""
    levels = {column.name: column.levels[0] for column in piece.known}
    coding = {column.name: _coded(piece, column, column.levels[0]) for column in piece.known}
    by_name = {column.name: column for column in piece.known}
    yield Granularity((), dict(levels), tuple(coding.values()))
    for count, step in enumerate(rules.ladder, start=1):
        level = _find_level(by_name, step)
        levels[step.column] = level
        coding[step.column] = _coded(piece, by_name[step.column], level)
        yield Granularity(rules.ladder[:count], dict(levels), tuple(coding.values()))


def combinations(
    coding: Sequence[Coded], hidden: NDArray[np.bool_] | None, rows: int
) -> NDArray[np.int64]:
    """(rows) the number 0.. of each row's combination; a suppressed value is a value of its own.

    hidden: (columns, rows).
    """
    combination = np.zeros(rows, dtype=np.int64)
    width = 1
    for place, column in enumerate(coding):
        values = len(column.names) + 1
        if width * values >= _LARGEST_CODE:
            combination = _ranked(combination)
            width = rows
        codes = column.codes
        if hidden is not None:
            codes = np.where(hidden[place], values - 1, codes)
        combination = combination * values + codes
        width *= values
    return _ranked(combination)


def _ranked(combination: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2 … in the order of the values: ties are decided alike whatever order the rows come in."""
    return np.unique(combination, return_inverse=True)[1].astype(np.int64)


def _coded(piece: RowSlice, column: Column, level: Level) -> Coded:
    return coded(piece.table.column(column.name), level, persons=piece.ids)


def _codes(values: pa.ChunkedArray) -> NDArray[np.int64]:
    encoded = values.combine_chunks().dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.where(codes < 0, MISSING, codes + 1)


def _find_level(columns: Mapping[str, Column], step: LadderStep) -> Level:
    levels = columns[step.column].levels if step.column in columns else ()
    for level in levels:
        if level.name == step.level:
            return level
    raise ContractFault(f"The ladder names {step.column} at {step.level}, which does not exist.")
