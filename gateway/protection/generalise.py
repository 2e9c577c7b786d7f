"""A column at one granularity: bands, groups, pooled small values, or one code for all.

Every level maps the *extracted* value. A null is first read as the code `X` (unknown): a band
column keeps it, a group mapping may name it (`X: MUU`), and if it does not, unknown stays a code
of its own instead of vanishing among `otherwise`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gateway.errors import ContractFault
from gateway.model.product import Level, LevelKind
from gateway.protection.persons import distinct_persons, numbered

UNKNOWN_CODE = "X"
ALL_CODE = "SSS"
_LEAST_POOLED_VALUES = 2


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as numbers: `codes` (rows) int64 indexes `names`, which are distinct texts."""

    names: tuple[str, ...]
    codes: NDArray[np.int64]

    def texts(self) -> pa.Array:
        """(rows) Arrow strings without nulls."""
        return pa.array(self.names, type=pa.string()).take(pa.array(self.codes))


def generalised(
    values: pa.Array | pa.ChunkedArray, level: Level, *, persons: NDArray[np.int64]
) -> pa.Array:
    """The column at `level`, as Arrow strings without nulls.

    values: (rows) extracted values; persons: (rows) internal ids, which only POOL_SMALL looks at.
    Raises ContractFault when the level cannot be applied to the values.
    """
    return coded(values, level, persons=persons).texts()


def coded(values: pa.Array | pa.ChunkedArray, level: Level, *, persons: NDArray[np.int64]) -> Coded:
    """As `generalised`, in the form that is counted."""
    distinct, codes = _distinct(values)
    match level.kind:
        case LevelKind.BANDS:
            mapped = [band(value, level.bounds) for value in distinct]
        case LevelKind.GROUPS:
            mapped = [_group(_text(value), level) for value in distinct]
        case LevelKind.TRUNCATE:
            mapped = [_text(value)[: level.length] for value in distinct]
        case LevelKind.KEEP:
            mapped = [_text(value) for value in distinct]
        case LevelKind.POOL_SMALL:
            mapped = _pooled([_text(value) for value in distinct], codes, level, persons=persons)
        case LevelKind.ALL:
            mapped = [level.pooled_code or ALL_CODE] * len(distinct)
    names = tuple(sorted(set(mapped)))
    place = {name: index for index, name in enumerate(names)}
    return Coded(names, np.array([place[name] for name in mapped], dtype=np.int64)[codes])


def _distinct(values: pa.Array | pa.ChunkedArray) -> tuple[list[object], NDArray[np.int64]]:
    """The distinct values, null among them, and each row's place in that list."""
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    encoded = whole.dictionary_encode(null_encoding="encode")
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64)


def _text(value: object) -> str:
    return UNKNOWN_CODE if value is None else str(value)


def band(value: object, bounds: tuple[int, ...]) -> str:
    """Lower bounds [25, 30] give `-24`, `25-29`, `30-`. Raises ContractFault."""
    if value is None:
        return UNKNOWN_CODE
    if not isinstance(value, int) or isinstance(value, bool) or not bounds:
        raise ContractFault("Bands need bounds and whole numbers.")
    place = bisect_right(bounds, value)
    lower = str(bounds[place - 1]) if place else ""
    upper = str(bounds[place] - 1) if place < len(bounds) else ""
    return f"{lower}-{upper}"


def _group(code: str, level: Level) -> str:
    groups = level.groups or {}
    if code in groups:
        return groups[code]
    if code == UNKNOWN_CODE:
        return UNKNOWN_CODE
    if not level.otherwise:
        raise ContractFault(
            f"Level {level.name}: a code is in no group, and no other group is named."
        )
    return level.otherwise


def _pooled(
    names: list[str], codes: NDArray[np.int64], level: Level, *, persons: NDArray[np.int64]
) -> list[str]:
    """Values of fewer than `minimum_persons` → the pooled code.

    A pool of one known value would name it by elimination, and a pool of few persons would tell as
    much as the values in it: the next smallest values join until the pool has two known values and
    `minimum_persons` distinct persons, or holds everything. Unknown joins a pool but never makes one.
    """
    if not level.pooled_code or level.pooled_code in names:
        raise ContractFault(f"Level {level.name}: the pooled code is missing or is a value's own.")
    number = numbered(persons)
    counts = distinct_persons(codes, number, groups=len(names))
    pool: list[int] = []
    for place in _smallest_first(names, counts):
        is_small = counts[place] < level.minimum_persons
        if not is_small and (not pool or _is_wide(pool, codes, number, level.minimum_persons)):
            break
        pool.append(place)
    if pool:
        pool += [
            place
            for place, name in enumerate(names)
            if name == UNKNOWN_CODE and counts[place] < level.minimum_persons
        ]
    return [level.pooled_code if place in pool else name for place, name in enumerate(names)]


def _smallest_first(names: list[str], counts: NDArray[np.int64]) -> list[int]:
    known = (place for place, name in enumerate(names) if name != UNKNOWN_CODE)
    return sorted(known, key=lambda place: (counts[place], names[place]))


def _is_wide(
    pool: list[int], codes: NDArray[np.int64], number: NDArray[np.int64], minimum_persons: int
) -> bool:
    """Whether the pool has two values and enough distinct persons."""
    inside = number[np.isin(codes, pool)]
    return len(pool) >= _LEAST_POOLED_VALUES and len(np.unique(inside)) >= minimum_persons
