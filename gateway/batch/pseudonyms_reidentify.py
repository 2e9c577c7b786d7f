"""`jakelu pseudonym reidentify`: settings, key files and the four steps."""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.adapters.keys_file import signing_key
from gateway.adapters.keys_private_file import LIMIT_BYTES, read_private
from gateway.batch.pseudonyms import open_desk, open_register
from gateway.errors import BadParameter
from gateway.settings import BatchSettings
from gateway.upkeep import reidentification
from gateway.upkeep.dossier import APPROVALS_NEEDED, Dossier, load_dossier
from gateway.upkeep.reidentification import ReidentificationRequest, Signer
from gateway.upkeep.signatories import load_signatories
from gateway.upkeep.statements import Sign, approval_statement

STANDARD_INPUT = Path("-")
Ask = Callable[[], str]  # asks the person at the keyboard for a passphrase


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
        dossier = load_dossier(reference, desk.journal)
        signatories = load_signatories(settings.policies_dir, desk.policy)
        approvers = dossier.approvers(signatories, desk.today())
    return (*_said(dossier), f"approved by\t{', '.join(approvers) or 'nobody yet'}")


def statement(settings: BatchSettings, reference: str, person: str) -> str:
    """The bytes that an approver signs on a machine of their own; ASCII. Raises NotFound."""
    with open_desk(settings) as desk:
        dossier = load_dossier(reference, desk.journal)
    return approval_statement(dossier.request_sha256, person).decode()


def signing_with(key: Path, ask: Ask) -> Sign:
    """Signs with a private key file of mode 0600, or with what standard input gives (`-`).

    ask: called where the key has a passphrase. Raises KeyFault.
    """
    pem = sys.stdin.buffer.read(LIMIT_BYTES) if key == STANDARD_INPUT else read_private(key)
    name = "The key on standard input" if key == STANDARD_INPUT else key.name
    passphrase = ask().encode() if _has_passphrase(pem) else None
    return signing_key(pem, name, passphrase=passphrase).sign


def signed_elsewhere(signature: str) -> Sign:
    """A signature that was made on another machine, in base64. Raises BadParameter."""
    try:
        made = base64.b64decode(signature, validate=True)
    except binascii.Error:
        raise BadParameter("Give the signature in base64.", parameter="signature") from None
    return lambda _: made


def _has_passphrase(pem: bytes) -> bool:
    try:
        load_pem_private_key(pem, password=None)
    except TypeError:
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return False


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
