"""Re-identification: one pseudonym back to one internal person id, by two approvers, with no table.

    request ─▶ approve ─▶ approve ─▶ answer        each one signed, and an entry before it has effect

The pseudonym is given twice, at the request and for the answer, and is kept nowhere in between: the
request holds a commitment to it. The answer is found by recomputing forward over the register.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gateway.errors import BadParameter, UpkeepRefused
from gateway.journal.pseudonym_body import (
    About,
    answered_body,
    approved_body,
    requested_body,
)
from gateway.model.days import utc_text
from gateway.model.entry import Draft, EntryKind
from gateway.ports import KeyRing, PseudonymDomain
from gateway.protection.pseudonym import LENGTH, pseudonyms
from gateway.upkeep.approvals import UNSIGNED, Signer, answerable, approval
from gateway.upkeep.desk import Desk, Register, check_ground, checked_case, checked_epoch
from gateway.upkeep.dossier import Dossier, load_dossier
from gateway.upkeep.procedure import REIDENTIFICATION
from gateway.upkeep.recipient_slice import RecipientSlice, find_slice, held_pseudonyms
from gateway.upkeep.signatories import Duty, Signatories
from gateway.upkeep.statements import commitment, request_statement, signed

_PSEUDONYM = re.compile(rf"[A-Z2-7]{{{LENGTH}}}")


@dataclass(frozen=True, slots=True)
class ReidentificationRequest:
    """In whose slice the pseudonym stands, and why the person must be known."""

    area: str
    product: str
    release: str
    epoch: str
    case_ref: str
    purpose: str
    legal_basis: str


def request(
    asked: ReidentificationRequest,
    pseudonym: str,
    *,
    signer: Signer,
    signatories: Signatories,
    desk: Desk,
    register: Register,
) -> str:
    """Journal a request and give its id.

    Raises BadParameter, UpkeepRefused (journaled), KeyFault, JournalUnavailable, what `find_slice` raises.
    """
    checked_case(asked.case_ref)
    checked_epoch(asked.epoch, register, parameter="epoch")
    _check_pseudonym(pseudonym)
    check_ground(asked.purpose, asked.legal_basis, desk.policy)
    found = find_slice(asked.product, asked.release, area=asked.area, register=register)
    about = _about(asked, found, operator=desk.operator, subject=signatories.known(signer.person))
    with desk.journaling_refusals("reidentify.request", about, epochs=(None, asked.epoch)):
        if asked.purpose not in signatories.purposes:
            raise UpkeepRefused("purpose_refused", "Nobody is re-identified for this purpose.")
        who = signatories.acting(
            signer.person, Duty.REQUEST, login=desk.operator, today=desk.today()
        )
        _check_held(pseudonym, found, register)
        fields = _fields(found, asked.epoch, pseudonym, keys=register.keys)
        fields |= _times(desk, signatories.validity)
        unsigned = requested_body(about, UNSIGNED, **fields)
        statement = request_statement(unsigned, REIDENTIFICATION)
        body = requested_body(about, signed(statement, who, signer.sign), **fields)
    desk.journal.append(Draft(EntryKind.REIDENTIFICATION_REQUESTED, body))
    return fields["reidentification"]


def approve(
    reference: str, *, signer: Signer, signatories: Signatories, desk: Desk
) -> tuple[str, ...]:
    """Journal an approval and give who has approved by now. It needs neither keys nor register.

    Raises NotFound, UpkeepRefused (journaled), JournalUnavailable.
    """
    dossier = load_dossier(reference, desk.journal, REIDENTIFICATION)
    about = about_again(dossier, operator=desk.operator, subject=signatories.known(signer.person))
    with desk.journaling_refusals(
        "reidentify.approve", about, epochs=(None, dossier.epoch), reidentification=dossier.id
    ):
        proof, approvers = approval(dossier, signer, signatories=signatories, desk=desk)
    body = approved_body(about, proof, reidentification=dossier.id, epoch=dossier.epoch)
    desk.journal.append(Draft(EntryKind.REIDENTIFICATION_APPROVED, body))
    return approvers


def answer(
    reference: str,
    pseudonym: str,
    *,
    signer: Signer,
    signatories: Signatories,
    desk: Desk,
    register: Register,
) -> int | None:
    """The internal person id, or None when the register has the person no more; journaled first.

    It is given once, to the requester. Killed after the entry, it was perhaps given: the request is
    answered, and another one is made. Raises NotFound, UpkeepRefused (journaled), KeyFault,
    WarehouseUnavailable, JournalUnavailable, what `find_slice` raises.
    """
    _check_pseudonym(pseudonym)
    dossier = load_dossier(reference, desk.journal, REIDENTIFICATION)
    about = about_again(dossier, operator=desk.operator, subject=signatories.known(signer.person))
    with desk.journaling_refusals(
        "reidentify.answer", about, epochs=(None, dossier.epoch), reidentification=dossier.id
    ):
        proof, approvers = answerable(dossier, signer, signatories=signatories, desk=desk)
        _check_committed(dossier, pseudonym, register)
    found = _recomputed(dossier, pseudonym, register)
    body = answered_body(
        about,
        proof,
        reidentification=dossier.id,
        epoch=dossier.epoch,
        approvers=approvers,
        found=found is not None,
    )
    desk.journal.append(Draft(EntryKind.REIDENTIFICATION_ANSWERED, body))
    return found


def person_of(pseudonym: str, ids: NDArray[np.int64], key: bytes) -> int | None:
    """The one id whose pseudonym it is. ids: (register) distinct; key: of the domain and epoch."""
    place: int = pc.call_function(
        "index", [pseudonyms(ids, key)], options=pc.IndexOptions(pa.scalar(pseudonym))
    ).as_py()
    return int(ids[place]) if place >= 0 else None


def _check_committed(dossier: Dossier, pseudonym: str, register: Register) -> None:
    given = commitment(
        pseudonym,
        reference=dossier.id,
        area=domain_of(dossier.request).area,
        procedure=REIDENTIFICATION,
        epoch=dossier.epoch,
        keys=register.keys,
    )
    if not hmac.compare_digest(given, str(dossier.request["commitment"])):
        raise UpkeepRefused("other_pseudonym", "This is not the pseudonym that was asked about.")


def _recomputed(dossier: Dossier, pseudonym: str, register: Register) -> int | None:
    said, domain = dossier.request, domain_of(dossier.request)
    found = find_slice(said["product"], said["release"], area=domain.area, register=register)
    ids = register.person_ids(found.product, found.manifest.release.as_of)
    key = register.keys.domain_key(domain, epoch=dossier.epoch)
    return person_of(pseudonym, ids, key)


def _check_pseudonym(text: str) -> None:
    if _PSEUDONYM.fullmatch(text) is None:
        raise BadParameter("Give one pseudonym: 26 letters and digits.", parameter="pseudonym")


def _check_held(pseudonym: str, found: RecipientSlice, register: Register) -> None:
    held = held_pseudonyms(found, register.releases)
    if not pc.call_function(
        "is_in", [pa.scalar(pseudonym)], options=pc.SetLookupOptions(value_set=held)
    ).as_py():
        raise UpkeepRefused("not_in_the_slice", "The slice has no such pseudonym.")


def _about(
    asked: ReidentificationRequest, found: RecipientSlice, *, operator: str, subject: str | None
) -> About:
    return About(
        operator=operator,
        subject=subject,
        area=found.domain.area,
        product=found.product.id,
        release=str(found.manifest.release),
        family=found.domain.family,
        pseudonym_purpose=found.domain.purpose,
        purpose=asked.purpose,
        legal_basis=asked.legal_basis,
        case_ref=asked.case_ref,
    )


def domain_of(said: Mapping[str, Any]) -> PseudonymDomain:
    """Whose pseudonym a request is about. said: the body of its entry."""
    (area,) = said["areas_requested"]
    return PseudonymDomain(area, said["family"], said["pseudonym_purpose"])


def about_again(dossier: Dossier, *, operator: str, subject: str | None) -> About:
    """What every later entry of it says again, so that an auditor finds them together."""
    same = ("product", "release", "family", "pseudonym_purpose")
    why = ("purpose", "legal_basis", "case_ref")
    return About(
        operator=operator,
        subject=subject,
        area=domain_of(dossier.request).area,
        **{name: dossier.request[name] for name in (*same, *why)},
    )


def _fields(found: RecipientSlice, epoch: str, pseudonym: str, *, keys: KeyRing) -> dict[str, str]:
    """A new id, and the commitment to the pseudonym under it."""
    reference = secrets.token_hex(8)
    committed = commitment(
        pseudonym,
        reference=reference,
        area=found.domain.area,
        procedure=REIDENTIFICATION,
        epoch=epoch,
        keys=keys,
    )
    return {"reidentification": reference, "epoch": epoch, "commitment": committed}


def _times(desk: Desk, validity: timedelta) -> dict[str, str]:
    now = desk.clock.now()
    return {"requested_utc": utc_text(now), "valid_until_utc": utc_text(now + validity)}
