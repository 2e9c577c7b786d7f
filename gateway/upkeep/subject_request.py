"""A data subject's answer (GDPR article 15): asked for, approved by two others, journaled, then written.

    request ─▶ approve ─▶ approve ─▶ answer        each one signed, and an entry before it has effect

The person is named twice by the internal id, at the request and for the answer, and is kept nowhere in between:
the request holds a commitment to it, the journal the days, the grounds and counts.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from gateway.delivery.file_sizes import file_sizes
from gateway.errors import BadParameter, UpkeepRefused
from gateway.journal.subject_body import (
    AboutSubject,
    subject_answered_body,
    subject_approved_body,
    subject_refused_body,
    subject_requested_body,
)
from gateway.journal.summary import Period
from gateway.model.days import utc_text
from gateway.model.entry import Draft, EntryKind
from gateway.upkeep.approvals import UNSIGNED, Signer, answerable, approval
from gateway.upkeep.desk import Desk, Register, check_ground, checked_case
from gateway.upkeep.dossier import Dossier, load_dossier
from gateway.upkeep.procedure import SUBJECT_ANSWER
from gateway.upkeep.signatories import Duty, Signatories
from gateway.upkeep.statements import commitment, request_statement, signed
from gateway.upkeep.subject_answer import Answer, answered, wanted
from gateway.upkeep.subject_deliveries import find_served
from gateway.upkeep.subject_slices import look_into

NO_AREA = "none"  # of a commitment: a person is asked about in every area at once
_PERSON = re.compile(r"0|[1-9][0-9]{0,18}")
_LARGEST = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True)
class SubjectRequest:
    """Days in Finland, both inclusive, and why somebody is told."""

    period: Period
    case_ref: str
    purpose: str
    legal_basis: str


def request(
    asked: SubjectRequest,
    person: int,
    *,
    signer: Signer,
    signatories: Signatories,
    desk: Desk,
    register: Register,
) -> str:
    """Journal a request and give its id.

    Raises BadParameter, UpkeepRefused (journaled), KeyFault, JournalUnavailable.
    """
    checked_case(asked.case_ref)
    check_ground(asked.purpose, asked.legal_basis, desk.policy)
    _check_period(asked.period, desk.today())
    about = AboutSubject(
        operator=desk.operator,
        subject=signatories.known(signer.person),
        purpose=asked.purpose,
        legal_basis=asked.legal_basis,
        case_ref=asked.case_ref,
        first_day=asked.period.first.isoformat(),
        last_day=asked.period.last.isoformat(),
    )
    with desk.refusing_with(_refusal("subject.request", about)):
        if asked.purpose not in signatories.purposes:
            raise UpkeepRefused("purpose_refused", "No data subject is answered for this purpose.")
        who = signatories.acting(
            signer.person, Duty.REQUEST, login=desk.operator, today=desk.today()
        )
        about = replace(about, subject_answer=secrets.token_hex(8))
        fields = _fields(person, str(about.subject_answer), signatories, desk, register)
        unsigned = subject_requested_body(about, UNSIGNED, **fields)
        proof = signed(request_statement(unsigned, SUBJECT_ANSWER), who, signer.sign)
    body = subject_requested_body(about, proof, **fields)
    desk.journal.append(Draft(EntryKind.SUBJECT_REQUESTED, body))
    return str(about.subject_answer)


def approve(
    reference: str, *, signer: Signer, signatories: Signatories, desk: Desk
) -> tuple[str, ...]:
    """Journal an approval and give who has approved by now. It needs neither keys nor register.

    Raises NotFound, UpkeepRefused (journaled), JournalUnavailable.
    """
    dossier = load_dossier(reference, desk.journal, SUBJECT_ANSWER)
    about = about_again(dossier, operator=desk.operator, subject=signatories.known(signer.person))
    with desk.refusing_with(_refusal("subject.approve", about)):
        proof, approvers = approval(dossier, signer, signatories=signatories, desk=desk)
    desk.journal.append(Draft(EntryKind.SUBJECT_APPROVED, subject_approved_body(about, proof)))
    return approvers


def answer(
    reference: str,
    person: int,
    write: Callable[[Answer, Mapping[str, Any]], None],
    *,
    signer: Signer,
    signatories: Signatories,
    desk: Desk,
    register: Register,
) -> Answer:
    """Work out the answer, journal that it is given, then write it.

    write: keeps it, in private; it is given the body of the request's entry too. It is given once, to the requester.
    Killed after the entry, it was perhaps written: the request is answered, and another one is made. Raises
    NotFound, UpkeepRefused (journaled), KeyFault, WarehouseUnavailable, ContractFault, JournalUnavailable.
    """
    dossier = load_dossier(reference, desk.journal, SUBJECT_ANSWER)
    about = about_again(dossier, operator=desk.operator, subject=signatories.known(signer.person))
    with desk.refusing_with(_refusal("subject.answer", about)):
        proof, approvers = answerable(dossier, signer, signatories=signatories, desk=desk)
        _check_committed(dossier, person, register)
    found = _worked_out(dossier, person, desk=desk, register=register)
    body = subject_answered_body(about, proof, approvers=approvers, counts=found.counts)
    desk.journal.append(Draft(EntryKind.SUBJECT_ANSWERED, body))
    write(found, dossier.request)
    return found


def checked_person(text: str) -> int:
    """An internal person id. Raises BadParameter, which never tells what was given."""
    if _PERSON.fullmatch(text) is None or int(text) > _LARGEST:
        raise BadParameter(
            "Give the internal id of the register, digits only; never an identity code or a name.",
            parameter="person",
        )
    return int(text)


def _worked_out(dossier: Dossier, person: int, *, desk: Desk, register: Register) -> Answer:
    said = dossier.request
    period = Period(date.fromisoformat(said["first_day"]), date.fromisoformat(said["last_day"]))
    size_of = file_sizes(register.releases)
    found = find_served(desk.journal.store, period, size_of=size_of)
    return answered(period, found, look_into(wanted(found), person, register))


def _check_period(period: Period, today: date) -> None:
    if period.last < period.first:
        raise BadParameter("Give a day that is not before --since.", parameter="until")
    if period.last > today:
        raise BadParameter("Give a day that is not to come.", parameter="until")


def _check_committed(dossier: Dossier, person: int, register: Register) -> None:
    given = _commitment(person, dossier.id, str(dossier.request["epoch"]), register)
    if not hmac.compare_digest(given, str(dossier.request["commitment"])):
        raise UpkeepRefused("other_person", "This is not the person who was asked about.")


def _fields(
    person: int, reference: str, signatories: Signatories, desk: Desk, register: Register
) -> dict[str, str]:
    """The commitment to the person, and for how long the request stands."""
    epoch, now = register.keys.epoch(), desk.clock.now()
    return {
        "epoch": epoch,
        "commitment": _commitment(person, reference, epoch, register),
        "requested_utc": utc_text(now),
        "valid_until_utc": utc_text(now + signatories.validity),
    }


def _commitment(person: int, reference: str, epoch: str, register: Register) -> str:
    return commitment(
        str(person),
        reference=reference,
        area=NO_AREA,
        procedure=SUBJECT_ANSWER,
        epoch=epoch,
        keys=register.keys,
    )


def about_again(dossier: Dossier, *, operator: str, subject: str | None) -> AboutSubject:
    """What every later entry of it says again, so that an auditor finds them together."""
    same = ("purpose", "legal_basis", "case_ref", "first_day", "last_day", "subject_answer")
    said = {name: dossier.request[name] for name in same}
    return AboutSubject(operator=operator, subject=subject, **said)


def _refusal(action: str, about: AboutSubject) -> Callable[[str], Draft]:
    def draft(reason: str) -> Draft:
        body = subject_refused_body(about, action=action, refusal=reason)
        return Draft(EntryKind.SUBJECT_REFUSED, body)

    return draft
