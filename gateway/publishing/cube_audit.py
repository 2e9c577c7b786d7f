"""Protect a cube, attack it, and mend what the attack found; a cube that still fails is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.attack import Attacked, attacked
from gateway.errors import ReleaseRefused
from gateway.model.cube import Lattice
from gateway.model.product import CubeSpec, Product
from gateway.protection.suppression import Protected, protect
from gateway.publishing.services import Progress, PublishServices

_NAMED = 5  # findings named in a refusal


def protected_cube(
    product: Product,
    lattice: Lattice,
    spec: CubeSpec,
    *,
    services: PublishServices,
    progress: Progress,
) -> tuple[Protected, Mapping[str, Any]]:
    """The mask of a cube, and what the audit says of it. Raises ReleaseRefused, NegativeCount."""
    progress("protect", 0.3)
    protected = protect(
        lattice,
        spec.disclosure,
        processes=services.processes,
        progress=lambda share: progress("protect", 0.3 + 0.2 * share),
    )
    if not spec.disclosure.outsider_width:
        return protected, {}
    known = protected.known
    known[list(lattice.latent)] = False
    found = attacked(
        lattice,
        known,
        spec.disclosure,
        processes=services.processes,
        budget_seconds=services.audit_seconds,
        progress=lambda share: progress("attack", 0.5 + 0.25 * share),
    )
    if found.findings:
        raise ReleaseRefused(f"{product.id}: {_told(found, lattice)}")
    return protected, {"audit": {**found.report, "budget_seconds": services.audit_seconds}}


def _told(found: Attacked, lattice: Lattice) -> str:
    """What the attack found, by its relations and without a count."""
    named = "; ".join(
        f"{lattice.measure_names[finding.measure]} of "
        + " × ".join(
            lattice.axes[axis].codes[code].code if code >= 0 else "a border piece"
            for axis, code in enumerate(finding.cell)
        )
        + (f" to {'+'.join(finding.viewer)}" if finding.viewer else "")
        + f" ({finding.kind.value})"
        for finding in found.findings[:_NAMED]
    )
    return (
        f"the audit found {found.exact} counts that follow exactly and {found.narrow} that are too "
        f"narrow: {named}."
    )
