"""The bodies of entries about what a data subject is told: days, grounds and counts.

Neither the person nor a pseudonym of theirs stands in an entry; what a request is about is bound to it by
a commitment that only the key ring can open. How much was found is told in counts, never where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.journal.pseudonym_body import Signed


@dataclass(frozen=True, slots=True)
class AboutSubject:
    """Of which days somebody is told, and why. first_day, last_day: in Finland, like 2026-06-30, inclusive.

    operator: the login of the operating system. subject: the signatory, None where it is no known one.
    subject_answer: the id of the request, None before there is one.
    """

    operator: str
    subject: str | None
    purpose: str
    legal_basis: str
    case_ref: str
    first_day: str
    last_day: str
    subject_answer: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """deliveries: by slice, organisation, purpose and day; possible: those of them that may not have had the person.

    unanswered: slices and times of which nothing can be said.
    """

    deliveries: int
    possible: int
    unanswered: int


def subject_requested_body(
    about: AboutSubject,
    signed: Signed,
    *,
    epoch: str,
    commitment: str,
    requested_utc: str,
    valid_until_utc: str,
) -> dict[str, Any]:
    """The body of `subject.requested`. epoch: whose key the commitment is made with."""
    return {
        **_step(about, signed),
        "epoch": epoch,
        "commitment": commitment,
        "requested_utc": requested_utc,
        "valid_until_utc": valid_until_utc,
    }


def subject_approved_body(about: AboutSubject, signed: Signed) -> dict[str, Any]:
    """The body of `subject.approved`."""
    return _step(about, signed)


def subject_answered_body(
    about: AboutSubject, signed: Signed, *, approvers: Sequence[str], counts: Counts
) -> dict[str, Any]:
    """The body of `subject.answered`."""
    return {
        **_step(about, signed),
        "approvers": sorted(approvers),
        "deliveries": counts.deliveries,
        "possible_deliveries": counts.possible,
        "unanswered": counts.unanswered,
    }


def subject_refused_body(about: AboutSubject, *, action: str, refusal: str) -> dict[str, Any]:
    """The body of `subject.refused`. action: the command; refusal: a code."""
    return {**_said(about), "action": action, "refusal": refusal}


def _step(about: AboutSubject, signed: Signed) -> dict[str, Any]:
    return {
        **_said(about),
        "statement_sha256": signed.statement_sha256,
        "key_id": signed.key_id,
        "signature": signed.signature,
    }


def _said(about: AboutSubject) -> dict[str, Any]:
    return {
        "sub": about.subject,
        "operator": about.operator,
        "purpose": about.purpose,
        "legal_basis": about.legal_basis,
        "case_ref": about.case_ref,
        "first_day": about.first_day,
        "last_day": about.last_day,
        "subject_answer": about.subject_answer,
    }
