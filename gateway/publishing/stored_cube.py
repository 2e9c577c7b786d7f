"""A cube as it was published: opened from the release store, whoever asks."""

from __future__ import annotations

from gateway.errors import ReleaseDamaged
from gateway.model.cube import Cube
from gateway.model.release import Manifest
from gateway.ports import ReleaseStore
from gateway.releases.cube_file import open_cube
from gateway.releases.layout import CUBE_ARROW


def stored_cube(manifest: Manifest, releases: ReleaseStore) -> Cube:
    """The cube of a release. Raises ReleaseDamaged, also when the release has none."""
    stored = manifest.file_at(CUBE_ARROW)
    if stored is None:
        raise ReleaseDamaged(f"{manifest.product} {manifest.release} has no cube.")
    file = releases.open(manifest, stored)
    try:
        return open_cube(file)
    finally:
        file.close()
