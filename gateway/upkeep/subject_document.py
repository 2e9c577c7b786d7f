"""A data subject's answer as JSON values: every code with its name in three languages, and nobody who read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.model.days import utc_text
from gateway.model.label import Label
from gateway.organisations import Registry
from gateway.policy import Policy
from gateway.upkeep.subject_answer import Answer, Disclosed, Gap, Unanswered

Document = dict[str, Any]


def document(
    answer: Answer, *, case_ref: str, made: datetime, registry: Registry, policy: Policy
) -> Document:
    """What is handed over. The person's id and pseudonyms are not in it: the case number tells whose it is."""
    return {
        "case": case_ref,
        "since": answer.period.first.isoformat(),
        "until": answer.period.last.isoformat(),
        "made_utc": utc_text(made),
        "is_person_in_register": answer.is_known,
        "deliveries": [_disclosed(each, registry, policy) for each in answer.disclosed],
        "unanswered": [_unanswered(each, registry) for each in answer.unanswered],
    }


def _disclosed(found: Disclosed, registry: Registry, policy: Policy) -> Document:
    purpose = policy.purposes.get(found.purpose or "")
    return {
        "product": found.product,
        "title": _names(found.title),
        "contract_version": found.contract_version,
        "release": found.release,
        "as_of": found.as_of.isoformat(),
        "area": _coded(found.area, registry.areas.get(found.area)),
        "organisation": _organisation(found.organisation, registry),
        "purpose": _coded(found.purpose, None if purpose is None else purpose.label),
        "legal_bases": [_coded(code, policy.legal_bases.get(code)) for code in found.legal_bases],
        "dates": [
            {
                "date": each.day.isoformat(),
                "disclosure": each.disclosure.value,
                "outcome": each.ending.value,
            }
            for each in found.dates
        ],
    }


def _unanswered(found: Unanswered, registry: Registry) -> Document:
    """Either dates, or the first and the last of a time."""
    days = [day.isoformat() for day in found.days]
    is_span = found.reason is Gap.BEFORE_JOURNAL
    area = None if found.area is None else _coded(found.area, registry.areas.get(found.area))
    return {
        "reason": found.reason.value,
        "product": found.product,
        "release": found.release,
        "area": area,
        "dates": None if is_span else days,
        "since": days[0] if is_span else None,
        "until": days[-1] if is_span else None,
    }


def _organisation(code: str | None, registry: Registry) -> Document:
    found = None if code is None else registry.find(code)
    return _coded(code, None if found is None else found.label)


def _coded(code: str | None, label: Label | None) -> Document:
    """name: null where the code is no longer declared."""
    return {"code": code, "name": None if label is None else _names(label)}


def _names(label: Label) -> Mapping[str, str]:
    return {"fi": label.fi, "sv": label.sv, "en": label.en}
