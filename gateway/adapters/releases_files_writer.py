"""Writing a release to a local disk so that a crash at any point leaves all of it or nothing.

    lock the product → clear leftovers → `.staging-<id>/` → files, fsynced → manifest, fsynced
    → rename to `<id>/` (the one moment at which it becomes visible) → fsync the product folder

Readers ignore names that begin with a dot, so whatever a killed writer leaves is never listed; the
next writer removes it. The lock is the kernel's (`flock`) and dies with its process.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from gateway.adapters.durable import sync
from gateway.errors import ReleaseRefused
from gateway.model.release import Manifest, ReleaseId
from gateway.ports import Signature
from gateway.releases.layout import (
    MANIFEST,
    STAGING_PREFIX,
    WRITER_LOCK,
    find_release_id,
    is_file_path,
    is_product_name,
)
from gateway.releases.manifest import PublicKeys, envelope_bytes, verify


class DiskStagedRelease:
    """A release in its staging folder."""

    def __init__(
        self, product_dir: Path, release: ReleaseId, *, product: str, public_keys: PublicKeys
    ) -> None:
        self.release = release
        self._product = product
        self._public_keys = public_keys
        self._product_dir = product_dir
        self._folder = product_dir / f"{STAGING_PREFIX}{release}"
        self._folder.mkdir()

    def path_for(self, relative: str) -> Path:
        """Where to write a file of the release; its folder exists when this returns."""
        if not is_file_path(relative):
            raise ValueError(f"{relative} is not a path of a release")
        path = self._folder / relative
        path.parent.mkdir(exist_ok=True)
        return path

    def commit(self, manifest: Manifest, signature: Signature) -> None:
        """Make the release visible, whole and for good.

        Raises ReleaseRefused when the manifest is of another release, does not name exactly the
        files that were written, or readers could not verify its signature.
        """
        self._check(manifest, signature)
        for file in manifest.files:
            sync(self._folder / file.path)
        for folder in {(self._folder / file.path).parent for file in manifest.files}:
            sync(folder)
        envelope = self._folder / MANIFEST
        envelope.write_bytes(envelope_bytes(manifest, signature))
        sync(envelope)
        sync(self._folder)
        self._folder.rename(self._product_dir / str(self.release))
        sync(self._product_dir)
        sync(self._product_dir.parent)

    def discard(self) -> None:
        """Remove what is left of the staging folder; nothing is left after a commit."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _check(self, manifest: Manifest, signature: Signature) -> None:
        if manifest.product != self._product or manifest.release != self.release:
            raise ReleaseRefused("The manifest is of another release than the staged one.")
        written = {
            path.relative_to(self._folder).as_posix(): path.stat().st_size
            for path in self._folder.rglob("*")
            if not path.is_dir()
        }
        if written != {file.path: file.bytes for file in manifest.files}:
            raise ReleaseRefused("The manifest does not name exactly the files that were written.")
        # What readers would refuse must not be committed: a signing key without its public key.
        verify(envelope_bytes(manifest, signature), self._public_keys)


@contextmanager
def stage_release(
    root: Path, product: str, *, as_of: date, public_keys: PublicKeys
) -> Generator[DiskStagedRelease]:
    """The next release of an as-of date, to be written by one writer at a time.

    Raises ReleaseRefused when another process is writing the product, or it cannot be written.
    """
    if not is_product_name(product):
        raise ReleaseRefused("The product's name cannot be a folder of releases.")
    product_dir = root / product
    try:
        product_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(product_dir / WRITER_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ReleaseRefused(f"The releases of {product} cannot be written.") from error
    try:
        _lock(lock, product)
        _remove_leftovers(product_dir)
        release = ReleaseId(as_of, _next_number(product_dir, as_of))
        staged = DiskStagedRelease(product_dir, release, product=product, public_keys=public_keys)
        try:
            yield staged
        except OSError as error:  # a full disk, a lost mount; the path stays out of the message
            raise ReleaseRefused(
                f"The release of {product} cannot be written: {error.strerror}."
            ) from error
        finally:
            staged.discard()
    finally:
        os.close(lock)


def _lock(lock: int, product: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ReleaseRefused(
            f"Another process is publishing {product}; wait until it ends."
        ) from error


def _remove_leftovers(product_dir: Path) -> None:
    for path in product_dir.iterdir():
        if path.name.startswith(STAGING_PREFIX):
            shutil.rmtree(path)


def _next_number(product_dir: Path, as_of: date) -> int:
    """One more than the highest number of the as-of date, valid or not: an id is used once."""
    found = (find_release_id(path.name) for path in product_dir.iterdir())
    return max((r.number for r in found if r is not None and r.as_of == as_of), default=0) + 1
