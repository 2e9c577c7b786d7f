from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gateway.errors import AggregationNotPublished, BadParameter, UnknownDimension, UnknownValue
from gateway.model.codes import Code
from gateway.model.cube import Axis, Cube, Line, Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, Measure, MeasureKind
from gateway.releases.cube_slice import (
    check_published,
    cut,
    resolve_selection,
    standing_codes,
)

TEXT = Label("fi", "sv", "en")


def axis(name: str, role: AxisRole, codes: str, *, total: int | None, lines=()) -> Axis:
    made = tuple(Code(code, TEXT, "total" if code == "SSS" else name) for code in codes.split())
    return Axis(name, TEXT, role, made, tuple(Line(*line) for line in lines), total)


@pytest.fixture
def cube() -> Cube:
    axes = (
        axis("geography", AxisRole.GEO, "SSS MK06 KU837", total=0, lines=[(0, (1,)), (1, (2,))]),
        axis("month", AxisRole.TIME, "2026M06 2026M05", total=None),
        axis("follow_up", AxisRole.CLASS, "1 3", total=None),
    )
    measures = tuple(
        Measure(name, TEXT, TEXT, MeasureKind.COUNT, decimals=0)
        for name in ("finished", "employed")
    )
    values = np.arange(24, dtype=np.float64).reshape(2, 3, 2, 2)
    return Cube(axes, measures, values, np.zeros((2, 3, 2, 2), dtype=np.uint8))


def codes(cube: Cube) -> dict[str, list[str]]:
    return {axis.name: [code.code for code in axis.codes] for axis in cube.axes}


def test_an_omitted_dimension_stands_at_its_total_the_newest_month_or_all_its_codes(cube):
    smaller = cut(cube, resolve_selection(cube, {}))
    assert codes(smaller) == {"geography": ["SSS"], "month": ["2026M06"], "follow_up": ["1", "3"]}
    assert [standing_codes(axis) for axis in cube.axes] == [["SSS"], ["2026M06"], ["*"]]


def test_cells_are_picked_in_the_cubes_order(cube):
    selection = resolve_selection(cube, {"geography": ("KU837", "SSS"), "month": ("2026M05",)})
    smaller = cut(cube, selection)
    assert codes(smaller)["geography"] == ["SSS", "KU837"]
    assert smaller.values.tolist() == cube.values[:, [0, 2]][:, :, [1]].tolist()


def test_a_star_is_all_codes(cube):
    selection = resolve_selection(
        cube, {"geography": ("*",), "month": ("*",), "follow_up": ("*",), "measure": ("*",)}
    )
    assert selection.is_whole(cube)
    assert selection.cells == 24


def test_measures_are_narrowed_by_name(cube):
    smaller = cut(cube, resolve_selection(cube, {"measure": ("employed",)}))
    assert [measure.name for measure in smaller.measures] == ["employed"]
    assert smaller.values.shape == (1, 1, 1, 2)


@pytest.mark.parametrize(
    ("asked", "error", "parameter"),
    [
        ({"colour": ("red",)}, UnknownDimension, "colour"),
        ({"geography": ("KU999",)}, UnknownValue, "geography"),
        ({"measure": ("income",)}, UnknownValue, "measure"),
        ({"geography": ("SSS", "SSS")}, BadParameter, "geography"),
        ({"geography": ("*", "SSS")}, BadParameter, "geography"),
        ({"geography": ("",)}, BadParameter, "geography"),
        ({"geography": ()}, BadParameter, "geography"),
        ({"month": ("2026M05", "")}, BadParameter, "month"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_name(cube, asked, error, parameter):
    with pytest.raises(error) as refused:
        resolve_selection(cube, asked)
    assert refused.value.parameter == parameter


def test_a_cut_keeps_the_relations_that_still_hold(cube):
    smaller = cut(cube, resolve_selection(cube, {"geography": ("MK06", "KU837")}))
    assert smaller.axes[0].lines == (Line(0, (1,)),)
    assert smaller.axes[0].total is None


def test_a_cut_is_a_copy(cube):
    smaller = cut(cube, resolve_selection(cube, {}))
    assert not np.shares_memory(smaller.values, cube.values)


def test_a_selection_of_unpublished_cells_only_is_refused_by_its_levels(cube):
    status = cube.status.copy()
    status[:, 2] = Status.NOT_PUBLISHED
    hidden = replace(cube, status=status)
    with pytest.raises(AggregationNotPublished) as refused:
        check_published(hidden, resolve_selection(hidden, {"geography": ("KU837",)}))
    assert "geography (geography) x month (month)" in refused.value.detail
    assert "not of this place" in refused.value.detail
    check_published(hidden, resolve_selection(hidden, {"geography": ("*",)}))


def test_what_is_published_of_no_place_is_refused_with_the_way_out(cube):
    hidden = replace(cube, status=np.full_like(cube.status, Status.NOT_PUBLISHED))
    with pytest.raises(AggregationNotPublished, match="Leave a dimension out"):
        check_published(hidden, resolve_selection(hidden, {"geography": ("KU837",)}))


def test_suppressed_cells_are_served_as_hidden_not_refused(cube):
    hidden = replace(cube, status=np.full_like(cube.status, Status.SUPPRESSED))
    check_published(hidden, resolve_selection(hidden, {}))
