"""The dots of PX: of six that the format has, those that stand in ours, and what each of them says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.encoding.marks import LEGEND
from gateway.model.label import Label

# Where JSON-stat has a null without a mark: published, but there is nobody to take the mean of.
NOBODY = "."

DOTS: Mapping[str, Label] = MappingProxyType(
    {
        NOBODY: Label(
            fi="Keskiarvoa ei ole, koska joukossa ei ole ketään",
            sv="Det finns inget medelvärde eftersom gruppen är tom",
            en="There is no mean, for nobody is in the group",
        ),
        **dict(sorted(LEGEND.items())),
    }
)
