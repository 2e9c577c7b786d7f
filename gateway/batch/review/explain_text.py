"""An explained ruling as a table for people, and as one JSON object for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from gateway.batch.review.callers import TokenRead
from gateway.batch.review.explain import Answer, Decider
from gateway.batch.review.explain_words import HEADINGS
from gateway.model.caller import AuthStrength
from gateway.policy.vocabulary import DEFAULT_DENY

_WIDTH = 120  # where the output is no terminal, which has one of its own


def explained_json(told: Answer, language: str) -> str:
    """One object; `missing` and `notes` are in the language."""
    explanation, who = told.explanation, told.caller
    is_token = isinstance(told.asked.who, TokenRead)
    document = {
        "permitted": explanation.is_permitted,
        "listed": told.is_listed,
        "product": told.product.id,
        "action": explanation.action.value,
        "on": told.asked.on.isoformat(),
        "area": told.area or None,
        "caller": {
            "organisation": who.organisation.code if who.organisation else None,
            "areas": sorted(who.scope.areas),
            "roles": [role.name for role in who.roles],
            "permissions": sorted(who.permissions),
            "bound": who.strength in {AuthStrength.DPOP, AuthStrength.MTLS},
            "expert_tag": who.expert_tag,
            "from": "token" if is_token else "options",
            "verified": False if is_token else None,
        },
        "purpose": explanation.purpose,
        "legal_basis": explanation.legal_basis,
        "subscription": explanation.subscription,
        "code": explanation.code,
        "detail": explanation.missing,
        "policies": [_policy(decider) for decider in told.deciders],
        "missing": [
            {"policy": each.id, "remedy": each.remedy.in_language(language)}
            for each in told.deciders
            if each.remedy
        ],
        "notes": [note.in_language(language) for note in told.notes],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def _policy(decider: Decider) -> dict[str, Any]:
    text = decider.text
    if text is None:
        return {"id": decider.id, "effect": "forbid", "title": None, "ground": None}
    return {
        "id": decider.id,
        "effect": "forbid" if text.is_forbid else "permit",
        "title": {"fi": text.title_fi, "sv": text.title_sv},
        "ground": text.ground,
    }


def print_explained(told: Answer, language: str, console: Console | None = None) -> None:
    """The verdict first, then what it rests on."""
    console = console or Console(width=_WIDTH)
    verdict = "permitted" if told.explanation.is_permitted else "denied"
    table = Table(box=box.SIMPLE, show_header=False, title_justify="left")
    table.title = f"{_heading(verdict, language)}: {told.product.title.in_language(language)}"
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _rows(told, language):
        table.add_row(_heading(name, language), value)
    console.print(table, highlight=False, markup=False)


def _rows(told: Answer, language: str) -> Iterator[tuple[str, str]]:
    who, explanation = told.caller, told.explanation
    label = who.organisation.label.in_language(language) if who.organisation else ""
    yield "product", told.product.id
    yield "caller", f"{who.organisation_claim or '–'} {label}".rstrip()
    yield "roles", ", ".join(role.name for role in who.roles) or "–"
    yield "areas", ", ".join(sorted(who.scope.areas)) or "–"
    yield "area", told.area or "–"
    yield "day", told.asked.on.isoformat()
    if explanation.subscription:
        yield "subscription", explanation.subscription
    if explanation.purpose:
        yield "purpose", f"{explanation.purpose} ({explanation.legal_basis or '–'})"
    for decider in told.deciders:
        yield "policies", _decided(decider, language)
    for decider in told.deciders:
        if decider.remedy:
            yield "remedy", decider.remedy.in_language(language)
    for note in told.notes:
        yield "note", note.in_language(language)


def _decided(decider: Decider, language: str) -> str:
    """Policies have titles in Finnish and Swedish; in English their id says it."""
    if decider.text is None:
        return DEFAULT_DENY
    titles = {"fi": decider.text.title_fi, "sv": decider.text.title_sv}
    title = f": {titles[language]}" if language in titles else ""
    return f"{decider.id}{title} ({decider.text.ground})"


def _heading(name: str, language: str) -> str:
    return HEADINGS[name].in_language(language)
