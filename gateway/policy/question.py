"""What the policies are asked: caller, product and circumstances in the terms of the Cedar schema.

This is the whole of what a policy can see. Nothing here decides.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.caller import AuthStrength, Caller
from gateway.model.product import Product
from gateway.model.ruling import Action
from gateway.model.subscription import Subscription
from gateway.policy.loading import Policy
from gateway.policy.tags import tags_of
from gateway.ports import Question

_BOUND = frozenset({AuthStrength.DPOP, AuthStrength.MTLS})


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a ruling depends on besides caller and product.

    candidates: subscriptions that could carry the delivery; chosen: the one that does. expert_tag: the
    delivery is cut to rows with this tag; None when it is not.
    """

    area: str | None
    candidates: tuple[Subscription, ...]
    chosen: Subscription | None
    missing_permits: frozenset[str]
    expert_tag: str | None


def product_question(
    caller: Caller, action: Action, product: Product, *, seen: Circumstances, policy: Policy
) -> Question:
    return Question(
        principal=_principal(caller, policy),
        action=action.value,
        resource={
            "type": "Product",
            "id": product.id,
            "code": product.id,
            "kind": product.kind.value,
            "classification": product.classification.value,
            "audience": frozenset(kind.value for kind in product.audience),
            "listed_to": frozenset(kind.value for kind in product.listed_to),
            "sources": frozenset(product.sources),
            "purposes": frozenset(product.purposes),
            "permission": product.required_permission or "",
            "tags": tags_of(product),
        },
        context={
            "area": seen.area or "",
            "subscribed": bool(seen.candidates),
            "purpose": seen.chosen.purpose if seen.chosen else "",
            "expert_tag": seen.expert_tag or "",
            "missing_permits": seen.missing_permits,
            "tem_access": policy.switches.tem_access,
            "koto_worker_employment_products": policy.switches.koto_worker_employment_products,
        },
    )


def journal_question(caller: Caller, purpose: str, policy: Policy) -> Question:
    return Question(
        principal=_principal(caller, policy),
        action=Action.READ_JOURNAL.value,
        resource={"type": "Journal", "id": "journal"},
        context={"purpose": purpose},
    )


def keys_question(caller: Caller, organisation: str, policy: Policy) -> Question:
    return Question(
        principal=_principal(caller, policy),
        action=Action.MANAGE_KEYS.value,
        resource={"type": "Keys", "id": organisation, "organisation": organisation},
        context={},
    )


def _principal(caller: Caller, policy: Policy) -> dict[str, object]:
    organisation = caller.organisation
    return {
        "type": "Caller",
        "id": caller.subject,
        "organisation": organisation.code if organisation else "",
        "kind": organisation.kind.value if organisation else "",
        "areas": caller.scope.areas,
        "permissions": caller.permissions,
        "role_sources": policy.roles.sources_of(caller.roles),
        "bound": caller.strength in _BOUND,
        "expert_tag": caller.expert_tag or "",
        "via_key": caller.strength is AuthStrength.KEY,
        "key_products": caller.key.products if caller.key else frozenset[str](),
    }
