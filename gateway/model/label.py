"""A text in Finnish, Swedish and English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    """One text for people, in the three languages of the service (kielilaki 423/2003)."""

    fi: str
    sv: str
    en: str

    def in_language(self, language: str) -> str:
        """The text in `fi`, `sv` or `en`; anything else is a KeyError of the caller's making."""
        return {"fi": self.fi, "sv": self.sv, "en": self.en}[language]
