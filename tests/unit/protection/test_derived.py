from __future__ import annotations

import json

import numpy as np
import pytest

from gateway.errors import ContractFault
from gateway.model.codes import Code
from gateway.model.cube import Axis, Lattice, Line, Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, DisclosureRules, Dominance, Measure, MeasureKind
from gateway.protection.contributions import HUNDREDTHS, Contributions
from gateway.protection.derived import mask_means, mask_shares
from gateway.protection.suppression import protect

TEXT = Label("", "", "")
SHOWN, HIDDEN, OUTSIDE = Status.PUBLISHED, Status.SUPPRESSED, Status.NOT_PUBLISHED


def lattice(designed=None, **measures):
    """One axis of the whole and three parts; measures give the parts."""
    codes = tuple(
        Code(name, TEXT, level)
        for name, level in (("SSS", "total"), ("a", "group"), ("b", "group"), ("c", "group"))
    )
    axis = Axis("group", TEXT, AxisRole.CLASS, codes, (Line(0, (1, 2, 3)),), 0)
    counts = np.array([[sum(parts), *parts] for parts in measures.values()], dtype=np.int64)
    mask = np.ones(4, dtype=np.bool_) if designed is None else np.array(designed)
    return Lattice(
        (axis,),
        tuple(measures),
        counts,
        (),
        frozenset(),
        np.repeat(mask[None], len(counts), axis=0),
    )


def mean(**terms):
    return Measure(
        **{
            "name": "mean",
            "label": TEXT,
            "unit": TEXT,
            "kind": MeasureKind.MEAN,
            "decimals": 1,
            "of": ("finished",),
            "dominance": Dominance(10, 5, "contributors", "largest", "second", "a test"),
            **terms,
        }
    )


def even(made, sums):
    """Everybody contributes alike; sums in whole units."""
    persons, whole = made.counts[0], np.asarray(sums, dtype=np.int64) * HUNDREDTHS
    each = -(-whole // np.maximum(persons, 1))
    return Contributions(whole, each, np.where(persons > 1, each, 0), persons)


def masked_evenly(made, status, *, measure, sums):
    return mask_means(
        made, status, measure=measure, contributions=even(made, sums), designed=made.designed[0]
    )


def share(**terms):
    return Measure(
        **{
            "name": "share",
            "label": TEXT,
            "unit": TEXT,
            "kind": MeasureKind.SHARE,
            "decimals": 1,
            "of": ("finished",),
            "numerator": "employed",
            **terms,
        }
    )


def protected(made, threshold=5):
    return protect(made, DisclosureRules(threshold, "a test")).status


def test_a_mean_is_rounded_to_its_step_and_its_decimals():
    made = lattice(finished=[30, 40, 50])
    sums = np.array([120.0, 44.0, 100.0, 333.0])

    exact = masked_evenly(made, protected(made), measure=mean(), sums=sums)
    steps = masked_evenly(made, protected(made), measure=mean(round_to=5.0, decimals=0), sums=sums)

    assert exact.values.tolist() == [1.0, 1.5, 2.5, 6.7]
    assert steps.values.tolist() == [0.0, 0.0, 0.0, 5.0]


def test_a_mean_of_few_is_rounded_more_coarsely():
    made = lattice(finished=[12, 40, 200])
    sums = made.counts[0] * 2337
    terms = mean(round_to=10.0, decimals=0, sum_step=2000.0)

    told = masked_evenly(made, protected(made), measure=terms, sums=sums)

    assert told.status.tolist() == [SHOWN] * 4
    assert told.values.tolist() == [2340.0, 2400.0, 2350.0, 2340.0]


def test_a_mean_that_is_rounded_too_finely_for_its_largest_contribution_is_hidden():
    made = lattice(finished=[12, 40, 50])
    sums = made.counts[0] * 2337
    terms = mean(round_to=10.0, decimals=0, sum_step=100.0)

    told = masked_evenly(made, protected(made), measure=terms, sums=sums)

    assert told.status.tolist() == [SHOWN, HIDDEN, HIDDEN, SHOWN]


def test_a_mean_of_few_is_hidden_and_does_not_follow_from_the_others():
    made = lattice(finished=[7, 40, 50])

    masked = masked_evenly(made, protected(made), measure=mean(minimum_n=10), sums=made.counts[0])

    assert masked.status.tolist() == [SHOWN, HIDDEN, HIDDEN, SHOWN]
    assert np.isnan(masked.values[[1, 2]]).all()
    assert masked.values[[0, 3]].tolist() == [1.0, 1.0]


def test_a_mean_is_hidden_where_its_count_is():
    made = lattice(finished=[4, 40, 50])
    status = protected(made)

    masked = masked_evenly(made, status, measure=mean(), sums=made.counts[0])

    assert (masked.status[status[0] == HIDDEN] == HIDDEN).all()


def test_a_mean_of_nobody_is_published_and_empty():
    made = lattice(finished=[0, 40, 50])

    masked = masked_evenly(made, protected(made), measure=mean(minimum_n=10), sums=made.counts[0])

    assert masked.status.tolist() == [SHOWN] * 4
    assert np.isnan(masked.values[1])


def test_what_the_contract_does_not_publish_has_no_mean():
    made = lattice(designed=[True, False, False, False], finished=[30, 40, 50])

    masked = masked_evenly(made, protected(made), measure=mean(), sums=made.counts[0])

    assert masked.status.tolist() == [SHOWN, OUTSIDE, OUTSIDE, OUTSIDE]
    assert np.isnan(masked.values[1:]).all()


def test_a_share_needs_every_count_beneath_it():
    made = lattice(finished=[20, 40, 50], employed=[3, 20, 25])

    masked = mask_shares(made, protected(made), measure=share(), designed=made.designed[0])

    assert masked.status.tolist() == [SHOWN, HIDDEN, HIDDEN, SHOWN]
    assert masked.values[3] == 50.0
    assert masked.values[0] == 43.6


def test_a_share_of_few_is_hidden():
    made = lattice(finished=[8, 40, 50], employed=[8, 20, 25])

    masked = mask_shares(
        made, protected(made), measure=share(minimum_n=10), designed=made.designed[0]
    )

    assert masked.status.tolist() == [SHOWN, HIDDEN, SHOWN, SHOWN]


def test_a_rate_has_the_sum_of_several_counts_beneath_it():
    made = lattice(jobless=[30, 30, 30], served=[10, 30, 0])
    rate = share(of=("jobless", "served"), numerator="served")

    masked = mask_shares(made, protected(made), measure=rate, designed=made.designed[0])

    assert masked.values.tolist() == [30.8, 25.0, 50.0, 0.0]


def test_the_report_is_json_and_counts_the_hidden():
    made = lattice(finished=[7, 40, 50])

    report = masked_evenly(
        made, protected(made), measure=mean(minimum_n=10), sums=made.counts[0]
    ).report

    assert json.loads(json.dumps(report)) == report
    assert (report["designed"], report["hidden"]) == (4, 2)


@pytest.mark.parametrize("of", [(), ("finished", "employed"), ("nothing",)])
def test_refuses_a_mean_of_anything_but_one_count(of):
    made = lattice(finished=[30, 40, 50], employed=[10, 10, 10])

    with pytest.raises(ContractFault):
        masked_evenly(made, protected(made), measure=mean(of=of), sums=made.counts[0])


@pytest.mark.parametrize("terms", [{"of": ()}, {"numerator": "nothing"}])
def test_refuses_a_share_of_what_is_not_counted(terms):
    made = lattice(finished=[30, 40, 50], employed=[10, 10, 10])

    with pytest.raises(ContractFault):
        mask_shares(made, protected(made), measure=share(**terms), designed=made.designed[0])


def test_refuses_a_mean_over_a_measure_that_is_never_published():
    made = lattice(finished=[30, 40, 50])
    latent = Lattice(made.axes, made.measure_names, made.counts, (), frozenset({0}), made.designed)

    with pytest.raises(ContractFault):
        masked_evenly(latent, protected(made), measure=mean(), sums=made.counts[0])


def test_refuses_a_mean_without_a_dominance_rule():
    made = lattice(finished=[30, 40, 50])

    with pytest.raises(ContractFault, match="no dominance rule"):
        masked_evenly(made, protected(made), measure=mean(dominance=None), sums=made.counts[0])


def one_giant(made, place, amount):
    """As if everybody contributed 10, but for one person of a leaf and of the whole."""
    parts = even(made, made.counts[0] * 10)
    for cell in (0, place):
        parts.sums[cell] += (amount - 10) * HUNDREDTHS
        parts.largest[cell] = amount * HUNDREDTHS
    return parts


@pytest.mark.parametrize(("amount", "told"), [(2000, False), (3800, True)])
def test_a_mean_is_hidden_where_one_person_makes_up_almost_all_of_its_sum(amount, told):
    # Forty persons: what the others than the largest two contribute is 38 * 10 = 380.
    made = lattice(finished=[40, 300, 300])

    masked = mask_means(
        made,
        protected(made),
        measure=mean(),
        contributions=one_giant(made, 1, amount + told),
        designed=made.designed[0],
    )

    assert (masked.status[1] == HIDDEN) == told
    assert (masked.status == HIDDEN).sum() == 2 * told
    assert masked.report["dominance"] == {"percent": 10, "least_contributors": 5}


def test_a_mean_of_too_few_contributors_is_hidden_however_many_are_counted():
    made = lattice(finished=[40, 300, 300])
    parts = even(made, made.counts[0])
    parts.contributors[1] = 4

    masked = mask_means(
        made,
        protected(made),
        measure=mean(minimum_n=10),
        contributions=parts,
        designed=made.designed[0],
    )

    assert masked.status[1] == HIDDEN
    assert (masked.status == HIDDEN).sum() == 2


def test_what_a_line_leaves_over_obeys_the_rule_as_well():
    # The first two are hidden as small; together they are of enough persons, but of one giant.
    made = lattice(finished=[6, 6, 300])

    masked = mask_means(
        made,
        protected(made),
        measure=mean(minimum_n=10),
        contributions=one_giant(made, 1, 50_000),
        designed=made.designed[0],
    )

    assert masked.status[3] == HIDDEN or masked.status[0] == HIDDEN
