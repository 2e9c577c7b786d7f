"""What a rows release says of its protection: rules, what they cost, and what they do not cover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.model.product import Product, RowsSpec
from gateway.publishing.dirt import reported_count
from gateway.publishing.placement import Placement

# Said once for the release, not in every area.
_SHARED = ("k", "l", "maximum_suppressed_share", "limits")
# Counts of persons who would stand out at a finer level: rounded, as the level is not delivered.
_OPEN = ("rows_below_k", "rows_below_l")


def rows_report(
    product: Product,
    spec: RowsSpec,
    placement: Placement,
    reports: Mapping[str, Mapping[str, Any]],
    *,
    without_person: int,
    earlier: str | None = None,
) -> dict[str, Any]:
    """JSON values. reports: the gate's report of every area; earlier: the release that was looked
    back at.

    Rows that went to no slice are counted by reason, rounded like every count of persons.
    """
    unplaced = {reason.value: count for reason, count in placement.unplaced.items()}
    unplaced["person_missing"] = without_person
    rows = sum(report["rows_published"] for report in reports.values())
    suppressed = sum(report["suppressed"]["rows"] for report in reports.values())
    published = [report for report in reports.values() if report["rows_published"]]
    covers = [r["l_in_file"] for r in published if r["l_in_file"] is not None]
    first = next(iter(reports.values()), {})
    return {
        "method": (
            "pseudonyms per area; generalisation ladder and local suppression to k persons and l "
            "values"
        ),
        "k": spec.anonymity.k,
        "k_reached": min((report["k_in_file"] for report in published), default=None),
        "l": spec.anonymity.diversity,
        "l_reached": min(covers, default=None),
        "quasi_identifiers": [c.name for c in spec.columns if c.is_quasi_identifier],
        "sensitive": {c.name: c.sensitive.reason for c in spec.columns if c.sensitive is not None},
        "maximum_suppressed_share": spec.anonymity.maximum_suppressed_share,
        "rows": rows,
        "rows_generalised": sum(report["rows_generalised"] for report in reports.values()),
        "rows_suppressed": suppressed,
        "suppressed_share": suppressed / rows if rows else 0.0,
        "steps": _steps(product, spec, reports),
        "not_finer_than": earlier,
        "rows_in_no_slice": {
            reason: reported_count(count, product) for reason, count in sorted(unplaced.items())
        },
        "rows_with_abolished_municipality": reported_count(placement.succeeded, product),
        "limits": list(first.get("limits", ())),
        "areas": {area: _area(product, report) for area, report in sorted(reports.items())},
    }


def _steps(
    product: Product, spec: RowsSpec, reports: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Every step of the contract's ladder: in how many areas it was taken, and for how many rows."""
    steps: list[dict[str, Any]] = []
    for number, step in enumerate(spec.anonymity.ladder):
        taken = [r["steps"][number] for r in reports.values() if number < len(r["steps"])]
        steps.append(
            {
                "column": step.column,
                "level": step.level,
                "areas": len(taken),
                "rows_altered": reported_count(sum(t["rows_altered"] for t in taken), product),
            }
        )
    return steps


def _area(product: Product, report: Mapping[str, Any]) -> dict[str, Any]:
    """An area's report without what the release says once; rows never delivered are rounded."""
    kept = {name: value for name, value in report.items() if name not in (*_SHARED, "rows")}
    withheld = report["withheld_below_k"]["rows"]
    return {
        **kept,
        "at_first": _rounded(product, report["at_first"]),
        "steps": [_rounded(product, step) for step in report["steps"]],
        "withheld_below_k": {"rows": reported_count(withheld, product)},
    }


def _rounded(product: Product, counts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: reported_count(value, product) if name in _OPEN else value
        for name, value in counts.items()
    }
