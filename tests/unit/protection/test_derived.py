from __future__ import annotations

import json

import numpy as np
import pytest

from gateway.errors import ContractFault
from gateway.model.codes import Code
from gateway.model.cube import Axis, Lattice, Line, Status
from gateway.model.label import Label
from gateway.model.product import AxisRole, DisclosureRules, Measure, MeasureKind
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
            **terms,
        }
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

    exact = mask_means(made, protected(made), measure=mean(), sums=sums, designed=made.designed[0])
    steps = mask_means(
        made,
        protected(made),
        measure=mean(round_to=5.0, decimals=0),
        sums=sums,
        designed=made.designed[0],
    )

    assert exact.values.tolist() == [1.0, 1.5, 2.5, 6.7]
    assert steps.values.tolist() == [0.0, 0.0, 0.0, 5.0]


def test_a_mean_of_few_is_hidden_and_does_not_follow_from_the_others():
    made = lattice(finished=[7, 40, 50])

    masked = mask_means(
        made,
        protected(made),
        measure=mean(minimum_n=10),
        sums=made.counts[0],
        designed=made.designed[0],
    )

    assert masked.status.tolist() == [SHOWN, HIDDEN, HIDDEN, SHOWN]
    assert np.isnan(masked.values[[1, 2]]).all()
    assert masked.values[[0, 3]].tolist() == [1.0, 1.0]


def test_a_mean_is_hidden_where_its_count_is():
    made = lattice(finished=[4, 40, 50])
    status = protected(made)

    masked = mask_means(
        made, status, measure=mean(), sums=made.counts[0], designed=made.designed[0]
    )

    assert (masked.status[status[0] == HIDDEN] == HIDDEN).all()


def test_a_mean_of_nobody_is_published_and_empty():
    made = lattice(finished=[0, 40, 50])

    masked = mask_means(
        made,
        protected(made),
        measure=mean(minimum_n=10),
        sums=made.counts[0],
        designed=made.designed[0],
    )

    assert masked.status.tolist() == [SHOWN] * 4
    assert np.isnan(masked.values[1])


def test_what_the_contract_does_not_publish_has_no_mean():
    made = lattice(designed=[True, False, False, False], finished=[30, 40, 50])

    masked = mask_means(
        made, protected(made), measure=mean(), sums=made.counts[0], designed=made.designed[0]
    )

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

    report = mask_means(
        made,
        protected(made),
        measure=mean(minimum_n=10),
        sums=made.counts[0],
        designed=made.designed[0],
    ).report

    assert json.loads(json.dumps(report)) == report
    assert (report["designed"], report["hidden"]) == (4, 2)


@pytest.mark.parametrize("of", [(), ("finished", "employed"), ("nothing",)])
def test_refuses_a_mean_of_anything_but_one_count(of):
    made = lattice(finished=[30, 40, 50], employed=[10, 10, 10])

    with pytest.raises(ContractFault):
        mask_means(
            made,
            protected(made),
            measure=mean(of=of),
            sums=made.counts[0],
            designed=made.designed[0],
        )


@pytest.mark.parametrize("terms", [{"of": ()}, {"numerator": "nothing"}])
def test_refuses_a_share_of_what_is_not_counted(terms):
    made = lattice(finished=[30, 40, 50], employed=[10, 10, 10])

    with pytest.raises(ContractFault):
        mask_shares(made, protected(made), measure=share(**terms), designed=made.designed[0])


def test_refuses_a_mean_over_a_measure_that_is_never_published():
    made = lattice(finished=[30, 40, 50])
    latent = Lattice(made.axes, made.measure_names, made.counts, (), frozenset({0}), made.designed)

    with pytest.raises(ContractFault):
        mask_means(
            latent,
            protected(made),
            measure=mean(),
            sums=made.counts[0],
            designed=latent.designed[0],
        )
