"""What a caller may have and why not the rest: behind /v1/me and `jakelu policy explain`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from gateway.model.caller import Caller
from gateway.model.product import Product, ProductKind
from gateway.model.ruling import Action, Denial
from gateway.policy.loading import Policy
from gateway.policy.rule import is_listed, rule
from gateway.policy.tags import own_tag

READ = {ProductKind.ROWS: Action.READ_ROWS, ProductKind.CUBE: Action.READ_CUBE}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A permit or a denial of one product, and what it rests on.

    policies: what decided. code and missing: why not, None when permitted.
    """

    product: str
    action: Action
    is_permitted: bool
    policies: tuple[str, ...]
    purpose: str | None
    legal_basis: str | None
    subscription: str | None
    code: str | None = None
    missing: str | None = None


def explain(
    caller: Caller, products: Iterable[Product], policy: Policy, today: date
) -> tuple[Explanation, ...]:
    """The rulings on the products listed to the caller; the others do not appear.

    Rows are asked for the first of the caller's own areas.
    """
    area = min(caller.scope.areas, default=None)
    return tuple(
        explain_product(caller, product, area, policy, today=today)
        for product in products
        if is_listed(caller, product)
    )


def explain_product(
    caller: Caller,
    product: Product,
    area: str | None,
    policy: Policy,
    *,
    today: date,
    purpose: str | None = None,
) -> Explanation:
    """The ruling on one product, listed to the caller or not."""
    action = READ[product.kind]
    ruling = rule(
        caller,
        action,
        product,
        area,
        policy,
        today=today,
        purpose=purpose,
        expert_tag=own_tag(caller, product),
    )
    denial = ruling if isinstance(ruling, Denial) else None
    return Explanation(
        product=product.id,
        action=action,
        is_permitted=denial is None,
        policies=ruling.policies,
        purpose=ruling.purpose,
        legal_basis=ruling.legal_basis,
        subscription=ruling.subscription,
        code=denial.error_type.code if denial else None,
        missing=denial.detail if denial else None,
    )
