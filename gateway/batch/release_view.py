"""`jakelu release list|show|verify`: what is published, and whether it is whole."""

from __future__ import annotations

import json

from gateway.adapters.releases_files import ReleaseFiles
from gateway.errors import KeyFault
from gateway.model.release import Manifest, ReleaseId
from gateway.ports import ReleaseStore
from gateway.releases.manifest import canonical_bytes
from gateway.settings import BatchSettings


def release_store(settings: BatchSettings) -> ReleaseFiles:
    """The release store, trusting the keys of the public key file. Raises KeyFault."""
    try:
        trusted = settings.release_public_key_path.read_bytes()
    except OSError as fault:
        raise KeyFault("The file that release_public_key_path names cannot be read.") from fault
    return ReleaseFiles(settings.releases_dir, public_keys=(trusted,))


def release_lines(settings: BatchSettings, product: str | None) -> tuple[str, ...]:
    """One line per release, tab separated: product, release, files, rows, bytes, created."""
    store = release_store(settings)
    products = (product,) if product else _published(settings)
    return tuple(_line(manifest) for name in products for manifest in store.list(name))


def release_manifest(settings: BatchSettings, product: str, release: str) -> str:
    """The verified manifest as indented JSON. Raises ReleaseNotFound, ReleaseDamaged."""
    manifest = find_release(release_store(settings), product, release)
    return json.dumps(json.loads(canonical_bytes(manifest)), ensure_ascii=False, indent=2)


def verify_release(settings: BatchSettings, product: str, release: str) -> str:
    """Check signature, sizes and hashes; the line that says so. Raises ReleaseNotFound, ReleaseDamaged."""
    store = release_store(settings)
    manifest = find_release(store, product, release)
    for file in manifest.files:
        store.open(manifest, file).close()
    return f"{product} {manifest.release}: signature and {len(manifest.files)} files hold"


def find_release(store: ReleaseStore, product: str, release: str) -> Manifest:
    """One release by its id, or the newest. Raises ReleaseNotFound, ReleaseDamaged."""
    if release == "latest":
        return store.newest(product, None)
    return store.find(product, ReleaseId.parse(release))


def _published(settings: BatchSettings) -> tuple[str, ...]:
    if not settings.releases_dir.is_dir():
        return ()
    folders = (path for path in settings.releases_dir.iterdir() if path.is_dir())
    return tuple(sorted(path.name for path in folders if not path.name.startswith(".")))


def _line(manifest: Manifest) -> str:
    rows = sum(file.rows for file in manifest.files)
    size = sum(file.bytes for file in manifest.files)
    fields = (
        manifest.product,
        manifest.release,
        len(manifest.files),
        rows,
        size,
        manifest.created_utc,
    )
    return "\t".join(str(field) for field in fields)
