"""The municipal margins that the people are drawn to: Työnvälitystilasto 12r5, June 2026.

Source: StatFin (Statistics Finland, KEHA-keskus), table 12r5, CC BY 4.0; `ATTRIBUTION.md`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from gateway.organisations.tables import load_municipalities
from gateway.synthetic.draws import Flags, Ints, stream

HIDDEN = "..."
NATION = "SSS"
UNKNOWN_REGION = "MK91"
# Persons, and vacancies, that the table ties to no municipality.
UNKNOWN_PLACES = ("KU199", "KUJOU")

SEEKERS = "HAKIJALOPUSSA"
UNEMPLOYED = "TYOTTOMATLOPUSSA"
MEN = "TYOTTOMATMIEHET"
WOMEN = "TYOTTOMATNAISET"
UNDER_20 = "TYOTTOMAT20"
UNDER_25 = "TYOTTOMAT25"
OVER_50 = "TYOTTOMAT50"
FOREIGN = "TYOTTOMATULK"
LONG_TERM = "PITKAAIKAISTYOTTOMAT"
LAID_OFF = "LOMAUTETTU"
SHORT_WEEK = "LYHTYOVKO"
SUPPORTED_WORK = "TYOLLISTETTYLOP"
TRIALS = "KOKEILULOP"
LABOUR_TRAINING = "TVKOULUTUSLOP"
COACHING = "VALMENNUSLOP"
OTHER_SERVICES = "MTPPALVELUTLOP"
OPEN_VACANCIES = "AVPAIKATLOPUSSA"
NEW_VACANCIES = "UUDETAVP"

MEASURES = (
    SEEKERS, UNEMPLOYED, MEN, WOMEN, UNDER_20, UNDER_25, OVER_50, FOREIGN, LONG_TERM, LAID_OFF,
    SHORT_WEEK, SUPPORTED_WORK, TRIALS, LABOUR_TRAINING, COACHING, OTHER_SERVICES,
    OPEN_VACANCIES, NEW_VACANCIES,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Margins:
    """places: the 308 municipality codes, then None for the unknown place.

    counts: measure → (309) whole numbers at full scale, hidden ones drawn; nation: measure → total.
    """

    places: tuple[str | None, ...]
    counts: Mapping[str, Ints]
    nation: Mapping[str, int]


def load_margins(seed: int) -> Margins:
    """Read the table, and draw what it hides (1 to 4) so that the national totals are met."""
    source = files("gateway.synthetic").joinpath("statfin_12r5_2026M06.csv")
    lines = source.read_text(encoding="utf-8").splitlines()
    rows = {row["area"]: row for row in csv.DictReader(lines)}
    codes = [municipality.code for municipality in load_municipalities()]
    generator = stream(seed, "hidden margins")
    return Margins(
        places=(*codes, None),
        counts={measure: _filled(rows, codes, measure, generator) for measure in MEASURES},
        nation={measure: int(rows[NATION][measure]) for measure in MEASURES},
    )


def _filled(
    rows: Mapping[str, Mapping[str, str]],
    codes: list[str],
    measure: str,
    generator: np.random.Generator,
) -> Ints:
    cells = [rows[f"KU{code}"][measure] for code in codes]
    hidden = np.asarray([cell == HIDDEN for cell in cells])
    counts = np.asarray([0 if cell == HIDDEN else int(cell) for cell in cells], dtype=np.int64)
    nation = int(rows[NATION][measure])
    unknown = _unknown(rows, measure)
    missing = nation - int(counts.sum()) - unknown
    counts[hidden] = _one_to_four(hidden, missing, generator)
    return np.r_[counts, unknown]


def _unknown(rows: Mapping[str, Mapping[str, str]], measure: str) -> int:
    """What belongs to no municipality; where it is hidden, what the regions leave of the nation."""
    cells = [rows[place][measure] for place in UNKNOWN_PLACES]
    if HIDDEN not in cells:
        return sum(map(int, cells))
    regions = [
        row[measure]
        for area, row in rows.items()
        if area.startswith("MK") and area != UNKNOWN_REGION and row[measure] != HIDDEN
    ]
    return max(1, int(rows[NATION][measure]) - sum(map(int, regions)))


def _one_to_four(hidden: Flags, total: int, generator: np.random.Generator) -> Ints:
    """Values of 1 to 4 for each hidden cell, summing to `total` as nearly as they can."""
    count = int(hidden.sum())
    extra = int(np.clip(total - count, 0, 3 * count))
    slots = generator.permutation(np.repeat(np.arange(count), 3))[:extra]
    return 1 + np.bincount(slots, minlength=count)
