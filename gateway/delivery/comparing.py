"""Two releases of a rows product, side by side: whether they may be compared, and the plan for it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import orjson

from gateway.delivery.plan import RowsPlan, Since
from gateway.errors import ReleasesNotComparable, SliceNotFound
from gateway.model.product import Product, Transformation
from gateway.model.release import Manifest
from gateway.releases.layout import PSEUDONYMS

CHANGES_SINCE = "changes_since"  # in the journal's selection, with the id of the older release


def plan_changes(plan: RowsPlan, product: Product, older: Manifest) -> RowsPlan:
    """plan: for the newer release's slice, encoded and with every column.

    Raises SliceNotFound, and ReleasesNotComparable when the columns or the definition differ, or the
    pseudonyms of the two slices were not made with one key.
    """
    file = older.slice_of(plan.area)
    if file is None:
        raise SliceNotFound("The area has no rows in the older release.", parameter="from")
    _check_comparable(plan.manifest, older, area=plan.area)
    since = Since(older, file, _pseudonym(product, older))
    return replace(
        plan,
        since=since,
        etag=_etag(plan.etag, file.sha256),
        selection={**plan.selection, CHANGES_SINCE: [str(older.release)]},
    )


def _check_comparable(newer: Manifest, older: Manifest, *, area: str) -> None:
    ours, theirs = _fingerprint(newer, area), _fingerprint(older, area)
    if ours is None or ours != theirs:
        raise ReleasesNotComparable(
            "The pseudonyms of the two releases are of different epochs, so nobody can be found "
            "again. Choose a release of the same epoch, or fetch the whole slice.",
            parameter="from",
        )
    columns = [[(each.name, each.type) for each in one.columns] for one in (newer, older)]
    if columns[0] != columns[1] or newer.definition_version != older.definition_version:
        raise ReleasesNotComparable(
            "The columns or the definition changed between the two releases; "
            "/v1/products/{id}/releases tells how. Fetch the whole slice.",
            parameter="from",
        )


def _fingerprint(manifest: Manifest, area: str) -> str | None:
    """Of the key behind the slice's pseudonyms; None in a release that does not say."""
    return manifest.protection.get("areas", {}).get(area, {}).get(PSEUDONYMS)


def _pseudonym(product: Product, manifest: Manifest) -> str:
    """The delivered column of pseudonyms. Raises ReleasesNotComparable when there is none."""
    names = {column.name for column in manifest.columns}
    for column in product.rows.columns if product.rows else ():
        if column.transformation is Transformation.PSEUDONYM and column.name in names:
            return column.name
    raise ReleasesNotComparable("The rows have no pseudonyms to compare by.", parameter="from")


def _etag(newer: str, older_sha256: str) -> str:
    parts = [newer, older_sha256]
    return f'"{hashlib.sha256(orjson.dumps(parts)).hexdigest()}"'
