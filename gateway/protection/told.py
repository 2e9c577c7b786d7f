"""What a recipient already reads of the same persons in another product of the family.

One pseudonym stands for a person in every product of a family, so slices can be joined, and a value
that one product hides must not be given by another. The products are therefore gated in one order:
each knows what the ones before it say, and says nothing finer of the same person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gateway.errors import ContractFault
from gateway.model.product import Column, Level, LevelKind
from gateway.protection.generalise import Coded


@dataclass(frozen=True, slots=True)
class Told:
    """One area's slice of another product, after its gate.

    persons: (rows) internal ids; table: the rows' quasi-identifiers as delivered; levels: each
    one's level by name, empty for a slice that is withheld; suppressed_code: as in its contract.
    """

    persons: NDArray[np.int64]
    table: pa.Table
    levels: Mapping[str, str]
    suppressed_code: str


def is_finer(levels: Mapping[str, Level], columns: Sequence[Column], told: Told) -> bool:
    """Whether a column stands at a finer level than in the other product. Raises ContractFault."""
    if not told.levels:
        return False
    if set(told.levels) != {column.name for column in columns}:
        raise ContractFault("Products of one family have the same quasi-identifiers.")
    for column in columns:
        names = [level.name for level in column.levels]
        if told.levels[column.name] not in names:
            raise ContractFault(f"Products of one family generalise {column.name} alike.")
        if names.index(levels[column.name].name) < names.index(told.levels[column.name]):
            return True
    return False


def hidden_elsewhere(
    coding: Mapping[str, Coded],
    levels: Mapping[str, Level],
    told: Told,
    *,
    persons: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """(columns, rows) True where the other product hides or pools what this one would give."""
    hidden = np.zeros((len(coding), len(persons)), dtype=np.bool_)
    if not told.levels:
        return hidden
    known, first = np.unique(told.persons, return_index=True)
    place = np.minimum(np.searchsorted(known, persons), max(len(known) - 1, 0))
    is_told = known[place] == persons
    for number, (name, coded) in enumerate(coding.items()):
        values = np.array(told.table.column(name).to_pylist(), dtype=object)[first][place]
        withheld = values == told.suppressed_code
        level = levels[name]
        if level.kind is LevelKind.POOL_SMALL:
            own = np.array(coded.names, dtype=object)[coded.codes]
            withheld |= (values == level.pooled_code) & (own != level.pooled_code)
        if len(coded.names) > 1:  # one value for everybody tells nothing that could be hidden
            hidden[number] = is_told & withheld.astype(np.bool_)
    return hidden
