"""What an encoded cube says of itself: which product, which release, in which language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self

from gateway.model.label import Label
from gateway.model.product import Classification
from gateway.model.release import Manifest

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

    @classmethod
    def of(cls, manifest: Manifest, language: str) -> Self:
        """What a release says of itself."""
        return cls(
            product=manifest.product,
            title=manifest.title,
            release=str(manifest.release),
            as_of=manifest.release.as_of,
            created_utc=manifest.created_utc,
            contract_version=manifest.contract_version,
            definition_version=manifest.definition_version,
            sources=manifest.sources,
            language=language,
            is_public=manifest.classification is Classification.PUBLIC,
        )
