"""The bodies of entries that no request makes: releases, policies, failed authentication, recovery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.model.days import utc_text
from gateway.model.release import Manifest


def release_body(manifest: Manifest, *, manifest_sha256: str) -> dict[str, Any]:
    """The body of `release.published` and `release.expired`."""
    return {
        "product": manifest.product,
        "contract_version": manifest.contract_version,
        "release": str(manifest.release),
        "classification": manifest.classification.value,
        "personal_data": manifest.personal_data,
        "definition_version": manifest.definition_version,
        "files": len(manifest.files),
        "rows": sum(file.rows for file in manifest.files),
        "bytes": sum(file.bytes for file in manifest.files),
        "manifest_sha256": manifest_sha256,
        "inputs_sha256": manifest.inputs_sha256,
        "policy_set_hash": manifest.policy_set_sha256,
    }


def policy_body(policy_set_sha256: str, switches_on: Iterable[str]) -> dict[str, Any]:
    """The body of `policy.loaded`: which policies rule from now on, and which switches are open."""
    return {"policy_set_hash": policy_set_sha256, "switches_on": sorted(switches_on)}


def searched_body(
    login: str, *, filters: Mapping[str, str], after: int, limit: int
) -> dict[str, Any]:
    """The body of `journal.searched`: who searched on the machine itself, with the filters used."""
    return {
        "sub": login,
        "operator": login,
        "filters": dict(filters),
        "after": after,
        "limit": limit,
    }


def exported_body(
    login: str, *, filters: Mapping[str, str], first: int, size: int
) -> dict[str, Any]:
    """The body of `journal.exported`: who took what out on the machine itself, under which checkpoint."""
    return {
        "sub": login,
        "operator": login,
        "filters": dict(filters),
        "first_seq": first,
        "tree_size": size,
    }


def hold_made_body(
    login: str, *, reason: str, case_ref: str, filters: Mapping[str, str]
) -> dict[str, Any]:
    """The body of `journal.hold_made`. filters: of a search, in declared names and codes."""
    return {
        "sub": login,
        "operator": login,
        "reason": reason,
        "case_ref": case_ref,
        "filters": dict(filters),
    }


def hold_lifted_body(login: str, hold: int) -> dict[str, Any]:
    """The body of `journal.hold_lifted`. hold: the seq of its `journal.hold_made`."""
    return {"sub": login, "operator": login, "hold": hold}


def auth_failed_body(since: datetime, until: datetime, counts: Mapping[str, int]) -> dict[str, Any]:
    """The body of `auth.failed`: how many requests failed authentication, by reason."""
    return {"since": utc_text(since), "until": utc_text(until), "counts": dict(counts)}


def limited_body(
    since: datetime, until: datetime, who: Mapping[str, str | None], counts: Mapping[str, int]
) -> dict[str, Any]:
    """The body of `access.limited`: how often limits refused one client, by code."""
    return {"since": utc_text(since), "until": utc_text(until), **who, "counts": dict(counts)}


def recovery_body(intents: Sequence[int]) -> dict[str, Any]:
    """The body of `recovery`: which intents of dead boots were closed as unknown, in seq."""
    return {
        "intents_closed": len(intents),
        "first_intent_seq": min(intents),
        "last_intent_seq": max(intents),
    }
