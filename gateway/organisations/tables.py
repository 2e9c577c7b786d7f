"""The registry's tables as they lie in the package: read, named, nothing decided."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from gateway.model.label import Label


@dataclass(frozen=True, slots=True)
class Municipality:
    """One of the 308 municipalities.

    area, evk: None for Åland, which has no employment area and where no EVK is competent;
    ely: likewise None for Åland. language: that of the majority, `fi` or `sv`.
    """

    code: str
    label: Label
    region: str
    area: str | None
    ely: str | None
    evk: str | None
    language: str


@dataclass(frozen=True, slots=True)
class Named:
    """A code with its name: an area, a region or a centre."""

    code: str
    label: Label


@dataclass(frozen=True, slots=True)
class Abolished:
    """A municipality that has ended; last_day is inclusive."""

    code: str
    successor: str
    last_day: date


def load_municipalities() -> tuple[Municipality, ...]:
    """All municipalities, by code."""
    return tuple(_municipality(row) for row in _rows("municipalities.csv"))


def load_areas() -> tuple[Named, ...]:
    """The 45 employment areas."""
    return tuple(_named(row, "code", "name") for row in _rows("employment_areas.csv"))


def load_ely_centres() -> tuple[Named, ...]:
    """The 15 ELY centres; the table's line for Åland is statistical and left out."""
    competent = {municipality.ely for municipality in load_municipalities()}
    centres = (_named(row, "ely_code", "ely_name") for row in _rows("ely_2025.csv"))
    return tuple(centre for centre in centres if centre.code in competent)


def load_evk_centres() -> tuple[Named, ...]:
    """The 10 economic development centres."""
    return tuple(_named(row, "evk_code", "evk_name") for row in _rows("evk_2026.csv"))


def load_regions() -> tuple[Named, ...]:
    """The 19 regions (maakunta), Åland among them."""
    english = {row["region_code"]: row["name_en"] for row in _rows("regions_en.csv")}
    labels = {
        row["region_code"]: Label(
            fi=row["region_name_fi"], sv=row["region_name_sv"], en=english[row["region_code"]]
        )
        for row in _rows("municipalities.csv")
    }
    return tuple(Named(code, labels[code]) for code in sorted(labels))


def load_abolished() -> tuple[Abolished, ...]:
    """Municipalities that have ended since 2024."""
    return tuple(
        Abolished(
            code=row["municipality_code"],
            successor=row["successor_code"],
            last_day=date.fromisoformat(row["last_day"]),
        )
        for row in _rows("abolished_municipalities.csv")
    )


def _municipality(row: dict[str, str]) -> Municipality:
    """English uses the majority's name of the place; the classification has no English names."""
    has_centres = row["evk_2026_competent"] == "1"
    language = "sv" if _is_swedish(row["language_name_fi"]) else "fi"
    name_fi, name_sv = row["name_fi"], row["name_sv"]
    return Municipality(
        code=row["municipality_code"],
        label=Label(fi=name_fi, sv=name_sv, en=name_sv if language == "sv" else name_fi),
        region=row["region_code"],
        area=row["employment_area_code"] or None,
        ely=row["ely_2025_code"] if has_centres else None,
        evk=row["evk_2026_code"] if has_centres else None,
        language=language,
    )


def _is_swedish(language_name_fi: str) -> bool:
    return "ruotsinkielinen" in language_name_fi or "enemmistön kieli on ruotsi" in language_name_fi


def _named(row: dict[str, str], code: str, name: str) -> Named:
    return Named(
        code=row[code],
        label=Label(fi=row[f"{name}_fi"], sv=row[f"{name}_sv"], en=row[f"{name}_en"]),
    )


def _rows(file_name: str) -> Iterator[dict[str, str]]:
    table = files("gateway.organisations").joinpath("registry", file_name)
    for row in csv.DictReader(table.read_text(encoding="utf-8").splitlines()):
        yield {column: value.strip() for column, value in row.items()}
