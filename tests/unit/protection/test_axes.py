from __future__ import annotations

import numpy as np
import pytest

from gateway.errors import ContractFault
from gateway.model.codes import Code
from gateway.model.label import Label
from gateway.model.product import AxisRole, Combination, Dimension
from gateway.organisations.registry import load_registry
from gateway.protection.axes import axis_from_codes, designed_mask, published_levels

TEXT = Label("", "", "")


def code(name, level, *parents):
    return Code(name, TEXT, level, parents)


def axis(codes, *levels, role=AxisRole.CLASS):
    return axis_from_codes(Dimension("d", TEXT, role, "d", levels), codes)


def sums(made):
    """{parent: [sets of children]} by code."""
    names = [code.code for code in made.codes]
    found = {}
    for line in made.lines:
        found.setdefault(names[line.parent], []).append({names[child] for child in line.children})
    return found


# A region (MK21) outside every area and EVK, an unknown municipality under the country alone.
SMALL = [
    code("SSS", "country"),
    code("MK06", "region", "SSS"),
    code("MK21", "region", "SSS"),
    code("EVK04", "evk", "SSS"),
    code("TA38", "area", "SSS"),
    code("TA39", "area", "SSS"),
    code("KU837", "municipality", "MK06", "EVK04", "TA39"),
    code("KU211", "municipality", "MK06", "EVK04", "TA39"),
    code("KU508", "municipality", "MK06", "EVK04", "TA38"),
    code("KU478", "municipality", "MK21"),
    code("KUXXX", "municipality", "SSS"),
]
EVERY_LEVEL = ("country", "region", "evk", "area", "municipality")
AGES = [
    code("SSS", "total"),
    code("-24", "broad", "SSS"),
    code("25-", "broad", "SSS"),
    code("-19", "fine", "-24"),
    code("20-24", "fine", "-24"),
    code("25-49", "fine", "25-"),
    code("50-", "fine", "25-"),
]


def test_every_division_of_the_country_is_completed():
    made = axis(SMALL, *EVERY_LEVEL)

    assert sums(made) == {
        "SSS": [
            {"MK06", "MK21", "KUXXX"},
            {"EVK04", "MK21", "KUXXX"},
            {"TA38", "TA39", "MK21", "KUXXX"},
        ],
        "MK06": [{"KU837", "KU211", "KU508"}],
        "MK21": [{"KU478"}],
        "EVK04": [{"KU837", "KU211", "KU508"}],
        "TA38": [{"KU508"}],
        "TA39": [{"KU837", "KU211"}],
    }
    assert made.codes[made.total].code == "SSS"


def test_what_completes_a_sum_is_on_the_axis_though_its_level_is_not_asked_for():
    made = axis(SMALL, "country", "area")

    assert [code.code for code in made.codes] == ["SSS", "MK21", "TA38", "TA39", "KUXXX"]
    assert sums(made) == {"SSS": [{"TA38", "TA39", "MK21", "KUXXX"}]}


def test_a_level_that_is_not_asked_for_is_stepped_over():
    assert sums(axis(SMALL, "country", "municipality")) == {
        "SSS": [{"KU837", "KU211", "KU508", "KU478", "KUXXX"}]
    }
    assert sums(axis(AGES, "total", "fine")) == {"SSS": [{"-19", "20-24", "25-49", "50-"}]}


def test_a_code_of_the_completion_is_divided_in_its_turn():
    made = axis(SMALL, "country", "area", "municipality")

    assert sums(made)["SSS"] == [{"TA38", "TA39", "MK21", "KUXXX"}]
    assert sums(made)["MK21"] == [{"KU478"}]


def test_the_real_geography_has_the_sums_of_its_divisions():
    made = axis(load_registry().geography().codes, *EVERY_LEVEL)
    found = sums(made)
    rest = {"MK21", "KUXXX"}

    assert len(made.codes) == 1 + 19 + 10 + 45 + 308 + 1
    regions, evk, areas = found["SSS"]
    assert regions - {"KUXXX"} == {code.code for code in made.codes if code.level == "region"}
    assert evk - rest == {code.code for code in made.codes if code.level == "evk"}
    assert areas - rest == {code.code for code in made.codes if code.level == "area"}
    assert rest <= evk & areas
    assert len(found["TA39"][0]) == sum("TA39" in code.parents for code in made.codes)


def test_nested_ages_have_one_sum_per_level():
    made = axis(AGES, "total", "broad", "fine")

    assert sums(made) == {
        "SSS": [{"-24", "25-"}],
        "-24": [{"-19", "20-24"}],
        "25-": [{"25-49", "50-"}],
    }


def test_months_have_neither_sums_nor_a_total():
    made = axis([code("2026M06", "month")], "month", role=AxisRole.TIME)

    assert made.lines == ()
    assert made.total is None


def test_classes_without_a_whole_have_no_total():
    made = axis([code("1", "follow_up"), code("3", "follow_up")], "follow_up")

    assert made.total is None


@pytest.mark.parametrize(
    "codes",
    [
        [code("a", "x"), code("a", "x")],
        [code("a", "x", "nowhere")],
        [code("a", "x", "b"), code("b", "x", "a")],
        [code("t", "x"), code("m", "x", "t"), code("n", "x", "t"), code("l", "x", "m", "n")],
        [],
    ],
    ids=["twice", "parent missing", "circle", "overlap", "nothing"],
)
def test_refuses_a_list_that_is_no_hierarchy(codes):
    with pytest.raises(ContractFault):
        axis(codes, "x")


def test_what_completes_a_division_is_published_with_it():
    made = axis(SMALL, *EVERY_LEVEL)
    levels = dict(zip([code.code for code in made.codes], published_levels(made), strict=True))

    assert levels["KUXXX"] == {"municipality", "region", "evk", "area"}
    assert levels["MK21"] == {"region", "evk", "area"}
    assert levels["TA39"] == {"area"}


def test_the_mask_holds_exactly_the_combinations_of_the_contract():
    geography = axis(SMALL, *EVERY_LEVEL)
    sex = axis_from_codes(
        Dimension("sex", TEXT, AxisRole.CLASS, "sex", ("total", "sex")),
        [code("SSS", "total"), code("1", "sex", "SSS"), code("2", "sex", "SSS")],
    )
    areas = {"d": ("area",), "sex": ("total", "sex")}
    municipalities = {"d": ("municipality",), "sex": ("total",)}
    designed = np.logical_or(
        *(
            designed_mask((geography, sex), Combination(levels, frozenset({"seekers"})))
            for levels in (areas, municipalities)
        )
    )
    published = {geography.codes[i].code: tuple(row) for i, row in enumerate(designed)}

    assert published["TA39"] == published["MK21"] == published["KUXXX"] == (True, True, True)
    assert published["KU837"] == (True, False, False)
    assert published["SSS"] == published["MK06"] == (False, False, False)


def test_refuses_a_combination_that_leaves_a_dimension_out():
    with pytest.raises(ContractFault):
        designed_mask((axis(AGES, "total"),), Combination({}, frozenset()))


def test_axes_are_the_same_every_time():
    assert axis(SMALL, *EVERY_LEVEL) == axis(SMALL, *EVERY_LEVEL)
    assert np.array_equal(
        designed_mask((axis(AGES, "total", "fine"),), Combination({"d": ("fine",)}, frozenset())),
        [False, True, True, True, True],
    )
