"""l-diversity by persons, against a plain count of every choice of values."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.protection.diversity import least_cover, uniform_groups


def arrays(rows):
    groups, persons, values = zip(*rows, strict=True) if rows else ((), (), ())
    return tuple(np.array(each, dtype=np.int64) for each in (groups, persons, values))


def uniform(*rows, least=2, absent=None):
    away = None if absent is None else np.array(absent, dtype=np.int64)
    return uniform_groups(*arrays(rows), least=least, absent=away).tolist()


def test_a_group_that_shares_one_value_is_uniform_and_one_with_two_is_not():
    assert uniform((0, 0, 7), (0, 1, 7), (1, 2, 7), (1, 3, 8)) == [True, False]


def test_a_value_that_everybody_has_beside_others_is_told_of_everybody():
    both = (0, 0, 1), (0, 0, 2), (0, 1, 1), (0, 1, 3)
    assert uniform(*both) == [True]
    assert uniform(*both, (0, 2, 2)) == [False]


def test_rows_do_not_count_only_persons():
    assert uniform((0, 0, 1), (0, 0, 1), (0, 1, 1)) == [True]
    assert uniform((0, 0, 1), (0, 0, 2)) == [True]  # one person is told of with every value


def test_who_has_hidden_values_only_is_left_out():
    assert uniform((0, 0, 1), (0, 1, 1), (0, 2, -1)) == [True]
    assert uniform((0, 0, -1), (0, 1, -1)) == [False]


def test_who_has_no_row_here_has_none_of_the_values():
    assert uniform((0, 0, 1), (0, 1, 1), absent=[1]) == [False]
    assert uniform((0, 0, 1), (0, 1, 1), absent=[0, 5]) == [True, False]


def test_a_missing_value_is_nothing_that_is_told():
    assert uniform((0, 0, 0), (0, 1, 0)) == [False]
    assert uniform((0, 0, 1), (0, 1, 0)) == [False]
    assert uniform((0, 0, 1), (0, 1, 1), (0, 1, 0)) == [True]


def test_three_values_are_asked_for_where_two_would_cover_everybody():
    rows = (0, 0, 1), (0, 1, 2), (0, 2, 3)
    assert uniform(*rows, least=3) == [False]
    assert uniform(*rows[:2], least=3) == [True]
    assert uniform(*rows, (0, 2, 1), least=3) == [True]


@pytest.mark.parametrize(
    ("rows", "cover"),
    [
        ((), None),
        (((0, 0, -1),), None),
        (((0, 0, 1), (0, 1, 1)), 1),
        (((0, 0, 1), (0, 1, 2), (1, 2, 1), (1, 3, 2), (1, 4, 3)), 2),
        (tuple((0, i, i + 1) for i in range(9)), 4),
    ],
)
def test_the_least_cover_is_that_of_the_worst_group(rows, cover):
    assert least_cover(*arrays(rows)) == cover


ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6), st.integers(-1, 4)), max_size=30)


@settings(deadline=None, max_examples=50)
@given(rows=ROWS, least=st.integers(2, 4), absent=st.tuples(*[st.integers(0, 2)] * 3))
def test_agrees_with_trying_every_choice_of_values(rows, least, absent):
    expected = []
    for group in range(3):
        had: dict[int, set[int]] = {}
        for of, who, value in rows:
            if of == group and value >= 0:
                had.setdefault(who, set()).add(value)
        people = [*had.values(), *[set()] * absent[group]]
        choices = (
            set(choice) for size in range(1, least) for choice in combinations(range(1, 5), size)
        )
        expected.append(bool(had) and any(all(p & c for p in people) for c in choices))
    assert uniform(*rows, least=least, absent=absent) == expected
