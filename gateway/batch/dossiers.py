"""What approvers see of a request, whichever procedure it is of; it needs no key and no warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.batch.pseudonyms import open_desk
from gateway.settings import BatchSettings
from gateway.upkeep.dossier import APPROVALS_NEEDED, load_dossier
from gateway.upkeep.procedure import Procedure
from gateway.upkeep.signatories import load_signatories
from gateway.upkeep.statements import approval_statement


def describe(
    settings: BatchSettings, reference: str, procedure: Procedure, titles: Mapping[str, str]
) -> tuple[str, ...]:
    """What an approver reads before they sign: one line a field, by their titles. Raises NotFound."""
    with open_desk(settings) as desk:
        dossier = load_dossier(reference, desk.journal, procedure)
        signatories = load_signatories(settings.policies_dir, desk.policy)
        approvers = dossier.approvers(signatories, desk.today())
    said = ((title, dossier.request[name]) for name, title in titles.items())
    texts = ((title, ", ".join(v) if isinstance(v, list) else str(v)) for title, v in said)
    lines = tuple(f"{title}\t{text}" for title, text in texts)
    return (*lines, f"approved by\t{', '.join(approvers) or 'nobody yet'}")


def statement_to_sign(
    settings: BatchSettings, reference: str, person: str, procedure: Procedure
) -> str:
    """The bytes that an approver signs on a machine of their own; ASCII. Raises NotFound."""
    with open_desk(settings) as desk:
        dossier = load_dossier(reference, desk.journal, procedure)
    return approval_statement(dossier.request_sha256, person, procedure).decode()


def told_of_approval(reference: str, approvers: Sequence[str]) -> str:
    """How many have approved by now, as a line."""
    count = f"{len(approvers)} of {APPROVALS_NEEDED}"
    return f"{reference}: approved by {', '.join(approvers)} ({count})"
