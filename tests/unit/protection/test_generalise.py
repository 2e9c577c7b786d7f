from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from gateway.errors import ContractFault
from gateway.model.product import Level, LevelKind
from gateway.protection.generalise import generalised
from gateway.protection.transform import month_start

BANDS = Level("ten-year", LevelKind.BANDS, bounds=(25, 30))
POOL = Level("large", LevelKind.POOL_SMALL, minimum_persons=3, pooled_code="MUU")


def level_of(values, level, persons=None):
    ids = np.arange(len(values)) if persons is None else np.array(persons)
    return generalised(pa.array(values), level, persons=ids).to_pylist()


def test_bands_are_named_by_their_whole_numbers():
    assert level_of([-1, 24, 25, 29, 30, 99], BANDS) == [
        "-24",
        "-24",
        "25-29",
        "25-29",
        "30-",
        "30-",
    ]


def test_one_bound_makes_two_bands():
    halves = Level("halves", LevelKind.BANDS, bounds=(50,))

    assert level_of([49, 50], halves) == ["-49", "50-"]


def test_an_unknown_age_is_a_code_of_its_own():
    assert level_of([25, None], BANDS) == ["25-29", "X"]


@pytest.mark.parametrize("values", [["25"], [25.5], [True]])
def test_refuses_bands_of_anything_but_whole_numbers(values):
    with pytest.raises(ContractFault):
        level_of(values, BANDS)


def test_a_code_outside_the_groups_goes_to_the_other_group():
    groups = Level("three", LevelKind.GROUPS, groups={"FI": "FI", "SE": "EU"}, otherwise="MUU")

    assert level_of(["FI", "SE", "US", None], groups) == ["FI", "EU", "MUU", "X"]


def test_a_group_may_take_the_unknown_in():
    groups = Level("two", LevelKind.GROUPS, groups={"FI": "FI", "X": "MUU"}, otherwise="MUU")

    assert level_of(["FI", None], groups) == ["FI", "MUU"]


def test_refuses_a_code_that_no_group_takes():
    groups = Level("one", LevelKind.GROUPS, groups={"FI": "FI"})

    with pytest.raises(ContractFault):
        level_of(["SE"], groups)


def test_keeps_codes_and_names_the_unknown():
    assert level_of(["837", None], Level("as is", LevelKind.KEEP)) == ["837", "X"]


def test_all_is_one_code_for_known_and_unknown_alike():
    assert level_of(["1", None], Level("all", LevelKind.ALL)) == ["SSS", "SSS"]
    assert level_of(["1"], Level("all", LevelKind.ALL, pooled_code="KAIKKI")) == ["KAIKKI"]


def test_small_municipalities_become_one():
    values = ["a"] * 3 + ["b"] * 2 + ["c"]

    assert level_of(values, POOL) == ["a"] * 3 + ["MUU"] * 3


def test_a_pool_never_names_one_municipality_by_elimination():
    values = ["a"] * 9 + ["b"] * 5 + ["c"]

    assert level_of(values, POOL) == ["a"] * 9 + ["MUU"] * 6


def test_a_pool_of_few_persons_takes_the_next_smallest_in():
    values = ["a"] * 9 + ["b"] * 5 + ["c", "d"]

    assert level_of(values, POOL) == ["a"] * 9 + ["MUU"] * 7


def test_the_pool_counts_persons_and_not_rows():
    values = ["a"] * 4 + ["b"] * 4 + ["c"] * 3

    assert (
        level_of(values, POOL, persons=[1, 2, 3, 4, 5, 5, 5, 5, 6, 7, 8]) == ["a"] * 4 + ["MUU"] * 7
    )


def test_one_person_in_two_small_values_does_not_make_the_pool_wide():
    values = ["a"] * 3 + ["b", "b"] + ["c", "c"]

    assert level_of(values, POOL, persons=[1, 2, 3, 8, 9, 8, 9]) == ["MUU"] * 7


def test_large_values_stay_when_nothing_is_small():
    assert level_of(["a"] * 3 + ["b"] * 3, POOL) == ["a"] * 3 + ["b"] * 3


def test_few_unknowns_do_not_make_a_pool_but_join_one():
    assert level_of(["a"] * 3 + [None], POOL) == ["a"] * 3 + ["X"]
    assert level_of(["a"] * 3 + ["b", "b", "c", None], POOL) == ["a"] * 3 + ["MUU"] * 4


def test_unknowns_do_not_hide_the_one_municipality_in_the_pool():
    values = ["a"] * 9 + ["b"] * 5 + ["c"] + [None] * 2

    assert level_of(values, POOL) == ["a"] * 9 + ["MUU"] * 8


def test_refuses_a_pooled_code_that_is_somebodys_own():
    with pytest.raises(ContractFault):
        level_of(["MUU", "a"], POOL)


def test_reads_chunked_columns_and_empty_ones():
    chunked = pa.chunked_array([["837"], ["049", None]])
    keep = Level("as is", LevelKind.KEEP)

    assert generalised(chunked, keep, persons=np.arange(3)).to_pylist() == ["837", "049", "X"]
    empty = pa.array([], type=pa.string())
    assert len(generalised(empty, POOL, persons=np.array([], dtype=np.int64))) == 0


def test_dates_become_the_first_of_their_month_and_open_ends_stay_open():
    days = pa.array([date(2026, 6, 30), None, date(2024, 2, 29)])

    assert month_start(days).to_pylist() == [date(2026, 6, 1), None, date(2024, 2, 1)]
    assert month_start(days).type == pa.date32()
