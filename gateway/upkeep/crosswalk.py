"""Crosswalk: from the old pseudonyms of one recipient to its new ones, on an audited request.

There is one pseudonym domain in a request, and both keys are made of it: two areas, families or
purposes cannot meet in a table. There is no stored table either: both pseudonyms are recomputed
from the register, and only the persons whose old pseudonym stands in the recipient's own slice are
kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gateway.errors import BadParameter, UpkeepRefused
from gateway.journal.pseudonym_body import About, crosswalk_body
from gateway.model.entry import Draft, EntryKind
from gateway.protection.pseudonym import pseudonyms
from gateway.upkeep.desk import Desk, Register, checked_case, checked_epoch
from gateway.upkeep.recipient_slice import (
    RecipientSlice,
    check_recipient,
    find_slice,
    held_pseudonyms,
)

ACTION = "crosswalk"


@dataclass(frozen=True, slots=True)
class CrosswalkRequest:
    """What a recipient asks for. family and purpose: as its contract has them, said to be checked."""

    area: str
    family: str
    purpose: str
    epoch_before: str
    epoch: str
    product: str
    release: str
    case_ref: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Crosswalked:
    """persons: distinct in the slice; mapped: those in the table. The rest has left the register."""

    persons: int
    mapped: int
    content_sha256: str


def make_crosswalk(
    asked: CrosswalkRequest, write: Callable[[bytes], None], *, desk: Desk, register: Register
) -> Crosswalked:
    """Journal the crosswalk and then write it. write: keeps the Parquet bytes, in private.

    Killed between the two, the entry tells of a table that nobody got. Raises BadParameter,
    UpkeepRefused (journaled), KeyFault, WarehouseUnavailable, JournalUnavailable and what `find_slice`
    raises.
    """
    found = _checked(asked, register)
    epochs = (asked.epoch_before, asked.epoch)
    about = _about(asked, found, desk)
    with desk.journaling_refusals(ACTION, about, epochs=epochs):
        about = _granted(asked, found, about, desk=desk, register=register)
        held = held_pseudonyms(found, register.releases)
        if not len(held):
            raise UpkeepRefused("empty_slice", "The slice has no rows.")
        table = _table(found, held, epochs, register)
    content = _parquet(table, asked)
    made = Crosswalked(len(held), table.num_rows, hashlib.sha256(content).hexdigest())
    body = crosswalk_body(
        about,
        epochs=epochs,
        persons=made.persons,
        persons_mapped=made.mapped,
        content_bytes=len(content),
        content_sha256=made.content_sha256,
    )
    desk.journal.append(Draft(EntryKind.PSEUDONYM_CROSSWALK, body))
    write(content)
    return made


def crosswalk_table(
    held: pa.Array, ids: NDArray[np.int64], *, key_before: bytes, key: bytes
) -> pa.Table:
    """(persons) `old` and `new`, in the order of `old`, for the ids whose old pseudonym is held.

    held: the recipient's distinct pseudonyms; ids: (register) distinct. The keys: of one domain in
    two epochs.
    """
    old = pseudonyms(ids, key_before)
    is_held = pc.call_function("is_in", [old], options=pc.SetLookupOptions(value_set=held))
    kept = ids[is_held.to_numpy(zero_copy_only=False)]
    table = pa.table({"old": old.filter(is_held), "new": pseudonyms(kept, key)})
    return table.sort_by("old")  # the register's order says nothing then


def _checked(asked: CrosswalkRequest, register: Register) -> RecipientSlice:
    """The slice of a request that can be meant. Raises BadParameter and what `find_slice` raises."""
    checked_case(asked.case_ref)
    checked_epoch(asked.epoch_before, register, parameter="from")
    checked_epoch(asked.epoch, register, parameter="to")
    if asked.epoch == asked.epoch_before:
        raise BadParameter(
            "Give two epochs; within one the pseudonyms are the same.", parameter="to"
        )
    found = find_slice(asked.product, asked.release, area=asked.area, register=register)
    if register.registry.find(asked.organisation) is None:
        raise BadParameter("There is no such organisation.", parameter="requested-by")
    return found


def _about(asked: CrosswalkRequest, found: RecipientSlice, desk: Desk) -> About:
    """Declared codes only: family and purpose are the contract's, whatever was typed."""
    return About(
        operator=desk.operator,
        subject=desk.operator,
        organisation=asked.organisation,
        area=found.domain.area,
        product=found.product.id,
        release=str(found.manifest.release),
        family=found.domain.family,
        pseudonym_purpose=found.domain.purpose,
        case_ref=asked.case_ref,
    )


def _granted(
    asked: CrosswalkRequest, found: RecipientSlice, about: About, *, desk: Desk, register: Register
) -> About:
    """With the ground that it rests on. Raises UpkeepRefused."""
    if (asked.family, asked.purpose) != (found.domain.family, found.domain.purpose):
        raise UpkeepRefused(
            "other_domain", "The release is of another product family or purpose than was given."
        )
    ground = check_recipient(
        found,
        asked.organisation,
        registry=register.registry,
        policy=desk.policy,
        today=desk.today(),
    )
    return replace(
        about, purpose=ground.purpose, legal_basis=ground.legal_basis, subscription=ground.id
    )


def _table(
    found: RecipientSlice, held: pa.Array, epochs: tuple[str, str], register: Register
) -> pa.Table:
    """Raises UpkeepRefused when not one pseudonym of the slice is of the first epoch."""
    key_before, key = (register.keys.domain_key(found.domain, epoch=epoch) for epoch in epochs)
    ids = register.person_ids(found.product, found.manifest.release.as_of)
    table = crosswalk_table(held, ids, key_before=key_before, key=key)
    if not table.num_rows:
        raise UpkeepRefused(
            "other_epoch", "No pseudonym of the slice is of the epoch that is given with --from."
        )
    return table


def _parquet(table: pa.Table, asked: CrosswalkRequest) -> bytes:
    said = {
        "area": asked.area,
        "family": asked.family,
        "purpose": asked.purpose,
        "from": asked.epoch_before,
        "to": asked.epoch,
        "release": f"{asked.product}/{asked.release}",
        "case": asked.case_ref,
    }
    content = BytesIO()
    pq.write_table(
        table.replace_schema_metadata({f"jakelu.{name}": text for name, text in said.items()}),
        content,
        compression="zstd",
    )
    return content.getvalue()
