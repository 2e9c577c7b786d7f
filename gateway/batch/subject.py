"""`jakelu subject`: settings, the four steps, and the folder that the answer goes to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from gateway.adapters.keys_private_file import create_private
from gateway.batch.dossiers import describe, statement_to_sign, told_of_approval
from gateway.batch.new_folder import new_folder
from gateway.batch.pseudonyms import open_desk, open_register
from gateway.errors import BadParameter
from gateway.journal.subject_body import Counts
from gateway.settings import BatchSettings
from gateway.upkeep import subject_request
from gateway.upkeep.approvals import Signer
from gateway.upkeep.procedure import SUBJECT_ANSWER
from gateway.upkeep.signatories import load_signatories
from gateway.upkeep.subject_answer import Answer
from gateway.upkeep.subject_document import document
from gateway.upkeep.subject_request import SubjectRequest, checked_person
from gateway.upkeep.subject_text import LANGUAGES, answer_text

JSON_FILE = "answer.json"
_TITLES = {
    SUBJECT_ANSWER.name: "request",
    "sub": "requested by",
    "requested_utc": "requested",
    "valid_until_utc": "valid until",
    "case_ref": "case",
    "purpose": "purpose",
    "legal_basis": "legal basis",
    "first_day": "first day",
    "last_day": "last day",
}


def request(settings: BatchSettings, asked: SubjectRequest, person: str, *, signer: Signer) -> str:
    """Journal a request; its id. Raises what `subject_request.request` raises."""
    internal_id = checked_person(person)
    with open_desk(settings) as desk, open_register(settings) as register:
        signatories = load_signatories(settings.policies_dir, desk.policy)
        return subject_request.request(
            asked, internal_id, signer=signer, signatories=signatories, desk=desk, register=register
        )


def approve(settings: BatchSettings, reference: str, *, signer: Signer) -> str:
    """Journal an approval; the line that says how many there are. Needs no key and no warehouse."""
    with open_desk(settings) as desk:
        signatories = load_signatories(settings.policies_dir, desk.policy)
        approvers = subject_request.approve(
            reference, signer=signer, signatories=signatories, desk=desk
        )
    return told_of_approval(reference, approvers)


def answer(
    settings: BatchSettings, reference: str, person: str, out: Path, *, signer: Signer
) -> Counts:
    """Write the answer into a new folder of mode 0700; how much there was of what.

    The folder is whole or not there. Raises BadParameter, and what `subject_request.answer` raises.
    """
    internal_id = checked_person(person)
    if out.exists():
        raise BadParameter("It is there already; name a new folder.", parameter="out")
    with (
        open_desk(settings) as desk,
        open_register(settings) as register,
        new_folder(out, parameter="out") as draft,
    ):

        def write(found: Answer, said: Mapping[str, Any]) -> None:
            told = document(
                found,
                case_ref=said["case_ref"],
                made=desk.clock.now(),
                registry=register.registry,
                policy=desk.policy,
            )
            _write(told, draft)

        return subject_request.answer(
            reference,
            internal_id,
            write,
            signer=signer,
            signatories=load_signatories(settings.policies_dir, desk.policy),
            desk=desk,
            register=register,
        ).counts


def described(settings: BatchSettings, reference: str) -> tuple[str, ...]:
    """What an approver reads before they sign: one line a field. Raises NotFound."""
    return describe(settings, reference, SUBJECT_ANSWER, _TITLES)


def statement(settings: BatchSettings, reference: str, person: str) -> str:
    """The bytes that an approver signs on a machine of their own; ASCII. Raises NotFound."""
    return statement_to_sign(settings, reference, person, SUBJECT_ANSWER)


def _write(told: dict[str, Any], folder: Path) -> None:
    """Files of mode 0600. Raises BadParameter."""
    files = {JSON_FILE: orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)}
    files |= {f"answer.{name}.txt": answer_text(told, name).encode() for name in LANGUAGES}
    try:
        for name, content in files.items():
            create_private(folder / name, content)
    except OSError as fault:
        raise BadParameter(
            f"The answer cannot be written: {fault.strerror}.", parameter="out"
        ) from fault
