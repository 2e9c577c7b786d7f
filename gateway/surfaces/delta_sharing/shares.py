"""Which shares and tables there are for a caller: those of which the policies permit the rows today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.delivery.admission import find_product, rule_on_nothing
from gateway.delivery.journaling import refuse
from gateway.delivery.services import Services
from gateway.errors import GatewayError, ShareNotFound, TableNotFound
from gateway.journal.body import Asked, Origin
from gateway.model.caller import AuthStrength, Caller
from gateway.model.product import Product, ProductKind
from gateway.model.ruling import Action, Permit
from gateway.policy import is_listed, own_tag
from gateway.surfaces.delta_sharing.names import SCHEMA

NO_SHARE = "List /delta-sharing/shares for those that there are for you."
NO_TABLE = "List the tables of the share for those that there are for you."


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and from where."""

    caller: Caller
    origin: Origin


@dataclass(frozen=True, slots=True)
class Table:
    share: str
    product: Product


def as_bearer(caller: Caller) -> Caller:
    """Files are fetched by whoever has their address, so no proof of a key counts for more here."""
    if caller.strength in {AuthStrength.DPOP, AuthStrength.MTLS}:
        return replace(caller, strength=AuthStrength.BEARER)
    return caller


def shares(caller: Caller, services: Services) -> Sequence[str]:
    """Areas of which there is a table."""
    return [area for area in sorted(caller.scope.areas) if tables(caller, area, services)]


def tables(caller: Caller, area: str, services: Services) -> Sequence[Product]:
    """The products of which the caller may read the area's rows, and that have them."""
    return [
        product
        for product in services.catalog.products
        if product.kind is ProductKind.ROWS
        and is_listed(caller, product)
        and _is_permitted(caller, product, area, services)
        and any(each.slice_of(area) for each in services.releases.list(product.id))
    ]


def find_share(name: str, asking: Asking, services: Services) -> str:
    """The area of a share. Raises ShareNotFound, journaled: a neighbour's is one that is not there."""
    if name in shares(asking.caller, services):
        return name
    raise _refused(asking, services, ShareNotFound(NO_SHARE), share=name)


def find_schema(share: str, schema: str, asking: Asking, services: Services) -> str:
    """The area of a share with this schema. Raises ShareNotFound, TableNotFound, both journaled."""
    area = find_share(share, asking, services)
    if schema.lower() == SCHEMA:
        return area
    raise _refused(asking, services, TableNotFound(f"Its only schema is `{SCHEMA}`."), share=share)


def find_table(share: str, schema: str, table: str, asking: Asking, services: Services) -> Table:
    """A table that the caller may know of; whether its rows are permitted is for the delivery to say.

    Raises ShareNotFound, TableNotFound, both journaled.
    """
    if share not in asking.caller.scope.areas:
        raise _refused(asking, services, ShareNotFound(NO_SHARE), share=share, table=table)
    product = find_product(services, table.lower())
    is_table = (
        product is not None
        and product.kind is ProductKind.ROWS
        and is_listed(asking.caller, product)
    )
    if product is None or not is_table or schema.lower() != SCHEMA:
        raise _refused(asking, services, TableNotFound(NO_TABLE), share=share, table=table)
    return Table(share, product)


def _is_permitted(caller: Caller, product: Product, area: str, services: Services) -> bool:
    ruling = services.rulings.rule(
        caller,
        Action.READ_ROWS,
        product,
        today=services.today(),
        area=area,
        expert_tag=own_tag(caller, product),
    )
    return isinstance(ruling, Permit)


def _refused(
    asking: Asking, services: Services, error: GatewayError, *, share: str, table: str = ""
) -> GatewayError:
    """Journaled in declared codes only: what the caller typed is none."""
    product = find_product(services, table.lower())
    what = Asked(
        Action.LIST,
        None if product is None else product.id,
        areas=(share,) if share in services.registry.areas else (),
    )
    denial = rule_on_nothing(asking.caller, Action.LIST, services)
    return refuse(asking.caller, what, denial, origin=asking.origin, services=services, told=error)
