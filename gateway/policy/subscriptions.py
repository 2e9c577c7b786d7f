"""Which subscription (tilaus) a delivery rests on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from gateway.model.caller import Caller
from gateway.model.organisation import OrganisationKind
from gateway.model.product import Product
from gateway.model.subscription import Subscription


def subscribers(caller: Caller) -> tuple[str, ...]:
    """The organisations whose subscriptions the caller may use, own first.

    A municipality is served under the agreement of its employment area, so it uses the area
    authority's subscriptions as well.
    """
    if caller.organisation is None:
        return ()
    own = caller.organisation.code
    if caller.organisation.kind is not OrganisationKind.MUNICIPALITY:
        return (own,)
    return (own, *(f"TA{area}" for area in sorted(caller.scope.areas)))


def valid_subscriptions(
    subscriptions: Iterable[Subscription], caller: Caller, *, product: Product, today: date
) -> tuple[Subscription, ...]:
    """Those for the product and its purposes that the caller may use today.

    One per purpose, the caller's own before the area's.
    """
    allowed = subscribers(caller)
    found = [
        subscription
        for subscription in subscriptions
        if subscription.product == product.id
        and subscription.purpose in product.purposes
        and subscription.organisation in allowed
        and subscription.valid_from <= today <= subscription.valid_to
    ]
    found.sort(key=lambda subscription: allowed.index(subscription.organisation))
    by_purpose: dict[str, Subscription] = {}
    for subscription in found:
        by_purpose.setdefault(subscription.purpose, subscription)
    return tuple(by_purpose.values())


def choose(candidates: tuple[Subscription, ...], purpose: str | None) -> Subscription | None:
    """The subscription of the given purpose; without a purpose the only one, if it is the only one."""
    if purpose is None:
        return candidates[0] if len(candidates) == 1 else None
    return next((each for each in candidates if each.purpose == purpose), None)
