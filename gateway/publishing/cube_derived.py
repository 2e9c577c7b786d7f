"""Means and shares of a cube: masked beside its counts, and attacked before anybody may see them."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.attack.derived import DerivedFinding, attacked_mean, attacked_share
from gateway.attack.mean_sums import Sums
from gateway.errors import ReleaseRefused
from gateway.model.cube import Lattice
from gateway.model.product import CubeSpec, Measure, MeasureKind
from gateway.protection.contributions import Contributions, contributions_of
from gateway.protection.derived import Derived, mask_means, mask_shares
from gateway.protection.lattice import designed_cells
from gateway.protection.suppression import Protected
from gateway.publishing.cube_leaves import Leaves

_NAMED = 5  # findings named in a refusal


def derived_measures(
    spec: CubeSpec, lattice: Lattice, protected: Protected, leaves: Leaves
) -> dict[str, Derived]:
    """Every mean and share of a cube. Raises ReleaseRefused when one tells too much, ContractFault."""
    return {
        measure.name: _measure(measure, spec, lattice, protected, leaves)
        for measure in spec.measures
        if measure.kind is not MeasureKind.COUNT
    }


def _measure(
    measure: Measure, spec: CubeSpec, lattice: Lattice, protected: Protected, leaves: Leaves
) -> Derived:
    persons = lattice.counts[lattice.measure_names.index(measure.of[0])]
    designed = designed_cells(
        lattice.axes, [measure.name], persons[None], combinations=spec.combinations
    )[0]
    status = protected.status
    if measure.kind is MeasureKind.SHARE:
        share = mask_shares(lattice, status, measure=measure, designed=designed)
        _refuse(attacked_share(lattice, status, measure=measure, shown=share.status), lattice)
        return share
    parts = contributions_of(lattice.axes, leaves.counts.positions, leaves.sums[measure.name])
    mean = mask_means(lattice, status, measure=measure, contributions=parts, designed=designed)
    _refuse(
        attacked_mean(
            lattice,
            status,
            measure=measure,
            shown=mean.status,
            leaves=_told(parts, lattice, measure),
        ),
        lattice,
    )
    return mean


def _told(parts: Contributions, lattice: Lattice, measure: Measure) -> Sums:
    """What the auditor is told; it believes the leaves, and adds up for itself."""
    persons = lattice.counts[lattice.measure_names.index(measure.of[0])]
    return Sums(persons, parts.contributors, parts.sums, parts.largest, parts.second)


def _refuse(findings: Sequence[DerivedFinding], lattice: Lattice) -> None:
    if not findings:
        return
    named = "; ".join(_named(finding, lattice) for finding in findings[:_NAMED])
    raise ReleaseRefused(
        f"The audit found {len(findings)} sums behind means or shares that are told too closely: {named}."
    )


def _named(finding: DerivedFinding, lattice: Lattice) -> str:
    """A finding by its codes, without a number."""
    codes = (
        axis.codes[code].code if code >= 0 else "a border piece"
        for axis, code in zip(lattice.axes, finding.cell, strict=True)
    )
    return f"{finding.measure} of {' × '.join(codes)} ({finding.reason.value})"
