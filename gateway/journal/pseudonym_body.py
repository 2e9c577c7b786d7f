"""The bodies of entries about pseudonyms themselves: a new epoch, a crosswalk, a re-identification.

Counts and declared codes only. A pseudonym, a key or a person's id never stands in an entry; what a
request is about is bound to it by a commitment that only the key ring can open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class About:
    """Whose pseudonyms, in which release, why, and who runs the command; None where it is not said.

    operator: the login of the operating system. subject: the signatory, or the operator.
    pseudonym_purpose: the purpose in the pseudonym domain; purpose: why this is done.
    """

    operator: str
    subject: str | None = None
    organisation: str | None = None
    area: str | None = None
    product: str | None = None
    release: str | None = None
    family: str | None = None
    pseudonym_purpose: str | None = None
    purpose: str | None = None
    legal_basis: str | None = None
    subscription: str | None = None
    case_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement's hash and its Ed25519 signature, all in hex. key_id: SHA-256 of the public key."""

    statement_sha256: str
    key_id: str
    signature: str


def rotated_body(
    operator: str, *, epoch: str, epoch_before: str | None, new_root: bool
) -> dict[str, Any]:
    """The body of `pseudonym.rotated`. epoch_before: None when it is the first epoch."""
    return {
        "sub": operator,
        "operator": operator,
        "epoch": epoch,
        "epoch_before": epoch_before,
        "new_root": new_root,
    }


def crosswalk_body(
    about: About,
    *,
    epochs: tuple[str, str],
    persons: int,
    persons_mapped: int,
    content_bytes: int,
    content_sha256: str,
) -> dict[str, Any]:
    """The body of `pseudonym.crosswalk`. epochs: from, to. persons: distinct in the slice."""
    return {
        **_upkeep(about, is_granted=True),
        "epoch_before": epochs[0],
        "epoch": epochs[1],
        "persons": persons,
        "persons_mapped": persons_mapped,
        "bytes": content_bytes,
        "content_sha256": content_sha256,
    }


def refused_body(
    about: About,
    *,
    action: str,
    refusal: str,
    epochs: tuple[str | None, str | None] = (None, None),
    reidentification: str | None = None,
) -> dict[str, Any]:
    """The body of `pseudonym.refused`. action: the command; refusal: a code; epochs: from, to."""
    return {
        **_upkeep(about, is_granted=False),
        "action": action,
        "refusal": refusal,
        "epoch_before": epochs[0],
        "epoch": epochs[1],
        "reidentification": reidentification,
    }


def requested_body(
    about: About,
    signed: Signed,
    *,
    reidentification: str,
    epoch: str,
    commitment: str,
    requested_utc: str,
    valid_until_utc: str,
) -> dict[str, Any]:
    """The body of `reidentification.requested`."""
    return {
        **_step(about, signed, reidentification=reidentification, epoch=epoch, is_granted=False),
        "commitment": commitment,
        "requested_utc": requested_utc,
        "valid_until_utc": valid_until_utc,
    }


def approved_body(
    about: About, signed: Signed, *, reidentification: str, epoch: str
) -> dict[str, Any]:
    """The body of `reidentification.approved`."""
    return _step(about, signed, reidentification=reidentification, epoch=epoch, is_granted=False)


def answered_body(
    about: About,
    signed: Signed,
    *,
    reidentification: str,
    epoch: str,
    approvers: Sequence[str],
    found: bool,
) -> dict[str, Any]:
    """The body of `reidentification.answered`. found: whether the register has the person."""
    return {
        **_step(about, signed, reidentification=reidentification, epoch=epoch, is_granted=True),
        "approvers": sorted(approvers),
        "found": found,
    }


def _step(
    about: About, signed: Signed, *, reidentification: str, epoch: str, is_granted: bool
) -> dict[str, Any]:
    return {
        **_upkeep(about, is_granted=is_granted),
        "statement_sha256": signed.statement_sha256,
        "key_id": signed.key_id,
        "signature": signed.signature,
        "reidentification": reidentification,
        "epoch": epoch,
    }


def _upkeep(about: About, *, is_granted: bool) -> dict[str, Any]:
    areas = [] if about.area is None else [about.area]
    return {
        "sub": about.subject,
        "operator": about.operator,
        "organisation": about.organisation,
        "product": about.product,
        "release": about.release,
        "family": about.family,
        "pseudonym_purpose": about.pseudonym_purpose,
        "areas_requested": areas,
        "areas_granted": areas if is_granted else [],
        "purpose": about.purpose,
        "legal_basis": about.legal_basis,
        "subscription": about.subscription,
        "case_ref": about.case_ref,
    }
