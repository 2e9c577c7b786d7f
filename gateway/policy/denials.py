"""From the policies that denied to the one reason that the caller is told.

Several may forbid at once; the journal keeps them all, the caller hears the most fundamental.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.errors import (
    AreaOutOfScope,
    AudienceRefused,
    BoundTokenRequired,
    Forbidden,
    IncomeRegisterRowsRefused,
    KeyProductRefused,
    KeyRefused,
    PermitMissing,
    PurposeRefused,
    RoleMissing,
    SubscriptionMissing,
    SwitchedOff,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """policy: a policy's @id. sentence: may name {roles}, {area}, {purposes} and {sources}."""

    policy: str
    error_type: type[Forbidden]
    sentence: str
    parameter: str | None = None


TOKEN_ONLY = Reason(
    "keys-are-for-products-only",
    KeyRefused,
    "Use an access token: a key reads the products that it was made for.",
)
REASONS = (
    Reason(
        "income-register-never-rows",
        IncomeRegisterRowsRefused,
        "Income Register data is delivered in cubes only, to anybody.",
    ),
    Reason(
        "public-is-never-rows",
        Forbidden,
        "A public product cannot be rows; tell the keeper of the product.",
    ),
    Reason(
        "rows-employment-authorities-only",
        AudienceRefused,
        "Rows are delivered to employment authorities only; other organisations receive cubes.",
    ),
    Reason(
        "audience-of-the-product",
        AudienceRefused,
        "The product is not meant for organisations of your kind.",
    ),
    Reason(
        "auditors-read-no-products",
        AudienceRefused,
        "Those who audit the journal receive no products.",
    ),
    TOKEN_ONLY,
    Reason(
        "key-of-other-products",
        KeyProductRefused,
        "The access key is for other products; /v1/me lists them.",
    ),
    Reason(
        "tem-access-switch",
        SwitchedOff,
        "The ministry's access is closed by the policy switch `tem_access`.",
    ),
    Reason(
        "permission-of-the-product",
        RoleMissing,
        "This takes a valid role that you do not have: {roles}. Ask your organisation's administrator.",
    ),
    Reason(
        "integration-needs-koto-role",
        RoleMissing,
        "Integration products need a Koto-AJ role or a separate role in the HETI portal.",
    ),
    Reason(
        "koto-worker-separate-grant",
        SwitchedOff,
        "Employment-service products are closed to integration workers by the policy switch "
        "`koto_worker_employment_products`.",
    ),
    Reason(
        "rows-own-area",
        AreaOutOfScope,
        "Give one employment area of your own organisation, like area={area}; /v1/me lists yours.",
        "area",
    ),
    Reason(
        "tags-own-area",
        AreaOutOfScope,
        "Team tags are visible only inside the own employment area; /v1/me lists yours.",
        "area",
    ),
    Reason(
        "expert-own-tag",
        AudienceRefused,
        "Rows with expert tags are for the expert whose own tag the token holds; cubes with them, for "
        "nobody.",
    ),
    Reason(
        "restricted-needs-bound-token",
        BoundTokenRequired,
        "Use a token that is bound to your key (DPoP) or certificate.",
    ),
    Reason(
        "data-permit-required",
        PermitMissing,
        "There is no valid data permit for: {sources}.",
    ),
    Reason(
        "subscription-required",
        SubscriptionMissing,
        "Your organisation has no subscription of this product that is valid today.",
    ),
    Reason(
        "purpose-required",
        PurposeRefused,
        "State the purpose of the delivery as `purpose`. Your subscriptions allow: {purposes}.",
        "purpose",
    ),
)

NO_POLICY_PERMITS = Reason("", Forbidden, "No policy permits this.")
POLICIES_FAILED = Reason("", Forbidden, "The policies could not be evaluated, so this is refused.")
AUDIT_ONLY = Reason(
    "", PurposeRefused, "The journal is read for the purpose `{purposes}` only.", "purpose"
)
PURPOSE_UNKNOWN = Reason(
    "", PurposeRefused, "Leave `purpose` out, or give one of: {purposes}.", "purpose"
)
AUDITORS_ONLY = Reason(
    "", RoleMissing, "Reading the journal takes {roles}, a separate role in the HETI portal."
)
KEHA_ONLY = Reason("", AudienceRefused, "The journal is read at the KEHA Centre only.")
KEY_ADMINISTRATORS_ONLY = Reason(
    "",
    RoleMissing,
    "Managing access keys takes {roles}, a separate role in the HETI portal.",
)
NO_ORGANISATION = Reason(
    "", AudienceRefused, "Your organisation is not in the registry, or not valid today."
)


def reason_for(policies: tuple[str, ...]) -> Reason:
    """The first of REASONS that denied; a forbid without a sentence of its own is a plain one."""
    return next((reason for reason in REASONS if reason.policy in policies), NO_POLICY_PERMITS)
