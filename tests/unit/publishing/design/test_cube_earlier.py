"""A release is protected beside the one before it: cells are matched, held to, and counted where not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gateway.attack import attacked
from gateway.errors import ReleaseRefused
from gateway.model.cube import Axis, Lattice, Line, Status
from gateway.protection import suppression
from gateway.protection.suppression import Earlier
from gateway.publishing import cube_audit
from gateway.publishing.cube_audit import audited_cube
from gateway.publishing.cube_earlier import Before, cells_told, known_by, revised_beyond, widened
from gateway.publishing.services import silent

OF = ("job-seekers 2026-05-31.1",)


@pytest.fixture
def protected(villages, spec) -> np.ndarray:
    return suppression.protect(villages, spec.disclosure).status


def one_month_on(lattice: Lattice) -> Lattice:
    """The oldest month is gone and a new one has come, with the counts of the one before."""
    axis = lattice.axes[3]
    codes = (*axis.codes[1:], replace(axis.codes[-1], code="2026M07"))
    places = [1, 2, 2]
    return replace(
        lattice,
        axes=(*lattice.axes[:3], replace(axis, codes=codes)),
        counts=lattice.counts[..., places],
        designed=lattice.designed[..., places],
    )


# --- which cells are the same ---------------------------------------------------------------------


def test_cells_are_matched_by_month_though_months_shift(villages, protected, cube_of):
    cells = cells_told([cube_of(protected)], one_month_on(villages))

    visible = [i for i in range(len(protected)) if i not in villages.latent]
    for now, before in ((0, 1), (1, 2)):
        was = protected[visible][..., before]
        assert (cells.told[visible][..., now] == (was == Status.PUBLISHED)).all()
        assert (cells.kept[visible][..., now] == (was == Status.SUPPRESSED)).all()
    assert not cells.told[..., 2].any()
    assert not cells.kept[..., 2].any()


def test_a_count_that_has_changed_is_told_no_longer(villages, protected, cube_of, place):
    cell = place("seekers", "MK1", "SSS", "SSS", "2026M05")
    assert protected[cell] == Status.PUBLISHED
    counts = villages.counts.copy()
    counts[cell] += 1

    cells = cells_told([cube_of(protected)], replace(villages, counts=counts))

    assert not cells.told[cell]
    assert not cells.kept[cell]


def test_a_hidden_cell_stays_so_though_its_count_has_changed(villages, protected, cube_of):
    cell = tuple(np.argwhere(protected[:2] == Status.SUPPRESSED)[0])
    counts = villages.counts.copy()
    counts[cell] += 100
    assert cells_told([cube_of(protected)], replace(villages, counts=counts)).kept[cell]


def test_what_was_not_published_is_neither(villages, protected, cube_of):
    cells = cells_told([cube_of(protected)], villages)
    unseen = protected == Status.NOT_PUBLISHED
    assert unseen.any()
    assert not (cells.told | cells.kept)[unseen].any()


def renamed(axis: Axis, old: str, new: str) -> Axis:
    codes = tuple(replace(one, code=new) if one.code == old else one for one in axis.codes)
    return replace(axis, codes=codes)


def test_codes_that_come_and_go_have_no_before(villages, protected, cube_of):
    axis = renamed(villages.axes[0], "K1", "K9")  # K1 is gone, K9 is new in its place
    cells = cells_told([cube_of(protected)], replace(villages, axes=(axis, *villages.axes[1:])))
    new = axis.position()["K9"]
    assert not (cells.told | cells.kept)[:, new].any()
    assert (cells.told | cells.kept)[:2, new - 1].any()


def test_codes_in_another_order_are_the_same(villages, protected, cube_of):
    axis, back = villages.axes[2], [3, 2, 1, 0]
    at = {old: new for new, old in enumerate(back)}
    turned = replace(
        villages,
        axes=(
            *villages.axes[:2],
            replace(
                axis,
                codes=tuple(axis.codes[i] for i in back),
                lines=tuple(
                    Line(at[one.parent], tuple(at[c] for c in one.children)) for one in axis.lines
                ),
                total=at[0],
            ),
            villages.axes[3],
        ),
        counts=villages.counts[:, :, :, back],
        designed=villages.designed[:, :, :, back],
    )
    straight = cells_told([cube_of(protected)], villages)
    cells = cells_told([cube_of(protected)], turned)
    assert (cells.told == straight.told[:, :, :, back]).all()
    assert (cells.kept == straight.kept[:, :, :, back]).all()


def test_dimensions_in_another_order_are_the_same(villages, protected, cube_of):
    straight = cells_told([cube_of(protected)], villages)
    cube, back = cube_of(protected), [3, 2, 1, 0]
    turned = replace(
        cube,
        axes=tuple(cube.axes[n] for n in back),
        status=cube.status.transpose(0, *(1 + n for n in back)),
        values=cube.values.transpose(0, *(1 + n for n in back)),
    )

    cells = cells_told([turned], villages)

    assert straight.told.any()
    assert straight.kept.any()
    assert (cells.told == straight.told).all()
    assert (cells.kept == straight.kept).all()


def test_a_cube_of_other_dimensions_tells_nothing(villages, protected, cube_of):
    cube = cube_of(protected)
    other = replace(cube, axes=(replace(cube.axes[0], name="place"), *cube.axes[1:]))
    cells = cells_told([other], villages)
    assert not (cells.told | cells.kept).any()


def test_what_is_left_of_a_measure_is_told_where_the_whole_and_the_part_are(
    villages, protected, cube_of
):
    cells = cells_told([cube_of(protected)], villages)
    (rest,) = villages.latent
    assert (cells.told[rest] == cells.told[:2].all(axis=0)).all()
    assert cells.told[rest].any()
    assert not cells.kept[rest].any()


def test_of_linked_cubes_what_any_told_is_told_and_what_none_told_is_kept(
    villages, protected, cube_of
):
    whole = cube_of(protected)
    (hidden, *_) = np.argwhere(protected[:2] == Status.SUPPRESSED)
    (shown, *_) = np.argwhere(protected[:2] == Status.PUBLISHED)
    status, values = whole.status.copy(), whole.values.copy()
    cell, other = tuple(hidden), tuple(shown)
    status[cell], values[cell] = Status.PUBLISHED, villages.counts[cell]
    status[other], values[other] = Status.SUPPRESSED, np.nan
    cells = cells_told([whole, replace(whole, status=status, values=values)], villages)
    assert cells.told[cell]
    assert not cells.kept[cell]
    assert cells.told[other]
    assert not cells.kept[other]


# --- what readers know of both --------------------------------------------------------------------


def before_of(protected: np.ndarray, villages: Lattice, cube_of) -> Before:
    return Before(cells_told([cube_of(protected)], villages), OF)


def test_readers_know_what_either_tells_but_in_a_month_that_was_revised_beyond(
    villages, protected, place
):
    told = protected == Status.PUBLISHED
    status = protected.copy()
    held, broken = (place("seekers", "K0", "SSS", "SSS", f"2026M0{m}") for m in (4, 5))
    assert told[held]
    assert told[broken]
    status[held] = Status.NOT_PUBLISHED
    status[broken] = Status.SUPPRESSED

    known = known_by(villages, status, told)

    assert known[held]
    assert not known[broken]
    assert revised_beyond(villages, status, told).reshape(-1).tolist() == [False, True, False]
    assert not known[list(villages.latent)].any()


def test_what_was_said_of_a_place_that_is_too_small_by_now_stays_said(
    house, villages, spec, protected, cube_of
):
    designed = villages.designed.copy()
    designed[:, villages.axes[0].position()["K3"]] = False
    smaller = replace(villages, designed=designed)
    before = before_of(protected, smaller, cube_of)
    assert (widened(smaller, before.cells).designed == villages.designed).all()

    made = audited_cube(smaller, spec, before=before, services=house.services, progress=silent)

    assert made.refusal == ""
    assert (made.protected.status[~designed] == Status.NOT_PUBLISHED).all()
    assert (made.protected.status[designed] == protected[designed]).all()


# --- the audit ------------------------------------------------------------------------------------


def test_an_unchanged_cube_keeps_its_mask_and_says_whose(house, villages, spec, protected, cube_of):
    before = before_of(protected, villages, cube_of)
    made = audited_cube(villages, spec, before=before, services=house.services, progress=silent)
    assert (made.protected.status == protected).all()
    assert made.report["revision"] == {"of": list(OF), "revised_beyond_the_earlier": 0}


def test_a_mask_is_made_anew_where_something_else_was_told(
    house, villages, spec, protected, cube_of
):
    before = before_of(protected, villages, cube_of)
    for one in (None, before, before, replace(before, releases=("job-seekers 2026-05-31.2",))):
        audited_cube(villages, spec, before=one, services=house.services, progress=silent)
    assert len(house.services.masks) == 3


def test_the_attack_knows_what_was_told_before(
    house, villages, spec, protected, cube_of, monkeypatch
):
    before = before_of(protected, villages, cube_of)
    attacks = []

    def watching(lattice, known, rules, **how):
        attacks.append(known)
        return attacked(lattice, known, rules, **how)

    monkeypatch.setattr(cube_audit, "attacked", watching)
    audited_cube(villages, spec, before=before, services=house.services, progress=silent)
    (known,) = attacks
    visible = before.cells.told.copy()
    visible[list(villages.latent)] = False
    assert (known | ~visible).all()


def test_a_month_that_cannot_stand_beside_the_earlier_release_is_counted(
    house, villages, spec, protected, cube_of
):
    everything = np.broadcast_to(villages.designed, villages.counts.shape).copy()
    told = everything & (villages.counts >= 5)  # nothing is left to hide small counts behind
    told[..., 0] = False
    before = Before(Earlier(told, np.zeros_like(told)), OF)

    made = audited_cube(villages, spec, before=before, services=house.services, progress=silent)

    assert made.refusal == ""
    assert made.report["revision"]["revised_beyond_the_earlier"] == 2
    assert made.report["audit"]["exact"] == made.report["audit"]["narrow"] == 0


def test_what_is_mended_leaves_what_was_told_if_it_can(
    house, villages, spec, protected, cube_of, monkeypatch
):
    # The first mask hides small counts only; the earlier release told the totals of every place.
    told = (protected == Status.PUBLISHED) & villages.designed
    told[:, :, 1:] = told[:, :, :, 1:] = False
    before = Before(Earlier(told, np.zeros_like(told)), OF)
    asked = []

    def careless(lattice, rules, *, also=None, earlier=None, **how):
        asked.append((also, earlier))
        made = suppression.protect(lattice, rules, also=also, earlier=earlier, **how)
        if also is not None:
            return made
        status = made.status.copy()
        small = (lattice.counts > 0) & (lattice.counts < rules.threshold)
        status[(status == Status.SUPPRESSED) & ~small] = Status.PUBLISHED
        return replace(made, status=status)

    monkeypatch.setattr(cube_audit, "protect", careless)
    made = audited_cube(villages, spec, before=before, services=house.services, progress=silent)

    (_, first), (also, second) = asked[:2]
    assert first is before.cells
    assert second.told.shape == also.shape
    assert not (also & second.told).any()
    assert made.refusal == ""
    assert made.report["revision"]["revised_beyond_the_earlier"] == 0


def test_what_was_told_is_given_up_where_nothing_else_can_be_hidden(
    house, villages, spec, monkeypatch
):
    # A protector that does as it is told: small counts, and then whatever the audit asks for.
    told = villages.designed & (villages.counts >= 5)
    before = Before(Earlier(told, np.zeros_like(told)), OF)

    def stubborn(lattice, rules, *, also=None, earlier=None, **how):
        if earlier.told.any():
            small = (lattice.counts > 0) & (lattice.counts < rules.threshold) & lattice.designed
            status = np.where(lattice.designed, Status.PUBLISHED, Status.NOT_PUBLISHED)
            return suppression.Protected(
                np.where(small, Status.SUPPRESSED, status).astype("u1"), {}
            )
        return suppression.protect(lattice, rules, also=also, **how)

    monkeypatch.setattr(cube_audit, "protect", stubborn)
    made = audited_cube(villages, spec, before=before, services=house.services, progress=silent)
    assert made.refusal == ""
    assert made.report["audit"]["rounds"] >= 1
    assert made.report["revision"]["revised_beyond_the_earlier"] > 0


def test_without_a_release_before_there_is_no_word_of_it(house, villages, spec):
    made = audited_cube(villages, spec, services=house.services, progress=silent)
    assert "revision" not in made.report


def test_a_protector_that_cannot_is_still_refused(house, villages, spec, monkeypatch):
    def never(*_, **__):
        raise ReleaseRefused("There is nothing to hide behind.")

    monkeypatch.setattr(cube_audit, "protect", never)
    with pytest.raises(ReleaseRefused, match="nothing to hide behind"):
        audited_cube(villages, spec, services=house.services, progress=silent)


# --- cubes without months -------------------------------------------------------------------------


def test_of_another_time_a_hidden_cell_stays_so_only_where_its_count_has_hardly_changed(
    villages, protected, cube_of
):
    hidden = np.argwhere(protected[:2] == Status.SUPPRESSED)[:3]
    same, near, far = (tuple(cell) for cell in hidden)
    counts = villages.counts.copy()
    counts[near] += 3
    counts[far] += 4
    now = replace(villages, counts=counts)

    cells = cells_told([cube_of(protected)], now, was=villages, width=4)

    assert cells.kept[same]
    assert cells.kept[near]
    assert not cells.kept[far]
