"""`policies/approvers.yaml`: who may ask for a re-identification or a data subject's answer, and who may approve one.

Each of them has a login of the operating system and an Ed25519 key of their own, whose public half
is in the file. Nobody has another's login or key, so two approvals are two people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import Field, StringConstraints

from gateway.errors import PolicyFault, UpkeepRefused
from gateway.policy import Policy
from gateway.policy.documents import Document, Listed, Name, Validity
from gateway.policy.policy_files import parse, read_policy_files
from gateway.releases.manifest import key_id

FILE = "approvers.yaml"
Login = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_.@-]{0,63}$")]


class Duty(StrEnum):
    REQUEST = "request"
    APPROVE = "approve"


class PersonEntry(Validity):
    id: Name
    login: Login
    public_key: str
    may: Annotated[list[Annotated[Duty, Field(strict=False)]], Field(min_length=1), Listed]


class ApproversFile(Document):
    validity_hours: Annotated[int, Field(ge=1, le=24 * 31)]
    purposes: Annotated[list[Name], Listed]
    people: list[PersonEntry]


@dataclass(frozen=True, slots=True)
class Signatory:
    """login: of the operating system; days are inclusive."""

    id: str
    login: str
    public_key: Ed25519PublicKey
    may: frozenset[Duty]
    valid_from: date
    valid_to: date

    @property
    def key_id(self) -> str:
        return key_id(self.public_key)


@dataclass(frozen=True, slots=True)
class Signatories:
    """people: by id; empty means that the procedures are closed. validity: of a request."""

    people: Mapping[str, Signatory]
    purposes: frozenset[str]
    validity: timedelta

    def known(self, person: str) -> str | None:
        """The id when it is one of the list, which is when the journal may hold it."""
        return person if person in self.people else None

    def valid(self, person: str, duty: Duty, today: date) -> Signatory | None:
        """The signatory who may do this today, or None."""
        found = self.people.get(person)
        if found is None or duty not in found.may:
            return None
        return found if found.valid_from <= today <= found.valid_to else None

    def acting(self, person: str, duty: Duty, *, login: str, today: date) -> Signatory:
        """The signatory who is at the keyboard. Raises UpkeepRefused."""
        found = self.valid(person, duty, today)
        if found is None:
            raise UpkeepRefused("not_entitled", f"No such person may {duty.value} it today.")
        if found.login != login:
            raise UpkeepRefused("other_login", "This login belongs to another person.")
        return found


def load_signatories(policies_dir: Path, policy: Policy) -> Signatories:
    """Read and cross-check the file against the policies in force. Raises PolicyFault."""
    read = parse(read_policy_files(policies_dir), FILE, ApproversFile)
    if unknown := set(read.purposes) - policy.purposes.keys():
        raise PolicyFault(f"{FILE}: purposes: unknown purpose {min(unknown)}.")
    people = tuple(_signatory(entry) for entry in read.people)
    _check_once("id", [each.id for each in people])
    _check_once("login", [each.login for each in people])
    _check_once("public_key", [each.key_id for each in people])
    return Signatories(
        {each.id: each for each in people},
        frozenset(read.purposes),
        timedelta(hours=read.validity_hours),
    )


def _signatory(entry: PersonEntry) -> Signatory:
    try:
        key = load_pem_public_key(entry.public_key.encode())
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise PolicyFault(f"{FILE}: {entry.id}: public_key is not an Ed25519 key in PEM.")
    may = frozenset(entry.may)
    return Signatory(entry.id, entry.login, key, may, entry.valid_from, entry.valid_to)


def _check_once(field: str, values: list[str]) -> None:
    if any(count > 1 for count in Counter(values).values()):
        raise PolicyFault(f"{FILE}: people: two of them have the same {field}.")
