"""`jakelu pseudonym reidentify`: settings and the four steps."""

from __future__ import annotations

from gateway.batch.pseudonyms import open_desk, open_register
from gateway.settings import BatchSettings
from gateway.upkeep import reidentification
from gateway.upkeep.approvals import Signer
from gateway.upkeep.dossier import APPROVALS_NEEDED, Dossier, load_dossier
from gateway.upkeep.procedure import REIDENTIFICATION
from gateway.upkeep.reidentification import ReidentificationRequest
from gateway.upkeep.signatories import load_signatories
from gateway.upkeep.statements import approval_statement


def request(
    settings: BatchSettings,
    asked: ReidentificationRequest,
    pseudonym: str,
    *,
    signer: Signer,
) -> str:
    """Journal a request; its id. Raises what `reidentification.request` raises."""
    with open_desk(settings) as desk, open_register(settings) as register:
        signatories = load_signatories(settings.policies_dir, desk.policy)
        return reidentification.request(
            asked, pseudonym, signer=signer, signatories=signatories, desk=desk, register=register
        )


def approve(settings: BatchSettings, reference: str, *, signer: Signer) -> str:
    """Journal an approval; the line that says how many there are. Needs no key and no warehouse."""
    with open_desk(settings) as desk:
        signatories = load_signatories(settings.policies_dir, desk.policy)
        approvers = reidentification.approve(
            reference, signer=signer, signatories=signatories, desk=desk
        )
    return (
        f"{reference}: approved by {', '.join(approvers)} ({len(approvers)} of {APPROVALS_NEEDED})"
    )


def answer(
    settings: BatchSettings, reference: str, pseudonym: str, *, signer: Signer
) -> int | None:
    """The internal person id. Raises what `reidentification.answer` raises."""
    with open_desk(settings) as desk, open_register(settings) as register:
        signatories = load_signatories(settings.policies_dir, desk.policy)
        return reidentification.answer(
            reference,
            pseudonym,
            signer=signer,
            signatories=signatories,
            desk=desk,
            register=register,
        )


def described(settings: BatchSettings, reference: str) -> tuple[str, ...]:
    """What an approver reads before they sign: one line a field. Raises NotFound."""
    with open_desk(settings) as desk:
        dossier = load_dossier(reference, desk.journal, REIDENTIFICATION)
        signatories = load_signatories(settings.policies_dir, desk.policy)
        approvers = dossier.approvers(signatories, desk.today())
    return (*_said(dossier), f"approved by\t{', '.join(approvers) or 'nobody yet'}")


def statement(settings: BatchSettings, reference: str, person: str) -> str:
    """The bytes that an approver signs on a machine of their own; ASCII. Raises NotFound."""
    with open_desk(settings) as desk:
        dossier = load_dossier(reference, desk.journal, REIDENTIFICATION)
    return approval_statement(dossier.request_sha256, person, REIDENTIFICATION).decode()


def _said(dossier: Dossier) -> tuple[str, ...]:
    names = {
        "reidentification": "request",
        "sub": "requested by",
        "requested_utc": "requested",
        "valid_until_utc": "valid until",
        "case_ref": "case",
        "purpose": "purpose",
        "legal_basis": "legal basis",
        "areas_requested": "area",
        "product": "product",
        "release": "release",
        "epoch": "epoch",
    }
    said = ((title, dossier.request[name]) for name, title in names.items())
    texts = ((title, ", ".join(v) if isinstance(v, list) else str(v)) for title, v in said)
    return tuple(f"{title}\t{text}" for title, text in texts)
