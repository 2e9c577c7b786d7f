"""A plain attacker against the mask, on random small cubes.

The attacker knows what is published, and which sums hold: the published lines, the nestings, and
that codes which cover the same leaves are one number. A cell is a measure and one set of leaves per
axis, so it needs none of the protector's notions. It subtracts along one line at a time, as often
as that gives something, and takes a sum of zero to mean zeros.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.codes import Code
from gateway.model.cube import Lattice, Status
from gateway.model.label import Label
from gateway.model.product import (
    AxisRole,
    Combination,
    Dimension,
    DisclosureRules,
    Dominance,
    Measure,
    MeasureKind,
    Nesting,
)
from gateway.protection.axes import axis_from_codes
from gateway.protection.contributions import HUNDREDTHS, Contributions
from gateway.protection.derived import mask_means
from gateway.protection.lattice import LeafCounts, build_lattice
from gateway.protection.suppression import protect

TEXT = Label("", "", "")
NESTINGS = (Nesting("seekers", ("jobless", "served")), Nesting("jobless", ("long",)))

# --- the attacker ----------------------------------------------------------------------------


def leaf_sets(axis):
    """code index → its leaves, by following any line downwards."""
    lines = {line.parent: line.children for line in axis.lines}

    def below(index):
        children = lines.get(index)
        return frozenset().union(*map(below, children)) if children else frozenset({index})

    return [below(index) for index in range(len(axis.codes))]


def axis_sums(axis):
    """(whole, parts) in leaves: published lines, and every code split by every level that meets it."""
    sets = leaf_sets(axis)
    sums = {
        (sets[line.parent], frozenset(sets[child] for child in line.children))
        for line in axis.lines
    }
    for whole in sets:
        for level in {code.level for code in axis.codes}:
            inside = [
                sets[index]
                for index, code in enumerate(axis.codes)
                if code.level == level and sets[index] <= whole
            ]
            rest = whole - frozenset().union(*inside)
            if inside and frozenset(inside) != {whole}:
                sums.add((whole, frozenset([*inside, *([rest] if rest else [])])))
    return sums


@dataclass
class Attack:
    lattice: object
    status: np.ndarray

    def __post_init__(self):
        self.sets = [leaf_sets(axis) for axis in self.lattice.axes]
        self.known = {}
        self.hidden = set()
        for index in np.ndindex(self.status.shape):
            measure, *codes = index
            cell = (measure, *(sets[code] for sets, code in zip(self.sets, codes, strict=True)))
            if measure in self.lattice.latent:
                continue
            if self.status[index] == Status.PUBLISHED:
                self.known[cell] = int(self.lattice.counts[index])
            elif self.status[index] == Status.SUPPRESSED:
                self.hidden.add(cell)
        self.sums = list(self.all_sums())

    def all_sums(self):
        measures = range(len(self.lattice.measure_names))
        every = [sorted(set(sets), key=sorted) for sets in self.sets]
        for number, axis in enumerate(self.lattice.axes):
            others = [*every]
            others[number] = [None]
            for whole, parts in axis_sums(axis):
                for measure, *place in product(measures, *others):

                    def at(leaves, measure=measure, place=place, number=number):
                        return (measure, *place[:number], leaves, *place[number + 1 :])

                    yield at(whole), [at(part) for part in parts]
        for line in self.lattice.measure_lines:
            for place in product(*every):
                yield (line.parent, *place), [(part, *place) for part in line.children]

    def run(self):
        found = True
        while found:
            found = False
            for whole, parts in self.sums:
                unknown = [cell for cell in (whole, *parts) if cell not in self.known]
                if not unknown:
                    continue
                rest = sum(self.known[part] for part in parts if part in self.known)
                if unknown == [whole]:
                    self.known[whole] = rest
                elif whole in self.known and (len(unknown) == 1 or self.known[whole] == rest):
                    for cell in unknown:
                        self.known[cell] = self.known[whole] - rest
                else:
                    continue
                found = True

    def small_sums(self, threshold):
        """Sums of unknown cells, of one line, that come to 1..threshold-1."""
        for whole, parts in self.sums:
            unknown = [part for part in parts if part not in self.known]
            if whole in self.known and unknown:
                rest = self.known[whole] - sum(self.known.get(part, 0) for part in parts)
                if 0 < rest < threshold:
                    yield unknown, rest


# --- random small cubes ----------------------------------------------------------------------


def dimension(name, role, *levels):
    return Dimension(name, TEXT, role, column=name, levels=levels)


@st.composite
def geographies(draw):
    """Regions, and areas that may cross them; some municipalities have no area, one is unknown.

    Municipalities may come in pairs, so that what two divisions cut out has no code of its own.
    """
    count = draw(st.integers(2, 5))
    region_of = draw(st.lists(st.integers(1, 2), min_size=count, max_size=count))
    area_of = draw(st.lists(st.sampled_from([0, 1, 1, 2, 2, 3]), min_size=count, max_size=count))
    pairs = draw(st.integers(1, 2))
    region_of, area_of = region_of * pairs, area_of * pairs
    codes = [Code("SSS", TEXT, "country")]
    codes += [Code(f"MK{n}", TEXT, "region", ("SSS",)) for n in sorted(set(region_of))]
    codes += [Code(f"TA{n}", TEXT, "area", ("SSS",)) for n in sorted(set(area_of) - {0})]
    for number, (region, area) in enumerate(zip(region_of, area_of, strict=True)):
        parents = (f"MK{region}", *([f"TA{area}"] if area else []))
        codes.append(Code(f"KU{number}", TEXT, "municipality", parents))
    codes.append(Code("KUXXX", TEXT, "municipality", ("SSS",)))
    levels = draw(
        st.sampled_from(
            [
                ("country", "region", "area", "municipality"),
                ("country", "area", "municipality"),
                ("region", "municipality"),
            ]
        )
    )
    return axis_from_codes(dimension("geography", AxisRole.GEO, *levels), codes)


def flat(name, *codes):
    listed = [Code("SSS", TEXT, "total"), *(Code(code, TEXT, "class", ("SSS",)) for code in codes)]
    return axis_from_codes(dimension(name, AxisRole.CLASS, "total", "class"), listed)


def nested_ages():
    codes = [Code("SSS", TEXT, "total")]
    codes += [Code(code, TEXT, "broad", ("SSS",)) for code in ("-24", "25-")]
    codes += [
        Code(code, TEXT, "fine", (parent,))
        for code, parent in (("-19", "-24"), ("20-24", "-24"), ("25-49", "25-"), ("50-", "25-"))
    ]
    return axis_from_codes(dimension("age", AxisRole.CLASS, "total", "broad", "fine"), codes)


def months(count):
    codes = [Code(f"2026M{n:02}", TEXT, "month") for n in range(1, count + 1)]
    return axis_from_codes(dimension("month", AxisRole.TIME, "month"), codes)


COARSE, FINE = ("country", "region", "area"), ("municipality",)
DESIGNS = (
    ((*COARSE, *FINE), ("total", "class"), ("total", "broad", "fine")),
    (COARSE, ("total", "class"), ("total", "fine")),
    (COARSE, ("total",), ("total", "broad", "fine")),
    (FINE, ("total", "class"), ("total",)),
    (FINE, ("total",), ("broad",)),
    (("country", "municipality"), ("class",), ("broad", "fine")),
)
COUNTS = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 9, 30, 1000])


@st.composite
def lattices(draw):
    axes = [
        draw(geographies()),
        months(draw(st.integers(1, 2))),
        flat("sex", *"129"[: draw(st.integers(1, 3))]),
    ]
    axes += [nested_ages()] if draw(st.booleans()) else []
    names = [axis.name for axis in axes]
    combinations = [
        Combination(dict(zip(names, (geography, ("month",), sex, age), strict=False)), frozenset())
        for geography, sex, age in draw(st.lists(st.sampled_from(DESIGNS), min_size=1, max_size=3))
    ]
    places = np.array(
        list(
            product(
                *(
                    [
                        index
                        for index, own in enumerate(leaf_sets(axis))
                        if len(own) == 1 and own == {index}
                    ]
                    for axis in axes
                )
            )
        )
    ).T
    size = places.shape[1]
    empty = draw(st.sampled_from([0.0, 0.3, 0.8]))
    # the draws of counts come from one seed: a list of hundreds of draws would be slow to shrink
    dice = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pool = np.array(draw(st.lists(COUNTS, min_size=1, max_size=6)))
    latent, served, long, short = (
        np.where(dice.random(size) < empty, 0, dice.choice(pool, size)) for _ in range(4)
    )
    jobless = long + short
    counts = {
        "seekers": jobless + served + latent,
        "jobless": jobless,
        "served": served,
        "long": long,
    }
    nestings = NESTINGS
    if draw(st.booleans()):
        counts, nestings = {"seekers": counts["seekers"]}, ()
    return build_lattice(
        axes,
        LeafCounts(places, counts),
        nestings=nestings,
        combinations=[replace(one, measures=frozenset(counts)) for one in combinations],
    )


RULES = st.sampled_from([2, 3, 5]).map(lambda threshold: DisclosureRules(threshold, "test"))

# --- what must hold --------------------------------------------------------------------------


@settings.get_profile("many")
@given(lattice=lattices(), rules=RULES)
def test_subtraction_gives_nothing_hidden_back(lattice, rules):
    attack = Attack(lattice, protect(lattice, rules).status)
    attack.run()

    assert not attack.hidden & attack.known.keys()
    assert [cell for cell, value in attack.known.items() if 0 < value < rules.threshold] == []
    assert list(attack.small_sums(rules.threshold)) == []


@settings.get_profile("some")
@given(lattice=lattices(), rules=RULES)
def test_every_small_published_count_is_hidden_and_only_designed_cells_have_a_status(
    lattice, rules
):
    status = protect(lattice, rules).status
    small = (lattice.counts > 0) & (lattice.counts < rules.threshold) & lattice.designed

    assert (status[small] == Status.SUPPRESSED).all()
    assert ((status == Status.NOT_PUBLISHED) == ~lattice.designed).all()


@settings.get_profile("some")
@given(lattice=lattices(), rules=RULES)
def test_the_same_cube_has_the_same_mask(lattice, rules):
    assert (protect(lattice, rules).status == protect(lattice, rules).status).all()


@settings.get_profile("some")
@given(lattice=lattices())
def test_a_threshold_of_zero_hides_nothing(lattice):
    status = protect(lattice, DisclosureRules(0, "no persons")).status

    assert not (status == Status.SUPPRESSED).any()


@settings.get_profile("some")
@given(lattice=lattices())
def test_every_line_adds_up_whichever_division_the_total_came_from(lattice):
    for number, axis in enumerate(lattice.axes, start=1):
        along = np.moveaxis(lattice.counts, number, 0)
        for line in axis.lines:
            assert (along[line.parent] == along[list(line.children)].sum(axis=0)).all()
    for line in lattice.measure_lines:
        parts = lattice.counts[list(line.children)].sum(axis=0)
        assert (lattice.counts[line.parent] == parts).all()


@settings.get_profile("some")
@given(lattice=lattices(), rules=RULES)
def test_months_are_protected_each_by_itself(lattice, rules):
    status = protect(lattice, rules).status
    axis = [axis.name for axis in lattice.axes].index("month") + 1
    last = lattice.counts.take([-1], axis=axis)
    repeated = np.repeat(last, lattice.counts.shape[axis], axis=axis)
    twins = Lattice(
        lattice.axes,
        lattice.measure_names,
        repeated,
        lattice.measure_lines,
        lattice.latent,
        lattice.designed,
    )
    alone = protect(twins, rules).status

    assert (alone.take(-1, axis=axis) == status.take(-1, axis=axis)).all()


@settings.get_profile("many")
@given(lattice=lattices(), rules=RULES, minimum_n=st.sampled_from([0, 3, 10]))
def test_no_hidden_mean_follows_from_published_means_and_counts(lattice, rules, minimum_n):
    # A published mean times its published count is a sum: an attacker subtracts those. Whether a
    # sum can be worked out does not depend on its value, so persons stand in for euros.
    of = lattice.measure_names[-1] if not lattice.latent else "jobless"
    place = lattice.measure_names.index(of)
    status = protect(lattice, rules).status
    rule = Dominance(1, 1, "contributors", "largest", "second", "test")
    mean = Measure(
        "mean", TEXT, TEXT, MeasureKind.MEAN, 1, of=(of,), minimum_n=minimum_n, dominance=rule
    )
    designed = lattice.designed[place]
    counts = lattice.counts[place]
    each = np.where(counts > 0, 7 * HUNDREDTHS, 0)
    parts = Contributions(counts * 7 * HUNDREDTHS, each, np.where(counts > 1, each, 0), counts)
    made = mask_means(lattice, status, measure=mean, contributions=parts, designed=designed)
    persons = Lattice(lattice.axes, (of,), lattice.counts[[place]], (), frozenset(), designed[None])
    attack = Attack(persons, made.status[None])
    attack.run()

    assert not attack.hidden & attack.known.keys()
    assert [cell for cell, value in attack.known.items() if 0 < value < minimum_n] == []
    assert list(attack.small_sums(minimum_n)) == []
    assert (made.status[status[place] == Status.SUPPRESSED] == Status.SUPPRESSED).all()
    assert np.isnan(made.values[made.status != Status.PUBLISHED]).all()
    assert set(made.values[~np.isnan(made.values)]) <= {7.0}
