"""The geography dimension: country, region, EVK, employment area and municipality in one code list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway.model.codes import Code, CodeList
from gateway.model.label import Label
from gateway.organisations.tables import (
    Municipality,
    Named,
    load_areas,
    load_evk_centres,
    load_municipalities,
    load_regions,
)

COUNTRY = "SSS"
UNKNOWN_MUNICIPALITY = "KUXXX"


def geography() -> CodeList:
    """The code list `geography`.

    Regions, EVK centres and areas are three divisions of the country that cross one another; a
    mainland municipality has a parent in each, an Åland one only its region (MK21), and the
    unknown municipality `KUXXX` stands straight under the country. EVK centres are those of 2026.
    """
    codes = (
        Code(COUNTRY, Label(fi="Koko maa", sv="Hela landet", en="Whole country"), "country"),
        *_division(load_regions(), prefix="MK", level="region"),
        *_division(load_evk_centres(), prefix="EVK", level="evk"),
        *_areas(),
        *(_leaf(municipality) for municipality in load_municipalities()),
        Code(
            UNKNOWN_MUNICIPALITY,
            Label(fi="Kunta tuntematon", sv="Kommun okänd", en="Municipality unknown"),
            "municipality",
            (COUNTRY,),
        ),
    )
    return CodeList("geography", Label(fi="Alue", sv="Område", en="Area"), codes)


def _division(members: tuple[Named, ...], *, prefix: str, level: str) -> Iterator[Code]:
    for member in members:
        yield Code(prefix + member.code, member.label, level, (COUNTRY,))


def _areas() -> Iterator[Code]:
    """Areas say what they are: Helsinki is a municipality too, and clients tell codes by label."""
    for code in _division(load_areas(), prefix="TA", level="area"):
        label = Label(
            fi=f"{code.label.fi} (työllisyysalue)",
            sv=f"{code.label.sv} (sysselsättningsområde)",
            en=f"{code.label.en} (employment area)",
        )
        yield replace(code, label=label)


def _leaf(municipality: Municipality) -> Code:
    parents = [f"MK{municipality.region}"]
    if municipality.evk is not None:
        parents.append(f"EVK{municipality.evk}")
    if municipality.area is not None:
        parents.append(f"TA{municipality.area}")
    return Code(f"KU{municipality.code}", municipality.label, "municipality", tuple(parents))
