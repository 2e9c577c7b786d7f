"""Two approvals by two people, and the requester's signature for the answer: the same in every procedure."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.errors import UpkeepRefused
from gateway.journal.pseudonym_body import Signed
from gateway.upkeep.desk import Desk
from gateway.upkeep.dossier import APPROVALS_NEEDED, Dossier
from gateway.upkeep.signatories import Duty, Signatories
from gateway.upkeep.statements import Sign, answer_statement, approval_statement, signed

UNSIGNED = Signed("", "", "")


@dataclass(frozen=True, slots=True)
class Signer:
    """Who acts, as they say, and what signs for them."""

    person: str
    sign: Sign


def approval(
    dossier: Dossier, signer: Signer, *, signatories: Signatories, desk: Desk
) -> tuple[Signed, tuple[str, ...]]:
    """One more person's signature, and who has approved with it. Raises UpkeepRefused."""
    now, today = desk.clock.now(), desk.today()
    who = signatories.acting(signer.person, Duty.APPROVE, login=desk.operator, today=today)
    dossier.check_open(signatories, now=now, today=today)
    if who.id == dossier.requester:
        raise UpkeepRefused("own_request", "Nobody approves a request of their own.")
    approvers = dossier.approvers(signatories, today)
    if who.id in approvers:
        raise UpkeepRefused("approved_before", "This person has approved the request before.")
    statement = approval_statement(dossier.request_sha256, who.id, dossier.procedure)
    return signed(statement, who, signer.sign), (*approvers, who.id)


def answerable(
    dossier: Dossier, signer: Signer, *, signatories: Signatories, desk: Desk
) -> tuple[Signed, tuple[str, ...]]:
    """The requester's signature, and the approvers. Raises UpkeepRefused."""
    now, today = desk.clock.now(), desk.today()
    who = signatories.acting(signer.person, Duty.REQUEST, login=desk.operator, today=today)
    dossier.check_open(signatories, now=now, today=today)
    if who.id != dossier.requester:
        raise UpkeepRefused("not_the_requester", "The answer is for the requester alone.")
    approvers = dossier.approvers(signatories, today)
    if len(approvers) < APPROVALS_NEEDED:
        raise UpkeepRefused(
            "approvals_missing", f"{len(approvers)} of {APPROVALS_NEEDED} approvals are there."
        )
    statement = answer_statement(dossier.request_sha256, who.id, dossier.procedure)
    return signed(statement, who, signer.sign), approvers
