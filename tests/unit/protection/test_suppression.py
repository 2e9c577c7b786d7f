from __future__ import annotations

import json

import numpy as np
import pytest

from gateway.errors import ContractFault, NegativeCount
from gateway.model.codes import Code
from gateway.model.cube import Axis, Lattice, Line, Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, Combination, Dimension, DisclosureRules, Nesting
from gateway.protection.axes import axis_from_codes
from gateway.protection.lattice import LeafCounts, build_lattice
from gateway.protection.suppression import protect

TEXT = Label("", "", "")
FIVE = DisclosureRules(5, "a test")


def code(name, level, *parents):
    return Code(name, TEXT, level, parents)


def axis(name, codes, *, role=AxisRole.CLASS):
    levels = tuple(dict.fromkeys(code.level for code in codes))
    return axis_from_codes(Dimension(name, TEXT, role, name, levels), codes)


def country(**municipalities):
    """Two regions and two areas; a municipality is given as `region, area`."""
    codes = [code("SSS", "country")]
    for level, place in (("region", 0), ("area", 1)):
        names = sorted({parents[place] for parents in municipalities.values()})
        codes += [code(name, level, "SSS") for name in names]
    codes += [code(name, "municipality", *parents) for name, parents in municipalities.items()]
    return axis("geography", codes, role=AxisRole.GEO)


def cube(axes, counts, *, nestings=(), published=None):
    """A lattice from {measure: {leaf codes: count}}; every level is published unless said."""
    names = [{code.code: i for i, code in enumerate(axis.codes)} for axis in axes]
    cells = sorted({cell for leaves in counts.values() for cell in leaves})
    positions = np.array([[own[part] for own, part in zip(names, c, strict=True)] for c in cells]).T
    levels = {axis.name: tuple({code.level for code in axis.codes}) for axis in axes}
    leaves = LeafCounts(
        positions,
        {name: np.array([of.get(cell, 0) for cell in cells]) for name, of in counts.items()},
    )
    combination = Combination(levels | (published or {}), frozenset(counts))
    return build_lattice(axes, leaves, nestings=nestings, combinations=[combination])


def hidden(lattice, rules=FIVE, measure=0):
    """The codes of the hidden cells of one measure."""
    status = protect(lattice, rules).status[measure]
    places = np.argwhere(status == Status.SUPPRESSED)
    return {
        tuple(axis.codes[i].code for axis, i in zip(lattice.axes, place, strict=True))
        for place in places
    }


BORDER = country(
    A=("MK1", "TA1"),
    B=("MK1", "TA1"),
    C=("MK1", "TA2"),
    D=("MK1", "TA2"),
    E=("MK2", "TA2"),
    F=("MK2", "TA2"),
    G=("MK2", "TA3"),
)


def at_areas(counts):
    return cube(
        [BORDER],
        {"seekers": {(name,): count for name, count in zip("ABCDEFG", counts, strict=True)}},
        published={"geography": ("country", "region", "area")},
    )


def test_counts_of_five_and_more_stay():
    assert hidden(at_areas([10, 20, 30, 40, 50, 60, 70])) == set()


def test_a_border_piece_of_few_persons_does_not_follow_from_region_and_area():
    # C and D together are 2, and MK1 less TA1 is just them, though no code stands for them.
    assert hidden(at_areas([10, 20, 1, 1, 50, 60, 70])) & {("MK1",), ("TA1",)}


def test_two_codes_with_the_same_municipalities_are_hidden_together():
    twin = country(A=("MK1", "TA1"), B=("MK2", "TA2"), C=("MK3", "TA2"))
    lattice = cube(
        [twin],
        {"seekers": {("A",): 3, ("B",): 50, ("C",): 60}},
        published={"geography": ("country", "region", "area")},
    )

    assert {("MK1",), ("TA1",)} <= hidden(lattice)


def test_the_smallest_neighbour_is_the_complement():
    sex = axis("sex", [code("SSS", "total"), *(code(c, "sex", "SSS") for c in "129")])
    lattice = cube([sex], {"seekers": {("1",): 300, ("2",): 200, ("9",): 3}})

    assert hidden(lattice) == {("9",), ("2",)}


def test_hidden_counts_that_add_up_to_less_than_the_threshold_take_another_with_them():
    groups = axis("group", [code("SSS", "total"), *(code(c, "group", "SSS") for c in "abcd")])
    lattice = cube([groups], {"seekers": {("a",): 1, ("b",): 2, ("c",): 30, ("d",): 40}})

    assert hidden(lattice) == {("a",), ("b",), ("c",)}


def test_ones_alone_are_not_left_with_a_sum_that_names_them():
    groups = axis("group", [code("SSS", "total"), *(code(c, "group", "SSS") for c in "abcdefg")])
    ones = {(c,): 1 for c in "abcde"}
    lattice = cube([groups], {"seekers": ones | {("f",): 30, ("g",): 40}})

    assert hidden(lattice) == {(c,) for c in "abcdef"}


def test_a_single_child_is_hidden_with_its_parent():
    courses = axis(
        "service",
        [
            code("SSS", "total"),
            code("x", "service", "SSS"),
            code("y", "service", "SSS"),
            code("z", "service", "SSS"),
            code("x1", "course", "x"),
        ],
    )
    lattice = cube([courses], {"finished": {("x1",): 4, ("y",): 20, ("z",): 70}})

    assert hidden(lattice) == {("x1",), ("x",), ("y",)}


def test_the_difference_of_nested_measures_is_a_cell():
    groups = axis("group", [code("SSS", "total"), *(code(c, "group", "SSS") for c in "abc")])
    lattice = cube(
        [groups],
        {
            "seekers": {("a",): 10, ("b",): 60, ("c",): 70},
            "jobless": {("a",): 8, ("b",): 30, ("c",): 40},
        },
        nestings=[Nesting("seekers", ("jobless",))],
    )
    status = protect(lattice, FIVE).status
    a = [code.code for code in groups.codes].index("a")

    assert Status.SUPPRESSED in status[:2, a]
    assert status[2, a] == Status.SUPPRESSED


def test_an_unpublished_cell_that_stands_alone_in_a_sum_is_protected():
    # KUXXX is published for no sex, yet it is the country less its regions.
    codes = [
        code("SSS", "country"),
        code("MK1", "region", "SSS"),
        code("MK2", "region", "SSS"),
        code("KUXXX", "municipality", "SSS"),
    ]
    geography = axis("geography", codes, role=AxisRole.GEO)
    lattice = cube([geography], {"seekers": {("MK1",): 50, ("MK2",): 60, ("KUXXX",): 2}})
    unpublished = lattice.designed.copy()
    unpublished[:, 3] = False
    lattice = Lattice(
        lattice.axes, lattice.measure_names, lattice.counts, (), frozenset(), unpublished
    )

    assert hidden(lattice) == {("MK1",)}
    assert protect(lattice, FIVE).status[0, 3] == Status.NOT_PUBLISHED


def test_a_cube_without_sums_hides_its_small_counts_only():
    months = axis("month", [code("2026M05", "month"), code("2026M06", "month")], role=AxisRole.TIME)

    assert hidden(cube([months], {"seekers": {("2026M05",): 4, ("2026M06",): 5}})) == {("2026M05",)}


def test_refuses_negative_counts():
    months = axis("month", [code("2026M06", "month")], role=AxisRole.TIME)
    lattice = cube([months], {"seekers": {("2026M06",): 4}})
    lattice.counts[0, 0] = -1

    with pytest.raises(NegativeCount):
        protect(lattice, FIVE)


def test_the_report_counts_cells_by_level_and_says_what_is_not_covered():
    report = protect(at_areas([10, 20, 1, 1, 50, 60, 70]), FIVE).report
    by_level = {row["geography"]: row for row in report["cells"]}

    assert json.loads(json.dumps(report)) == report
    assert list(by_level) == ["country", "region", "area", "municipality"]
    assert by_level["municipality"]["designed"] == 0
    assert by_level["area"]["designed"] == 3
    assert sum(row["hidden"] for row in report["cells"]) >= 2
    assert 0 < by_level["area"]["persons_hidden_share"] < 1
    assert report["rules"][0]["reason"] == "a test"
    assert any("Insiders" in sentence for sentence in report["not_covered"])


def test_a_threshold_of_zero_is_reported_without_rules():
    report = protect(at_areas([1, 1, 1, 1, 1, 1, 1]), DisclosureRules(0, "no persons")).report

    assert report["rules"] == []
    assert report["reason"] == "no persons"
    assert all(row["hidden"] == 0 for row in report["cells"])


def test_refuses_an_axis_with_a_whole_and_its_part_on_one_level():
    overlap = Lattice(
        (
            Axis(
                "group",
                TEXT,
                AxisRole.CLASS,
                (code("SSS", "group"), code("a", "group"), code("b", "group")),
                (Line(0, (1, 2)),),
                0,
            ),
        ),
        ("seekers",),
        np.array([[30, 10, 20]]),
        (),
        frozenset(),
        np.ones(3, dtype=np.bool_),
    )

    with pytest.raises(ContractFault):
        protect(overlap, FIVE)
