"""`jakelu policy explain`: may this caller have this product, by which policies, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gateway.batch.review.callers import TokenRead, caller, roles_named, roles_of_token
from gateway.batch.review.explain_words import FINAL, NOTES, NOTHING, REMEDIES
from gateway.batch.review.house import PolicyHouse
from gateway.errors import BadParameter
from gateway.model.caller import AuthStrength, Caller
from gateway.model.label import Label
from gateway.model.product import Product, ProductKind
from gateway.policy import Explanation, explain_product, is_listed
from gateway.policy.denials import REASONS
from gateway.policy.subscriptions import subscribers, valid_subscriptions
from gateway.ports import PolicyText


@dataclass(frozen=True, slots=True)
class CallerAsked:
    """A caller in options of the command. roles: `source:role` texts."""

    organisation: str
    roles: tuple[str, ...]
    is_bound: bool
    expert_tag: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """who: a caller in options, or a token that is read and not verified."""

    who: CallerAsked | TokenRead
    product: str
    area: str | None
    purpose: str | None
    on: date


@dataclass(frozen=True, slots=True)
class Decider:
    """A policy that decided. text: None for the default deny. remedy: None for a permit."""

    id: str
    text: PolicyText | None
    remedy: Label | None


@dataclass(frozen=True, slots=True)
class Answer:
    """area: what the service would ask the policies about; empty for none."""

    asked: Asked
    caller: Caller
    product: Product
    area: str
    is_listed: bool
    explanation: Explanation
    deciders: tuple[Decider, ...]
    notes: tuple[Label, ...]


def answer(house: PolicyHouse, asked: Asked) -> Answer:
    """Ask the policies as the service would. Raises BadParameter for what does not exist."""
    product = house.find_product(asked.product)
    if product is None:
        names = ", ".join(sorted(each.id for each in house.products))
        raise BadParameter(
            f"There is no such product. Choose one of: {names}.", parameter="product"
        )
    who = _caller(house, asked)
    area = _area(house, who, product, asked.area)
    explanation = explain_product(
        who, product, area or None, house.policy, today=asked.on, purpose=asked.purpose
    )
    words = _words(house, who, product, asked.on)
    names = sorted(explanation.policies, key=_weight)
    helps = [name for name in names if name in FINAL] or names
    deciders = tuple(_decider(house, name, words if name in helps else None) for name in names)
    return Answer(
        asked=asked,
        caller=who,
        product=product,
        area=area,
        is_listed=is_listed(who, product),
        explanation=explanation,
        deciders=deciders,
        notes=tuple(_notes(house, asked, who, product, explanation)),
    )


def _caller(house: PolicyHouse, asked: Asked) -> Caller:
    who = asked.who
    if isinstance(who, TokenRead):
        return caller(
            house,
            who.claims.organisation,
            roles_of_token(who, asked.on),
            on=asked.on,
            strength=who.strength,
            expert_tag=who.claims.expert_tag,
        )
    if house.registry.find(who.organisation) is None:
        raise BadParameter(
            "The registry has no such organisation. Codes are like KU837, TA39, EVK04, TEM, KEHA.",
            parameter="organisation",
        )
    if any(role not in house.roles for role in who.roles):
        names = ", ".join(house.roles)
        raise BadParameter(f"There is no such role. Choose of: {names}.", parameter="role")
    return caller(
        house,
        who.organisation,
        roles_named(dict.fromkeys(who.roles)),
        on=asked.on,
        strength=AuthStrength.DPOP if who.is_bound else AuthStrength.BEARER,
        expert_tag=who.expert_tag,
    )


def _area(house: PolicyHouse, who: Caller, product: Product, asked: str | None) -> str:
    """As the service reads it: the caller's only area when none is said; cubes have no area."""
    if product.kind is ProductKind.CUBE:
        if asked is not None:
            raise BadParameter("A cube is asked for without an area.", parameter="area")
        return ""
    if asked is None:
        return next(iter(who.scope.areas)) if len(who.scope.areas) == 1 else ""
    if asked not in house.registry.areas:
        raise BadParameter(
            "An area is two digits, like 39; there is no such one.", parameter="area"
        )
    return asked


def _words(house: PolicyHouse, who: Caller, product: Product, on: date) -> dict[str, str]:
    """What the remedies name; empty where there is nothing to name."""
    policy, permission = house.policy, product.required_permission or ""
    candidates = valid_subscriptions(policy.subscriptions, who, product=product, today=on)
    return {
        "product": product.id,
        "permission": permission,
        "roles": ", ".join(policy.roles.roles_with(permission)),
        "areas": ", ".join(sorted(who.scope.areas)),
        "purposes": ", ".join(sorted(each.purpose for each in candidates)),
        "sources": ", ".join(sorted(policy.missing_permits(product.sources, on))),
    }


def _weight(name: str) -> int:
    """The most fundamental first, as the caller of the service hears them."""
    order = [reason.policy for reason in REASONS]
    return order.index(name) if name in order else len(order)


def _decider(house: PolicyHouse, name: str, words: dict[str, str] | None) -> Decider:
    """words: fill the remedy; None where it would be of no use."""
    remedy = None if words is None else REMEDIES.get(name)
    return Decider(
        name,
        house.texts.get(name),
        _filled(remedy, words) if remedy and words is not None else None,
    )


def _filled(label: Label, words: dict[str, str]) -> Label:
    def fill(language: str) -> str:
        nothing = NOTHING.in_language(language)
        filled = {name: word or nothing for name, word in words.items()}
        return label.in_language(language).format_map(filled)

    return Label(fill("fi"), fill("sv"), fill("en"))


def _notes(
    house: PolicyHouse, asked: Asked, who: Caller, product: Product, explanation: Explanation
) -> Iterator[Label]:
    if isinstance(asked.who, TokenRead):
        yield NOTES["unverified"]
    if who.organisation is None:
        yield NOTES["no_organisation"]
    for role in who.roles:
        if role.name not in house.roles:
            yield _filled(NOTES["void_role"], {"role": role.name})
    if not is_listed(who, product):
        yield NOTES["not_listed"]
    if "subscription-required" in explanation.policies:
        owners = subscribers(who)
        for each in house.policy.subscriptions:
            if each.organisation in owners and each.product == product.id:
                days = {"first": each.valid_from.isoformat(), "last": each.valid_to.isoformat()}
                yield _filled(NOTES["ended_subscription"], {"subscription": each.id, **days})
