"""Why something may be delivered: purposes, legal bases and subscriptions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.model.label import Label


@dataclass(frozen=True, slots=True)
class Purpose:
    """A code of the closed list of purposes, with the legal bases that it may rest on."""

    code: str
    label: Label
    legal_bases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subscription:
    """organisation x product x purpose x ground x validity (tilaus); days are inclusive."""

    id: str
    organisation: str
    product: str
    purpose: str
    legal_basis: str
    valid_from: date
    valid_to: date
