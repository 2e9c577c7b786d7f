"""What the policy says of a request: a permit or a denial, with the policies that decided it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.errors import Forbidden, GatewayError, NotFound, ProductNotFound


class Action(StrEnum):
    LIST = "list"  # may know that the product exists
    READ_ROWS = "read_rows"
    READ_CUBE = "read_cube"
    READ_JOURNAL = "read_journal"
    MANAGE_KEYS = "manage_keys"


@dataclass(frozen=True, slots=True)
class Permit:
    """policies: determining policy ids. areas: those the permit covers (rows: the asked one).

    expert_tag: the permit covers rows with this tag only; None when it covers all.
    """

    policies: tuple[str, ...]
    policy_set_sha256: str
    purpose: str | None
    legal_basis: str | None
    subscription: str | None
    areas: frozenset[str] = frozenset()
    expert_tag: str | None = None


@dataclass(frozen=True, slots=True)
class Denial:
    """code: the error code that the caller sees when the product is listed to it.

    policies: determining policy ids, `default-deny` when none matched. errors: Cedar diagnostics.
    """

    error_type: type[Forbidden]
    detail: str
    policies: tuple[str, ...]
    policy_set_sha256: str
    is_listed: bool
    parameter: str | None = None
    errors: tuple[str, ...] = ()
    purpose: str | None = None
    legal_basis: str | None = None
    subscription: str | None = None

    def error(self) -> GatewayError:
        """403 with the reason when listed to the caller, else the 404 of an unknown product."""
        if not self.is_listed:
            return unknown_product()
        return self.error_type(self.detail, parameter=self.parameter)


Ruling = Permit | Denial


def unknown_product() -> NotFound:
    """The one answer for a product that does not exist and for one that the caller may not know of."""
    return ProductNotFound("See /v1/products for the products listed to you.", parameter="product")
