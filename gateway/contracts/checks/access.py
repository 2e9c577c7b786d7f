"""Who may have the product and on what ground."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.contracts.contract import Contract
from gateway.contracts.faults import Fault
from gateway.contracts.vocabulary import (
    CUBE_AUDIENCE,
    INCOME_LEGAL_BASIS,
    LEGAL_BASES,
    PERMISSIONS,
    PERSONLESS_SYSTEMS,
    PURPOSES,
    ROWS_AUDIENCE,
    STRICT_THRESHOLD,
)
from gateway.model.product import INCOME_REGISTER, Classification, ProductKind

_ORDER = tuple(Classification)


def check_access(contract: Contract) -> Iterator[Fault]:
    yield from _audience(contract)
    yield from _grounds(contract)
    yield from _permission(contract)
    yield from _classification(contract)
    yield from _personal(contract)


def _audience(contract: Contract) -> Iterator[Fault]:
    product = contract.product
    allowed = ROWS_AUDIENCE if product.kind is ProductKind.ROWS else CUBE_AUDIENCE
    for kind in sorted(product.audience - allowed):
        message = f"A {product.kind} product is not for the organisation kind `{kind}`."
        remedy = f"Use only: {', '.join(sorted(allowed))}."
        yield contract.fault(contract.at("audience"), message, remedy)
    for kind in sorted(product.audience - product.listed_to):
        message = f"The product is for `{kind}` but not listed to it."
        yield contract.fault(contract.at("listed_to"), message, f"Add `{kind}` to `listed_to`.")


def _grounds(contract: Contract) -> Iterator[Fault]:
    product = contract.product
    terms = (
        ("purposes", product.purposes, PURPOSES),
        ("legal_bases", product.legal_bases, LEGAL_BASES),
    )
    for term, codes, known in terms:
        for index, code in enumerate(codes):
            if code not in known:
                remedy = f"Use one of: {', '.join(sorted(known))}."
                message = f"`{code}` is not in the closed list of {term}."
                yield contract.fault(contract.at(term, index), message, remedy)
    if INCOME_REGISTER in product.sources and INCOME_LEGAL_BASIS not in product.legal_bases:
        message = "Income Register data is used without the ground that allows it."
        remedy = f"Add `{INCOME_LEGAL_BASIS}`, or leave the source out."
        yield contract.fault(contract.at("legal_bases"), message, remedy)


def _permission(contract: Contract) -> Iterator[Fault]:
    product = contract.product
    permission = product.required_permission
    path = contract.at("required_permission")
    if permission is None:
        if not product.is_public:
            remedy = f"Name one of: {', '.join(sorted(PERMISSIONS))}."
            yield contract.fault(path, "Only a public product needs no permission.", remedy)
        return
    family = "integration" if "kotoaj" in product.sources else "employment"
    right = f"{family}.{'rows' if product.kind is ProductKind.ROWS else 'cubes'}"
    if permission != right:
        message = f"`{permission}` is not the permission for this kind of product."
        yield contract.fault(path, message, f"Write `required_permission: {right}`.")


def _classification(contract: Contract) -> Iterator[Fault]:
    product = contract.product
    rank = _ORDER.index(product.classification)
    path = contract.at("classification")
    if product.kind is ProductKind.ROWS and rank < _ORDER.index(Classification.CONFIDENTIAL):
        remedy = "Write `classification: confidential` or `restricted`."
        yield contract.fault(path, "Rows are at least confidential.", remedy)
    if product.is_public and not _may_be_public(contract):
        message = "A public product of persons needs stricter suppression."
        remedy = f"Give a threshold of at least {STRICT_THRESHOLD}, or `classification: internal`."
        yield contract.fault(path, message, remedy)
    for column in contract.columns:
        if not column.is_dropped and _ORDER.index(column.classification) > rank:
            message = f"The column `{column.name}` is classified above its product."
            remedy = f"Raise the product to `{column.classification}`, or drop the column."
            yield contract.fault((*column.place, "classification"), message, remedy)


def _may_be_public(contract: Contract) -> bool:
    cube = contract.product.cube
    if cube is None:
        return False
    if cube.disclosure.threshold == 0:
        return not contract.product.personal_data
    return cube.disclosure.threshold >= STRICT_THRESHOLD


def _personal(contract: Contract) -> Iterator[Fault]:
    product = contract.product
    of_persons = sorted(set(product.sources) - PERSONLESS_SYSTEMS)
    if of_persons and not product.personal_data:
        message = f"The source `{of_persons[0]}` holds persons."
        remedy = "Write `personal_data: true`."
        yield contract.fault(contract.at("personal_data"), message, remedy)
