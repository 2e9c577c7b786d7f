"""The words that every page has, in the three languages of the service (kielilaki 423/2003)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.model.label import Label

SHARED: Mapping[str, Label] = MappingProxyType(
    {
        "service": Label(
            "Työllisyyspalvelujen tietojakelu",
            "Distribution av sysselsättningstjänsternas data",
            "Data of the employment services",
        ),
        "skip": Label("Siirry sisältöön", "Gå till innehållet", "Skip to content"),
        "languages": Label("Kieli", "Språk", "Language"),
        "none": Label("Ei yhtään", "Inga", "None"),
        "unavailable": Label(
            "Palvelu ei ole nyt käytettävissä",
            "Tjänsten är inte tillgänglig nu",
            "Not available now",
        ),
        "unavailable_note": Label(
            "Yritä hetken kuluttua uudelleen.", "Försök igen om en stund.", "Try again in a moment."
        ),
        "request": Label("Pyynnön tunnus", "Begärans kod", "Request"),
        "front": Label("Etusivulle", "Till startsidan", "To the front page"),
    }
)
