"""What people sign in a procedure of upkeep: canonical JSON (RFC 8785), Ed25519 (RFC 8032).

A request's statement holds all that is asked; the others name it by its hash. An approval is thus one
of this pseudonym or person and this case, and can be used for nothing else. Everything in a
statement stands in its journal entry too, so that an auditor can check the signature from there.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.errors import UpkeepRefused
from gateway.journal.pseudonym_body import Signed
from gateway.ports import KeyRing, PseudonymDomain
from gateway.upkeep.procedure import Procedure
from gateway.upkeep.signatories import Signatory

Sign = Callable[[bytes], bytes]


def request_statement(fields: Mapping[str, Any], procedure: Procedure) -> bytes:
    """fields: those of the entry's body."""
    said = {name: fields[name] for name in procedure.fields}
    return rfc8785.dumps({"statement": f"jakelu.{procedure.name}.request.v1", **said})


def approval_statement(request_sha256: str, approver: str, procedure: Procedure) -> bytes:
    """What an approver signs, here or on a machine of their own."""
    return _of_request("approval", request_sha256, approver, procedure)


def answer_statement(request_sha256: str, person: str, procedure: Procedure) -> bytes:
    """What the requester signs to be given the answer."""
    return _of_request("answer", request_sha256, person, procedure)


def signed(statement: bytes, signatory: Signatory, sign: Sign) -> Signed:
    """The statement with a signature of the signatory's own key. Raises UpkeepRefused."""
    signature = sign(statement)
    if not is_signed_by(signatory.public_key, statement, signature):
        raise UpkeepRefused("other_key", "The signature is not one of this person's key.")
    return Signed(sha256(statement), signatory.key_id, signature.hex())


def is_signed_by(key: Ed25519PublicKey, statement: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, statement)
    except InvalidSignature:
        return False
    return True


def sha256(statement: bytes) -> str:
    """In hex."""
    return hashlib.sha256(statement).hexdigest()


def commitment(
    secret: str, *, reference: str, area: str, procedure: Procedure, epoch: str, keys: KeyRing
) -> str:
    """Binds a request to one pseudonym or person and tells nobody which: HMAC-SHA-256 in hex.

    A plain hash would tell whoever holds the slice: they can hash every pseudonym in it, or every id. Its
    key is of a domain that no product can have, and the request's id makes every commitment another one.
    area: of the slice, `none` where it is about no single one.
    """
    name = procedure.name
    key = keys.domain_key(PseudonymDomain(area, "upkeep", name), epoch=epoch)
    message = f"{name}\x00{reference}\x00{secret}".encode()
    return hmac.digest(key, message, "sha256").hex()


def _of_request(what: str, request_sha256: str, person: str, procedure: Procedure) -> bytes:
    said = {"request_sha256": request_sha256, "sub": person}
    return rfc8785.dumps({"statement": f"jakelu.{procedure.name}.{what}.v1", **said})
