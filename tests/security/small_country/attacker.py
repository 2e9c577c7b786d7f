"""Somebody who merges whatever the gateway answers, knowing nothing of it but its addresses.

From codes and labels comes what is a part of what; from every answer, numbers; from its own rows,
an area's own figures. All of it becomes one linear programme over everybody who can be told apart.
Deliberately written without any part of the gateway.
"""

from __future__ import annotations

import csv
import io
import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import highspy
import numpy as np
from numpy.typing import NDArray

GEOGRAPHY, MONTH, MEASURE, WHOLE, ALL = "geography", "month", "measure", "SSS", "*"
CLASSES = ("sex", "age")
UNEMPLOYED, OTHER, CLIENT = "unemployed", "other seeker", "service client"
STATES = {  # what the words mean; the last one is printed nowhere, and follows from the first two
    "job_seekers": (UNEMPLOYED, OTHER),
    "unemployed": (UNEMPLOYED,),
    "service_clients": (CLIENT,),
    "other_seekers": (OTHER,),
}
FAR, NEAR = 10_000.0, 1e-6


class Answers(Protocol):
    """The gateway as somebody with tokens sees it."""

    def get(self, path: str, persona: str) -> Any: ...


@dataclass(frozen=True, order=True)
class Cell:
    """A measure of one month, in a place, of one code of every classification (SSS: all of them)."""

    measure: str
    month: str
    place: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """A small count that is known too well."""

    cell: Cell
    low: float
    high: float

    @property
    def is_exact(self) -> bool:
        return self.high - self.low < NEAR


@dataclass
class Merged:
    """Everything that was read. told: release → cell → count. hidden: cells seen without a count.

    below: dimension → code → the codes that make it up and have no parts themselves.
    rows: (release, area) → (municipality, sex, age, state or None) → how many different pseudonyms.
    """

    told: dict[str, dict[Cell, int]] = field(default_factory=lambda: defaultdict(dict))
    hidden: dict[str, set[Cell]] = field(default_factory=lambda: defaultdict(set))
    below: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)
    rows: dict[tuple[str, str], Counter[tuple[str, ...]]] = field(default_factory=dict)
    answers: int = 0

    def add(self, release: str, cell: Cell, count: int | None) -> None:
        """One number, or one mark. One release never says two things of a cell."""
        if count is None:
            self.hidden[release].add(cell)
        elif self.told[release].setdefault(cell, count) != count:
            raise AssertionError(f"{release} tells two numbers of {cell}")


# --- reading -----------------------------------------------------------------------------------


class Reader:
    """Asks for whatever comes to mind, and reads all that it gets."""

    def __init__(self, gateway: Answers, *, cubes: tuple[str, ...], seed: int) -> None:
        self.gateway, self.cubes = gateway, cubes
        self.dice = random.Random(seed)
        self.merged = Merged()

    def ask_anything(
        self, releases: Iterable[str], personas: tuple[str, ...], *, times: int
    ) -> None:
        """Random questions, and at last for everything, in one format or the other."""
        for release in releases:
            codes = {cube: self._codes(cube, release) for cube in self.cubes}
            for _ in range(times):
                cube = self.dice.choice(self.cubes)
                named = [name for name in codes[cube] if self.dice.random() < 0.7]
                query = {name: ",".join(self._some(codes[cube][name])) for name in named}
                self._ask(cube, release, query, self.dice.choice(personas))
            for cube in self.cubes:
                everything = dict.fromkeys(codes[cube], ALL)
                self._ask(cube, release, everything, self.dice.choice(personas))

    def count_rows(self, product: str, release: str, area: str, persona: str) -> None:
        """The area's own figures, from its own rows."""
        path = f"/v1/rows/{product}?area={area}&release={release}&format=csv"
        seen: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for row in csv.DictReader(io.StringIO(self.gateway.get(path, persona).text)):
            state = {"02": UNEMPLOYED, "*": ALL}.get(row["employment_code"], OTHER)
            kind = (row["municipality"], row["sex"], row["age"], state)
            seen[kind].add(row["pseudonym"])
        self.merged.rows[release, area] = Counter({k: len(own) for k, own in seen.items()})

    def _codes(self, cube: str, release: str) -> dict[str, list[str]]:
        """The codes of each dimension; and what they are parts of is remembered."""
        codes: dict[str, list[str]] = {}
        found = self.gateway.get(f"/v1/cubes/{cube}?release={release}", "ely-analyst").json()
        for dimension in found["dimensions"]:
            parts: dict[str, set[str]] = {code["code"]: set() for code in dimension["codes"]}
            for code in dimension["codes"]:
                for parent in code["parents"]:
                    parts[parent].add(code["code"])
            self.merged.below[dimension["name"]] = {one: _leaves(one, parts) for one in parts}
            codes[dimension["name"]] = list(parts)
        return codes

    def _some(self, codes: list[str]) -> list[str]:
        if self.dice.random() < 0.3:
            return [ALL]
        return self.dice.sample(codes, self.dice.randint(1, len(codes)))

    def _ask(self, cube: str, release: str, query: Mapping[str, str], persona: str) -> None:
        form = self.dice.choice(("json-stat2", "csv"))
        asked = {**query, "release": release, "format": form}
        path = "&".join(f"{name}={codes}" for name, codes in asked.items())
        answer = self.gateway.get(f"/v1/cubes/{cube}/data?{path}", persona)
        if answer.status_code == 400 and answer.json()["code"] == "aggregation_not_published":
            return
        if answer.status_code != 200:
            raise AssertionError(answer.text)
        self.merged.answers += 1
        read = _json_stat(answer.json()) if form == "json-stat2" else _csv(answer.text)
        for codes, count in read:
            classes = tuple(codes.get(name, WHOLE) for name in CLASSES)
            cell = Cell(codes[MEASURE], codes[MONTH], codes[GEOGRAPHY], classes)
            self.merged.add(release, cell, count)


def _leaves(code: str, parts: Mapping[str, set[str]]) -> frozenset[str]:
    below = frozenset[str]().union(*(_leaves(part, parts) for part in parts[code]))
    return below or frozenset({code})


def _json_stat(document: Mapping[str, Any]) -> Iterator[tuple[dict[str, str], int | None]]:
    names = document["id"]
    codes = [document["dimension"][name]["category"]["index"] for name in names]
    for number, place in enumerate(itertools.product(*codes)):
        if document.get("status", {}).get(str(number)) != "..":
            yield dict(zip(names, place, strict=True)), document["value"][number]


def _csv(text: str) -> Iterator[tuple[dict[str, str], int | None]]:
    for row in csv.DictReader(io.StringIO(text)):
        measures = [name for name in row if f"{name}_status" in row]
        codes = {name: row[name] for name in row if name not in measures}
        for measure in measures:
            if row[f"{measure}_status"] != "..":
                count = int(row[measure]) if row[measure] else None
                yield {**codes, MEASURE: measure}, count


# --- reckoning ---------------------------------------------------------------------------------


class Programme:
    """One month's unknowns, and all that is known of them.

    An unknown is how many have one code of every kind: municipality, sex, age, state.
    """

    def __init__(self, merged: Merged, month: str) -> None:
        self.merged, self.month = merged, month
        kinds = [merged.below[GEOGRAPHY][WHOLE], *(merged.below[name][WHOLE] for name in CLASSES)]
        self.column = {
            kind: number
            for number, kind in enumerate(
                itertools.product(*(sorted(own) for own in kinds), (UNEMPLOYED, OTHER, CLIENT))
            )
        }
        self.solver = highspy.Highs()
        self.solver.setOptionValue("output_flag", False)
        self.count = len(self.column)
        self.solver.addVars(self.count, np.zeros(self.count), np.full(self.count, FAR))
        self.imagined = np.empty((0, self.count))

    def hear(self, release: str) -> None:
        """All numbers of a release that are of this month."""
        for cell, count in sorted(self.merged.told[release].items()):
            if cell.month == self.month:
                self._equal(self.unknown(cell), count)

    def hear_of(self, cell: Cell, count: int) -> None:
        """One number that somebody else told."""
        self._equal(self.unknown(cell), count)

    def learn(self, release: str, area: str) -> None:
        """What the rows of an area say: nobody of it is in none of them."""
        places = self.merged.below[GEOGRAPHY][f"TA{area}"]
        held: dict[int, list[int]] = defaultdict(list)
        for kind, count in sorted(self.merged.rows[release, area].items()):
            inside = [self.column[one] for one in self.column if _fits(one, kind, places)]
            first = self.solver.getNumCol()
            self.solver.addVars(len(inside), np.zeros(len(inside)), np.full(len(inside), FAR))
            for number, column in enumerate(inside, start=first):
                held[column].append(number)
            self._equal(np.arange(first, first + len(inside), dtype=np.int32), count)
        for kind, column in self.column.items():
            if kind[0] in places and kind[-1] != CLIENT:
                numbers = np.array([column, *held[column]], dtype=np.int32)
                signs = np.array([1.0, *(-1.0 for _ in held[column])])
                self.solver.addRow(0.0, 0.0, len(numbers), numbers, signs)
        self.imagined = np.empty((0, self.count))

    def unknown(self, cell: Cell) -> NDArray[np.int32]:
        """The unknowns that a cell is the sum of."""
        below = self.merged.below
        sets = [below[GEOGRAPHY][cell.place]]
        sets += [below[name][code] for name, code in zip(CLASSES, cell.classes, strict=True)]
        kinds = itertools.product(*sets, STATES[cell.measure])
        return np.array(sorted(self.column[kind] for kind in kinds), dtype=np.int32)

    def attack(self, cells: Iterable[Cell], *, width: float) -> list[Found]:
        """Those of the cells that can be told within less than the width."""
        found = []
        for cell in cells:
            low, high = self.interval(self.unknown(cell), enough=width)
            if high - low < width - NEAR:
                found.append(Found(cell, low, high))
        return found

    def seen(self) -> list[Cell]:
        """All cells of this month that came with a number or a mark, and what measures leave over."""
        merged = [*self.merged.told.values(), *self.merged.hidden.values()]
        cells = {cell for one in merged for cell in one if cell.month == self.month}
        cells |= {replace(c, measure="other_seekers") for c in cells if c.measure == UNEMPLOYED}
        return sorted(cells)

    def unseen(self) -> list[Cell]:
        """Every other combination of codes."""
        below = self.merged.below
        codes = itertools.product(*(sorted(below[name]) for name in (GEOGRAPHY, *CLASSES)))
        everything = {
            Cell(measure, self.month, place, tuple(classes))
            for place, *classes in codes
            for measure in STATES
        }
        return sorted(everything.difference(self.seen()))

    def total(self, truth: Mapping[tuple[str, ...], int], cell: Cell) -> int:
        """What a cell is, by somebody who knows who there is of every kind."""
        kinds = list(self.column)
        return sum(truth.get(kinds[number], 0) for number in self.unknown(cell))

    def interval(self, unknown: NDArray[np.int32], *, enough: float) -> tuple[float, float]:
        """The least and the most that a sum of unknowns can be; of a wide one, ends within it."""
        sums = self.imagined[:, unknown].sum(axis=1)
        if len(sums) and np.ptp(sums) >= enough:
            return float(sums.min()), float(sums.max())
        return self._end(unknown, 1.0), self._end(unknown, -1.0)

    def _end(self, unknown: NDArray[np.int32], sign: float) -> float:
        total = self.solver.getNumCol()
        cost = np.zeros(total)
        cost[unknown] = sign
        self.solver.changeColsCost(total, np.arange(total, dtype=np.int32), cost)
        self.solver.run()
        if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise AssertionError(f"what is told contradicts itself: {self.solver.getModelStatus()}")
        table = np.array(self.solver.getSolution().col_value)[: self.count]
        self.imagined = np.vstack([self.imagined, table])
        return float(table[unknown].sum())

    def _equal(self, columns: NDArray[np.int32], count: int) -> None:
        self.solver.addRow(count, count, len(columns), columns, np.ones(len(columns)))


def _fits(kind: tuple[str, ...], row: tuple[str, ...], places: frozenset[str]) -> bool:
    """Whether somebody of a kind can be in a row; SSS and * in a row can be anything."""
    place, sex, age, state = kind
    if place not in places or state == CLIENT:
        return False
    told = (place.removeprefix("KU"), sex, age, state)
    return all(said in (WHOLE, ALL, own) for said, own in zip(row, told, strict=True))
