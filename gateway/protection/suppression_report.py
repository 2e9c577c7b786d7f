"""What the manifest says of a cube's suppression: rules, figures, and what they do not cover."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.model.cube import Lattice, Status
from gateway.model.product import AxisRole, DisclosureRules

EVERYWHERE = "all"
_ROUNDED_TO = 10  # persons

_BY_LINES = (
    "Comparison with an earlier release of the same months.",
    "Sums over several published lines at once, and the bounds that follow from all lines together.",
    "Insiders: an area can subtract its own true figures from a region's total.",
    "Coalitions of several insiders.",
)
_BY_WIDTHS = (
    "Months that were revised beyond the earlier release, read beside it; and means and shares of two.",
    "Coalitions of more areas than the contract states.",
    "Sums of several hidden cells over several published lines at once.",
)
_NEVER = (
    "Minimality attacks: what follows from knowing how complements are chosen.",
    "Group disclosure: a published cell equal to its total tells of everybody in it.",
    "Prediction over time, and releases further back than one.",
    "Other products over the same population.",
    "A contributor that dominates the sum behind a mean (p % rule).",
)


def report_of(
    lattice: Lattice, status: NDArray[np.uint8], rules: DisclosureRules
) -> Mapping[str, Any]:
    """The JSON-able report of one cube. Shares are of the persons in the published cells' counts."""
    return {
        "method": "threshold suppression with complements, one mask for every recipient",
        "rules": list(_rules(rules)) if rules.threshold > 1 else [],
        "threshold": rules.threshold,
        "reason": rules.reason,
        "cells": [
            {
                "measure": name,
                "geography": level,
                **_figures(lattice, status, measure, where),
            }
            for measure, name in enumerate(lattice.measure_names)
            if measure not in lattice.latent
            for level, where in _levels(lattice)
        ],
        "not_covered": [*(_BY_WIDTHS if rules.outsider_width else _BY_LINES), *_NEVER],
    }


def _rules(rules: DisclosureRules) -> Iterator[Mapping[str, Any]]:
    yield {
        "name": "small_counts",
        "parameters": {"hidden": [1, rules.threshold - 1]},
        "reason": rules.reason,
    }
    yield {
        "name": "nested_measures",
        "parameters": {"hidden": [1, rules.threshold - 1]},
        "reason": "Publishing a whole and its parts publishes what is left of it.",
    }
    yield _widths(rules) if rules.outsider_width else _complements(rules)
    yield {
        "name": "divisions_that_cross",
        "parameters": {"border_pieces": "latent"},
        "reason": "What follows from two crossing divisions is protected as a cell of its own.",
    }


def _widths(rules: DisclosureRules) -> Mapping[str, Any]:
    return {
        "name": "widths",
        "parameters": {
            "outsider": rules.outsider_width,
            "insider": rules.insider_width,
            "coalition": rules.coalition,
            "left_over_by_a_line": rules.threshold,
        },
        "reason": "A hidden small count keeps so wide an interval, by all published sums together, "
        "for a reader of the cube and for areas that know their own figures.",
    }


def _complements(rules: DisclosureRules) -> Mapping[str, Any]:
    return {
        "name": "complements",
        "parameters": {"least_unknown_cells_in_a_line": 2, "least_sum_of_hidden": rules.threshold},
        "reason": "A single unknown cell of a sum, or a small sum of several, follows by subtraction.",
    }


def _levels(lattice: Lattice) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Each geography level, in the order of the codes, with its index into an array over the axes."""
    for number, axis in enumerate(lattice.axes):
        if axis.role is AxisRole.GEO:
            for level in dict.fromkeys(code.level for code in axis.codes):
                places = [i for i, code in enumerate(axis.codes) if code.level == level]
                yield level, (slice(None),) * number + (places,)
            return
    yield EVERYWHERE, ()


def _figures(
    lattice: Lattice,
    status: NDArray[np.uint8],
    measure: int,
    where: tuple[Any, ...],
) -> dict[str, Any]:
    """What may be said of a level: neither why a cell is hidden, nor exactly how many persons are."""
    counts, marks = lattice.counts[measure][where], status[measure][where]
    designed = marks != Status.NOT_PUBLISHED
    hidden = marks == Status.SUPPRESSED
    persons = int(counts[designed].sum())
    # Every total is published, so an exact share would be one more sum over the hidden cells.
    rounded_up = -(-int(counts[hidden].sum()) // _ROUNDED_TO) * _ROUNDED_TO
    return {
        "designed": int(designed.sum()),
        "hidden": int(hidden.sum()),
        "hidden_share": float(hidden.sum() / max(1, designed.sum())),
        "persons_hidden_share": min(1.0, rounded_up / max(1, persons)),
    }
