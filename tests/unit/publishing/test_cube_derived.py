"""A cube whose means or shares tell too much is refused, whatever the protector thought of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gateway.errors import ReleaseRefused
from gateway.model.cube import Status
from gateway.model.product import DisclosureRules
from gateway.protection import derived as protector
from gateway.publishing import cube_derived
from gateway.publishing.road import publish

CREATED = "2026-07-01T03:00:00.000Z"


@pytest.fixture
def strict(seekers):
    """So strict a cube that some of its counts are hidden."""
    rules = DisclosureRules(70, "many are small")
    return replace(seekers, cube=replace(seekers.cube, disclosure=rules))


def test_means_that_are_not_masked_refuse_the_release(house, strict, day, monkeypatch):
    def careless(lattice, status, *, measure, contributions, designed):
        made = protector.mask_means(
            lattice, status, measure=measure, contributions=contributions, designed=designed
        )
        made.status[made.status == Status.SUPPRESSED] = Status.PUBLISHED
        return made

    monkeypatch.setattr(cube_derived, "mask_means", careless)
    with pytest.raises(ReleaseRefused, match=r"mean_age of .* \(shown\)"):
        publish(strict, as_of=day, services=house.services, created_utc=CREATED)


def test_shares_of_hidden_counts_refuse_the_release(house, strict, day, monkeypatch):
    def careless(lattice, status, *, measure, designed):
        open_to_all = np.where(status == Status.SUPPRESSED, np.uint8(Status.PUBLISHED), status)
        return protector.mask_shares(lattice, open_to_all, measure=measure, designed=designed)

    monkeypatch.setattr(cube_derived, "mask_shares", careless)
    with pytest.raises(ReleaseRefused, match="share_young of"):
        publish(strict, as_of=day, services=house.services, created_utc=CREATED)
