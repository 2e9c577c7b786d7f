"""Which employment area a row belongs to, by its person's municipality of today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gateway.organisations import Registry

NOWHERE = -1


class Unplaced(StrEnum):
    """Why a row goes to no slice."""

    MISSING = "municipality_missing"
    UNKNOWN = "municipality_unknown"
    NO_AREA = "municipality_without_area"  # Åland has no employment area


@dataclass(frozen=True, slots=True)
class Placement:
    """areas: every area of the registry, in order. area: (rows) int16 place in it, NOWHERE if none.

    municipality: (rows) strings, abolished codes replaced by their successors.
    unplaced: rows by reason; succeeded: rows whose code was replaced.
    """

    areas: tuple[str, ...]
    area: NDArray[np.int16]
    municipality: pa.Array
    unplaced: Mapping[Unplaced, int]
    succeeded: int


def place(codes: pa.Array | pa.ChunkedArray, registry: Registry) -> Placement:
    """Place rows by municipality code (three digits or null); each distinct code is looked up once."""
    whole = codes.combine_chunks() if isinstance(codes, pa.ChunkedArray) else codes
    encoded = whole.cast(pa.string()).dictionary_encode(null_encoding="encode")
    distinct: list[str | None] = encoded.dictionary.to_pylist()
    rows = encoded.indices.to_numpy()
    areas = tuple(sorted(registry.areas))
    place_of = {area: index for index, area in enumerate(areas)}
    outcomes = [_outcome(code, registry) for code in distinct]
    current = [outcome[0] for outcome in outcomes]
    area_of_code = np.array(
        [place_of.get(outcome[1] or "", NOWHERE) for outcome in outcomes], dtype=np.int16
    )
    counts = np.bincount(rows, minlength=len(distinct))
    unplaced: Counter[Unplaced] = Counter()
    for outcome, count in zip(outcomes, counts, strict=True):
        if outcome[2] is not None:
            unplaced[outcome[2]] += int(count)
    replaced = [new is not None and new != old for old, new in zip(distinct, current, strict=True)]
    return Placement(
        areas=areas,
        area=area_of_code[rows],
        municipality=pa.array(current, type=pa.string()).take(encoded.indices),
        unplaced=unplaced,
        succeeded=int(counts[np.array(replaced, dtype=bool)].sum()),
    )


def _outcome(
    code: str | None, registry: Registry
) -> tuple[str | None, str | None, Unplaced | None]:
    """The municipality of today, its area, and why there is none."""
    if not code:
        return None, None, Unplaced.MISSING
    current = registry.current_municipality(code)
    if current is None:
        return None, None, Unplaced.UNKNOWN
    area = registry.area_of(current)
    return current, area, Unplaced.NO_AREA if area is None else None
