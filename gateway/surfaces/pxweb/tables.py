"""The tables of PxWeb: cube products as far as they are listed to the caller. Unlisted means unknown."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.delivery.admission import find_listed, find_manifest, listed_products
from gateway.delivery.requests import Edition
from gateway.delivery.services import Services
from gateway.errors import NotFound, ProductNotFound, ReleaseDamaged, ReleaseNotFound
from gateway.journal.body import Origin
from gateway.model.caller import Caller
from gateway.model.product import Product, ProductKind
from gateway.surfaces.pxweb.documents import Table
from gateway.surfaces.pxweb.variables import Codelist, Variable, codelists_of, variables_of
from gateway.surfaces.pxweb.words import NO_CODELIST, said

NEWEST = Edition(None, None)


def product_id(wanted: str, services: Services) -> str:
    """The id as the catalog spells it; as sent when there is none."""
    folded = wanted.casefold()
    ids = (each.id for each in services.catalog.products)
    return next((each for each in ids if each.casefold() == folded), wanted)


def listed_tables(caller: Caller, services: Services) -> list[Table]:
    """Those that have been published; what has no release yet has nothing to tell to a client."""
    return [
        read_table(each, services)
        for each in listed_products(caller, services)
        if each.kind is ProductKind.CUBE and services.releases.list(each.id)
    ]


def read_table(product: Product, services: Services) -> Table:
    """With its newest release; a table whose release cannot be read now is there all the same."""
    try:
        manifest = find_manifest(product.id, NEWEST, services.releases)
        return Table(product, manifest, variables_of(services.cubes.cube(manifest)))
    except (ReleaseNotFound, ReleaseDamaged):
        return Table(product, None, ())


def find_table(caller: Caller, wanted: str, *, origin: Origin, services: Services) -> Product:
    """Raises ProductNotFound, journaled when the product is not listed to the caller."""
    product = find_listed(caller, product_id(wanted, services), origin=origin, services=services)
    if product.kind is not ProductKind.CUBE:
        raise ProductNotFound("It has rows and no cells; see /v1/products.", parameter="table")
    return product


def is_newer(table: Table, *, days: int, services: Services) -> bool:
    """Whether the release was made within so many days."""
    if table.manifest is None:
        return False
    made = datetime.fromisoformat(table.manifest.created_utc)
    return services.clock.now() - made <= timedelta(days=days)


def is_about(table: Table, words: str) -> bool:
    """Whether every word of a search is in the id, or in a text of the table in any language."""
    product = table.product
    labels = [product.title, product.description, *(each.label for each in table.variables)]
    texts = [text for label in labels for text in (label.fi, label.sv, label.en)]
    within = " ".join([product.id, *product.sources, *texts]).casefold()
    return all(word in within for word in words.casefold().split())


def find_codelist_of_any(
    caller: Caller, wanted: str, *, origin: Origin, services: Services
) -> tuple[Codelist, Variable]:
    """A code list of a table that is listed to the caller. Raises NotFound, ProductNotFound."""
    kind, _, rest = wanted.casefold().partition("_")
    named = [
        each.id
        for each in services.catalog.products
        if kind in {"vs", "agg"} and rest.startswith(f"{each.id.casefold()}_")
    ]
    try:
        product = find_table(
            caller, max(named, key=len, default=wanted), origin=origin, services=services
        )
    except ProductNotFound as error:
        said(NO_CODELIST, error)
        raise
    manifest = find_manifest(product.id, NEWEST, services.releases)
    for variable in variables_of(services.cubes.cube(manifest)):
        for codelist in codelists_of(product.id, variable):
            if codelist.id.casefold() == wanted.casefold():
                return codelist, variable
    detail = "See the metadata of a table for its code lists."
    raise said(NO_CODELIST, NotFound(detail, parameter="codelist"))
