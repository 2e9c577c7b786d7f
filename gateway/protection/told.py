"""What a recipient already reads of the same persons: in another product, or in an earlier release.

One pseudonym stands for a person in every product of a family and in every release of an epoch, so
slices can be joined, and a value that one of them hides must not be given by another. They are
therefore gated in one order: each knows what the ones before it say, and says nothing finer of the
same person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gateway.errors import ContractFault
from gateway.model.product import Column, Level, LevelKind
from gateway.protection.generalise import Coded
from gateway.protection.persons import distinct_persons, numbered


@dataclass(frozen=True, slots=True)
class Told:
    """One area's slice after its gate: of another product, or of an earlier release of this one.

    persons: (rows) internal ids, a negative one of its own for each person who is not known now;
    table: the rows' quasi-identifiers as delivered, and of an earlier release the sensitive columns;
    levels: each quasi-identifier's level by name, empty for a slice that is withheld;
    suppressed_code: as in its contract; secret: the sensitive columns in the table.
    """

    persons: NDArray[np.int64]
    table: pa.Table
    levels: Mapping[str, str]
    suppressed_code: str
    secret: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Crowd:
    """Combinations of elsewhere. groups: (rows) the combination of the row's person, -1 of nobody
    told of; absent: (groups) the persons of the combination who have no row here. only: the place of
    the one sensitive column that it concerns; None for all.
    """

    groups: NDArray[np.int64]
    absent: NDArray[np.int64]
    only: int | None = None


def is_finer(levels: Mapping[str, Level], columns: Sequence[Column], told: Told) -> bool:
    """Whether a column stands at a finer level than it was told at. Raises ContractFault."""
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
    """(columns, rows) True where elsewhere is hidden or pooled what would be given here."""
    hidden = np.zeros((len(coding), len(persons)), dtype=np.bool_)
    if not told.levels:
        return hidden
    known, first = np.unique(told.persons, return_index=True)
    place, is_told = _places(known, persons)
    if not len(known):
        return hidden
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


def crowds_of(
    told: Told, secret: Sequence[Column], *, persons: NDArray[np.int64]
) -> Iterator[Crowd]:
    """The combinations that a reader knows these persons by from elsewhere.

    And of each sensitive column that was hidden there, the persons of whom it was: they were alike,
    so what is told of some of them later is told of all, and who has left does not vouch for the
    others.
    """
    if not told.levels or not len(told.persons):
        return
    combination = np.zeros(len(told.persons), dtype=np.int64)
    for name in told.levels:
        codes = told.table.column(name).combine_chunks().dictionary_encode(null_encoding="encode")
        indices = codes.indices.to_numpy().astype(np.int64)
        combination = combination * (len(codes.dictionary) + 1) + indices
        combination = np.unique(combination, return_inverse=True)[1].astype(np.int64)
    count = int(combination.max()) + 1
    away = ~np.isin(told.persons, persons)
    absent = distinct_persons(combination[away], numbered(told.persons[away]), groups=count)
    yield Crowd(_group_of(told.persons, combination, persons), absent)
    nobody = np.zeros(count, dtype=np.int64)
    for place, column in enumerate(secret):
        if column.name in told.secret:
            values = np.array(told.table.column(column.name).to_pylist(), dtype=object)
            of = (values == told.suppressed_code).astype(np.bool_)
            yield Crowd(_group_of(told.persons[of], combination[of], persons), nobody, place)


def _group_of(
    known: NDArray[np.int64], combination: NDArray[np.int64], persons: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(rows) the combination of each person, -1 of one who is not known."""
    people, first = np.unique(known, return_index=True)
    place, is_known = _places(people, persons)
    if not len(people):
        return np.full(len(persons), -1, dtype=np.int64)
    return np.where(is_known, combination[first][place], -1)


def _places(
    known: NDArray[np.int64], persons: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(rows) where each person stands among the known ones, and whether at all."""
    if not len(known):
        return np.zeros(len(persons), dtype=np.int64), np.zeros(len(persons), dtype=np.bool_)
    place = np.minimum(np.searchsorted(known, persons), len(known) - 1)
    return place, known[place] == persons
