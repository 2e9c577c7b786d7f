"""The products of one family: they share pseudonyms, so a recipient can join their slices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pyarrow as pa

from gateway.contracts import Catalog
from gateway.errors import ContractFault
from gateway.model.product import Product, RowsSpec
from gateway.protection.anonymity import anonymise
from gateway.protection.told import Told
from gateway.publishing.placed import placed_rows
from gateway.publishing.services import PublishServices
from gateway.publishing.slices import AreaRows, area_rows


def family_purpose(product: Product, catalog: Catalog) -> str:
    """The purpose in the pseudonym domain: the family's, so that its products share pseudonyms.

    It is the first purpose of the contract. Raises ContractFault when two contracts of one family
    do not begin with the same one: their rows could not be joined, against what the family says.
    """
    if product.rows is None or not product.purposes:
        raise ContractFault(f"{product.id}: a rows product has a purpose.")
    family = product.rows.family
    for other in catalog.products:
        is_kin = other.rows is not None and other.rows.family == family
        if is_kin and other.purposes[:1] != product.purposes[:1]:
            raise ContractFault(
                f"{product.id} and {other.id} are of the family {family} and begin with different "
                "purposes; begin with the same one, or name two families."
            )
    return product.purposes[0]


def earlier_kin(product: Product, catalog: Catalog) -> tuple[Product, ...]:
    """The rows products of the family that are gated before this one, in the order of their ids."""
    if product.rows is None:
        return ()
    family = product.rows.family
    kin = (p for p in catalog.products if p.rows is not None and p.rows.family == family)
    return tuple(sorted((p for p in kin if p.id < product.id), key=lambda p: p.id))


def told_by_area(
    product: Product, *, as_of: date, services: PublishServices
) -> Iterator[tuple[Told, ...]]:
    """For every area of the registry in turn, what the earlier kin say of its persons that day.

    It is worked out anew from the warehouse rather than read from releases, so that neither the
    order of publication nor what was published before changes a release.
    """
    cut = [
        (spec, area_rows(placed.table, placed.placement))
        for kin in earlier_kin(product, services.catalog)
        if (spec := _known_columns(kin)) is not None
        for placed in (placed_rows(kin, spec, as_of=as_of, services=services),)
    ]
    for _ in services.registry.areas:
        told: list[Told] = []
        for spec, slices in cut:
            told.append(_told(next(slices), spec, tuple(told)))
        yield tuple(told)


def _known_columns(product: Product) -> RowsSpec | None:
    """The product with nothing but its quasi-identifiers."""
    spec = product.rows
    return spec and replace(spec, columns=tuple(c for c in spec.columns if c.is_quasi_identifier))


def _told(rows: AreaRows, spec: RowsSpec, earlier: tuple[Told, ...]) -> Told:
    persons = rows.table.column(spec.person).combine_chunks().to_numpy()
    table = pa.table({c.name: rows.table.column(c.source) for c in spec.columns})
    gated = anonymise(
        table, persons=persons, columns=spec.columns, rules=spec.anonymity, told=earlier
    )
    return Told(persons, gated.table, gated.report["levels"], spec.anonymity.suppressed_code)
