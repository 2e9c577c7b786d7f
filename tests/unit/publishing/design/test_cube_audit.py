"""What the attack finds is mended, a few times; then the cube is refused by its relations."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from gateway.attack import Attacked, Finding, Kind, attacked
from gateway.errors import ReleaseRefused
from gateway.model.cube import Lattice, Status
from gateway.protection import suppression
from gateway.publishing import cube_audit
from gateway.publishing.cube_audit import audited_cube, protected_cube
from gateway.publishing.cube_findings import told
from gateway.publishing.cube_repair import cells_to_hide
from gateway.publishing.services import silent


@dataclass
class Planted:
    """A protector that hides small counts only, as often as it is told, and is careful after that."""

    careless: int
    asked: list[tuple[Lattice, np.ndarray | None]] = field(default_factory=list)

    def __call__(self, lattice, rules, *, also=None, **_):
        self.asked.append((lattice, also))
        made = suppression.protect(lattice, rules)
        status = made.status.copy()
        if len(self.asked) <= self.careless:
            small = (lattice.counts > 0) & (lattice.counts < rules.threshold)
            status[(status == Status.SUPPRESSED) & ~small] = Status.PUBLISHED
        if also is not None:
            status[also & (status == Status.PUBLISHED)] = Status.SUPPRESSED
            for line in lattice.measure_lines:
                *parts, latent = line.children
                status[latent] = status[[line.parent, *parts]].max(axis=0)
        return replace(made, status=status)


@pytest.fixture
def planted(monkeypatch):
    def plant(careless: int) -> Planted:
        protector = Planted(careless)
        monkeypatch.setattr(cube_audit, "protect", protector)
        return protector

    return plant


def findings(lattice, status, rules) -> Attacked:
    known = status == Status.PUBLISHED
    known[list(lattice.latent)] = False
    return attacked(lattice, known, rules)


def test_what_the_attack_finds_is_hidden_better(house, villages, spec, planted):
    protector = planted(careless=1)

    made = audited_cube(villages, spec, services=house.services, progress=silent)

    assert made.refusal == ""
    assert made.report["audit"]["rounds"] == 1
    assert made.report["audit"]["exact"] == made.report["audit"]["narrow"] == 0
    assert findings(villages, made.protected.status, spec.disclosure).findings == ()
    assert len(protector.asked) == 2


def test_only_the_months_of_the_findings_are_mended(house, villages, spec, planted):
    protector = planted(careless=1)
    clear = villages.axes[3].position()["2026M04"]
    counts = villages.counts.copy()
    counts[..., clear] *= 50  # no small count, so nothing to hide
    big = replace(villages, counts=counts)

    made = audited_cube(big, spec, services=house.services, progress=silent)

    assert made.refusal == ""
    (_, _), (mended, also) = protector.asked
    assert [one.code for one in mended.axes[3].codes] == ["2026M05", "2026M06"]
    assert also.shape == mended.counts.shape
    assert (made.protected.status[..., clear] != Status.SUPPRESSED).all()
    assert [row["hidden"] for row in made.protected.report["cells"]] == [
        int(
            (
                (made.protected.status[measure] == Status.SUPPRESSED)
                & np.array([c.level == level for c in big.axes[0].codes])[:, None, None, None]
            ).sum()
        )
        for measure in range(2)
        for level in ("country", "region", "area", "municipality")
    ]


def test_what_is_hidden_besides_are_counts_that_were_published(house, villages, spec, planted):
    protector = planted(careless=1)

    audited_cube(villages, spec, services=house.services, progress=silent)

    _, (mended, also) = protector.asked
    assert also.any()
    assert (mended.counts[also] >= spec.disclosure.threshold).all()


def test_cells_can_be_hidden_besides_and_are_kept_unknown_like_small_ones(villages, spec, place):
    cell = place("jobless", "TA3", "2", "c", "2026M04")
    also = np.zeros(villages.counts.shape, dtype=bool)
    also[cell] = True
    lines = replace(spec.disclosure, outsider_width=0, insider_width=0)
    masks = [suppression.protect(villages, r, also=also).status for r in (spec.disclosure, lines)]

    for status in masks:
        assert status[cell] == Status.SUPPRESSED
        age = (*cell[:3], slice(1, None), cell[4])
        assert (status[age] == Status.SUPPRESSED).sum() > 1
    assert suppression.protect(villages, spec.disclosure).status[cell] == Status.PUBLISHED
    assert findings(villages, masks[0], spec.disclosure).findings == ()


def test_a_cube_that_still_fails_is_refused_by_its_relations(
    house, seekers, villages, spec, monkeypatch
):
    def stubborn(lattice, rules, **_):
        return Planted(careless=1)(lattice, rules)

    monkeypatch.setattr(cube_audit, "protect", stubborn)
    with pytest.raises(ReleaseRefused) as refused:
        protected_cube(seekers, villages, spec, services=house.services, progress=silent)

    text = refused.value.detail
    assert "after 3 rounds of mending the audit found" in text
    assert " × " in text
    assert "from the sums over geography" in text


def test_a_cube_is_refused_when_the_time_is_used_up(house, seekers, villages, spec):
    services = replace(house.services, audit_seconds=0.0)
    with pytest.raises(ReleaseRefused, match="time is used up"):
        protected_cube(seekers, villages, spec, services=services, progress=silent)


def test_a_cube_without_widths_is_not_attacked(house, villages, spec):
    lines = replace(spec, disclosure=replace(spec.disclosure, outsider_width=0, insider_width=0))
    made = audited_cube(villages, lines, services=house.services, progress=silent)
    assert (made.report, made.refusal) == ({}, "")


# --- what to hide besides -----------------------------------------------------------------------


def found(*findings: Finding) -> Attacked:
    return Attacked(findings, 1, 1, 0, len(findings), {})


def finding(cell, *, viewer=(), kind=Kind.HIDDEN, leaves=(), parts=()) -> Finding:
    return Finding(viewer, cell[0], tuple(cell[1:]), 1.0, 2.0, kind, leaves, parts)


def open_status(lattice) -> np.ndarray:
    status = np.where(lattice.designed, Status.PUBLISHED, Status.NOT_PUBLISHED)
    return status.astype(np.uint8)


def test_the_smallest_published_cell_on_each_line_is_hidden(villages, place):
    cell = place("jobless", "TA1", "1", "a", "2026M06")
    status = open_status(villages)
    status[cell] = Status.SUPPRESSED

    chosen = cells_to_hide(villages, status, found(finding(cell)))

    peers = [place("jobless", "TA1", "1", age, "2026M06") for age in ("b", "c")]
    assert chosen[min(peers, key=lambda one: villages.counts[one])]
    areas = [place("jobless", area, "1", "a", "2026M06") for area in ("TA2", "TA3")]
    assert chosen[min(areas, key=lambda one: villages.counts[one])]
    assert not chosen[cell]
    assert not chosen[list(villages.latent)].any()
    assert chosen.sum() <= 4  # one for each line, along the measures too


def test_what_an_area_knows_of_itself_is_no_help_against_it(villages, place):
    cell = place("jobless", "K0", "1", "SSS", "2026M06")
    status = open_status(villages)
    status[cell] = Status.SUPPRESSED

    chosen = cells_to_hide(villages, status, found(finding(cell, viewer=("TA2",))))

    own = [villages.axes[0].position()[one] for one in ("TA2", "K2", "K3")]
    assert chosen.any()
    assert not chosen[:, own].any()


def test_of_a_difference_of_measures_one_of_the_two_is_hidden(villages, place):
    cell = place("seekers-jobless", "TA1", "1", "a", "2026M06")
    chosen = cells_to_hide(villages, open_status(villages), found(finding(cell)))
    assert chosen[place("jobless", "TA1", "1", "a", "2026M06")]


def test_of_a_border_piece_a_code_that_holds_it_is_hidden(villages, place):
    # K2 is what region MK1 and area TA2 have in common.
    number = villages.axes[0].position()["K2"]
    cell = list(place("jobless", "SSS", "1", "a", "2026M06"))
    cell[1] = -1

    chosen = cells_to_hide(villages, open_status(villages), found(finding(cell, leaves=(number,))))

    holders = [place("jobless", holder, "1", "a", "2026M06") for holder in ("TA2", "MK1")]
    assert any(chosen[one] for one in holders)


def test_of_a_small_sum_another_part_is_hidden(villages, place):
    parent = place("jobless", "TA1", "1", "SSS", "2026M06")
    parts = tuple(place("jobless", "TA1", "1", age, "2026M06") for age in ("a", "b"))
    status = open_status(villages)
    for part in parts:
        status[part] = Status.SUPPRESSED

    chosen = cells_to_hide(villages, status, found(finding(parent, kind=Kind.DERIVED, parts=parts)))

    assert chosen[place("jobless", "TA1", "1", "c", "2026M06")]


def test_nothing_is_left_to_hide_when_all_is_hidden(villages, place):
    status = np.full(villages.counts.shape, Status.SUPPRESSED, dtype=np.uint8)
    cell = place("jobless", "TA1", "1", "a", "2026M06")
    assert not cells_to_hide(villages, status, found(finding(cell))).any()


def test_a_finding_is_told_by_its_codes_and_sums_without_its_count(villages, place):
    cell = place("jobless", "K0", "1", "SSS", "2026M06")
    said = told(finding(cell, viewer=("TA2",)), villages)
    assert said == (
        "jobless of K0 × 1 × SSS × 2026M06 follows too narrowly from the sums over geography MK1+TA1, "
        "sex SSS, to TA2 with its own figures"
    )
    cell = (cell[0], -1, *cell[2:])
    leaves = tuple(villages.axes[0].position()[one] for one in ("K2", "K3"))
    assert "(K2+K3) × 1" in told(finding(cell, leaves=leaves), villages)
