"""Everything that a release depends on, as one hash: the same inputs make one release."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import rfc8785

from gateway.contracts import Catalog
from gateway.errors import ReleaseDamaged, ReleaseNotFound
from gateway.model.product import Product
from gateway.model.release import Manifest, ReleaseId
from gateway.organisations import Registry
from gateway.ports import KeyRing, PseudonymDomain, ReleaseStore
from gateway.publishing.cube_earlier import earlier_cubes
from gateway.publishing.cube_links import linked_with
from gateway.publishing.earlier import earlier_release
from gateway.publishing.family import earlier_kin, earlier_of_kin
from gateway.publishing.services import PublishServices

# The code between the warehouse and the release: a release is made anew when it changes.
_PACKAGES = ("gateway.attack", "gateway.protection", "gateway.publishing", "gateway.releases")


def inputs_sha256(product: Product, release: ReleaseId, *, services: PublishServices) -> str:
    """Hex SHA-256 over contract, code lists, registry, day, warehouse content, keys and code.

    Also over the releases that were told before this one: rows may be no finer after them, and a mask
    begins where theirs ended. For a linked cube over the contracts of all that are linked with it: their
    mask is one.
    """
    document: dict[str, Any] = {
        "product": _plain(product),
        "family": [_plain(one) for one in earlier_kin(product, services.catalog)],
        "linked": [_plain(one) for one in linked_with(product, services.catalog)],
        "code_lists": _code_lists(product, services.catalog),
        "registry": _registry(services.registry),
        "as_of": release.as_of.isoformat(),
        "told_before": _told_before(product, release, services),
        "warehouse": services.warehouse.fingerprint(),
        "newest_months": services.newest_months if product.cube is not None else None,
        "keys": _keys(services.keys) if product.rows is not None else None,
        "code": code_sha256(),
    }
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def find_ready(
    product: str, *, as_of: date, inputs_of: Callable[[ReleaseId], str], releases: ReleaseStore
) -> Manifest | None:
    """The release that already has these inputs: the newest of its day, whole, or None.

    Only the newest counts: an older one with the same inputs has been replaced on purpose.
    inputs_of: what the inputs of a release would be if it were made now.
    """
    try:
        manifest = releases.newest(product, as_of)
        if manifest.release.as_of != as_of or manifest.inputs_sha256 != inputs_of(manifest.release):
            return None
        for file in manifest.files:
            releases.open(manifest, file).close()
    except (ReleaseDamaged, ReleaseNotFound):
        return None
    return manifest


@cache
def code_sha256() -> str:
    """Hex SHA-256 over the sources of the packages that make a release."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        sources = (f for f in files(package).iterdir() if f.name.endswith(".py"))
        for source in sorted(sources, key=lambda file: file.name):
            digest.update(f"{package}/{source.name}\0".encode())
            digest.update(source.read_bytes() + b"\0")
    return digest.hexdigest()


def _told_before(
    product: Product, release: ReleaseId, services: PublishServices
) -> list[list[str]]:
    """The releases that one looks back at: its own product's, and its kin's, or a cube's linked ones."""
    if product.rows is None:
        cubes = earlier_cubes(
            product, release, catalog=services.catalog, releases=services.releases
        )
        return [[m.product, str(m.release), m.inputs_sha256] for m in cubes]
    looked_at = [
        earlier_release(product, before=release, releases=services.releases),
        *(
            earlier_of_kin(kin, as_of=release.as_of, services=services)
            for kin in earlier_kin(product, services.catalog)
        ),
    ]
    return [[m.product, str(m.release), m.inputs_sha256] for m in looked_at if m is not None]


def _code_lists(product: Product, catalog: Catalog) -> dict[str, object]:
    dimensions = product.cube.dimensions if product.cube else ()
    names = sorted({d.code_list for d in dimensions if d.code_list is not None})
    return {name: _plain(catalog.code_list(name)) for name in names}


def _registry(registry: Registry) -> dict[str, object]:
    """Where every possible municipality code leads."""
    codes = {f"{number:03}" for number in range(1000)} | set(registry.municipalities)
    current = {code: registry.current_municipality(code) for code in sorted(codes)}
    return {
        code: [place, registry.area_of(place)]
        for code, place in current.items()
        if place is not None
    }


def _keys(keys: KeyRing) -> dict[str, str]:
    """The epoch, and which root is behind it: a key of a domain that no product can have, hashed."""
    probe = keys.domain_key(PseudonymDomain("none", "fingerprint", "inputs"))
    return {"epoch": keys.epoch(), "fingerprint": hashlib.sha256(probe).hexdigest()}


def _plain(value: object) -> object:
    """Frozen values as JSON values, with sets in order."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(inner) for inner in value)
    if isinstance(value, (tuple, list)):
        return [_plain(inner) for inner in value]
    return value
