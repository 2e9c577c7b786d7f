"""Who gets in: the product, the ruling, and the release."""

from __future__ import annotations

from dataclasses import replace

from gateway.delivery.journaling import Admitted, Request, action_of, asked, refuse
from gateway.delivery.requests import Edition, RowsRequest
from gateway.delivery.services import Services
from gateway.errors import (
    AudienceRefused,
    Forbidden,
    GatewayError,
    IncomeRegisterRowsRefused,
    PolicyFault,
    ProductNotFound,
    ReleaseNotFound,
    WrongKind,
)
from gateway.journal.body import Asked, Origin
from gateway.model.caller import Caller
from gateway.model.product import INCOME_REGISTER, Classification, Product, ProductKind
from gateway.model.release import Manifest
from gateway.model.ruling import Action, Denial, Permit
from gateway.policy import expert_column, is_listed, own_tag, rule
from gateway.policy.tags import is_expert_name
from gateway.ports import ReleaseStore
from gateway.releases.slices import OwnRows

_STRICTNESS = tuple(Classification)  # declared from public to restricted
_KINDS = {Action.READ_ROWS: ProductKind.ROWS, Action.READ_CUBE: ProductKind.CUBE}


def admit(caller: Caller, request: Request, services: Services) -> Admitted:
    """The product and the permit to deliver it. A refusal is journaled before it is told.

    A product that does not exist takes the same way as one that is not listed to the caller.
    Raises ProductNotFound, WrongKind, Forbidden.
    """
    action = action_of(request)
    product = find_product(services, request.product)
    if product is not None and product.kind is not _KINDS[action] and is_listed(caller, product):
        raise WrongKind(
            f"Its kind is `{product.kind}`; /docs tells where those are.", parameter="product"
        )
    of_kind = product if product is not None and product.kind is _KINDS[action] else None
    ruling = services.rulings.rule(
        caller,
        action,
        of_kind,
        today=services.today(),
        area=request.area if isinstance(request, RowsRequest) else None,
        purpose=request.purpose,
        expert_tag=None if of_kind is None else own_tag(caller, of_kind),
    )
    if isinstance(ruling, Permit) and of_kind is not None:
        return Admitted(caller, request, of_kind, ruling)
    denial = ruling if isinstance(ruling, Denial) else rule_on_nothing(caller, action, services)
    raise refuse(caller, asked(request, product), denial, origin=request.origin, services=services)


def find_manifest(product: str, edition: Edition, releases: ReleaseStore) -> Manifest:
    """The release that is meant. Raises ReleaseNotFound, ReleaseDamaged."""
    if edition.release is not None:
        return releases.find(product, edition.release)
    try:
        return releases.newest(product, edition.as_of)
    except ReleaseNotFound as error:
        name = "release" if edition.as_of is None else "as_of"
        raise ReleaseNotFound("See /v1/products/{id}/releases.", parameter=name) from error


def check_no_income_register(admitted: Admitted, manifest: Manifest, services: Services) -> None:
    """The last of three checks of the ban, whatever the contract and the policies say today.

    Raises IncomeRegisterRowsRefused (laki tulotietojärjestelmästä 53/2018 13 §), journaled.
    """
    product = admitted.product
    is_rows = ProductKind.ROWS in {manifest.kind, product.kind}
    named = {source.casefold() for source in (*manifest.sources, *product.sources)}
    if not is_rows or INCOME_REGISTER not in named:
        return
    raise _refused_after_all(
        admitted,
        IncomeRegisterRowsRefused,
        detail="No product with this source is delivered as rows.",
        policy="income-register-never-rows",
        services=services,
    )


def check_class(admitted: Admitted, manifest: Manifest, services: Services) -> None:
    """A release of a stricter class than today's contract is ruled on by its own class.

    It was protected for fewer readers: a contract that becomes public opens what is published from
    then on. Raises Forbidden, ProductNotFound, journaled.
    """
    product, permit, request = admitted.product, admitted.permit, admitted.request
    if _STRICTNESS.index(manifest.classification) <= _STRICTNESS.index(product.classification):
        return
    ruling = rule(
        admitted.caller,
        action_of(request),
        replace(product, classification=manifest.classification),
        request.area if isinstance(request, RowsRequest) else None,
        services.policy,
        today=services.today(),
        purpose=permit.purpose,
        expert_tag=permit.expert_tag,
    )
    if isinstance(ruling, Denial):
        what = asked(request, product)
        raise refuse(admitted.caller, what, ruling, origin=request.origin, services=services)


def own_rows(product: Product, permit: Permit) -> OwnRows | None:
    """What the rows are cut to; None when the permit covers all of them."""
    by = expert_column(product)
    return OwnRows(by, permit.expert_tag) if by and permit.expert_tag else None


def check_expert(admitted: Admitted, manifest: Manifest, services: Services) -> None:
    """A release whose rows cannot be cut to the expert that the permit names is refused.

    It may be older than the contract: with tags that the contract no longer names, or without those
    that it names now. Raises AudienceRefused, journaled.
    """
    product, permit = admitted.product, admitted.permit
    names = {column.name for column in manifest.columns}
    by = expert_column(product)
    telling = {name for name in names if is_expert_name(name)} | ({by} if by else set())
    if not telling or (telling == {by} and by in names and permit.expert_tag):
        return
    raise _refused_after_all(
        admitted,
        AudienceRefused,
        detail="This release cannot be cut to the rows of one expert; ask for a newer one.",
        policy="expert-own-tag",
        services=services,
    )


def _refused_after_all(
    admitted: Admitted,
    error_type: type[Forbidden],
    *,
    detail: str,
    policy: str,
    services: Services,
) -> GatewayError:
    """What the release itself forbids, though the policies permitted the product; journaled."""
    permit, request = admitted.permit, admitted.request
    denial = Denial(
        error_type=error_type,
        detail=detail,
        policies=(policy,),
        policy_set_sha256=permit.policy_set_sha256,
        is_listed=True,
        purpose=permit.purpose,
        legal_basis=permit.legal_basis,
        subscription=permit.subscription,
    )
    what = asked(request, admitted.product)
    return refuse(admitted.caller, what, denial, origin=request.origin, services=services)


def listed_products(caller: Caller, services: Services) -> tuple[Product, ...]:
    """The products that the caller may know of."""
    return tuple(each for each in services.catalog.products if is_listed(caller, each))


def find_listed(caller: Caller, product_id: str, *, origin: Origin, services: Services) -> Product:
    """A product that the caller may know of, to tell about it.

    To tell of a listed product is no delivery and is not journaled; a refusal is. Raises
    ProductNotFound.
    """
    product = find_product(services, product_id)
    if product is not None and is_listed(caller, product):
        return product
    denial = rule_on_nothing(caller, Action.LIST, services)
    what = Asked(Action.LIST, None if product is None else product.id)
    raise refuse(caller, what, denial, origin=origin, services=services)


def rule_on_nothing(caller: Caller, action: Action, services: Services) -> Denial:
    """The denial of what is not there. Raises PolicyFault when the policies permit even that."""
    match services.rulings.rule(caller, action, None, today=services.today()):
        case Denial() as denial:
            return denial
        case Permit():
            raise PolicyFault("A policy permits what does not exist.")


def find_product(services: Services, product_id: str) -> Product | None:
    try:
        return services.catalog.find(product_id)
    except ProductNotFound:
        return None
