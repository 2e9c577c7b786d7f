"""What an attacker finds in cubes whose answers are known by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from gateway.attack import attacked
from gateway.errors import NegativeCount, ReleaseRefused
from gateway.model.product import DisclosureRules

RULES = DisclosureRules(5, "", outsider_width=4, insider_width=4)
SEX = ("sex", {"all": ("men", "women")})
AGE = ("age", {"everyone": ("young", "old")})
CITIZENSHIP = ("citizenship", {"any": ("finnish", "other")})
AREAS = {"a": "area", "b": "area", "c": "area", "d": "area"}


def intervals(cube, result, kind="hidden"):
    """(viewer, cell) → interval, of one kind."""
    return {
        (f.viewer, (f.measure, *f.cell)): (round(f.low, 6), round(f.high, 6))
        for f in result.findings
        if f.kind == kind
    }


def test_subtraction_gives_the_only_hidden_child(cube):
    one = cube({"here": ("a", "b", "c")}, {("a",): 3, ("b",): 40, ("c",): 50})
    result = attacked(one.lattice, one.hiding("a"), RULES)
    assert intervals(one, result) == {((), one.cell("a")): (3, 3)}
    assert (result.exact, result.narrow) == (1, 0)


def test_a_large_hidden_sibling_is_enough_for_the_outsider(cube):
    one = cube({"here": ("a", "b", "c")}, {("a",): 3, ("b",): 40, ("c",): 50})
    assert attacked(one.lattice, one.hiding("a", "b"), RULES).findings == ()


def test_a_published_small_count_is_a_finding(cube):
    one = cube({"here": ("a", "b")}, {("a",): 3, ("b",): 40})
    assert intervals(one, attacked(one.lattice, one.hiding(), RULES)) == {
        ((), one.cell("a")): (3, 3)
    }


def test_a_block_of_four_is_as_wide_as_its_smallest_moves(cube):
    people = {("a", "men"): 3, ("a", "women"): 1, ("b", "men"): 1, ("b", "women"): 3}
    one = cube({"here": ("a", "b")}, people, classes=[SEX], designed=lambda cell: cell[1] != "here")
    known = np.zeros_like(one.lattice.designed)
    for margin in (("here", "men"), ("here", "women"), ("a",), ("b",)):
        known[one.cell(*margin)] = True
    found = intervals(one, attacked(one.lattice, known, DisclosureRules(5, "", 5, 0)))
    assert found[(), one.cell("a", "men")] == (0, 4)
    hidden = [one.cell(a, s) for a in "ab" for s in ("men", "women")]
    assert {cell for _, cell in intervals(one, attacked(one.lattice, known, RULES))}.isdisjoint(
        hidden
    )


def test_an_insider_subtracts_its_own_from_a_region_of_two(cube):
    one = cube({"here": ("a", "b")}, {("a",): 30, ("b",): 3}, levels=AREAS)
    result = attacked(one.lattice, one.hiding("a", "b"), RULES)
    assert intervals(one, result) == {(("a",), one.cell("b")): (3, 3)}
    assert result.viewers == 3


def test_the_residual_of_the_areas_attacks_nobody(cube):
    levels = {"a": "area", "TAXXX": "area"}
    one = cube({"here": ("a", "TAXXX")}, {("a",): 3, ("TAXXX",): 30}, levels=levels)
    result = attacked(one.lattice, one.hiding("a", "TAXXX"), RULES)
    assert result.findings == ()  # whose persons are outside all areas is in nobody's own figures
    assert result.viewers == 2


def test_two_areas_together_find_the_third(cube):
    one = cube({"here": ("a", "b", "c")}, {("a",): 30, ("b",): 20, ("c",): 3}, levels=AREAS)
    known = one.hiding("a", "b", "c")
    assert attacked(one.lattice, known, RULES).findings == ()
    pair = attacked(one.lattice, known, DisclosureRules(5, "", 4, 4, coalition=2))
    assert intervals(one, pair) == {(("a", "b"), one.cell("c")): (3, 3)}


def test_an_insider_knows_its_own_detail_where_only_sums_are_told(cube):
    people = {("a", "men"): 30, ("a", "women"): 30, ("b", "men"): 3, ("b", "women"): 30}

    def is_told(cell):
        return cell[1] == "here" or cell[2] == "all"

    one = cube({"here": ("a", "b")}, people, classes=[SEX], levels=AREAS, designed=is_told)
    result = attacked(one.lattice, one.hiding(), RULES)
    assert result.findings == ()  # (b, men) is published by nobody, and the outsider cannot pin it


def test_an_insider_takes_its_own_persons_off_what_is_told_of_everybody(cube):
    people = {
        ("a", "men", "old"): 10,
        ("b", "men", "young"): 3,
        ("c", "men", "young"): 5,
        ("c", "women", "old"): 2,
    }
    country = {("men", "young"), ("men", "old"), ("women", "old"), ("all", "old")}

    def is_told(cell):
        return cell[2:] == ("men", "everyone") or (cell[1] == "here" and cell[2:] in country)

    one = cube(
        {"here": ("a", "b", "c")}, people, classes=[SEX, AGE], levels=AREAS, designed=is_told
    )
    known = np.zeros_like(one.lattice.designed)
    for cell in [("here", "men", "young"), ("here", "old"), ("a", "men"), ("c", "men")]:
        known[one.cell(*cell)] = True
    found = intervals(one, attacked(one.lattice, known, RULES))
    target = one.cell("b", "men")
    assert found == {
        (("a",), target): (3, 5),  # ten old men are its own, so at least ten are
        (("c",), target): (0, 3),  # two old women are its own, so at most ten are men
    }


def test_a_border_piece_follows_from_area_and_region(cube):
    geography = {
        "here": (("r1", "r2"), ("a", "b")),
        "r1": ("m1", "m2", "m3"),
        "r2": ("m4",),
        "a": ("m1",),
        "b": ("m2", "m3", "m4"),
    }
    levels = {"r1": "region", "r2": "region", "a": "area", "b": "area"}
    people = {("m1",): 30, ("m2",): 1, ("m3",): 2, ("m4",): 50}
    one = cube(geography, people, levels=levels, designed=lambda cell: not cell[1].startswith("m"))
    result = attacked(one.lattice, one.hiding(), RULES)
    position = one.lattice.axes[0].position()
    (piece,) = [f for f in result.findings if f.kind == "hidden"]
    assert (piece.cell, piece.leaves) == ((-1,), (position["m2"], position["m3"]))
    assert (piece.viewer, piece.low, piece.high) == ((), 3, 3)


def test_a_border_piece_of_one_municipality_is_named_by_its_code(cube):
    geography = {
        "here": (("r1", "r2"), ("a", "b")),
        "r1": ("m1", "m2"),
        "r2": ("m4", "m5"),
        "a": ("m1",),
        "b": ("m2", "m4", "m5"),
    }
    levels = {"r1": "region", "r2": "region", "a": "area", "b": "area"}
    people = {("m1",): 30, ("m2",): 3, ("m4",): 50, ("m5",): 9}
    one = cube(geography, people, levels=levels, designed=lambda cell: not cell[1].startswith("m"))
    result = attacked(one.lattice, one.hiding(), RULES)
    assert intervals(one, result) == {((), one.cell("m2")): (3, 3)}


def test_the_difference_of_nested_measures_is_a_cell(cube):
    people = {
        ("seekers", "a"): 30,
        ("unemployed", "a"): 28,
        ("seekers", "b"): 50,
        ("unemployed", "b"): 20,
    }
    one = cube({"here": ("a", "b")}, people, nestings=[("seekers", "unemployed")])
    found = intervals(one, attacked(one.lattice, one.hiding(), RULES))
    assert found == {((), one.cell("seekers-unemployed", "a")): (2, 2)}
    hidden = one.hiding(("unemployed", "a"), ("unemployed", "b"))
    assert attacked(one.lattice, hidden, RULES).findings == ()


def test_known_zeros_narrow_what_lines_leave_open(cube):
    people = {("a", "men"): 3, ("a", "women"): 0, ("b", "men"): 40, ("b", "women"): 50}
    one = cube({"here": ("a", "b")}, people, classes=[SEX])
    known = one.hiding(("a", "men"), ("b", "men"), ("here", "men"), "a", "b", "here")
    assert attacked(one.lattice, known, RULES).findings == ()
    pinned = one.hiding(("a", "men"), ("b", "men"), "a", "b")
    assert ((), one.cell("a", "men")) not in intervals(one, attacked(one.lattice, pinned, RULES))
    pinned[one.cell("a")] = True
    assert intervals(one, attacked(one.lattice, pinned, RULES))[(), one.cell("a", "men")] == (3, 3)


def test_a_chain_of_lines_tells_what_no_single_line_does(cube):
    geography = {
        "here": ("m1", "m2", "m3", "m4"),
        "r": ("m1", "m2"),
        "a": ("m2", "m3"),
        "e": ("m1", "m3"),
    }
    levels = {"r": "region", "a": "other", "e": "evk"}
    people = {("m1",): 3, ("m2",): 30, ("m3",): 20, ("m4",): 10}
    one = cube(geography, people, levels=levels)
    found = intervals(one, attacked(one.lattice, one.hiding("m1", "m2", "m3", "m4"), RULES))
    assert found[(), one.cell("m1")] == (3, 3)


def test_zeros_in_two_way_tables_pin_a_three_way_cell(cube):
    people = dict.fromkeys(
        [
            ("a", s, g, c)
            for s in ("men", "women")
            for g in ("young", "old")
            for c in ("finnish", "other")
        ],
        10,
    )
    people["a", "men", "young", "finnish"] = 3
    people["a", "men", "old", "other"] = people["a", "women", "old", "other"] = 0

    def two_way(cell):
        return "all" in cell[2:] or "everyone" in cell[2:] or "any" in cell[2:]

    one = cube({"country": ("a",)}, people, classes=[SEX, AGE, CITIZENSHIP], designed=two_way)
    result = attacked(one.lattice, one.hiding(), RULES)
    found = intervals(one, result, "unpublished")
    assert found[(), one.cell("a", "men", "young", "finnish")] == (3, 3)
    people["a", "men", "old", "other"] = people["a", "women", "old", "other"] = 10
    free = cube({"country": ("a",)}, people, classes=[SEX, AGE, CITIZENSHIP], designed=two_way)
    assert attacked(free.lattice, free.hiding(), RULES).findings == ()


@pytest.mark.parametrize("outside", [0, 1])
def test_areas_together_are_bound_by_what_is_told_of_the_country(cube, outside):
    geography = {
        "here": (("r", "m5"), ("a", "b", "m5")),
        "r": ("m1", "m2", "m3", "m4"),
        "a": ("m1", "m2"),
        "b": ("m3", "m4"),
    }
    levels = {"r": "region", "a": "area", "b": "area"}
    people = {(f"m{n}", "women"): 24 for n in range(1, 5)}
    people |= {(f"m{n}", "men"): 1 for n in range(1, 5)} | {("m5", "men"): outside}

    def is_told(cell):
        return cell[1] == "here" or (cell[2] == "all" and cell[1] in "rab")

    one = cube(geography, people, levels=levels, classes=[SEX], designed=is_told)
    found = intervals(one, attacked(one.lattice, one.hiding(), RULES), "unpublished")
    if outside:  # of 101 persons, 100 there, only 96 are women: four men there, or five
        assert ((), one.cell("r", "men")) not in found
    else:
        assert found[(), one.cell("r", "men")] == (4, 4)
    assert ((), one.cell("a", "men")) not in found


def test_a_part_of_a_measure_is_bound_by_it_in_every_municipality(cube):
    # In m1 nobody but men seek work and in m2 nobody but women, so the unemployed men are those of m1;
    # the sums of the whole country alone would leave them free.
    people = {
        ("seekers", "m1", "men"): 3,
        ("unemployed", "m1", "men"): 3,
        ("seekers", "m2", "women"): 40,
        ("unemployed", "m2", "women"): 20,
        ("served", "m1", "men"): 1,
        ("served", "m2", "women"): 9,
    }
    one = cube(
        {"country": ("m1", "m2")},
        people,
        classes=[SEX],
        nestings=[("seekers", "unemployed"), ("seekers", "served")],
        designed=lambda cell: cell[0] == "seekers" or cell[2] == "all",
    )
    found = intervals(one, attacked(one.lattice, one.hiding(), RULES), "unpublished")
    assert found[(), one.cell("unemployed", "country", "men")] == (3, 3)


def test_the_sum_of_two_hidden_children_may_be_small(cube):
    one = cube({"here": ("a", "b", "c")}, {("a",): 1, ("b",): 2, ("c",): 50})
    result = attacked(one.lattice, one.hiding("a", "b"), DisclosureRules(5, "", 1, 0))
    (derived,) = [f for f in result.findings if f.kind == "derived"]
    assert ((derived.measure, *derived.cell), derived.low, derived.high) == (one.cell("here"), 3, 3)
    assert derived.parts == (one.cell("a"), one.cell("b"))


def test_a_hidden_area_and_the_border_piece_beside_it_may_have_a_small_sum(cube):
    geography = {
        "here": (("r1", "r2"), ("a", "b", "c")),
        "r1": ("m1", "m2", "m3"),
        "r2": ("m4",),
        "a": ("m1",),
        "b": ("m2", "m4"),
        "c": ("m3",),
    }
    levels = {"r1": "region", "r2": "region", "a": "area", "b": "area", "c": "area"}
    people = {("m1",): 30, ("m2",): 1, ("m3",): 2, ("m4",): 50}
    one = cube(geography, people, levels=levels, designed=lambda cell: not cell[1].startswith("m"))
    result = attacked(one.lattice, one.hiding("c", "b"), RULES)
    (derived,) = [f for f in result.findings if f.kind == "derived" and f.leaves]
    position = one.lattice.axes[0].position()
    assert (derived.parts, derived.leaves, derived.low) == ((one.cell("c"),), (position["m2"],), 3)


def test_a_mask_that_holds_fails_with_one_complement_less(cube):
    people = {(a, s): 40 + 7 * n for n, (a, s) in enumerate(product("abcd", ("men", "women")))}
    people["a", "men"] = 3
    one = cube({"here": tuple("abcd")}, people, classes=[SEX], levels=AREAS)
    hidden = [(a, s) for a in "abc" for s in ("men", "women")]
    assert attacked(one.lattice, one.hiding(*hidden), RULES).findings == ()
    for shown in hidden[1:]:
        less = [cell for cell in hidden if cell != shown]
        assert attacked(one.lattice, one.hiding(*less), RULES).findings


def test_the_geography_may_be_any_axis_or_none(cube):
    people = {("a", "men"): 3, ("a", "women"): 20, ("b", "men"): 40, ("b", "women"): 50}
    one = cube({"here": ("a", "b")}, people, classes=[SEX], levels=AREAS).lattice
    known = cube({"here": ("a", "b")}, people, classes=[SEX], levels=AREAS).hiding(("a", "men"))
    turned = replace(
        one,
        axes=one.axes[::-1],
        counts=one.counts.swapaxes(1, 2),
        designed=one.designed.swapaxes(1, 2),
    )
    found = attacked(turned, known.swapaxes(1, 2), RULES).findings
    assert [(f.measure, *f.cell, f.low, f.high) for f in found] == [(0, 1, 1, 3, 3)]
    classes = replace(one, axes=one.axes[1:], counts=one.counts[:, 1], designed=one.designed[:, 1])
    found = attacked(classes, known[:, 1], RULES).findings
    assert [(f.measure, *f.cell, f.low, f.high) for f in found] == [(0, 1, 3, 3)]


def test_attacks_each_month_alone_and_names_it(cube):
    one = cube({"here": ("a", "b")}, {("a",): 3, ("b",): 40}, months=3)
    known = one.hiding()
    known[0, 1:, :] = False
    known[0, 2, 1] = True
    progress: list[float] = []
    result = attacked(one.lattice, known, RULES, progress=progress.append)
    assert [f.cell for f in result.findings] == [(1, 1)]
    assert progress == pytest.approx([1 / 3, 2 / 3, 1])
    assert result.report["slices"] == 3


def test_several_processes_find_the_same(cube):
    one = cube({"here": ("a", "b")}, {("a",): 3, ("b",): 40}, months=2)
    known = one.hiding()
    assert attacked(one.lattice, known, RULES, processes=2) == attacked(one.lattice, known, RULES)


def test_the_same_input_gives_the_same_findings_and_report(cube):
    people = {
        (a, s): 1 + 7 * n
        for n, (a, s) in enumerate([(a, s) for a in "abcd" for s in ("men", "women")])
    }
    one = cube({"here": tuple("abcd")}, people, classes=[SEX], levels=AREAS)
    known = one.hiding(("a", "men"), ("b", "men"), ("a", "women"), ("b", "women"))
    assert attacked(one.lattice, known, RULES) == attacked(one.lattice, known, RULES)


def test_refuses_when_the_time_is_used_up(cube):
    one = cube({"here": ("a", "b")}, {("a",): 3, ("b",): 40})
    with pytest.raises(ReleaseRefused):
        attacked(one.lattice, one.hiding("a", "b"), RULES, budget_seconds=0)


def test_refuses_a_cube_that_does_not_add_up(cube):
    one = cube({"here": ("a", "b")}, {("a",): 3, ("b",): 40})
    one.lattice.counts[one.cell("here")] += 1
    with pytest.raises(ReleaseRefused):
        attacked(one.lattice, one.hiding("a", "b"), RULES)


def test_refuses_a_negative_count(cube):
    one = cube({"here": ("a", "b")}, {("a",): -3, ("b",): 40})
    with pytest.raises(NegativeCount):
        attacked(one.lattice, one.hiding("a", "b"), RULES)


def test_refuses_lines_that_contradict_each_other(cube):
    one = cube({"here": (("a", "b"), ("a", "c"))}, {("a",): 3, ("b",): 40, ("c",): 40})
    with pytest.raises(ReleaseRefused):
        attacked(one.lattice, one.hiding("a"), RULES)


def test_refuses_a_mask_that_knows_a_latent_measure(cube):
    one = cube({"here": ("a",)}, {("w", "a"): 9, ("p", "a"): 3}, nestings=[("w", "p")])
    with pytest.raises(ValueError, match="mask"):
        attacked(one.lattice, np.ones_like(one.lattice.designed), RULES)


def test_a_cube_without_persons_is_not_attacked(cube):
    one = cube({"here": ("a", "b")}, {("a",): 3, ("b",): 40})
    result = attacked(one.lattice, one.hiding(), DisclosureRules(0, ""))
    assert (result.findings, result.targets) == ((), 0)
