from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gateway.errors import ContractFault, NegativeCount
from gateway.model.codes import Code
from gateway.model.cube import Axis, Line
from gateway.model.label import Label
from gateway.model.product import AxisRole, Combination, Dimension, Nesting
from gateway.organisations.registry import load_registry
from gateway.protection.axes import axis_from_codes
from gateway.protection.lattice import LeafCounts, build_lattice, summed

TEXT = Label("", "", "")


def axis(name, codes, *lines):
    made = tuple(Code(code, TEXT, "level") for code in codes)
    return Axis(name, TEXT, AxisRole.CLASS, made, tuple(Line(*line) for line in lines), None)


# SSS, two areas, three municipalities: 3 and 4 in the first area, 5 in the second.
PLACES = axis("place", ["SSS", "TA1", "TA2", "A", "B", "C"], (0, (1, 2)), (1, (3, 4)), (2, (5,)))
SEX = axis("sex", ["SSS", "1", "2"], (0, (1, 2)))
POSITIONS = np.array([[3, 3, 4, 5, 3], [1, 2, 1, 2, 1]])
SEEKERS = np.array([1, 2, 3, 4, 10])


def lattice(counts, nestings=()):
    leaves = LeafCounts(POSITIONS, {name: np.array(values) for name, values in counts.items()})
    return build_lattice((PLACES, SEX), leaves, nestings=nestings, combinations=everything(*counts))


def everything(*measures, least_persons=0):
    levels = {"place": ("level",), "sex": ("level",)}
    return [Combination(levels, frozenset(measures), least_persons)]


def test_rows_of_one_leaf_add_up_and_sums_follow_every_axis():
    made = lattice({"seekers": SEEKERS})

    assert made.counts.dtype == np.int64
    assert made.counts[0].tolist() == [
        [20, 14, 6],
        [16, 14, 2],
        [4, 0, 4],
        [13, 11, 2],
        [3, 3, 0],
        [4, 0, 4],
    ]


def test_a_nesting_adds_what_is_left_as_a_latent_measure():
    made = lattice({"seekers": SEEKERS, "jobless": SEEKERS - 1}, [Nesting("seekers", ("jobless",))])

    assert made.measure_names == ("seekers", "jobless", "seekers-jobless")
    assert made.latent == frozenset({2})
    assert made.measure_lines == (Line(0, (1, 2)),)
    assert made.counts[2, 0].tolist() == [5, 3, 2]


def test_refuses_a_negative_leaf_and_parts_that_exceed_their_whole():
    with pytest.raises(NegativeCount):
        lattice({"seekers": SEEKERS - 5})
    with pytest.raises(NegativeCount):
        lattice({"seekers": SEEKERS, "jobless": SEEKERS + 1}, [Nesting("seekers", ("jobless",))])


def test_refuses_a_nesting_of_a_measure_that_is_not_there():
    with pytest.raises(ContractFault):
        lattice({"seekers": SEEKERS}, [Nesting("seekers", ("jobless",))])


@pytest.mark.parametrize("place", [1, -1, 6])
def test_refuses_a_row_that_stands_at_a_sum_or_at_no_code(place):
    with pytest.raises(ContractFault):
        summed((PLACES,), np.array([[place]]), np.array([5]))


def test_refuses_divisions_that_do_not_agree():
    wrong = axis("place", ["SSS", "a", "b", "c"], (0, (1, 2)), (0, (1, 2, 3)))
    twice = axis("place", ["SSS", "x", "a", "b"], (1, (2, 3)), (0, (1, 2)))
    circle = axis("place", ["a", "b", "c"], (0, (1,)), (1, (0,)))

    for bad in (wrong, twice, circle):
        with pytest.raises(ContractFault):
            summed((bad,), np.array([[2]]), np.array([5]))


def test_a_measure_is_published_where_a_combination_names_it():
    leaves = LeafCounts(POSITIONS, {"seekers": SEEKERS, "jobless": SEEKERS - 1})
    made = build_lattice((PLACES, SEX), leaves, nestings=(), combinations=everything("jobless"))

    assert not made.designed[0].any()
    assert made.designed[1].all()


def test_what_is_left_of_a_whole_follows_only_where_both_are_published():
    leaves = LeafCounts(POSITIONS, {"seekers": SEEKERS, "jobless": SEEKERS - 1})
    nestings = [Nesting("seekers", ("jobless",))]
    one, both = (
        build_lattice((PLACES, SEX), leaves, nestings=nestings, combinations=everything(*names))
        for names in (["seekers"], ["seekers", "jobless"])
    )

    assert not one.designed[2].any()
    assert both.designed[2].all()


def test_a_combination_leaves_out_places_with_too_few_persons_in_any_slice():
    places = replace(PLACES, role=AxisRole.GEO)
    months = replace(axis("month", ["M1", "M2"]), role=AxisRole.TIME)
    positions = np.array([[3, 4, 5, 3, 4, 5], [0, 0, 0, 1, 1, 1]])
    leaves = LeafCounts(positions, {"seekers": np.array([9, 20, 30, 20, 20, 30])})
    levels = {"place": ("level",), "month": ("level",)}
    made = build_lattice(
        (places, months),
        leaves,
        nestings=(),
        combinations=[Combination(levels, frozenset({"seekers"}), 10)],
    )

    assert made.designed[0].tolist() == [[code != "A"] * 2 for code in "S12ABC"]


def test_sums_of_money_stay_in_their_type():
    money = summed((SEX,), np.array([[1, 2]]), np.array([0.5, 0.25]))

    assert money.tolist() == [0.75, 0.5, 0.25]


def test_an_extract_without_rows_is_a_lattice_of_zeros():
    empty = LeafCounts(np.zeros((2, 0), dtype=np.intp), {"seekers": np.zeros(0, dtype=np.int64)})
    made = build_lattice((PLACES, SEX), empty, nestings=(), combinations=everything("seekers"))

    assert not made.counts.any()


def test_the_country_is_the_same_whichever_division_of_the_registry_it_is_computed_from():
    levels = ("country", "region", "evk", "area", "municipality")
    dimension = Dimension("geography", TEXT, AxisRole.GEO, "kunta", levels)
    geography = axis_from_codes(dimension, load_registry().geography().codes)
    leaves = [i for i, code in enumerate(geography.codes) if code.level == "municipality"]
    counts = np.random.default_rng(1).integers(0, 1000, len(leaves))

    made = summed((geography,), np.array([leaves]), counts)

    assert made[geography.total] == counts.sum()
    for line in geography.lines:
        assert made[line.parent] == made[list(line.children)].sum()
