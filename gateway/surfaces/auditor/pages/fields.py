"""The fields of the forms: what can be asked, what was asked, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.errors import GatewayError
from gateway.model.entry import EntryKind, Outcome
from gateway.model.ruling import Action
from gateway.surfaces.auditor.pages.view import View
from gateway.surfaces.auditor.pages.words import ACTIONS, KINDS, OTHER_REMEDY, OUTCOMES, REMEDIES
from gateway.surfaces.auditor.parameters import FILTERS

FIRST = ("since", "until", "organisation", "product", "client", "kind", "outcome")
_DAYS = frozenset({"since", "until", "day"})


@dataclass(frozen=True, slots=True)
class Field:
    """name: of the parameter and of its text. choices: values with their words, empty for free text."""

    name: str
    value: str
    type: str = "text"
    choices: tuple[tuple[str, str], ...] = ()
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """parameter: one of ours, else None. remedy: what to give instead; empty for an unknown parameter."""

    parameter: str | None
    remedy: str


def fault_of(error: GatewayError, view: View, known: Iterable[str]) -> Fault:
    """In words of the page: the error's own are English."""
    if error.parameter not in set(known):
        return Fault(None, "")
    remedy = REMEDIES.get(error.parameter or "", OTHER_REMEDY)
    return Fault(error.parameter, remedy.in_language(view.language))


def fields_of(
    names: Iterable[str], view: View, *, fault: Fault | None, given: Mapping[str, str]
) -> list[Field]:
    choices = _choices(view)
    wrong = None if fault is None else fault.parameter
    return [
        Field(
            name,
            given.get(name, ""),
            "date" if name in _DAYS else "text",
            choices.get(name, ()),
            fault.remedy if fault is not None and name == wrong else "",
        )
        for name in names
    ]


def further_filters() -> tuple[str, ...]:
    return tuple(name for name in FILTERS if name not in FIRST)


def _choices(view: View) -> Mapping[str, tuple[tuple[str, str], ...]]:
    services, language = view.services, view.language
    return {
        "product": tuple(
            (each.id, each.title.in_language(language)) for each in services.catalog.products
        ),
        "area": tuple(
            (code, f"{label.in_language(language)} ({code})")
            for code, label in sorted(services.registry.areas.items())
        ),
        "purpose_code": tuple(
            (code, each.label.in_language(language))
            for code, each in services.policy.purposes.items()
        ),
        "kind": tuple((each.value, KINDS[each].in_language(language)) for each in EntryKind),
        "outcome": tuple((each.value, OUTCOMES[each].in_language(language)) for each in Outcome),
        "action": tuple((each.value, ACTIONS[each].in_language(language)) for each in Action),
    }
