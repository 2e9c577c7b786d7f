"""Whether a person's rows stand in the kept slices: their pseudonym, recomputed forward for each recipient.

That a pseudonym is missing from a slice says something only where it was made with the right key. A manifest does
not name its epoch, so each release is first shown to be of one: somebody of the register must recompute into one of
its slices. Where nobody does, the key is gone or another one, and nothing is said of the release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gateway.errors import (
    BadRequest,
    KeyFault,
    NotFound,
    ReleaseDamaged,
    ReleaseNotFound,
    SliceNotFound,
)
from gateway.model.label import Label
from gateway.model.release import ReleaseId
from gateway.ports import PseudonymDomain
from gateway.protection.pseudonym import pseudonyms
from gateway.releases.slices import Narrowing, OwnRows, Slice
from gateway.upkeep.desk import Register
from gateway.upkeep.recipient_slice import RecipientSlice, find_slice, held_pseudonyms
from gateway.upkeep.subject_deliveries import SliceName

_BLOCK = 10_000  # ids whose pseudonyms are made at once; the first block usually meets a slice


class Unknown(StrEnum):
    """Why nothing is known of a slice."""

    RELEASE_NOT_KEPT = "release_not_kept"
    RELEASE_DAMAGED = "release_damaged"
    CONTRACT_GONE = "contract_gone"  # nobody can tell any more whose pseudonyms it has
    KEY_GONE = "key_gone"  # no key at hand makes its pseudonyms


@dataclass(frozen=True, slots=True)
class PersonRows:
    """The person's rows in one kept slice; none where they are not in it. Never shown to anybody.

    title: of the product, as the release tells it.
    """

    title: Label
    as_of: date
    rows: tuple[Mapping[str, object], ...]

    def are_in(self, selection: Mapping[str, Sequence[str]]) -> bool | None:
        """Whether one of the rows was selected; None when the slice has no such column to tell."""
        if not self.rows:
            return False
        if not selection.keys() <= self.rows[0].keys():
            return None
        return any(
            all(row[name] in values for name, values in selection.items()) for row in self.rows
        )


@dataclass(frozen=True, slots=True)
class Looked:
    """slices: of each that was asked about.

    is_known: the register has the person on the day of one of the releases; None when it was not looked into.
    """

    slices: Mapping[SliceName, PersonRows | Unknown]
    is_known: bool | None


def look_into(
    wanted: Mapping[SliceName, frozenset[str]], person: int, register: Register
) -> Looked:
    """Find a person in kept slices. wanted: slice → columns that tell which rows were selected.

    Raises WarehouseUnavailable, ContractFault.
    """
    slices, known = dict[SliceName, PersonRows | Unknown](), list[bool]()
    for of_release in _by_release(wanted):
        opened = {name: _opened(name, register) for name in of_release}
        found = {name: each for name, each in opened.items() if isinstance(each, RecipientSlice)}
        slices |= {name: each for name, each in opened.items() if isinstance(each, Unknown)}
        if not found:
            continue
        first = next(iter(found.values()))
        ids = register.person_ids(first.product, first.manifest.release.as_of)
        known.append(bool((ids == person).any()))
        epoch = find_epoch(tuple(found.values()), np.append(person, ids), register)
        for name, each in found.items():
            slices[name] = _rows_of(each, person, epoch, wanted[name], register=register)
    return Looked(slices, any(known) if known else None)


def find_epoch(
    slices: Sequence[RecipientSlice], ids: NDArray[np.int64], register: Register
) -> str | None:
    """The epoch of a release's pseudonyms; None when no key at hand makes one of them.

    slices: of one release, which is made in one epoch. ids: (persons) that may be in them.
    """
    for each in slices:
        try:
            held = held_pseudonyms(each, register.releases) if each.file.rows else pa.array([])
        except (ReleaseDamaged, KeyError):
            continue
        keys = dict(_keys_of(each.domain, register)) if len(held) else {}
        for start in range(0, len(ids) if keys else 0, _BLOCK):
            block = ids[start : start + _BLOCK]
            for epoch, key in keys.items():
                if _meet(pseudonyms(block, key), held):
                    return epoch
    return None


def _by_release(wanted: Mapping[SliceName, frozenset[str]]) -> Iterator[list[SliceName]]:
    releases: dict[tuple[str, str | None], list[SliceName]] = {}
    for name in sorted(wanted, key=lambda each: (each.product, each.release or "", each.area)):
        releases.setdefault((name.product, name.release), []).append(name)
    yield from releases.values()


def _opened(name: SliceName, register: Register) -> RecipientSlice | Unknown:
    if name.release is None:
        return Unknown.RELEASE_DAMAGED
    try:
        register.releases.find(name.product, ReleaseId.parse(name.release))
        return find_slice(name.product, name.release, area=name.area, register=register)
    except ReleaseNotFound:
        return Unknown.RELEASE_NOT_KEPT
    except (ReleaseDamaged, SliceNotFound):
        return Unknown.RELEASE_DAMAGED
    except (NotFound, BadRequest):  # what the contract or the registry says no more
        return Unknown.CONTRACT_GONE


def _keys_of(domain: PseudonymDomain, register: Register) -> Iterator[tuple[str, bytes]]:
    """Of the epochs whose keys there are, the newest first."""
    for epoch in reversed(register.keys.epochs()):
        try:
            yield epoch, register.keys.domain_key(domain, epoch=epoch)
        except KeyFault:
            continue


def _rows_of(
    found: RecipientSlice,
    person: int,
    epoch: str | None,
    columns: frozenset[str],
    *,
    register: Register,
) -> PersonRows | Unknown:
    title, as_of = found.manifest.title, found.manifest.release.as_of
    if not found.file.rows:
        return PersonRows(title, as_of, ())
    if epoch is None:
        return Unknown.KEY_GONE
    key = register.keys.domain_key(found.domain, epoch=epoch)
    own = OwnRows(found.column, pseudonyms(np.array([person], dtype=np.int64), key)[0].as_py())
    there = {column.name for column in found.manifest.columns}
    narrowing = Narrowing((found.column, *sorted(columns & there - {found.column})), own=own)
    try:
        file = register.releases.open(found.manifest, found.file)
    except ReleaseDamaged:
        return Unknown.RELEASE_DAMAGED
    try:
        rows = [row for batch in Slice(file).batches(narrowing) for row in batch.to_pylist()]
    except ReleaseDamaged:
        return Unknown.RELEASE_DAMAGED
    finally:
        file.close()
    return PersonRows(title, as_of, tuple(rows))


def _meet(made: pa.Array, held: pa.Array) -> bool:
    is_held = pc.call_function("is_in", [made], options=pc.SetLookupOptions(value_set=held))
    return bool(pc.call_function("any", [is_held]).as_py())
