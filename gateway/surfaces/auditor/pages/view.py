"""What every page of an auditor is made from: the request, its language, and codes in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.types import Scope

from gateway.delivery.services import Services
from gateway.journal.guard import has_identity_code
from gateway.model.entry import EntryKind, Outcome
from gateway.model.label import Label
from gateway.surfaces.auditor.long_readings import LongReadings
from gateway.surfaces.auditor.pages.words import KINDS, OUTCOMES
from gateway.surfaces.html.reasons import REASONS
from gateway.surfaces.html.rendering import language_of
from gateway.surfaces.inbound import inbound_of

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class View:
    """One request to a page. asked: its parameters without the language and without empty fields."""

    scope: Scope
    services: Services
    readings: LongReadings
    language: str
    asked: Mapping[str, str]

    @staticmethod
    def of(request: Request, services: Services, readings: LongReadings) -> View:
        sent = inbound_of(request.scope).parameters
        asked = {name: value for name, value in sent.items() if value and name != "lang"}
        return View(request.scope, services, readings, language_of(request.scope), asked)

    def address(self, path: str, **parameters: str | None) -> str:
        """A link that keeps the language."""
        given = {name: value for name, value in parameters.items() if value}
        return f"{path}?{urlencode({**given, 'lang': self.language})}"

    def kept(self, *, but: str | None = None) -> dict[str, str]:
        """What may be shown in the fields again: not what was refused, and nobody's identity code."""
        return {
            name: value
            for name, value in self.asked.items()
            if name != but and not has_identity_code(value)
        }

    def said(self, label: Label | None, code: str) -> str:
        return code if label is None else label.in_language(self.language)

    def known(self, words: Mapping[K, Label], code: K | None) -> str:
        """A code in words; itself where there are none."""
        return "" if code is None else self.said(words.get(code), str(code))

    def kind(self, kind: str) -> str:
        return KINDS[EntryKind(kind)].in_language(self.language)

    def outcome(self, outcome: str | None) -> str:
        return "" if outcome is None else OUTCOMES[Outcome(outcome)].in_language(self.language)

    def refusal(self, code: str | None) -> str:
        """`the area is outside your organisation's scope (area_out_of_scope)`."""
        reason = REASONS.get(code or "")
        return code or "" if reason is None else f"{reason.in_language(self.language)} ({code})"

    def organisation(self, code: str | None) -> str:
        """`Tampere (KU837)`."""
        found = None if code is None else self.services.registry.find(code)
        if found is None:
            return code or ""
        return f"{found.label.in_language(self.language)} ({code})"

    def areas(self, codes: list[str]) -> str:
        labels = self.services.registry.areas
        return ", ".join(f"{self.known(labels, code)} ({code})" for code in codes)

    def product(self, product: str | None) -> str:
        found = {each.id: each.title for each in self.services.catalog.products}
        return self.known(found, product)

    def values(self, body: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Every field of a body as text, in the order of names."""
        return [(name, plain(body[name])) for name in sorted(body)]


def plain(value: object) -> str:
    """A JSON value as people write it; an en dash for nothing."""
    match value:
        case None | "":
            return "–"
        case bool():
            return "true" if value else "false"
        case dict():
            parts = (f"{name}: {plain(each)}" for name, each in value.items() if each is not None)
            return "; ".join(parts) or "–"
        case list():
            return ", ".join(plain(each) for each in value) or "–"
        case _:
            return str(value)
