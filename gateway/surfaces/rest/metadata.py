"""The routes that tell about callers, products, releases and cubes. They deliver nothing.

FastAPI runs these functions in its bounded thread pool, for they read manifests and the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from gateway.delivery.admission import find_listed, find_manifest, listed_products
from gateway.delivery.requests import read_edition
from gateway.delivery.services import Services
from gateway.errors import ReleaseNotFound, WrongKind
from gateway.journal.body import Origin
from gateway.model.caller import Caller
from gateway.model.product import Product, ProductKind
from gateway.model.release import Manifest
from gateway.policy import explain
from gateway.releases.changes import schema_changes
from gateway.releases.cube_slice import standing_codes
from gateway.surfaces.inbound import caller_of, inbound_of
from gateway.surfaces.rest.documents import (
    CubeDocument,
    ProductDetail,
    ProductDocument,
    ProductsDocument,
    ReleaseDocument,
    ReleasesDocument,
)
from gateway.surfaces.rest.me import MeDocument

router = APIRouter()


class NoParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EditionParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    release: str = Field(
        "latest", examples=["2026-06-30.1"], description="A release id, or `latest`."
    )
    as_of: str | None = Field(
        None,
        examples=["2026-06-30"],
        description="The newest release of this day or an earlier one.",
    )


async def _caller(request: Request) -> Caller:
    return caller_of(request.scope)


async def _services(request: Request) -> Services:
    return request.app.state.services


async def _origin(request: Request) -> Origin:
    return inbound_of(request.scope).origin


Asking = Annotated[Caller, Depends(_caller)]
House = Annotated[Services, Depends(_services)]
From = Annotated[Origin, Depends(_origin)]
Plain = Annotated[NoParameters, Query()]
ProductId = Annotated[
    str, Path(description="The id of a product; see /v1/products.", examples=["job-seekers"])
]
OfEdition = Annotated[EditionParameters, Query()]


@router.get("/v1/me", tags=["caller"])
def me(caller: Asking, house: House, _: Plain) -> MeDocument:
    """Who am I, what do I see, and why not the rest."""
    explanations = explain(caller, house.catalog.products, house.policy, house.today())
    return MeDocument.of(caller, explanations, house.registry)


@router.get("/v1/products", tags=["products"])
def products(caller: Asking, house: House, _: Plain) -> ProductsDocument:
    """The products that are listed to you, whether you may read them or not."""
    return ProductsDocument(
        products=[
            ProductDocument(**ProductDocument.fields(product, _newest(house, product)))
            for product in listed_products(caller, house)
        ]
    )


@router.get("/v1/products/{product}", tags=["products"])
def product_detail(
    product: ProductId, caller: Asking, house: House, origin: From, _: Plain
) -> ProductDetail:
    """One product: columns or dimensions, sources, audience, purposes and legal bases."""
    found = find_listed(caller, product, origin=origin, services=house)
    return ProductDetail.of(found, _newest(house, found), house.catalog)


@router.get("/v1/products/{product}/releases", tags=["products"])
def releases(
    product: ProductId, caller: Asking, house: House, origin: From, _: Plain
) -> ReleasesDocument:
    """The releases that are ready, newest first, each with what changed in its schema.

    A scheduled job waits until `newest_as_of` reaches the day that it needs.
    """
    found = find_listed(caller, product, origin=origin, services=house)
    manifests = _whole_releases(house, found)
    is_recipient = caller.organisation is not None and caller.organisation.kind in found.audience
    return ReleasesDocument(
        product=found.id,
        newest_as_of=manifests[0].release.as_of if manifests else None,
        releases=[
            ReleaseDocument.of(
                newer,
                None if older is None else schema_changes(older, newer),
                own=caller.scope.areas if is_recipient else frozenset(),
            )
            for newer, older in pairwise([*manifests, None])
            if newer is not None
        ],
    )


@router.get("/v1/cubes/{product}", tags=["cubes"])
def cube(
    product: ProductId, caller: Asking, house: House, origin: From, edition: OfEdition
) -> CubeDocument:
    """A cube's dimensions with their codes, labels, levels and parents, and its measures."""
    asked = read_edition(edition.release, edition.as_of)
    found = find_listed(caller, product, origin=origin, services=house)
    if found.kind is not ProductKind.CUBE:
        raise WrongKind(
            f"Its kind is `{found.kind}`; /docs tells where those are.", parameter="product"
        )
    manifest = find_manifest(found.id, asked, house.releases)
    opened = house.cubes.cube(manifest)
    return CubeDocument.of(found, manifest, opened, [standing_codes(axis) for axis in opened.axes])


def _whole_releases(house: Services, product: Product) -> Sequence[Manifest]:
    """Every release, newest first. Raises ReleaseDamaged when the newest one is not whole.

    A job that waits for a release would otherwise wait for ever, and nobody would know.
    """
    try:
        house.releases.newest(product.id, None)
    except ReleaseNotFound:
        return ()
    return house.releases.list(product.id)


def _newest(house: Services, product: Product) -> str | None:
    """The newest release that can be served; a damaged one is not told here."""
    manifests = house.releases.list(product.id)
    return str(manifests[0].release) if manifests else None
