"""What a rows release says of its protection: rules, what they cost, and what they do not cover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.model.product import Product, RowsSpec
from gateway.publishing.dirt import reported_count
from gateway.publishing.placement import Placement

# Said once for the release, not in every area.
_SHARED = ("k", "maximum_suppressed_share", "limits")


def rows_report(
    product: Product,
    spec: RowsSpec,
    placement: Placement,
    reports: Mapping[str, Mapping[str, Any]],
    *,
    without_person: int,
) -> dict[str, Any]:
    """JSON values. reports: the gate's report of every area.

    Rows that went to no slice are counted by reason, rounded like every count of persons.
    """
    unplaced = {reason.value: count for reason, count in placement.unplaced.items()}
    unplaced["person_missing"] = without_person
    rows = sum(report["rows_published"] for report in reports.values())
    suppressed = sum(report["suppressed"]["rows"] for report in reports.values())
    reached = [r["k_in_file"] for r in reports.values() if r["rows_published"]]
    first = next(iter(reports.values()), {})
    return {
        "method": "pseudonyms per area; generalisation ladder and local suppression to k persons",
        "k": spec.anonymity.k,
        "k_reached": min(reached, default=None),
        "quasi_identifiers": [c.name for c in spec.columns if c.is_quasi_identifier],
        "maximum_suppressed_share": spec.anonymity.maximum_suppressed_share,
        "rows": rows,
        "rows_suppressed": suppressed,
        "suppressed_share": suppressed / rows if rows else 0.0,
        "rows_in_no_slice": {
            reason: reported_count(count, product) for reason, count in sorted(unplaced.items())
        },
        "rows_with_abolished_municipality": reported_count(placement.succeeded, product),
        "limits": list(first.get("limits", ())),
        "areas": {area: _area(product, report) for area, report in sorted(reports.items())},
    }


def _area(product: Product, report: Mapping[str, Any]) -> dict[str, Any]:
    """An area's report without what the release says once; rows never delivered are rounded."""
    kept = {name: value for name, value in report.items() if name not in (*_SHARED, "rows")}
    withheld = report["withheld_below_k"]["rows"]
    return {**kept, "withheld_below_k": {"rows": reported_count(withheld, product)}}
