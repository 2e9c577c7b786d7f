"""The body of an entry that a request makes: who, for whom, why, what, the ruling, where from.

Every field of the kind is there, null where there is nothing to say. Lists of codes are sorted, so
that equal requests have equal bodies. `token_jti` and `client_address` are in the draft only: the
journal seals them (`seal`) before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import GatewayError
from gateway.model.caller import Caller
from gateway.model.entry import Completion, Outcome
from gateway.model.release import Manifest
from gateway.model.ruling import Action, Permit, Ruling


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, as the surface saw it.

    client_address: an IP address as text; proxies: trusted proxies, nearest last, in their order;
    certificate_subject: of a client certificate that a trusted proxy checked.
    """

    request_id: str | None = None
    traceparent: str | None = None
    client_address: str | None = None
    certificate_subject: str | None = None
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, in declared codes only.

    product: the id of a product that exists; None for one that does not (the caller's own text is
    no declared code). areas: the areas that the request names. selection: declared dimension →
    codes, or `municipality` → codes. columns: None means all of them.
    """

    action: Action
    product: str | None = None
    areas: tuple[str, ...] = ()
    selection: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    columns: tuple[str, ...] | None = None
    format: str | None = None
    case_ref: str | None = None


def access_body(
    caller: Caller,
    asked: Asked,
    *,
    ruling: Ruling | None,
    origin: Origin,
    manifest: Manifest | None = None,
    refusal: type[GatewayError] | None = None,
) -> dict[str, Any]:
    """The body of `access.intent` and `access.denied`.

    ruling: None when the policy was never asked (an unknown product). manifest: the release, once
    it is known. refusal: the error that the caller gets when nothing is served; for a denial it may
    differ from the ruling's own code, since what is not listed to the caller is answered as unknown.
    """
    return {
        **called(caller, ruling=ruling, origin=origin, case_ref=asked.case_ref, refusal=refusal),
        **_product(asked.product, manifest),
        "action": asked.action.value,
        "areas_requested": sorted(asked.areas),
        "areas_granted": sorted(ruling.areas) if isinstance(ruling, Permit) else [],
        "selection": {name: sorted(codes) for name, codes in asked.selection.items()},
        "columns": None if asked.columns is None else sorted(asked.columns),
        "format": asked.format,
    }


def called(
    caller: Caller,
    *,
    ruling: Ruling | None,
    origin: Origin,
    case_ref: str | None = None,
    refusal: type[GatewayError] | None = None,
) -> dict[str, Any]:
    """What every entry about a caller says: request, who, for whom, why, ruling, where from."""
    return {
        **session_body(caller, origin=origin),
        "purpose": None if ruling is None else ruling.purpose,
        "legal_basis": None if ruling is None else ruling.legal_basis,
        "subscription": None if ruling is None else ruling.subscription,
        "case_ref": case_ref,
        **_ruling(ruling),
        "refusal": None if refusal is None else refusal.code,
    }


def session_body(caller: Caller, *, origin: Origin) -> dict[str, Any]:
    """The body of `session.began` and `session.ended`: request, who, for whom, where from."""
    return {
        "request_id": origin.request_id,
        "traceparent": origin.traceparent,
        **_who(caller),
        "organisation": None if caller.organisation is None else caller.organisation.code,
        "areas": sorted(caller.scope.areas),
        "roles": sorted(role.name for role in caller.roles),
        "client_address": origin.client_address,
        "certificate_subject": origin.certificate_subject,
        "proxies": list(origin.proxies),
    }


def completion_body(intent_seq: int, completion: Completion) -> dict[str, Any]:
    """How a delivery ended. duration_ms is rounded to microseconds.

    range_start, range_end: the outermost bytes of what was sent of a file; ranges: what of it, where it was in several
    parts.
    """
    ranges = completion.ranges
    return {
        "intent_seq": intent_seq,
        "outcome": completion.outcome.value,
        "http_status": completion.http_status,
        "rows": completion.rows,
        "bytes": completion.bytes,
        "content_sha256": completion.content_sha256,
        "duration_ms": round(completion.duration_ms, 3),
        "range_start": min((first for first, _ in ranges), default=None),
        "range_end": max((last for _, last in ranges), default=None),
        "ranges": [list(each) for each in ranges] if len(ranges) > 1 else None,
    }


def unknown_completion_body(intent_seq: int) -> dict[str, Any]:
    """The end of a delivery that nobody saw. The nulls mean: treat it as fully disclosed."""
    nothing = dict.fromkeys(
        (
            "http_status",
            "rows",
            "bytes",
            "content_sha256",
            "duration_ms",
            "range_start",
            "range_end",
            "ranges",
        )
    )
    return {"intent_seq": intent_seq, "outcome": Outcome.UNKNOWN.value, **nothing}


def journal_read_body(
    caller: Caller,
    *,
    ruling: Ruling | None,
    origin: Origin,
    filters: Mapping[str, str | None],
    after: int,
    limit: int | None,
) -> dict[str, Any]:
    """The body of `journal.read`: the auditor and the filters used, in declared names and codes.

    limit: None for a reading without pages.
    """
    return {
        **called(caller, ruling=ruling, origin=origin),
        "action": Action.READ_JOURNAL.value,
        "filters": dict(filters),
        "after": after,
        "limit": limit,
    }


def _who(caller: Caller) -> dict[str, Any]:
    return {
        "iss": caller.issuer,
        "sub": caller.subject,
        "client_id": caller.client_id,
        "token_jti": caller.token_id,
        "auth_strength": caller.strength.value,
        "act_sub": caller.acting_subject,
    }


def _product(product: str | None, manifest: Manifest | None) -> dict[str, Any]:
    if manifest is None:
        names = ("contract_version", "release", "classification", "personal_data")
        return {"product": product, **dict.fromkeys(names)}
    return {
        "product": product,
        "contract_version": manifest.contract_version,
        "release": str(manifest.release),
        "classification": manifest.classification.value,
        "personal_data": manifest.personal_data,
    }


def _ruling(ruling: Ruling | None) -> dict[str, Any]:
    if ruling is None:
        return {"ruling": "deny", "policies": [], "policy_set_hash": None, "errors": []}
    permitted = isinstance(ruling, Permit)
    errors: Iterable[str] = () if permitted else ruling.errors
    return {
        "ruling": "permit" if permitted else "deny",
        "policies": sorted(ruling.policies),
        "policy_set_hash": ruling.policy_set_sha256,
        "errors": sorted(errors),
    }
