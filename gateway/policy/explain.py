"""What a caller may have and why not the rest: the answer behind /v1/me."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from gateway.model.caller import Caller
from gateway.model.product import Product, ProductKind
from gateway.model.ruling import Action, Denial, Permit
from gateway.policy.loading import Policy
from gateway.policy.rule import is_listed, rule

READ = {ProductKind.ROWS: Action.READ_ROWS, ProductKind.CUBE: Action.READ_CUBE}


@dataclass(frozen=True, slots=True)
class Explanation:
    """One product that is listed to the caller.

    policies: what decided. code and missing: why not, None when permitted.
    """

    product: str
    action: Action
    is_permitted: bool
    policies: tuple[str, ...]
    purpose: str | None
    code: str | None = None
    missing: str | None = None


def explain(
    caller: Caller, products: Iterable[Product], policy: Policy, today: date
) -> tuple[Explanation, ...]:
    """The rulings on the products listed to the caller; the others do not appear.

    Rows are asked for the first of the caller's own areas.
    """
    return tuple(
        _explanation(caller, product, policy, today)
        for product in products
        if is_listed(caller, product)
    )


def _explanation(caller: Caller, product: Product, policy: Policy, today: date) -> Explanation:
    action = READ[product.kind]
    area = min(caller.scope.areas, default=None)
    match rule(caller, action, product, area, policy, today=today):
        case Permit() as permit:
            return Explanation(
                product=product.id,
                action=action,
                is_permitted=True,
                policies=permit.policies,
                purpose=permit.purpose,
            )
        case Denial() as denial:
            return Explanation(
                product=product.id,
                action=action,
                is_permitted=False,
                policies=denial.policies,
                purpose=denial.purpose,
                code=denial.error_type.code,
                missing=denial.detail,
            )
