"""The fields of each kind of entry. An entry has exactly these, null where there is nothing to say."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.model.entry import EntryKind

VERSION = 1

# Given by the journal, never by a draft; `salt` is hashed with them and stored beside the body.
ENVELOPE = frozenset(
    {"v", "seq", "event_id", "kind", "ts_utc", "replica", "boot_id", "build", "config_hash"}
)

# A draft carries the left one; the entry only what `seal` makes of it.
SEALED = MappingProxyType(
    {"token_jti": "token_jti_hmac", "client_address": "client_address_commitment"}
)

_REQUEST = frozenset({"request_id", "traceparent"})
_WHO = frozenset({"iss", "sub", "client_id", "token_jti", "auth_strength", "act_sub"})
_FOR_WHOM = frozenset({"organisation", "areas", "roles"})
_WHY = frozenset({"purpose", "legal_basis", "subscription", "case_ref"})
_RULING = frozenset({"ruling", "policies", "policy_set_hash", "errors", "refusal"})
_WHERE_FROM = frozenset({"client_address", "certificate_subject", "proxies"})
_CALLED = _REQUEST | _WHO | _FOR_WHOM | _WHY | _RULING | _WHERE_FROM
_SESSION = _REQUEST | _WHO | _FOR_WHOM | _WHERE_FROM
_PRODUCT = frozenset({"product", "contract_version", "release", "classification", "personal_data"})
_ACCESS = (
    _CALLED
    | _PRODUCT
    | {"action", "areas_requested", "areas_granted", "selection", "columns", "format"}
)
_COMPLETION = frozenset(
    {
        *("intent_seq", "outcome", "http_status", "rows", "bytes", "content_sha256"),
        *("duration_ms", "range_start", "range_end", "ranges"),
    }
)
_RELEASE = _PRODUCT | {
    *("definition_version", "files", "rows", "bytes"),
    *("manifest_sha256", "inputs_sha256", "policy_set_hash"),
}

# Upkeep of pseudonyms (`journal.pseudonym_body`): who ran it, for which recipient's slice, and why.
_BY = frozenset({"sub", "operator"})
_SLICE = frozenset(
    {
        *("organisation", "product", "release", "family", "pseudonym_purpose"),
        *("areas_requested", "areas_granted"),
    }
)
_UPKEEP = _BY | _SLICE | {"purpose", "legal_basis", "subscription", "case_ref"}
_SIGNED = frozenset({"statement_sha256", "key_id", "signature"})
_REIDENTIFICATION = _UPKEEP | _SIGNED | {"reidentification", "epoch"}

# What a data subject is told (`journal.subject_body`): of which days, and why; never of whom.
_SUBJECT = _BY | {"purpose", "legal_basis", "case_ref", "first_day", "last_day", "subject_answer"}

# Access keys (`journal.key_body`): what a key opens, for whom, and the one that it takes the place of.
_ACCESS_KEY = _CALLED | {
    *("action", "operator", "access_key", "service_account", "key_products", "key_roles"),
    *("is_limited_to_networks", "expires_utc", "access_key_before", "before_expires_utc"),
}

FIELDS: Mapping[EntryKind, frozenset[str]] = MappingProxyType(
    {
        EntryKind.INTENT: _ACCESS,
        EntryKind.DENIED: _ACCESS,
        EntryKind.COMPLETION: _COMPLETION,
        EntryKind.LIMITED: frozenset(
            {"since", "until", "iss", "sub", "client_id", "organisation", "counts"}
        ),
        EntryKind.AUTH_FAILED: frozenset({"since", "until", "counts"}),
        EntryKind.SESSION_BEGAN: _SESSION,
        EntryKind.SESSION_ENDED: _SESSION,
        EntryKind.JOURNAL_READ: _CALLED | {"action", "filters", "after", "limit"},
        EntryKind.JOURNAL_SEARCHED: _BY | {"filters", "after", "limit"},
        EntryKind.JOURNAL_EXPORTED: _BY | {"filters", "first_seq", "tree_size"},
        EntryKind.JOURNAL_PRUNED: _BY
        | {"as_of", "retention_days", "counts", "first_seq", "last_seq"}
        | {"leaves_sha256", "addresses"},
        EntryKind.HOLD_MADE: _BY | {"reason", "case_ref", "filters"},
        EntryKind.HOLD_LIFTED: _BY | {"hold"},
        EntryKind.POLICY_LOADED: frozenset({"policy_set_hash", "switches_on"}),
        EntryKind.RELEASE_PUBLISHED: _RELEASE,
        EntryKind.RELEASE_EXPIRED: _RELEASE,
        EntryKind.RECOVERY: frozenset({"intents_closed", "first_intent_seq", "last_intent_seq"}),
        EntryKind.PSEUDONYM_ROTATED: _BY | {"epoch", "epoch_before", "new_root"},
        EntryKind.PSEUDONYM_CROSSWALK: _UPKEEP
        | {"epoch", "epoch_before", "persons", "persons_mapped", "bytes", "content_sha256"},
        EntryKind.PSEUDONYM_REFUSED: _UPKEEP
        | {"action", "refusal", "epoch", "epoch_before", "reidentification"},
        EntryKind.REIDENTIFICATION_REQUESTED: _REIDENTIFICATION
        | {"commitment", "requested_utc", "valid_until_utc"},
        EntryKind.REIDENTIFICATION_APPROVED: _REIDENTIFICATION,
        EntryKind.REIDENTIFICATION_ANSWERED: _REIDENTIFICATION | {"approvers", "found"},
        EntryKind.SUBJECT_REQUESTED: _SUBJECT
        | _SIGNED
        | {"epoch", "commitment", "requested_utc", "valid_until_utc"},
        EntryKind.SUBJECT_APPROVED: _SUBJECT | _SIGNED,
        EntryKind.SUBJECT_ANSWERED: _SUBJECT
        | _SIGNED
        | {"approvers", "deliveries", "possible_deliveries", "unanswered"},
        EntryKind.SUBJECT_REFUSED: _SUBJECT | {"action", "refusal"},
        EntryKind.KEY_CREATED: _ACCESS_KEY,
        EntryKind.KEY_ROTATED: _ACCESS_KEY,
        EntryKind.KEY_REVOKED: _ACCESS_KEY,
    }
)


def check_shape(kind: EntryKind, names: frozenset[str]) -> None:
    """Raises ValueError, naming the fields, when a draft has others than its kind's."""
    fields = FIELDS[kind]
    if names != fields:
        strange, absent = sorted(names - fields), sorted(fields - names)
        raise ValueError(f"{kind.value}: unexpected {strange}, missing {absent}")
