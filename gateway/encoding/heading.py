"""What an encoded cube says of itself: which product, which release, in which language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.model.label import Label

LANGUAGES = ("fi", "sv", "en")


@dataclass(frozen=True, slots=True)
class Heading:
    """created_utc: RFC 3339, when the release was made; language: one of LANGUAGES."""

    product: str
    title: Label
    release: str
    as_of: date
    created_utc: str
    contract_version: str
    definition_version: str
    sources: tuple[str, ...]
    language: str
    is_public: bool
