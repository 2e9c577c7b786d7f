"""The real table of the state: undone by subtraction as it is published, safe as Jakelu publishes it.

Työnvälitystilasto 12r5 of June 2026 by municipality (StatFin, Statistics Finland and KEHA-keskus, CC BY
4.0; `gateway/synthetic/ATTRIBUTION.md`) shows `...` for 1 to 4, and the regions, ELY centres and the
nation in full. What it hides is filled in here with whole numbers that meet every published sum. Then
employment areas and EVK centres, which the table does not have, are published too.

The table is attacked twice: by the auditor, and by the plain programme below, which knows nothing of
Jakelu but the map. Both know every sum, and each area its own figures.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import combinations

import highspy
import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.attack import attacked
from gateway.model.codes import Code
from gateway.model.cube import Axis, Lattice, Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, Combination, Dimension, DisclosureRules, Nesting
from gateway.organisations.tables import Municipality, load_municipalities
from gateway.protection.axes import axis_from_codes
from gateway.protection.lattice import LeafCounts, build_lattice
from gateway.protection.suppression import protect

RULES = DisclosureRules(5, "as in the table", outsider_width=4, insider_width=4)
SEEKERS, UNEMPLOYED = "HAKIJALOPUSSA", "TYOTTOMATLOPUSSA"
MEN, WOMEN = "TYOTTOMATMIEHET", "TYOTTOMATNAISET"
UNDER_20, UNDER_25, OVER_50 = "TYOTTOMAT20", "TYOTTOMAT25", "TYOTTOMAT50"
MEASURES = (
    *(SEEKERS, UNEMPLOYED, MEN, WOMEN, UNDER_20, UNDER_25, OVER_50),
    *("TYOTTOMATSAIR", "TYOTTOMATULK", "PITKAAIKAISTYOTTOMAT", "KASSASSA", "LOMAUTETTU"),
    *("LYHTYOVKO", "TYOLLISTETTYLOP", "KOKEILULOP", "TVKOULUTUSLOP", "VALMENNUSLOP"),
    "MTPPALVELUTLOP",
)
PARTS = (  # no place has more of the parts together than of the whole
    (SEEKERS, (UNEMPLOYED,)),
    (UNEMPLOYED, (MEN, WOMEN)),
    (UNEMPLOYED, (UNDER_25, OVER_50)),
    (UNDER_25, (UNDER_20,)),
    *((UNEMPLOYED, (part,)) for part in MEASURES[7:12]),
)
NATION, OUTSIDE, UNKNOWN = "SSS", "KU199", "KUXXX"
LEVELS = ("country", "region", "ely", "evk", "area", "municipality")
TEXT = Label("", "", "")
UNTOLD = 1e6  # more than the nation has


def read_table() -> Mapping[str, Mapping[str, int | None]]:
    """measure → code → count, None where the table hides it."""
    source = files("gateway.synthetic").joinpath("statfin_12r5_2026M06.csv")
    rows = list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))
    return {
        measure: {row["area"]: None if row[measure] == "..." else int(row[measure]) for row in rows}
        for measure in MEASURES
    }


def divisions_of(place: Municipality) -> tuple[str, ...]:
    """Of Åland only its region and the ELY centre's line, which has no centre."""
    codes = [f"MK{place.region}", f"ELY{place.ely or '16'}"]
    codes += [f"EVK{place.evk}"] if place.evk else []
    return (*codes, f"TA{place.area}") if place.area else tuple(codes)


def read_map() -> Mapping[str, tuple[str, ...]]:
    """division → its municipalities; SSS is all of them, those outside the country, and the unknown."""
    found: dict[str, list[str]] = {}
    for place in load_municipalities():
        for code in divisions_of(place):
            found.setdefault(code, []).append(f"KU{place.code}")
    everywhere = (*(f"KU{place.code}" for place in load_municipalities()), OUTSIDE, UNKNOWN)
    return {NATION: everywhere, **{code: tuple(found[code]) for code in sorted(found)}}


TABLE, MAP = read_table(), read_map()
LEAVES = MAP[NATION]
AREAS = tuple(code for code in MAP if code.startswith("TA"))


def has_residual(measure: str) -> bool:
    """Whether the nation has more than its regions together, those that are hidden being 4 at most."""
    regions = [count for code, count in TABLE[measure].items() if code.startswith("MK")]
    shown = sum(count for count in regions if count is not None)
    return TABLE[measure][NATION] - shown > 4 * regions.count(None)


# --- what the table hides ----------------------------------------------------------------------


def plausible_truth() -> Mapping[str, Mapping[str, int]]:
    """measure → leaf → count: 1 to 4 where the table hides one, drawn, and bent to fit every sum."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    dice = np.random.default_rng(12_5)
    whole = highspy.HighsVarType.kInteger
    counts: dict[str, dict[str, object]] = {}
    bends = []
    for measure in MEASURES:
        told = TABLE[measure]
        counts[measure] = own = {leaf: told.get(leaf, 0) for leaf in LEAVES}
        for leaf in (leaf for leaf in LEAVES if own[leaf] is None):
            own[leaf] = solver.addVariable(1, 4, type=whole)
            bends.append(bend := solver.addVariable(0, 3))
            drawn = int(dice.integers(1, 5))
            solver.addConstrs(bend >= own[leaf] - drawn, bend >= drawn - own[leaf])
        own[UNKNOWN] = solver.addVariable(0, UNTOLD if has_residual(measure) else 0, type=whole)
        for code in MAP.keys() & told.keys():
            total = sum(own[leaf] for leaf in MAP[code]) + 0 * own[UNKNOWN]
            least, most = (1, 4) if told[code] is None else (told[code], told[code])
            solver.addConstrs(total >= least, total <= most)
    for measure, parts in PARTS:
        for leaf in LEAVES:
            together = [counts[part][leaf] for part in parts]
            solver.addConstr(sum(together) <= counts[measure][leaf] + 0 * bends[0])
    solver.minimize(sum(bends))
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return {
        measure: {
            leaf: count if isinstance(count, int) else round(solver.val(count))
            for leaf, count in own.items()
        }
        for measure, own in counts.items()
    }


# --- the plain attack --------------------------------------------------------------------------


class Reader:
    """Who is told some counts of one measure, leaves or divisions, and knows the map.

    told: code → count; least, most: what a leaf that is not told can be.
    """

    def __init__(
        self, told: Mapping[str, int], *, least: float = 0.0, most: float = UNTOLD
    ) -> None:
        self.column = {x: i for i, x in enumerate(x for x in LEAVES if x not in told)}
        count = len(self.column)
        lower, upper = np.full(count, least), np.full(count, most)
        if UNKNOWN in self.column:
            lower[self.column[UNKNOWN]], upper[self.column[UNKNOWN]] = 0.0, UNTOLD
        self.solver = highspy.Highs()
        self.solver.setOptionValue("output_flag", False)
        self.solver.addVars(count, lower, upper)
        for code in MAP.keys() & told.keys():
            unknown = self.unknown(MAP[code])
            rest = told[code] - sum(told.get(leaf, 0) for leaf in MAP[code])
            self.solver.addRow(rest, rest, len(unknown), unknown, np.ones(len(unknown)))
        self.imagined = np.empty((0, count))  # tables behind what is told, one a row

    def unknown(self, leaves: Iterable[str]) -> NDArray[np.int32]:
        return np.array([self.column[x] for x in leaves if x in self.column], dtype=np.int32)

    def width(self, leaves: Iterable[str], *, enough: float = UNTOLD) -> float:
        """How far apart the sum of some leaves can be; what is more than enough may be told as less."""
        unknown = self.unknown(leaves)
        sums = self.imagined[:, unknown].sum(axis=1)
        if len(sums) and np.ptp(sums) >= enough:
            return float(np.ptp(sums))
        return self._most(unknown, 1.0) + self._most(unknown, -1.0)

    def _most(self, unknown: NDArray[np.int32], sign: float) -> float:
        """The largest sum of some unknowns, or with the other sign the negative of the smallest."""
        count = len(self.column)
        cost = np.zeros(count)
        cost[unknown] = -sign
        self.solver.changeColsCost(count, np.arange(count, dtype=np.int32), cost)
        self.solver.run()
        assert self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        table = np.array(self.solver.getSolution().col_value)
        self.imagined = np.vstack([self.imagined, table])
        return float(sign * table[unknown].sum())


def small_places(truth: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Codes with 1 to 4, and what two divisions that cross have in common with so many."""
    return [leaves for leaves in PLACES if 1 <= sum(truth[leaf] for leaf in leaves) <= 4]


def _places() -> list[tuple[str, ...]]:
    sets = [frozenset(leaves) for leaves in MAP.values()]
    pieces = {one & other for one, other in combinations(sets, 2)}
    pieces |= {*sets, *(frozenset({leaf}) for leaf in LEAVES)}
    return sorted(tuple(sorted(piece)) for piece in pieces if piece)


PLACES = _places()


def found_by_plain_programme(
    told: Mapping[str, int], truth: Mapping[str, int], *, insiders: Iterable[str]
) -> list[tuple[str | None, tuple[str, ...], float]]:
    """Whoever finds a small count narrower than the width: the area or None, the place, how narrow."""
    found = []
    for area in (None, *insiders):
        own = MAP[area] if area else ()
        reader = Reader({**told, **{leaf: truth[leaf] for leaf in own}})
        for place in small_places(truth):
            if set(place).isdisjoint(own):
                width = reader.width(place, enough=RULES.outsider_width)
                if width < RULES.outsider_width - 1e-6:
                    found.append((area, place, width))
    return found


# --- the table as Jakelu publishes it ----------------------------------------------------------


@dataclass(frozen=True)
class Release:
    """Some measures of the table as one protected cube."""

    lattice: Lattice
    status: NDArray[np.uint8]

    @property
    def told(self) -> Mapping[str, Mapping[str, int]]:
        """measure → code → count, of what is published."""
        codes = self.lattice.axes[0].codes
        return {
            name: {
                code.code: int(count)
                for code, count, status in zip(codes, counts, statuses, strict=True)
                if status == Status.PUBLISHED
            }
            for name, counts, statuses in zip(
                self.lattice.measure_names, self.lattice.counts, self.status, strict=True
            )
        }

    def findings(self) -> tuple[object, ...]:
        known = self.status == Status.PUBLISHED
        known[list(self.lattice.latent)] = False
        return attacked(self.lattice, known, RULES).findings


def geography() -> Axis:
    levels = {"MK": "region", "EL": "ely", "EV": "evk", "TA": "area"}
    codes = [Code(NATION, TEXT, "country")]
    codes += [Code(x, TEXT, levels[x[:2]], (NATION,)) for x in MAP if x != NATION]
    for leaf in LEAVES:
        above = tuple(code for code in MAP if code != NATION and leaf in MAP[code])
        codes.append(Code(leaf, TEXT, "municipality", above or (NATION,)))
    return axis_from_codes(Dimension("geography", TEXT, AxisRole.GEO, "geography", LEVELS), codes)


AXIS = geography()


def released(
    truth: Mapping[str, Mapping[str, int]], *measures: str, nestings: tuple[Nesting, ...] = ()
) -> Release:
    positions = np.array([[AXIS.position()[leaf] for leaf in LEAVES]])
    counts = {name: np.array([truth[name][leaf] for leaf in LEAVES]) for name in measures}
    combination = Combination({"geography": LEVELS}, frozenset(measures))
    lattice = build_lattice(
        [AXIS], LeafCounts(positions, counts), nestings=nestings, combinations=[combination]
    )
    return Release(lattice, protect(lattice, RULES).status)


@pytest.fixture(scope="module")
def truth() -> Mapping[str, Mapping[str, int]]:
    return plausible_truth()


@pytest.fixture(scope="module")
def releases(truth) -> Mapping[str, Release]:
    return {measure: released(truth, measure) for measure in MEASURES}


def test_the_nation_has_more_than_its_parts_in_eleven_measures():
    assert sum(map(has_residual, MEASURES)) == 11


def test_what_is_filled_in_is_what_the_table_hides_and_meets_its_sums(truth):
    for measure, counts in truth.items():
        for code, told in TABLE[measure].items():
            leaves = MAP.get(code, (code,))
            if set(leaves) <= counts.keys():
                total = sum(counts[leaf] for leaf in leaves)
                assert total == told if told is not None else 1 <= total <= 4


@pytest.mark.parametrize(("bounds", "undone"), [((0.0, UNTOLD), 31), ((1.0, 4.0), 47)])
def test_the_table_as_it_is_published_gives_back_what_it_hides(bounds, undone):
    exact = 0
    for measure in MEASURES:
        told = {code: count for code, count in TABLE[measure].items() if count is not None}
        if not has_residual(measure):
            told[UNKNOWN] = 0
        reader = Reader(told, least=bounds[0], most=bounds[1])
        hidden = [leaf for leaf in reader.column if leaf != UNKNOWN]
        exact += sum(reader.width([leaf], enough=1.0) < 1e-6 for leaf in hidden)
    assert exact == undone


@pytest.mark.parametrize("measure", MEASURES)
def test_the_plain_programme_finds_nothing(releases, truth, measure):
    told = releases[measure].told[measure]
    assert not [code for code, count in told.items() if 1 <= count <= 4]
    assert found_by_plain_programme(told, truth[measure], insiders=AREAS) == []


def test_the_plain_programme_finds_much_where_only_small_counts_are_hidden(truth):
    found = []
    for measure in MEASURES:
        sums = {code: sum(truth[measure][leaf] for leaf in MAP[code]) for code in MAP}
        counts = {**truth[measure], **sums}
        told = {code: count for code, count in counts.items() if not 1 <= count <= 4}
        found += found_by_plain_programme(told, truth[measure], insiders=())
    assert len([1 for _, place, width in found if len(place) == 1 and width < 1e-6]) > 90


def test_the_auditor_finds_nothing(releases):
    assert [release.findings() for release in releases.values()] == [()] * len(MEASURES)


def test_no_more_than_three_per_cent_of_the_municipal_counts_are_hidden_besides(releases, truth):
    small = sum(1 <= count <= 4 for counts in truth.values() for count in counts.values())
    hidden = sum(
        len(LEAVES) - len(told.keys() & set(LEAVES))
        for release in releases.values()
        for told in release.told.values()
    )
    assert 0 < hidden - small <= 0.03 * len(MEASURES) * len(load_municipalities())


def test_men_women_and_all_the_unemployed_are_safe_beside_each_other(truth):
    # Of unknown sex there are 1 to 4 in many municipalities: a count that nobody prints, and that
    # follows from the three that are.
    sexes = Nesting(UNEMPLOYED, (MEN, WOMEN))
    release = released(truth, UNEMPLOYED, MEN, WOMEN, nestings=(sexes,))
    small = release.lattice.counts[3, [code.level == "municipality" for code in AXIS.codes]]
    assert ((small > 0) & (small < RULES.threshold)).sum() > 30
    assert release.findings() == ()
