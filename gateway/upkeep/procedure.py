"""What one person asks for, two others approve, and the first is then told."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.entry import EntryKind


@dataclass(frozen=True, slots=True)
class Procedure:
    """name: in its statements, and the field of a request's id in every entry about it.

    fields: what the statement of a request says, all of it in the request's entry.
    """

    name: str
    fields: tuple[str, ...]
    requested: EntryKind
    approved: EntryKind
    answered: EntryKind


_COMMITTED = ("epoch", "commitment", "requested_utc", "valid_until_utc")

REIDENTIFICATION = Procedure(
    name="reidentification",
    fields=(
        *("reidentification", "sub", "purpose", "legal_basis", "case_ref", "product", "release"),
        *("family", "pseudonym_purpose", "areas_requested", *_COMMITTED),
    ),
    requested=EntryKind.REIDENTIFICATION_REQUESTED,
    approved=EntryKind.REIDENTIFICATION_APPROVED,
    answered=EntryKind.REIDENTIFICATION_ANSWERED,
)
SUBJECT_ANSWER = Procedure(
    name="subject_answer",
    fields=(
        *("subject_answer", "sub", "purpose", "legal_basis", "case_ref"),
        *("first_day", "last_day", *_COMMITTED),
    ),
    requested=EntryKind.SUBJECT_REQUESTED,
    approved=EntryKind.SUBJECT_APPROVED,
    answered=EntryKind.SUBJECT_ANSWERED,
)
