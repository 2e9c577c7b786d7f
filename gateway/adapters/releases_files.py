"""Releases on a local disk.

Reading trusts nothing but the signature: a manifest is verified when its file is new to this
process, every file's size at each open and its SHA-256 once per file version. Names are walked
from the root one by one without following links.
Writing is in `releases_files_writer`: staging folder, manifest last, one rename.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from gateway.adapters.releases_files_writer import DiskStagedRelease, stage_release
from gateway.errors import ReleaseDamaged, ReleaseNotFound
from gateway.model.release import Manifest, ReleaseId, StoredFile
from gateway.releases.layout import MANIFEST, find_release_id, is_file_path, is_product_name
from gateway.releases.manifest import parse_public_keys, verify

_LOG = logging.getLogger(__name__)
_CHUNK_BYTES = 1 << 20
_MANIFEST_LIMIT_BYTES = 16 << 20
_SETTLED_NS = 2_000_000_000  # longer than any file system's clock tick
_REMEMBERED = 10_000

# device, inode, mtime_ns, ctime_ns, size: a file rewritten in place has a new one, whatever its mtime says.
FileVersion = tuple[int, int, int, int, int]
K = TypeVar("K")
V = TypeVar("V")


class DiskFile:
    """A checked file of a release; reads need no seek, so many readers may share it.

    What is written into it while it is read is noticed, and its content is checked again.
    """

    def __init__(
        self, descriptor: int, file: StoredFile, *, hashes: dict[FileVersion, str]
    ) -> None:
        """hashes: known ones, added to. Raises ReleaseDamaged; the descriptor is then the opener's."""
        self._descriptor = descriptor
        self._file = file
        self._version = _check_content(descriptor, file, hashes)
        self.size = file.bytes

    def read_at(self, offset: int, length: int) -> bytes:
        content = os.pread(self._descriptor, length, offset)
        while not self.is_untouched():
            self._version = _check_content(self._descriptor, self._file, {})
            content = os.pread(self._descriptor, length, offset)
        return content

    def is_untouched(self) -> bool:
        return _version(self._descriptor) == self._version

    def fileno(self) -> int | None:
        return self._descriptor

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@dataclass(frozen=True, slots=True)
class _Listing:
    mtime_ns: int
    releases: tuple[ReleaseId, ...]


class ReleaseFiles:
    """`ReleaseStore` on a folder that this process can read (and, on the publish road, write)."""

    def __init__(self, root: Path, *, public_keys: Sequence[bytes]) -> None:
        """public_keys: PEM texts of the keys that releases may be signed with. Raises KeyFault."""
        self._root = root
        self._public_keys = parse_public_keys(b"\n".join(public_keys))
        self._manifests: dict[tuple[str, ReleaseId], tuple[FileVersion, Manifest]] = {}
        self._hashes: dict[FileVersion, str] = {}
        self._listings: dict[str, _Listing] = {}

    def list(self, product: str) -> Sequence[Manifest]:
        """Every valid release of a product, newest first; a damaged one is left out and logged."""
        manifests: list[Manifest] = []
        for release in self._releases(product):
            try:
                manifests.append(self.find(product, release))
            except ReleaseDamaged as damage:
                _LOG.error("release %s %s left out: %s", product, release, damage.detail)
            except ReleaseNotFound:  # removed by retention since the folder was listed
                continue
        return manifests

    def find(self, product: str, release: ReleaseId) -> Manifest:
        """The verified manifest of one release. Raises ReleaseNotFound, ReleaseDamaged."""
        if not is_product_name(product):
            raise _not_found()
        folder = self._open_at((product, str(release)), directory=True)
        if folder is None:
            raise _not_found()
        try:
            descriptor = _open_in(folder, MANIFEST)
        except OSError as error:
            raise ReleaseDamaged("The release has no readable manifest.") from error
        finally:
            os.close(folder)
        try:
            return self._manifest(descriptor, product, release)
        finally:
            os.close(descriptor)

    def newest(self, product: str, as_of: date | None) -> Manifest:
        """The newest release, or the newest with as-of date <= `as_of`; damaged is never passed over."""
        for release in self._releases(product):
            if as_of is None or release.as_of <= as_of:
                return self.find(product, release)
        raise _not_found()

    def open(self, manifest: Manifest, file: StoredFile) -> DiskFile:
        """A file of a release, its size and hash as the signed manifest says. Raises ReleaseDamaged."""
        if not is_file_path(file.path) or not is_product_name(manifest.product):
            raise ReleaseDamaged("A file of the release has an impossible name.")
        parts = (manifest.product, str(manifest.release), *file.path.split("/"))
        descriptor = self._open_at(parts, directory=False)
        if descriptor is None:
            raise ReleaseDamaged("A file of the release is missing.")
        try:
            return DiskFile(descriptor, file, hashes=self._hashes)
        except BaseException:
            os.close(descriptor)
            raise

    def stage(self, product: str, as_of: date) -> AbstractContextManager[DiskStagedRelease]:
        """A release to be written; see `stage_release`."""
        return stage_release(self._root, product, as_of=as_of, public_keys=self._public_keys)

    def _releases(self, product: str) -> tuple[ReleaseId, ...]:
        """Release ids by folder name, newest first; other names are ignored."""
        folder = self._open_at((product,), directory=True) if is_product_name(product) else None
        if folder is None:
            return ()
        try:
            mtime_ns = os.fstat(folder).st_mtime_ns
            known = self._listings.get(product)
            if known is not None and known.mtime_ns == mtime_ns:
                return known.releases
            with os.scandir(folder) as entries:
                ids = [find_release_id(entry.name) for entry in entries]
            releases = tuple(sorted((r for r in ids if r is not None), reverse=True))
        except OSError as error:
            raise ReleaseDamaged("The releases of the product cannot be read.") from error
        finally:
            os.close(folder)
        # A folder changed within this clock tick may change again without a new mtime: not remembered.
        if time.time_ns() - mtime_ns > _SETTLED_NS:
            self._listings[product] = _Listing(mtime_ns, releases)
        return releases

    def _manifest(self, descriptor: int, product: str, release: ReleaseId) -> Manifest:
        version = _version(descriptor)
        known = self._manifests.get((product, release))
        if known is not None and known[0] == version:
            return known[1]
        if version[4] > _MANIFEST_LIMIT_BYTES:
            raise ReleaseDamaged("The manifest is too large.")
        manifest = verify(_whole(descriptor, version[4]), self._public_keys)
        if manifest.product != product or manifest.release != release:
            raise ReleaseDamaged("The manifest is of another release.")  # a copied folder
        _remember(self._manifests, (product, release), (version, manifest))
        return manifest

    def _open_at(self, parts: tuple[str, ...], *, directory: bool) -> int | None:
        """A descriptor of `root/parts…` with no link on the way below the root, or None."""
        try:
            descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ReleaseDamaged("The releases cannot be read.") from error
        for i, part in enumerate(parts):
            is_folder = directory or i < len(parts) - 1
            try:
                inner = _open_in(descriptor, part, directory=is_folder)
            except FileNotFoundError:
                return None
            except OSError as error:
                raise ReleaseDamaged("A part of the release is a link or unreadable.") from error
            finally:
                os.close(descriptor)
            descriptor = inner
        return descriptor


def _open_in(folder: int, name: str, *, directory: bool = False) -> int:
    """Open one name in an open folder, never through a link; anything but a plain file is an error."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(name, flags | (os.O_DIRECTORY if directory else 0), dir_fd=folder)
    if not directory and not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a plain file")
    return descriptor


def _check_content(
    descriptor: int, file: StoredFile, hashes: dict[FileVersion, str]
) -> FileVersion:
    """The version whose size and hash are the manifest's. hashes: known ones. Raises ReleaseDamaged."""
    version = _version(descriptor)
    if version[4] != file.bytes:
        raise ReleaseDamaged("A file of the release has another size than its manifest says.")
    digest = hashes.get(version)
    if digest is None:
        digest = _sha256(descriptor)
        _remember(hashes, version, digest)
    if digest != file.sha256:
        raise ReleaseDamaged("A file of the release has another content than its manifest says.")
    return version


def _version(descriptor: int) -> FileVersion:
    found = os.fstat(descriptor)
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)


def _whole(descriptor: int, size: int) -> bytes:
    content = bytearray()
    while chunk := os.pread(descriptor, min(_CHUNK_BYTES, size + 1), len(content)):
        content += chunk
    return bytes(content)


def _sha256(descriptor: int) -> str:
    digest = hashlib.sha256()
    offset = 0
    while chunk := os.pread(descriptor, _CHUNK_BYTES, offset):
        digest.update(chunk)
        offset += len(chunk)
    return digest.hexdigest()


def _remember(cache: dict[K, V], key: K, value: V) -> None:
    if len(cache) >= _REMEMBERED:
        cache.clear()
    cache[key] = value


def _not_found() -> ReleaseNotFound:
    return ReleaseNotFound("The product has no such release.", parameter="release")
