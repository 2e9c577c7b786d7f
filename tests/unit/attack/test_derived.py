"""What the auditor says of means and shares, on one whole of three parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gateway.attack.derived import Reason, attacked_mean, attacked_share
from gateway.attack.mean_sums import Sums
from gateway.errors import ReleaseRefused
from gateway.model.cube import Status
from gateway.model.label import Label
from gateway.model.product import Dominance, Measure, MeasureKind

TEXT = Label("", "", "")
SHOWN, HIDDEN = Status.PUBLISHED, Status.SUPPRESSED
RULE = Dominance(10, 5, "contributors", "largest", "second", "a test")
MEAN = Measure(
    "mean", TEXT, TEXT, MeasureKind.MEAN, 0, of=("persons",), minimum_n=10, dominance=RULE
)
SHARE = Measure(
    "share", TEXT, TEXT, MeasureKind.SHARE, 1, of=("all",), numerator="some", minimum_n=10
)
PLACES = {"SSS": ["a", "b", "c"]}


@pytest.fixture
def persons(cube):
    return cube(PLACES, {("a",): 40, ("b",): 60, ("c",): 80}).lattice


def sums(lattice, *, giant=0):
    """Everybody contributes 10 units; one person of `a` more."""
    counts = lattice.counts[0]
    total, first = counts * 1000, np.where(counts > 0, 1000, 0)
    second = first.copy()
    for cell in (0, 1):
        total[cell] += giant
        first[cell] += giant
    return Sums(counts, counts, total, first, second)


def found(lattice, marks, leaves, *, counts=(0, 0, 0, 0), **terms):
    status = np.array([counts], dtype=np.uint8)
    shown = np.array(marks, dtype=np.uint8)
    measure = replace(MEAN, **terms)
    findings = attacked_mean(lattice, status, measure=measure, shown=shown, leaves=leaves)
    return [(one.cell[0], one.reason) for one in findings]


def test_published_means_of_many_alike_are_no_finding(persons):
    assert found(persons, [SHOWN] * 4, sums(persons)) == []


def test_a_published_mean_that_one_person_dominates_is_found(persons):
    assert found(persons, [SHOWN] * 4, sums(persons, giant=10_000_000)) == [
        (0, Reason.SHOWN),
        (1, Reason.SHOWN),
    ]


def test_a_published_mean_of_few_or_of_a_hidden_count_is_found(persons):
    assert (2, Reason.SHOWN) in found(persons, [SHOWN] * 4, sums(persons), minimum_n=70)
    told = found(persons, [SHOWN] * 4, sums(persons), counts=[SHOWN, HIDDEN, HIDDEN, SHOWN])
    assert told == [(1, Reason.SHOWN), (2, Reason.SHOWN)]


def test_one_hidden_mean_of_a_line_follows_exactly(persons):
    assert found(persons, [SHOWN, HIDDEN, SHOWN, SHOWN], sums(persons)) == [(1, Reason.CLOSE)]


def test_two_hidden_means_of_a_line_keep_each_other(persons):
    assert found(persons, [SHOWN, HIDDEN, HIDDEN, SHOWN], sums(persons)) == []


def test_a_giant_is_found_behind_a_neighbour_that_is_too_small_to_hide_it(persons):
    # The whole is of so many that it may be told; b's sum of 60 * 10 leaves a's giant too little room.
    leaves = sums(persons, giant=2_000_000)
    leaves.total[[0, 3]] += 80_000_000
    leaves.first[[0, 3]] += 1_000_000
    leaves.second[[0, 3]] += 1_000_000

    assert found(persons, [SHOWN, HIDDEN, HIDDEN, SHOWN], leaves) == [
        (0, Reason.REST),
        (1, Reason.CLOSE),
    ]
    assert found(persons, [SHOWN, HIDDEN, SHOWN, HIDDEN], leaves) == []


def test_sums_of_nobody_are_known_to_everybody(cube):
    lattice = cube(PLACES, {("a",): 40, ("b",): 0, ("c",): 80}).lattice

    assert found(lattice, [SHOWN, HIDDEN, HIDDEN, SHOWN], sums(lattice)) == [(1, Reason.CLOSE)]


def test_a_mean_without_a_rule_cannot_be_judged(persons):
    with pytest.raises(ReleaseRefused, match="no rule"):
        found(persons, [SHOWN] * 4, sums(persons), dominance=None)


def test_an_audit_without_time_refuses(persons):
    with pytest.raises(ReleaseRefused, match="time is used up"):
        attacked_mean(
            persons,
            np.zeros((1, 4), dtype=np.uint8),
            measure=MEAN,
            shown=np.array([0, 1, 1, 0], dtype=np.uint8),
            leaves=sums(persons),
            budget_seconds=0.0,
        )


@pytest.mark.parametrize(
    ("marks", "counts", "cells"),
    [
        ([0, 0, 0, 0], [[0] * 4, [0] * 4], [3]),  # of eight persons
        ([0, 0, 0, 1], [[0] * 4, [0] * 4], []),
        ([0, 0, 0, 1], [[0] * 4, [0, 1, 1, 0]], [1, 2]),
        ([0, 1, 1, 1], [[0] * 4, [0, 1, 1, 0]], []),
        ([0, 0, 0, 1], [[0, 0, 1, 0], [0] * 4], [2]),
    ],
)
def test_a_share_stands_only_on_published_counts_of_enough(cube, marks, counts, cells):
    nested = [("all", "some")]
    numbers = {("all", "a"): 40, ("all", "b"): 60, ("all", "c"): 8}
    numbers |= {("some", "a"): 20, ("some", "b"): 30, ("some", "c"): 4}
    lattice = cube(PLACES, numbers, nestings=nested).lattice
    status = np.array([*counts, [0] * 4], dtype=np.uint8)
    shown = np.array(marks, dtype=np.uint8)

    told = attacked_share(lattice, status, measure=SHARE, shown=shown)

    assert [one.cell[0] for one in told] == cells
