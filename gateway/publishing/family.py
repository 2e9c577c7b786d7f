"""The products of one family: they share pseudonyms, so a recipient can join their slices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gateway.contracts import Catalog
from gateway.errors import ContractFault
from gateway.model.product import Column, Product, RowsSpec, Transformation
from gateway.model.release import Manifest
from gateway.ports import PseudonymDomain
from gateway.protection.anonymity import anonymise
from gateway.protection.told import Told
from gateway.publishing.earlier import earlier_release, release_of_day, told_before
from gateway.publishing.placed import placed_rows
from gateway.publishing.services import PublishServices
from gateway.publishing.slices import AreaRows, area_rows, persons_of, transformed


@dataclass(frozen=True, slots=True)
class _Kin:
    """A product as it is gated for the sake of a later one. earlier: its own release before."""

    spec: RowsSpec
    slices: Iterator[AreaRows]
    earlier: Manifest | None


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
    """For every area of the registry in turn, what the earlier kin say of its persons.

    What they say that day is worked out anew from the warehouse rather than read from its release,
    so that the order of publication changes nothing; what they said before is read.
    """
    purpose = family_purpose(product, services.catalog)
    kin = [
        _kin(each, each.rows, as_of=as_of, services=services)
        for each in earlier_kin(product, services.catalog)
        if each.rows is not None
    ]
    for area in sorted(services.registry.areas):
        told: list[Told] = []
        for each in kin:
            domain = PseudonymDomain(area, each.spec.family, purpose)
            told += _told(next(each.slices), each, told, domain=domain, services=services)
        yield tuple(told)


def earlier_of_kin(product: Product, *, as_of: date, services: PublishServices) -> Manifest | None:
    """The release before the one that a product of the family has, or would have, of a day."""
    now = release_of_day(product, as_of=as_of, releases=services.releases)
    return earlier_release(product, before=now, releases=services.releases)


def _kin(product: Product, spec: RowsSpec, *, as_of: date, services: PublishServices) -> _Kin:
    """The product with nothing but what its gate looks at, and the pseudonym."""
    columns = tuple(
        replace(column, sensitive=column.sensitive and replace(column.sensitive, hides=()))
        for column in spec.columns
        if column.is_quasi_identifier or column.sensitive is not None or _is_pseudonym(column)
    )
    looked_at = replace(spec, columns=columns)
    placed = placed_rows(product, looked_at, as_of=as_of, services=services)
    return _Kin(
        spec=looked_at,
        slices=area_rows(placed.table, placed.placement),
        earlier=earlier_of_kin(product, as_of=as_of, services=services),
    )


def _told(
    rows: AreaRows,
    kin: _Kin,
    others: Sequence[Told],
    *,
    domain: PseudonymDomain,
    services: PublishServices,
) -> list[Told]:
    """What a kin said of one area before, if it did, and what it says now, knowing that."""
    spec = kin.spec
    persons = persons_of(rows, spec)
    key = services.keys.domain_key(domain)
    before: list[Told] = []
    if kin.earlier is not None:
        one = told_before(
            kin.earlier, rows.area, spec, ids=persons, key=key, releases=services.releases
        )
        before = [] if one is None else [one]
    columns = [column for column in spec.columns if not _is_pseudonym(column)]
    gated = anonymise(
        transformed(rows, columns, key=key),
        persons=persons,
        columns=columns,
        rules=spec.anonymity,
        told=[*others, *before],
    )
    known = [column.name for column in columns if column.is_quasi_identifier]
    code = spec.anonymity.suppressed_code
    now = Told(persons, gated.table.select(known), gated.report["levels"], code)
    return [*(replace(one, secret=frozenset()) for one in before), now]


def _is_pseudonym(column: Column) -> bool:
    return column.transformation is Transformation.PSEUDONYM
