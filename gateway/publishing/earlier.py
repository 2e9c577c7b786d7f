"""The release before this one: what a recipient has read of the same persons already.

Within an epoch a person's pseudonym stays, so two releases can be laid side by side. What the earlier
one hides of a person the later one must not give, and a column must not become finer. The nearest
earlier release stands for those before it, since it has kept what they hide.
"""

from __future__ import annotations

import logging
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gateway.errors import ReleaseDamaged
from gateway.model.product import Product, ProductKind, RowsSpec, Transformation
from gateway.model.release import Manifest, ReleaseId, StoredFile
from gateway.ports import ReleaseStore
from gateway.protection.pseudonym import pseudonyms
from gateway.protection.told import Told

_LOG = logging.getLogger(__name__)


def earlier_release(
    product: Product, *, before: ReleaseId, releases: ReleaseStore
) -> Manifest | None:
    """The newest release before this one, of the same contract version; None where there is none.

    A new version of a contract is a decision about its detail, so it begins anew.
    """
    for manifest in releases.list(product.id):
        is_alike = (
            manifest.kind is ProductKind.ROWS and manifest.contract_version == product.version
        )
        if manifest.release < before and is_alike:
            return manifest
    return None


def release_of_day(product: Product, *, as_of: date, releases: ReleaseStore) -> ReleaseId:
    """The newest release of a day, or the one that the day's first would be."""
    same_day = (m.release for m in releases.list(product.id) if m.release.as_of == as_of)
    return max(same_day, default=ReleaseId(as_of, 1))


def told_before(
    manifest: Manifest,
    area: str,
    spec: RowsSpec,
    *,
    ids: NDArray[np.int64],
    key: bytes,
    releases: ReleaseStore,
) -> Told | None:
    """What the earlier release says in an area. ids: (rows) the persons now; key: of their pseudonyms.

    None where it says nothing, or was made with another epoch's keys, so that nobody can be found in
    it. Of a slice that is damaged only the levels are known, from the signed manifest.
    """
    file = manifest.slice_of(area)
    if file is None or not file.rows:
        return None
    known = [column.name for column in spec.columns if column.is_quasi_identifier]
    secret = [column.name for column in spec.columns if column.sensitive is not None]
    pseudonym = next(c.name for c in spec.columns if c.transformation is Transformation.PSEUDONYM)
    levels: dict[str, str] = manifest.protection["areas"][area]["levels"]
    code = spec.anonymity.suppressed_code
    try:
        table = _read(manifest, file, [pseudonym, *known, *secret], releases=releases)
    except ReleaseDamaged:
        _LOG.warning("%s %s: a slice is damaged; its levels are kept", file.path, manifest.release)
        nobody = pa.table({name: pa.array([], pa.string()) for name in (*known, *secret)})
        return Told(np.array([], dtype=np.int64), nobody, levels, code, frozenset(secret))
    persons = _persons(table.column(pseudonym), np.unique(ids), key)
    if not (persons >= 0).any():
        return None
    return Told(persons, table.drop_columns([pseudonym]), levels, code, frozenset(secret))


def _persons(given: pa.ChunkedArray, ids: NDArray[np.int64], key: bytes) -> NDArray[np.int64]:
    """(rows) the person behind each pseudonym; a negative number of its own for one who is gone."""
    now = dict(zip(pseudonyms(ids, key).to_pylist(), ids.tolist(), strict=True))
    encoded = given.combine_chunks().dictionary_encode()
    person = [
        now.get(text, -1 - place) for place, text in enumerate(encoded.dictionary.to_pylist())
    ]
    return np.array(person, dtype=np.int64)[encoded.indices.to_numpy()]


def _read(
    manifest: Manifest, file: StoredFile, columns: list[str], *, releases: ReleaseStore
) -> pa.Table:
    opened = releases.open(manifest, file)
    try:
        content = bytearray()
        while piece := opened.read_at(len(content), opened.size):
            content += piece
    finally:
        opened.close()
    return pq.read_table(pa.BufferReader(bytes(content)), columns=columns)
