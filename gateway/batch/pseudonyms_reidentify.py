"""`jakelu pseudonym reidentify`: settings and the four steps."""

from __future__ import annotations

from gateway.batch.dossiers import describe, statement_to_sign, told_of_approval
from gateway.batch.pseudonyms import open_desk, open_register
from gateway.settings import BatchSettings
from gateway.upkeep import reidentification
from gateway.upkeep.approvals import Signer
from gateway.upkeep.procedure import REIDENTIFICATION
from gateway.upkeep.reidentification import ReidentificationRequest
from gateway.upkeep.signatories import load_signatories

_TITLES = {
    REIDENTIFICATION.name: "request",
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
    return told_of_approval(reference, approvers)


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
    return describe(settings, reference, REIDENTIFICATION, _TITLES)


def statement(settings: BatchSettings, reference: str, person: str) -> str:
    """The bytes that an approver signs on a machine of their own; ASCII. Raises NotFound."""
    return statement_to_sign(settings, reference, person, REIDENTIFICATION)
