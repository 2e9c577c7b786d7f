"""Protect a cube, attack it, and mend what the attack found; a cube that still fails is refused."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.attack import Attacked, attacked
from gateway.errors import ReleaseRefused
from gateway.model.cube import Lattice, Status
from gateway.model.product import CubeSpec, DisclosureRules, Product
from gateway.protection.suppression import Earlier, Protected, protect
from gateway.protection.suppression_report import report_of
from gateway.publishing.cube_earlier import Before, known_by, revised_beyond, widened
from gateway.publishing.cube_findings import told_briefly
from gateway.publishing.cube_repair import cells_to_hide
from gateway.publishing.cube_times import at_times, taken, time_axis
from gateway.publishing.services import Progress, PublishServices

_ROUNDS = 3  # how often a cube is mended before it is refused


@dataclass(frozen=True, slots=True)
class Audited:
    """A protected cube and what its audit says. report: for the manifest; refusal: empty when it holds."""

    protected: Protected
    report: Mapping[str, Any]
    refusal: str


def protected_cube(
    product: Product,
    lattice: Lattice,
    spec: CubeSpec,
    *,
    services: PublishServices,
    progress: Progress,
    before: Before | None = None,
) -> Audited:
    """A mask that the audit has nothing against. Raises ReleaseRefused, NegativeCount."""
    made = audited_cube(lattice, spec, services=services, progress=progress, before=before)
    if made.refusal:
        raise ReleaseRefused(f"{product.id}: {made.refusal}")
    return made


def audited_cube(
    lattice: Lattice,
    spec: CubeSpec,
    *,
    services: PublishServices,
    progress: Progress,
    before: Before | None = None,
) -> Audited:
    """The mask of a cube, and whether it survives the attack: made once in a run.

    before: what readers have of the same cells already. Raises ReleaseRefused, NegativeCount.
    """
    key = _key(lattice, spec.disclosure, before)
    if key not in services.masks:
        services.masks[key] = _audited(
            lattice, spec, before=before, services=services, progress=progress
        )
    return services.masks[key]


def _key(lattice: Lattice, rules: DisclosureRules, before: Before | None) -> str:
    """Hex SHA-256 over all that a mask depends on; labels are nothing of it."""
    digest = hashlib.sha256()
    for axis in lattice.axes:
        codes = [(code.code, code.level, code.parents) for code in axis.codes]
        digest.update(repr((axis.name, axis.role, codes, axis.lines, axis.total)).encode())
    digest.update(repr((lattice.measure_names, lattice.measure_lines, rules)).encode())
    for cells in (lattice.counts, lattice.designed):
        digest.update(np.ascontiguousarray(cells).data)
    if before is not None:
        digest.update(repr(before.releases).encode())
        for cells in (before.cells.told, before.cells.kept):
            digest.update(np.ascontiguousarray(cells).data)
    return digest.hexdigest()


def _audited(
    lattice: Lattice,
    spec: CubeSpec,
    *,
    before: Before | None,
    services: PublishServices,
    progress: Progress,
) -> Audited:
    """Protect, attack and mend.

    What the attack finds is mended: more of the cells that it follows from are hidden, and these
    slices are protected and attacked again, `_ROUNDS` times at most and within one time budget.
    """
    progress("protect", 0.3)
    wide = lattice if before is None else widened(lattice, before.cells)
    protected = protect(
        wide,
        spec.disclosure,
        processes=services.processes,
        earlier=None if before is None else before.cells,
        progress=lambda share: progress("protect", 0.3 + 0.2 * share),
    )
    audit = _Audit(wide, protected.status.copy(), spec.disclosure, services, before)
    reports, refusal = [], ""
    if spec.disclosure.outsider_width:
        try:
            reports, refusal = _mended(audit, progress)
        except ReleaseRefused as refused:  # no time is left, or the solver has no answer
            refusal = refused.detail
    report = {**_summed_up(reports, services.audit_seconds), **audit.revision()}
    if before is not None or len(reports) > 1:
        status = np.where(lattice.designed, audit.status, np.uint8(Status.NOT_PUBLISHED))
        protected = Protected(status, report_of(lattice, status, spec.disclosure))
    return Audited(protected, report, refusal)


def _mended(audit: _Audit, progress: Progress) -> tuple[list[Mapping[str, Any]], str]:
    """The report of each attack, and what the last one found, in words. Raises ReleaseRefused."""
    found = audit.attack(audit.times, lambda share: progress("attack", 0.5 + 0.2 * share))
    reports = [found.report]
    while found.findings:
        rounds = len(reports)
        if rounds > _ROUNDS or not audit.mend(found):
            told = told_briefly(found, audit.lattice)
            return reports, f"after {rounds - 1} rounds of mending {told}"
        progress(f"mend, round {rounds}", 0.7 + 0.02 * rounds)
        found = audit.attack(_times_of(found, audit.lattice))
        reports.append(found.report)
    return reports, ""


def _summed_up(reports: Sequence[Mapping[str, Any]], budget: float) -> Mapping[str, Any]:
    """The first attack was on every slice; what was found stands in the last one."""
    if not reports:
        return {}
    last = {name: reports[-1][name] for name in ("exact", "narrow", "by_kind")}
    solved = sum(report["programmes"] for report in reports)
    rounds = {"rounds": len(reports) - 1, "budget_seconds": budget}
    return {"audit": {**reports[0], **last, "programmes": solved, **rounds}}


@dataclass
class _Audit:
    """A cube between its protector and its attacker. status: (measure, *axes) uint8, mended in place.

    lattice: as this release and the one before it publish it together; before: what that one told.
    Slices are named by their codes of the time axis; a cube without one is attacked whole.
    """

    lattice: Lattice
    status: NDArray[np.uint8]
    rules: DisclosureRules
    services: PublishServices
    before: Before | None

    def __post_init__(self) -> None:
        self._axis = time_axis(self.lattice.axes)
        self._also = np.zeros(self.lattice.counts.shape, dtype=np.bool_)
        self._told = self._also.copy() if self.before is None else self.before.cells.told.copy()
        self._rounds = 0
        self._ends = time.monotonic() + self.services.audit_seconds

    @property
    def times(self) -> Sequence[int]:
        return range(len(self.lattice.axes[self._axis].codes)) if self._axis is not None else ()

    def attack(
        self, times: Sequence[int], progress: Callable[[float], None] = lambda _: None
    ) -> Attacked:
        """The findings in some slices, in the indices of the whole cube. Raises ReleaseRefused."""
        known = known_by(self.lattice, self.status, self._told)
        found = attacked(
            at_times(self.lattice, times),
            taken(known, self._axis, times),
            self.rules,
            processes=self.services.processes,
            budget_seconds=max(0.0, self._ends - time.monotonic()),
            progress=progress,
        )
        return found if self._axis is None else placed(found, self._axis, times)

    def mend(self, found: Attacked) -> bool:
        """Hide more where something was found; False where nothing is left. Raises ReleaseRefused."""
        times = _times_of(found, self.lattice)
        more = self._more(found)
        if not more.any() or self._rounds:  # then what was told is no longer held to
            self._told &= ~self._at(times)
            more = self._more(found)
        if not more.any():
            return False
        self._rounds += 1
        self._also |= more  # what an earlier round hid besides is hidden in the later ones too
        part = protect(
            at_times(self.lattice, times),
            self.rules,
            processes=self.services.processes,
            also=taken(self._also, self._axis, times),
            earlier=self._earlier(times),
        )
        if self._axis is None:
            self.status[...] = part.status
        else:
            place = self._axis + 1
            np.moveaxis(self.status, place, 0)[list(times)] = np.moveaxis(part.status, place, 0)
        return True

    def revision(self) -> Mapping[str, Any]:
        """For the report: which releases it stands beside, and in how many slices it contradicts them."""
        if self.before is None:
            return {}
        beyond = revised_beyond(self.lattice, self.status, self.before.cells.told)
        return {
            "revision": {
                "of": list(self.before.releases),
                "revised_beyond_the_earlier": int(beyond.sum()),
            }
        }

    def _more(self, found: Attacked) -> NDArray[np.bool_]:
        """What to hide besides. Hiding what readers have already takes nothing from them."""
        open_yet = np.where(self._told, np.uint8(Status.NOT_PUBLISHED), self.status)
        return cells_to_hide(self.lattice, open_yet, found)

    def _at(self, times: Sequence[int]) -> NDArray[np.bool_]:
        """(measure, *axes) True in some slices; everywhere where there is no time axis."""
        found = np.ones(self.lattice.counts.shape, dtype=np.bool_)
        if self._axis is not None:
            found[...] = False
            np.moveaxis(found, self._axis + 1, 0)[list(times)] = True
        return found

    def _earlier(self, times: Sequence[int]) -> Earlier | None:
        if self.before is None:
            return None
        cells = (self._told, self.before.cells.kept)
        return Earlier(*(taken(one, self._axis, times) for one in cells))


def _times_of(found: Attacked, lattice: Lattice) -> Sequence[int]:
    """The slices of the findings, oldest first."""
    axis = time_axis(lattice.axes)
    return () if axis is None else sorted({finding.cell[axis] for finding in found.findings})


def placed(found: Attacked, axis: int, times: Sequence[int]) -> Attacked:
    """Findings in some slices of a cube, in its own indices."""

    def whole(cell: tuple[int, ...], number: int) -> tuple[int, ...]:
        return (*cell[:number], times[cell[number]], *cell[number + 1 :])

    findings = tuple(
        replace(
            finding,
            cell=whole(finding.cell, axis),
            parts=tuple(whole(part, axis + 1) for part in finding.parts),
        )
        for finding in found.findings
    )
    return replace(found, findings=findings)
