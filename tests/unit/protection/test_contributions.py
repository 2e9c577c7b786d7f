from __future__ import annotations

import numpy as np
import pytest

from gateway.errors import NegativeCount, ReleaseRefused
from gateway.model.codes import Code
from gateway.model.cube import Axis, Line
from gateway.model.label import Label
from gateway.model.product import AxisRole, Dominance
from gateway.protection.contributions import Contributions, contributions_of, in_hundredths

TEXT = Label("", "", "")
RULE = Dominance(10, 5, "contributors", "largest", "second", "a test")


def places():
    """A whole of two halves, of two leaves each."""
    codes = tuple(Code(name, TEXT, "level") for name in ("SSS", "A", "B", "a1", "a2", "b1", "b2"))
    lines = (Line(0, (1, 2)), Line(1, (3, 4)), Line(2, (5, 6)))
    return Axis("place", TEXT, AxisRole.CLASS, codes, lines, 0)


def rows(*amounts):
    """One row per leaf, of the amounts of its persons."""
    ordered = [[*sorted(own, reverse=True), 0, 0] for own in amounts]
    return Contributions(
        np.array([sum(own) for own in amounts]),
        np.array([own[0] for own in ordered]),
        np.array([own[1] for own in ordered]),
        np.array([len(own) for own in amounts]),
    )


def test_the_largest_two_contributions_of_a_sum_are_those_of_its_leaves():
    made = contributions_of([places()], np.array([[3, 4, 5, 6]]), rows([5, 4], [9], [], [7, 8, 1]))

    assert made.largest.tolist() == [9, 9, 8, 5, 9, 0, 8]
    assert made.second.tolist() == [8, 5, 7, 4, 0, 0, 7]
    assert made.sums.tolist() == [34, 18, 16, 9, 9, 0, 16]
    assert made.contributors.tolist() == [6, 3, 3, 2, 1, 0, 3]


def test_rows_of_one_leaf_are_of_different_persons():
    made = contributions_of([places()], np.array([[3, 3, 6]]), rows([5, 4], [7, 1], [2]))

    assert (made.largest[3], made.second[3], made.sums[3]) == (7, 5, 17)


@pytest.mark.parametrize(
    ("sums", "largest", "second", "contributors"),
    [
        (10, 4, 5, 3),  # the second is larger than the first
        (10, 8, 8, 3),  # the two exceed the sum
        (1000, 4, 0, 1),  # one person, whose contribution is not the sum
        (1000, 10, 10, 5),  # the others would each contribute more than the second
        (1000, 0, 0, 30),  # nobody contributes the sum
        (10, 10, 0, 0),  # contributions of nobody
    ],
)
def test_refuses_contributions_that_cannot_be(sums, largest, second, contributors):
    row = Contributions(*(np.array([n]) for n in (sums, largest, second, contributors)))

    with pytest.raises(ReleaseRefused, match="do not fit"):
        contributions_of([places()], np.array([[3]]), row)


def test_the_rule_compares_the_others_with_the_largest():
    others = np.array([99, 100, 400])
    made = Contributions(others + 2000, np.full(3, 1000), np.full(3, 1000), np.array([9, 9, 4]))

    assert made.uncovered(RULE).tolist() == [1, 0, 0]
    assert made.are_dominated(RULE).tolist() == [True, False, True]


def test_amounts_are_whole_hundredths_and_never_negative():
    assert in_hundredths(np.array([1.005, 2.0])).tolist() in ([100, 200], [101, 200])
    with pytest.raises(NegativeCount):
        in_hundredths(np.array([-0.01]))
    with pytest.raises(ReleaseRefused):
        in_hundredths(np.array([np.nan]))
