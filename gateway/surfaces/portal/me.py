"""What the page about oneself shows: the answer of /v1/me, in words and in one language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.delivery.services import Services
from gateway.model.caller import Caller
from gateway.model.organisation import Organisation
from gateway.model.ruling import Permit
from gateway.policy import Explanation, explain, rule
from gateway.surfaces.beside import Entrance
from gateway.surfaces.html.reasons import OTHER_REASON, REASONS
from gateway.surfaces.portal.texts import KINDS, ORGANISATIONS


@dataclass(frozen=True, slots=True)
class ProductLine:
    """One product that is listed. reason: why not, empty when permitted."""

    id: str
    title: str
    kind: str
    is_permitted: bool
    reason: str
    purpose: str


@dataclass(frozen=True, slots=True)
class MePage:
    """organisation: with its kind, None when it is not in the registry today. ways: what else there is for
    this person, as paths and titles.
    """

    subject: str
    organisation: str | None
    areas: tuple[str, ...]
    roles: tuple[str, ...]
    products: tuple[ProductLine, ...]
    ways: tuple[tuple[str, str], ...]


def me_page(
    caller: Caller, services: Services, language: str, entrances: Iterable[Entrance]
) -> MePage:
    """The caller as the gateway sees it today."""
    organisation = caller.organisation
    explanations = explain(caller, services.catalog.products, services.policy, services.today())
    labels = services.policy.roles.labels
    return MePage(
        subject=caller.subject,
        organisation=_named(organisation, language) if organisation else None,
        areas=tuple(
            services.registry.areas[code].in_language(language)
            for code in sorted(caller.scope.areas)
        ),
        roles=tuple(
            labels[role.name].in_language(language)
            for role in caller.roles
            if role.name in labels  # a role that is not in the policies gives nothing
        ),
        products=tuple(_line(each, services, language) for each in explanations),
        ways=tuple(
            (each.path, each.label.in_language(language))
            for each in entrances
            if _is_open(each, caller, services)
        ),
    )


def _is_open(entrance: Entrance, caller: Caller, services: Services) -> bool:
    """Whether the page behind it would permit the caller now; nothing is journaled by asking."""
    today = services.today()
    ruling = rule(caller, entrance.action, None, None, services.policy, today=today)
    return isinstance(ruling, Permit)


def _named(organisation: Organisation, language: str) -> str:
    """`Tampere (municipality)`; a centre's name says itself what it is."""
    name = organisation.label.in_language(language)
    kind = ORGANISATIONS[organisation.kind].in_language(language)
    return name if kind.lower() in name.lower() else f"{name} ({kind})"


def _line(explanation: Explanation, services: Services, language: str) -> ProductLine:
    product = services.catalog.find(explanation.product)
    reason = OTHER_REASON if explanation.code is None else REASONS.get(explanation.code)
    purpose = services.policy.purposes.get(explanation.purpose or "")
    return ProductLine(
        id=product.id,
        title=product.title.in_language(language),
        kind=KINDS[product.kind].in_language(language),
        is_permitted=explanation.is_permitted,
        reason=("" if explanation.is_permitted else (reason or OTHER_REASON).in_language(language)),
        purpose=purpose.label.in_language(language) if purpose else "",
    )
