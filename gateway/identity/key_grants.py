"""What an access key may be made for: no more than its organisation could read with the same roles.

Nothing here has a rule of its own about products: the policies are asked for a caller who would come
with the key today, product by product.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.contracts import Catalog
from gateway.errors import BadParameter, GatewayError, PolicyFault
from gateway.identity.access_keys import ISSUER, held_by_key
from gateway.identity.key_networks import checked_networks
from gateway.journal.guard import has_identity_code
from gateway.model.access_key import ANYWHERE, LIFETIME_DAYS_MAX, KeyLimits
from gateway.model.caller import AuthStrength, Caller, RoleSource
from gateway.model.organisation import Organisation
from gateway.model.product import Product, ProductKind
from gateway.model.ruling import Action, Denial, Permit
from gateway.organisations.registry import Registry
from gateway.policy import Policy, is_listed, rule
from gateway.policy.vocabulary import DATA_PERMISSIONS

PRODUCTS_MAX = 50
ROLES_MAX = 10
NETWORKS_MAX = 16
_ACCOUNT = re.compile(r"[a-z][a-z0-9-]{1,62}")
_READ = {ProductKind.ROWS: Action.READ_ROWS, ProductKind.CUBE: Action.READ_CUBE}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key is to open, as it is asked for; `checked_grant` says whether it may."""

    service_account: str
    products: tuple[str, ...]
    roles: tuple[str, ...]
    networks: tuple[str, ...] = ANYWHERE
    lifetime_days: int = LIFETIME_DAYS_MAX


@dataclass(frozen=True, slots=True)
class House:
    """What there is to grant, and by which rules."""

    catalog: Catalog
    policy: Policy
    registry: Registry


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What the organisation may not have with these roles, and why. product: None: it does not exist."""

    product: Product | None
    denial: Denial

    def error(self) -> GatewayError:
        """The reason; one answer for what does not exist and for what the organisation may not know of."""
        if self.product is None or not self.denial.is_listed:
            return BadParameter(
                "One of them is not listed to the organisation; see /v1/products.",
                parameter="products",
            )
        told = f"{self.product.id}: {self.denial.detail}"
        return self.denial.error_type(told, parameter="products")


def checked_grant(grant: Grant) -> Grant:
    """The grant in its one spelling. Raises BadParameter, naming the member."""
    if _ACCOUNT.fullmatch(grant.service_account) is None or has_identity_code(
        grant.service_account
    ):
        raise BadParameter(
            "Name the program by a code like bi-reports: a-z, 0-9 and hyphens, at most 63, no person.",
            parameter="service_account",
        )
    if not 1 <= grant.lifetime_days <= LIFETIME_DAYS_MAX:
        raise BadParameter(
            f"A key lives for 1 to {LIFETIME_DAYS_MAX} days.", parameter="expires_in_days"
        )
    _check_list(grant.products, most=PRODUCTS_MAX, parameter="products")
    if not grant.products:
        raise BadParameter(
            "Name the products that the key is for; without any it opens nothing.",
            parameter="products",
        )
    _check_list(grant.roles, most=ROLES_MAX, parameter="roles")
    _check_list(grant.networks, most=NETWORKS_MAX, parameter="networks")
    return Grant(
        service_account=grant.service_account,
        products=tuple(sorted(grant.products)),
        roles=tuple(sorted(grant.roles)),
        networks=checked_networks(grant.networks),
        lifetime_days=grant.lifetime_days,
    )


def find_obstacle(
    grant: Grant, organisation: Organisation, house: House, *, now: datetime, today: date
) -> Obstacle | None:
    """The first product of a checked grant that the policies would refuse to the key.

    Before those, one that does not exist or is not listed to the organisation. Raises BadParameter for a
    role that no key may have or that nothing in the grant asks for.
    """
    _check_roles(grant.roles, house.policy)
    caller = _caller_to_be(grant, organisation, house, now=now, today=today)
    # Look-alikes of an id are other texts, and so unknown.
    known = {product.id: product for product in house.catalog.products}
    asked = tuple(known.get(name) for name in grant.products)
    products = tuple(each for each in asked if each is not None and is_listed(caller, each))
    if len(products) < len(asked):
        unlisted = (each for each in asked if each is not None and each not in products)
        return Obstacle(next(unlisted, None), _denial_of_nothing(caller, house.policy, today))
    _check_needed(grant.roles, products, house.policy)
    for product in products:
        denial = _denial(caller, product, house.policy, today)
        if denial is not None:
            return Obstacle(product, denial)
    return None


def _check_list(values: Sequence[str], *, most: int, parameter: str) -> None:
    if len(values) > most:
        raise BadParameter(f"At most {most} of them.", parameter=parameter)
    if len(set(values)) != len(values):
        raise BadParameter("One of them is repeated.", parameter=parameter)


def _check_roles(roles: Sequence[str], policy: Policy) -> None:
    """A program has no role in a case system of persons, so only roles of the HETI portal fit it."""
    for text in roles:
        given = policy.roles.permissions.get(text, frozenset[str]())
        if not text.startswith(f"{RoleSource.HETI}:") or not given or not given <= DATA_PERMISSIONS:
            raise BadParameter(
                "A key can have heti roles that give data, and no others.", parameter="roles"
            )


def _check_needed(roles: Sequence[str], products: Sequence[Product], policy: Policy) -> None:
    """Each role gives what one of the products asks for."""
    asked = {product.required_permission for product in products}
    if any(not policy.roles.permissions[role] & asked for role in roles):
        raise BadParameter(
            "No product of the key asks for one of the roles; leave it out.", parameter="roles"
        )


def _caller_to_be(
    grant: Grant, organisation: Organisation, house: House, *, now: datetime, today: date
) -> Caller:
    held = held_by_key(grant.roles)
    return Caller(
        issuer=ISSUER,
        subject=grant.service_account,
        client_id="",
        token_id="",
        strength=AuthStrength.KEY,
        organisation_claim=organisation.code,
        organisation=organisation,
        scope=house.registry.scope(organisation.code, today),
        roles=held,
        permissions=house.policy.roles.permissions_of(held) & DATA_PERMISSIONS,
        key=KeyLimits("", frozenset(grant.products), now, is_ending=False),
    )


def _denial_of_nothing(caller: Caller, policy: Policy, today: date) -> Denial:
    """Raises PolicyFault when the policies permit even that."""
    match rule(caller, Action.MANAGE_KEYS, None, None, policy, today=today):
        case Denial() as denial:
            return denial
        case Permit():
            raise PolicyFault("A policy permits what does not exist.")


def _denial(caller: Caller, product: Product, policy: Policy, today: date) -> Denial | None:
    """Why the key would never get the product: for no area of its own and no purpose of the product."""
    area = min(caller.scope.areas, default=None)
    rulings = [
        rule(caller, _READ[product.kind], product, area, policy, today=today, purpose=purpose)
        for purpose in (None, *product.purposes)
    ]
    if any(isinstance(ruling, Permit) for ruling in rulings):
        return None
    return next(ruling for ruling in rulings if isinstance(ruling, Denial))
