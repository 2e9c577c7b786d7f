"""Cubes that state widths: the protector against the auditor, which shares no code with it.

The same cubes are drawn in every run; a search for new ones is the work of long campaigns.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.attack import attacked
from gateway.model.codes import Code
from gateway.model.cube import Cube, Status
from gateway.model.label import Label
from gateway.model.product import (
    AxisRole,
    Combination,
    Dimension,
    DisclosureRules,
    Measure,
    MeasureKind,
    Nesting,
)
from gateway.protection.axes import axis_from_codes
from gateway.protection.lattice import LeafCounts, build_lattice
from gateway.protection.suppression import protect
from gateway.publishing.cube_earlier import cells_told, known_by, revised_beyond

TEXT = Label("", "", "")
RULES = DisclosureRules(5, "a test", outsider_width=4, insider_width=4)


def code(name, level, *parents):
    return Code(name, TEXT, level, parents)


def axis(name, codes, role=AxisRole.CLASS):
    levels = tuple(dict.fromkeys(one.level for one in codes))
    return axis_from_codes(Dimension(name, TEXT, role, name, levels), codes)


SEX = axis("sex", [code("SSS", "total"), code("1", "sex", "SSS"), code("2", "sex", "SSS")])
AGE = axis("age", [code("SSS", "total"), *(code(name, "age", "SSS") for name in "abc")])


def country(places):
    """places: municipality → (region, area); regions and areas need not nest."""
    codes = [code("SSS", "country")]
    for level, at in (("region", 0), ("area", 1)):
        codes += [code(one, level, "SSS") for one in sorted({own[at] for own in places.values()})]
    codes += [code(name, "municipality", *own) for name, own in places.items()]
    return axis("geography", codes, AxisRole.GEO)


def cube(geography, seekers, jobless):
    """seekers, jobless: (municipality, sex, age) counts, the second at most the first."""
    places = [i for i, one in enumerate(geography.codes) if one.level == "municipality"]
    positions = np.array(
        [(place, 1 + s, 1 + a) for place in places for s in range(2) for a in range(3)]
    ).T
    counts = {"seekers": seekers.reshape(-1), "jobless": jobless.reshape(-1)}
    above = tuple(dict.fromkeys(c.level for c in geography.codes if c.level != "municipality"))
    both = ("total", "sex"), ("total", "age")
    combinations = [
        Combination({"geography": above, "sex": both[0], "age": both[1]}, frozenset(counts)),
        Combination(
            {"geography": ("municipality",), "sex": both[0], "age": ("total",)}, frozenset(counts)
        ),
    ]
    return build_lattice(
        (geography, SEX, AGE),
        LeafCounts(positions, counts),
        nestings=(Nesting("seekers", ("jobless",)),),
        combinations=combinations,
    )


@st.composite
def lattices(draw):
    """Small countries, down to two municipalities; many small counts, zeros and one large town."""
    names = [f"K{i}" for i in range(draw(st.integers(3, 7)))]
    places = {
        name: (f"MK{draw(st.integers(1, 2))}", f"TA{draw(st.integers(1, 4))}") for name in names
    }
    dice = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mean = draw(st.sampled_from([0.5, 2.0, 6.0, 30.0]))
    seekers = dice.poisson(mean, (len(names), 2, 3))
    if draw(st.booleans()):
        seekers[0] *= 40
    if draw(st.booleans()):
        seekers[-1] = 0
    jobless = dice.binomial(seekers, draw(st.sampled_from([0.1, 0.5, 0.95])))
    return cube(country(places), seekers.astype(np.int64), jobless.astype(np.int64))


def audit(lattice, status, rules=RULES):
    known = status == Status.PUBLISHED
    known[list(lattice.latent)] = False
    return attacked(lattice, known, rules)


@settings.get_profile("some")
@given(lattice=lattices())
def test_no_reader_and_no_area_finds_a_small_count(lattice):
    status = protect(lattice, RULES).status
    small = (lattice.counts > 0) & (lattice.counts < RULES.threshold) & lattice.designed

    assert (status[small] == Status.SUPPRESSED).all()
    assert audit(lattice, status).findings == ()
    assert ((status == Status.NOT_PUBLISHED) == ~lattice.designed).all()


@settings.get_profile("few")
@given(lattice=lattices())
def test_the_same_cube_has_the_same_mask(lattice):
    assert (protect(lattice, RULES).status == protect(lattice, RULES).status).all()


def town_and_villages():
    places = {f"K{i}": ("MK1" if i < 3 else "MK2", f"TA{1 + i // 2}") for i in range(6)}
    dice = np.random.default_rng(7)
    seekers = dice.poisson(9, (6, 2, 3)).astype(np.int64)
    return cube(country(places), seekers, dice.binomial(seekers, 0.6).astype(np.int64))


def test_with_the_complements_left_out_the_attack_succeeds():
    lattice = town_and_villages()
    status = protect(lattice, RULES).status
    small = (lattice.counts > 0) & (lattice.counts < RULES.threshold)
    careless = np.where((status == Status.SUPPRESSED) & ~small, np.uint8(Status.PUBLISHED), status)

    assert audit(lattice, status).findings == ()
    assert audit(lattice, careless).exact > 0


def test_an_insider_needs_more_to_be_hidden_than_an_outsider():
    lattice = town_and_villages()
    outsider = protect(lattice, replace(RULES, insider_width=0)).status

    found = audit(lattice, outsider).findings

    assert found
    assert all(finding.viewer for finding in found)


def test_sum_by_sum_protection_does_not_survive_the_attack():
    # Why widths are stated: no single subtraction tells, and all sums together do.
    lattice = town_and_villages()

    assert audit(lattice, protect(lattice, DisclosureRules(5, "a test")).status).findings


@pytest.mark.parametrize("processes", [1, 2])
def test_months_are_protected_alike_however_many_at_once(processes):
    lattice = town_and_villages()
    month = axis("month", [code(f"M{i}", "month") for i in range(3)], AxisRole.TIME)
    months = replace(
        lattice,
        axes=(*lattice.axes, month),
        counts=np.repeat(lattice.counts[..., None], 3, axis=-1),
        designed=np.repeat(lattice.designed[..., None], 3, axis=-1),
    )

    status = protect(months, RULES, processes=processes).status

    assert (status[..., 1] == status[..., 2]).all()
    assert (status[..., 0] == protect(lattice, RULES).status).all()


# --- a revision beside the release before it ------------------------------------------------------


def as_read(lattice, status):
    """The cube that a reader has."""
    names = [name for i, name in enumerate(lattice.measure_names) if i not in lattice.latent]
    measures = tuple(Measure(name, TEXT, TEXT, MeasureKind.COUNT, 0) for name in names)
    seen, counts = status[: len(names)], lattice.counts[: len(names)]
    values = np.where(seen == Status.PUBLISHED, counts.astype(np.float64), np.nan)
    return Cube(lattice.axes, measures, values, seen)


def revised(lattice, seed):
    """The same country after a few persons were found to be missing, or too many."""
    dice = np.random.default_rng(seed)
    geography = lattice.axes[0]
    places = [i for i, one in enumerate(geography.codes) if one.level == "municipality"]
    seekers, jobless = (lattice.counts[i][places][:, 1:, 1:].copy() for i in range(2))
    for _ in range(dice.integers(1, 4)):
        leaf = tuple(dice.integers(0, size) for size in seekers.shape)
        seekers[leaf] = max(0, seekers[leaf] + dice.integers(-2, 3))
        jobless[leaf] = min(jobless[leaf], seekers[leaf])
    return cube(geography, seekers, jobless)


def two_releases(lattice, seed, *, jointly=True):
    """(later lattice, its status, what the earlier release told and kept)."""
    first, later = protect(lattice, RULES).status, revised(lattice, seed)
    earlier = cells_told([as_read(lattice, first)], later)
    status = protect(later, RULES, earlier=earlier if jointly else None).status
    return later, status, earlier


@settings.get_profile("some")
@given(lattice=lattices(), seed=st.integers(0, 2**32 - 1))
def test_a_revision_and_the_release_before_it_together_tell_no_small_count(lattice, seed):
    later, status, earlier = two_releases(lattice, seed)
    known = known_by(later, status, earlier.told)

    assert attacked(later, known, RULES).findings == ()
    assert not (status[earlier.kept] == Status.PUBLISHED).any()


@settings.get_profile("few")
@given(lattice=lattices())
def test_an_unchanged_cube_keeps_its_mask(lattice):
    first = protect(lattice, RULES).status
    earlier = cells_told([as_read(lattice, first)], lattice)
    assert (protect(lattice, RULES, earlier=earlier).status == first).all()


def test_two_releases_protected_apart_tell_what_each_of_them_hides():
    later, status, earlier = two_releases(town_and_villages(), 0, jointly=False)
    both = (status == Status.PUBLISHED) | earlier.told
    both[list(later.latent)] = False

    assert audit(later, status).findings == ()
    assert attacked(later, both, RULES).exact > 0

    later, status, earlier = two_releases(town_and_villages(), 0)
    assert not revised_beyond(later, status, earlier.told).any()
    assert attacked(later, known_by(later, status, earlier.told), RULES).findings == ()
