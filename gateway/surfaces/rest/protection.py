"""What a reader is told of a release's protection: a closed list, so that nothing is told by default.

The manifest holds more, and the publish road may add to it. A figure is served only when it is named
here. Of one area's slice it is told to that area alone: how few persons of a neighbour stood out, and
in which column, tells of them. An auditor's task is who got what, so an auditor is told of the release
as a whole like everybody else; the whole report is read with `jakelu release show`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.model.product import ProductKind
from gateway.model.release import Manifest


class _Told(BaseModel):
    """Takes what is named here out of a report, and leaves the rest."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class StepTold(_Told):
    """One step of the ladder. rows_altered: rounded up to tens for a whole release."""

    column: str
    level: str
    rows_altered: int = 0
    rows_below_k: int | None = Field(
        None, description="What would have to be suppressed if the ladder ended here; in tens."
    )
    rows_below_l: int | None = None
    areas: int | None = Field(None, description="In how many areas the step was taken.")


class SuppressedTold(_Told):
    rows: int
    share: float
    by_column: dict[str, int] = Field(default_factory=dict[str, int])


class AreaTold(_Told):
    """The protection of one area's slice."""

    k_reached: int | None = None
    l_reached: int | None = None
    levels: dict[str, str] = Field(default_factory=dict[str, str])
    steps: list[StepTold] = Field(default_factory=list[StepTold])
    columns_withheld: list[str] = Field(
        default_factory=list[str],
        description="Sensitive columns in which the whole slice was alike, so that all is hidden.",
    )
    rows_published: int = 0
    rows_generalised: int = 0
    suppressed: SuppressedTold | None = None
    municipalities: list[str] | None = Field(
        None, description="The codes that the slice tells apart; the others are pooled."
    )


class RowsTold(_Told):
    """The protection of a rows release."""

    method: str = ""
    k: int | None = None
    k_reached: int | None = Field(None, description="The fewest persons behind a combination.")
    l: int | None = Field(  # noqa: E741 (the name that everybody knows it by)
        None, description="So many values of a sensitive column it takes to cover a combination."
    )
    l_reached: int | None = None
    quasi_identifiers: list[str] = Field(default_factory=list[str])
    sensitive: dict[str, str] = Field(
        default_factory=dict[str, str], description="Sensitive columns, each with the reason."
    )
    maximum_suppressed_share: float | None = None
    rows: int | None = None
    rows_generalised: int | None = Field(None, description="With a value coarser than the finest.")
    rows_suppressed: int | None = Field(None, description="With a value that is hidden.")
    suppressed_share: float | None = None
    steps: list[StepTold] = Field(default_factory=list[StepTold])
    not_finer_than: str | None = Field(
        None, description="The earlier release than which nothing is told in finer terms."
    )
    rows_in_no_slice: dict[str, int] = Field(default_factory=dict[str, int])
    rows_with_abolished_municipality: int | None = None
    source_faults: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    limits: list[str] = Field(
        default_factory=list[str], description="What the protection does not cover."
    )
    areas: dict[str, AreaTold] = Field(
        default_factory=dict[str, AreaTold], description="Your own area's slice, and no other."
    )


class AuditTold(_Told):
    """What the attack on a cube found. How many counts it attacked would tell how many are small."""

    exact: int = 0
    narrow: int = 0
    widths: dict[str, int] = Field(default_factory=dict[str, int])
    coalition: int = 1
    viewers: int = Field(0, description="Readers: the outsider, and areas with their own figures.")
    budget_seconds: float | None = None


class CubeTold(_Told):
    """The protection of a cube: rules, and how many cells they hide, never which or why."""

    method: str = ""
    rules: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    threshold: int | None = None
    reason: str = ""
    cells: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    source_faults: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    not_covered: list[str] = Field(default_factory=list[str])
    audit: AuditTold | None = Field(None, description="None where the contract states no widths.")


def told_of(manifest: Manifest, *, own: frozenset[str]) -> RowsTold | CubeTold:
    """own: the caller's areas. A report of another shape, from an older gateway, tells nothing."""
    report: Mapping[str, Any] = manifest.protection
    try:
        if manifest.kind is ProductKind.CUBE:
            return CubeTold.model_validate(report)
        areas: Mapping[str, Any] = report.get("areas", {})
        mine = {area: areas[area] for area in sorted(areas) if area in own}
        return RowsTold.model_validate({**report, "areas": mine})
    except ValidationError:
        kind = CubeTold if manifest.kind is ProductKind.CUBE else RowsTold
        return kind.model_validate({})
