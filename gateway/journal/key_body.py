"""The body of an entry about an access key: who made, rotated or revoked it, and what it opens.

Never a secret or its digest, and no address: only whether the key is bound to some.
"""

from __future__ import annotations

from typing import Any

from gateway.journal.body import Origin, called
from gateway.model.access_key import ANYWHERE, AccessKey
from gateway.model.caller import Caller
from gateway.model.days import utc_text
from gateway.model.ruling import Action, Permit

# Of what `called` says, all that a command on the machine has nothing to say about.
_UNSAID = (
    *("request_id", "traceparent", "iss", "client_id", "token_jti", "auth_strength", "act_sub"),
    *("purpose", "legal_basis", "subscription", "case_ref", "ruling", "policy_set_hash", "refusal"),
    *("client_address", "certificate_subject"),
)


def by_caller(caller: Caller, *, permit: Permit, origin: Origin) -> dict[str, Any]:
    """Who did it, over HTTP: an administrator of the organisation."""
    return {**called(caller, ruling=permit, origin=origin), "operator": None}


def by_operator(login: str, *, organisation: str) -> dict[str, Any]:
    """Who did it, on the machine itself. login: of the operating system."""
    lists = {name: list[str]() for name in ("areas", "roles", "policies", "errors", "proxies")}
    return {
        **dict.fromkeys(_UNSAID),
        **lists,
        "sub": login,
        "operator": login,
        "organisation": organisation,
    }


def access_key_body(
    author: dict[str, Any], key: AccessKey, *, before: AccessKey | None = None
) -> dict[str, Any]:
    """The body of `key.created`, `key.rotated` and `key.revoked`.

    key: as it will be; before: the one that it replaces, with the end that it will have.
    """
    return {
        **author,
        "action": Action.MANAGE_KEYS.value,
        "access_key": key.id,
        "service_account": key.service_account,
        "key_products": sorted(key.products),
        "key_roles": sorted(key.roles),
        "is_limited_to_networks": key.networks != ANYWHERE,
        "expires_utc": utc_text(key.expires_at),
        "access_key_before": None if before is None else before.id,
        "before_expires_utc": None if before is None else utc_text(before.expires_at),
    }
