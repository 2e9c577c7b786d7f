"""Organisations and the areas that follow from them on a date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.model.label import Label


class OrganisationKind(StrEnum):
    MUNICIPALITY = "municipality"
    EMPLOYMENT_AUTHORITY = "employment_authority"  # the organiser of one employment area
    ELY = "ely"
    EVK = "evk"
    TEM = "tem"
    KEHA = "keha"


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation of the dated registry.

    code: registry code: `KU837` municipality, `TA39` area authority, `ELY05`, `EVK04`, `TEM`, `KEHA`.
    valid_to: the last day, inclusive; None while it goes on.
    """

    code: str
    kind: OrganisationKind
    label: Label
    valid_from: date
    valid_to: date | None

    def is_valid(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Scope:
    """What an organisation's territory is on a date: two-digit areas, three-digit municipalities.

    Empty means nothing, never everything.
    """

    areas: frozenset[str]
    municipalities: frozenset[str]


EMPTY_SCOPE = Scope(areas=frozenset(), municipalities=frozenset())
