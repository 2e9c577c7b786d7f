"""Code lists with levels and parents: what a dimension's values are."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.label import Label


@dataclass(frozen=True, slots=True)
class Code:
    """One value. parents: codes one step up; several when divisions cross (municipality: region, area)."""

    code: str
    label: Label
    level: str
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeList:
    """codes: in display order; a parent may stand anywhere in the list."""

    id: str
    label: Label
    codes: tuple[Code, ...]
