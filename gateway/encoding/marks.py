"""The marks of cells without a value, as PX files have them; never why a cell is hidden."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.model.cube import Status
from gateway.model.label import Label

SUPPRESSED = "..."
NOT_PUBLISHED = ".."

MARKS: Mapping[int, str] = MappingProxyType(
    {int(Status.SUPPRESSED): SUPPRESSED, int(Status.NOT_PUBLISHED): NOT_PUBLISHED}
)

LEGEND: Mapping[str, Label] = MappingProxyType(
    {
        SUPPRESSED: Label(
            fi="Tieto on salassapitosäännön alainen",
            sv="Uppgiften är sekretessbelagd",
            en="Data is subject to secrecy rules",
        ),
        NOT_PUBLISHED: Label(
            fi="Yhdistelmää ei julkaista",
            sv="Kombinationen publiceras inte",
            en="The combination is not published",
        ),
    }
)
