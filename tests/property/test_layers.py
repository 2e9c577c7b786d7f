"""Measures of places alone beside measures by class: two layers of a mask, and one audit of both."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.attack import attacked
from gateway.model.codes import Code
from gateway.model.cube import Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, Combination, Dimension, DisclosureRules, Nesting
from gateway.protection.axes import axis_from_codes
from gateway.protection.lattice import LeafCounts, build_lattice
from gateway.protection.suppression import protect

TEXT = Label("", "", "")
RULES = DisclosureRules(5, "a test", outsider_width=4, insider_width=4)
MAIN, PLACES = ("seekers", "jobless"), ("long", "laid_off", "services")
WIDE = ("country", "region", "area")


def axis(name, codes, role=AxisRole.CLASS):
    levels = tuple(dict.fromkeys(level for _, level, *_ in codes))
    made = [Code(code, TEXT, level, tuple(parents)) for code, level, *parents in codes]
    return axis_from_codes(Dimension(name, TEXT, role, name, levels), made)


SEX = axis("sex", [("SSS", "total"), ("1", "sex", "SSS"), ("2", "sex", "SSS")])


def country(regions):
    """regions: the region of each municipality; two neighbours are an area, whatever their region."""
    areas = [i // 2 for i in range(len(regions))]
    codes = [("SSS", "country")]
    codes += [(f"MK{one}", "region", "SSS") for one in sorted(set(regions))]
    codes += [(f"TA{one}", "area", "SSS") for one in sorted(set(areas))]
    codes += [
        (f"K{i}", "municipality", f"MK{regions[i]}", f"TA{areas[i]}") for i in range(len(regions))
    ]
    return axis("geography", codes, AxisRole.GEO)


def lattice(geography, counts):
    """counts: measure → (municipality, sex)."""
    places = [i for i, one in enumerate(geography.codes) if one.level == "municipality"]
    positions = np.array([(place, 1 + sex) for place in places for sex in range(2)]).T
    by_class = frozenset(MAIN) & counts.keys()
    combinations = [
        Combination({"geography": WIDE, "sex": ("total", "sex")}, by_class),
        Combination({"geography": ("municipality",), "sex": ("total",)}, by_class),
    ]
    nestings = [Nesting("seekers", ("jobless",))]
    if further := frozenset(PLACES) & counts.keys():
        everywhere = {"geography": (*WIDE, "municipality"), "sex": ("total",)}
        combinations.append(Combination(everywhere, further))
        nestings = [
            Nesting("seekers", ("jobless", "services")),
            Nesting("jobless", ("long",)),
            Nesting("jobless", ("laid_off",)),
        ]
    leaves = LeafCounts(positions, {name: own.reshape(-1) for name, own in counts.items()})
    return build_lattice((geography, SEX), leaves, nestings=nestings, combinations=combinations)


@st.composite
def counted(draw, means=(4.0, 15.0, 60.0)):
    size = draw(st.integers(4, 7))
    regions = [draw(st.integers(1, 2)) for _ in range(size)]
    dice = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    seekers = dice.poisson(draw(st.sampled_from(means)), (size, 2)).astype(np.int64)
    jobless = dice.binomial(seekers, 0.6).astype(np.int64)
    further = {
        "long": dice.binomial(jobless, 0.4).astype(np.int64),
        "laid_off": dice.binomial(jobless, 0.1).astype(np.int64),
        "services": dice.binomial(seekers - jobless, 0.3).astype(np.int64),
    }
    return country(regions), {"seekers": seekers, "jobless": jobless}, further


@settings.get_profile("some")
@given(drawn=counted())
def test_no_reader_and_no_area_finds_a_small_count_of_either_layer(drawn):
    geography, main, further = drawn
    both = lattice(geography, main | further)
    status = protect(both, RULES).status
    small = (both.counts > 0) & (both.counts < RULES.threshold) & both.designed
    known = status == Status.PUBLISHED
    known[list(both.latent)] = False

    assert (status[small] == Status.SUPPRESSED).all()
    assert attacked(both, known, RULES).findings == ()


@settings.get_profile("few")
@given(drawn=counted(means=(60.0,)))
def test_where_there_is_room_the_second_layer_leaves_the_first_as_it_is(drawn):
    geography, main, further = drawn
    alone = protect(lattice(geography, main), RULES).status
    together = protect(lattice(geography, main | further), RULES).status

    assert (together[: len(main)] == alone[: len(main)]).all()


def test_what_is_left_of_a_whole_is_a_measure_for_every_choice_of_its_parts():
    geography = country([1, 1, 2, 2])
    ones = np.full((4, 2), 30, dtype=np.int64)
    made = lattice(
        geography,
        {
            "seekers": 4 * ones,
            "jobless": 2 * ones,
            "long": ones,
            "laid_off": ones,
            "services": ones,
        },
    )
    left = {made.measure_names[i]: int(made.counts[i, 0, 0]) for i in sorted(made.latent)}

    assert left == {
        "seekers-jobless-services": 240,
        "seekers-jobless": 480,
        "seekers-services": 720,
        "jobless-long": 240,
        "jobless-laid_off": 240,
    }
