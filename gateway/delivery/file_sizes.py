"""How large the stored files are that ranges were fetched of: as the manifests of kept releases say."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from gateway.errors import BadParameter, ReleaseDamaged, ReleaseNotFound
from gateway.journal.deliveries import Body
from gateway.model.release import Manifest, ReleaseId, StoredFile
from gateway.model.ruling import Action
from gateway.ports import ReleaseStore
from gateway.releases.layout import CUBE_PARQUET

_RELEASES = 64  # manifests remembered at once


def file_sizes(releases: ReleaseStore) -> Callable[[Body], int | None]:
    """The size of the stored file that an intent's body names; None when its release is not kept."""

    @lru_cache(maxsize=_RELEASES)
    def manifest(product: str, release: str) -> Manifest | None:
        try:
            return releases.find(product, ReleaseId.parse(release))
        except (ReleaseNotFound, ReleaseDamaged, BadParameter):
            return None

    def size_of(intent: Body) -> int | None:
        if intent["product"] is None or intent["release"] is None:
            return None
        found = manifest(intent["product"], intent["release"])
        file = None if found is None else _file(intent, found)
        return None if file is None else file.bytes

    return size_of


def _file(intent: Body, manifest: Manifest) -> StoredFile | None:
    """Ranges are served of whole stored files only: a slice, or a cube's long table."""
    if intent["action"] == Action.READ_CUBE.value:
        return manifest.file_at(CUBE_PARQUET)
    areas = intent["areas_granted"]
    return manifest.slice_of(areas[0]) if len(areas) == 1 else None
