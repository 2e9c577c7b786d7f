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
from gateway.ports import Question

_BOUND = frozenset({AuthStrength.DPOP, AuthStrength.MTLS})
_TAGS = {
    "team_tag": "team",
    "tiimitagi": "team",
    "expert_tag": "expert",
    "asiantuntijatagi": "expert",
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a ruling depends on besides caller and product.

    candidates: subscriptions that could carry the delivery; chosen: the one that does.
    """

    area: str | None
    candidates: tuple[Subscription, ...]
    chosen: Subscription | None
    missing_permits: frozenset[str]


def product_question(
    caller: Caller, action: Action, product: Product, *, seen: Circumstances, policy: Policy
) -> Question:
    return Question(
        principal=_principal(caller, policy),
        action=action.value,
        resource={
            "type": "Product",
            "id": product.id,
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
    }


def tags_of(product: Product) -> frozenset[str]:
    """`team` and `expert`, when a delivered column or a dimension tells one team or expert."""
    return frozenset(_TAGS[name] for name in _names_of(product) if name in _TAGS)


def _names_of(product: Product) -> list[str]:
    """What the delivered columns and the dimensions are called, and what they are made from."""
    names: list[str] = []
    if product.rows:
        for column in product.rows.columns:
            if column.is_delivered:
                names += [column.name, column.source]
                names += [lineage.rpartition(".")[2] for lineage in column.lineage]
    if product.cube:
        for dimension in product.cube.dimensions:
            names += [dimension.name, dimension.column]
    return names
