"""What the gate reports of one slice: the rules, what every step took, and what none of it covers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.model.product import AnonymityRules
from gateway.protection.generalise import Coded
from gateway.protection.rows_slice import Granularity, RowSlice

LIMITS = (
    (
        "k is counted per combination of values within one slice; it says nothing about "
        "trajectories: several rows of one pseudonym, read together, can be rarer than k."
    ),
    (
        "l counts the values of a sensitive column that are possible for a person, and not how "
        "likely each is: nine of ten persons of a combination may share one."
    ),
    (
        "Between releases: nothing is told in finer terms than in the release before it of the same "
        "contract version, and a quasi-identifier that it hides of a person stays hidden. A sensitive "
        "value that it hides is told when the persons of whom it was hidden are no longer alike. Who "
        "appears or leaves between two releases can be told apart from those who stay."
    ),
    "Columns that are not quasi-identifiers, such as months and services, do not count towards k.",
)


@dataclass(slots=True)
class Course:
    """What was found at the finest levels and after each step of the ladder."""

    found: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    _finest: tuple[Coded, ...] = ()
    _before: tuple[Coded, ...] = ()

    def note(
        self,
        piece: RowSlice,
        granularity: Granularity,
        *,
        below_k: NDArray[np.bool_],
        uniform: NDArray[np.bool_],
    ) -> None:
        """below_k, uniform: (rows) that would have to be suppressed if the ladder ended here."""
        altered = 0
        if granularity.steps:
            names = [column.name for column in piece.known]
            place = names.index(granularity.steps[-1].column)
            altered = int(changed(self._before[place], granularity.coding[place]).sum())
        self._finest = self._finest or granularity.coding
        self._before = granularity.coding
        self.found.append(
            {
                "rows_altered": altered,
                "rows_below_k": int(below_k.sum()),
                "rows_below_l": int((uniform & ~below_k).sum()),
            }
        )

    def report(self, piece: RowSlice, granularity: Granularity) -> dict[str, Any]:
        """levels: where each column ended; rows_generalised: with a value coarser than the finest."""
        names = [column.name for column in piece.known]
        counts = self.found[: len(granularity.steps) + 1]
        generalised = np.zeros(piece.rows, dtype=np.bool_)
        for finest, coding in zip(self._finest, granularity.coding, strict=True):
            generalised |= changed(finest, coding)
        return {
            "rows_generalised": int(generalised.sum()),
            "levels": {name: granularity.levels[name].name for name in names},
            "at_first": {name: counts[0][name] for name in ("rows_below_k", "rows_below_l")},
            "steps": [
                {"column": step.column, "level": step.level, **count}
                for step, count in zip(granularity.steps, counts[1:], strict=True)
            ],
        }


def changed(before: Coded, after: Coded) -> NDArray[np.bool_]:
    """(rows) whose value is written otherwise after a step."""
    place = {name: index for index, name in enumerate(after.names)}
    same = np.array([place.get(name, -1) for name in before.names], dtype=np.int64)
    return same[before.codes] != after.codes


def report_of(piece: RowSlice, rules: AnonymityRules) -> dict[str, Any]:
    """The report of a slice without rows; `persons` stays null, as it may be 1 to k-1."""
    return {
        "k": rules.k,
        "k_reached": None,
        "l": rules.diversity,
        "l_reached": None,
        "maximum_suppressed_share": rules.maximum_suppressed_share,
        "levels": {},
        "at_first": {"rows_below_k": 0, "rows_below_l": 0},
        "steps": [],
        "columns_withheld": [],
        "rows": piece.rows,
        "rows_published": 0,
        "persons": None,
        "suppressed": {"rows": 0, "share": 0.0, "by_column": {}},
        "rows_generalised": 0,
        "withheld_below_k": {"rows": 0},
        "limits": list(LIMITS),
    }
