"""Open cubes: memory-mapped once, shared by all requests."""

from __future__ import annotations

import threading
from collections import OrderedDict

from gateway.errors import ReleaseDamaged
from gateway.model.cube import Cube
from gateway.model.release import Manifest
from gateway.ports import ReleaseStore
from gateway.releases.cube_file import open_cube
from gateway.releases.layout import CUBE_ARROW

CUBES_OPEN_MAX = 32


class CubeShelf:
    """The cubes of releases, by their file's hash; the least used is forgotten first."""

    def __init__(self, releases: ReleaseStore) -> None:
        self._releases = releases
        self._open: OrderedDict[str, Cube] = OrderedDict()
        self._lock = threading.Lock()

    def cube(self, manifest: Manifest) -> Cube:
        """The cube of a release. Raises ReleaseDamaged.

        The file is opened each time, which checks that it still is what the manifest says: a map
        over a file that was cut short would end the process.
        """
        file = manifest.file_at(CUBE_ARROW)
        if file is None:
            raise ReleaseDamaged("The release has no cube.")
        opened = self._releases.open(manifest, file)
        try:
            with self._lock:
                cube = self._open.get(file.sha256)
                if cube is None:
                    cube = self._open[file.sha256] = open_cube(opened)
                self._open.move_to_end(file.sha256)
                while len(self._open) > CUBES_OPEN_MAX:
                    self._open.popitem(last=False)
        finally:
            opened.close()
        return cube
