"""Rulings by Cedar. Policies are validated at start; an error while deciding is a denial.

Cedar leaves out a policy whose condition errors, so a failing `forbid` would not forbid. Hence two
guards: every policy must type-check against the schema before anything is served, and a decision
counts as a permit only when no policy failed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import cedarpy

from gateway.errors import PolicyFault
from gateway.policy.policy_files import PolicyFiles
from gateway.policy.vocabulary import DEFAULT_DENY
from gateway.ports import Answer, PolicyText, Question

NAMESPACE = "Jakelu"
SCHEMA = "schema.cedarschema"
ANNOTATIONS = ("id", "title_fi", "title_sv", "ground")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FAILED_POLICY = re.compile(r"while evaluating policy `([^`]*)`")


class CedarEngine:
    """The PolicyEngine port. Raises PolicyFault when schema or policies are wrong.

    texts: policy id → what it says of itself, in the order of the files. A question's principal and resource are attributes besides `type` and `id`; collections are sets.
    """

    def __init__(self, files: PolicyFiles) -> None:
        self.policy_set_sha256 = files.sha256
        self._schema = _schema(files)
        self.texts, self._policies = _policy_set(files, self._schema)

    def decide(self, question: Question) -> Answer:
        """errors: ids of the policies that failed, or `request` when the question does not fit."""
        principal, resource = _entity(question.principal), _entity(question.resource)
        request = {
            "principal": principal["uid"],
            "action": {"type": f"{NAMESPACE}::Action", "id": question.action},
            "resource": resource["uid"],
            "context": _attributes(question.context),
        }
        try:
            result = cedarpy.is_authorized(
                request, self._policies, [principal, resource], schema=self._schema
            )
        except ValueError:  # an attribute that the schema does not have
            return Answer(allowed=False, policies=(), errors=("request",))
        errors = tuple(sorted({self._failed(text) for text in result.diagnostics.errors}))
        is_allowed = result.decision is cedarpy.Decision.Allow
        if errors and is_allowed:  # what permitted did not decide: the failure did
            return Answer(allowed=False, policies=(), errors=errors)
        policies = tuple(sorted(result.diagnostics.reasons))
        return Answer(allowed=is_allowed, policies=policies, errors=errors)

    def _failed(self, error: str) -> str:
        """Only an id: Cedar's own text may quote values."""
        found = _FAILED_POLICY.search(error)
        return found[1] if found and found[1] in self.texts else "request"


def _entity(described: Mapping[str, Any]) -> dict[str, Any]:
    uid = {"type": f"{NAMESPACE}::{described['type']}", "id": described["id"]}
    attributes = {name: value for name, value in described.items() if name not in ("type", "id")}
    return {"uid": uid, "attrs": _attributes(attributes), "parents": []}


def _attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in values.items()
    }


def _schema(files: PolicyFiles) -> cedarpy.Schema:
    text = files.texts.get(SCHEMA)
    if text is None:
        raise PolicyFault(f"{SCHEMA}: the file is missing.")
    try:
        return cedarpy.Schema.from_str(text)
    except ValueError as fault:
        raise PolicyFault(f"{SCHEMA}: {fault}.") from None


def _policy_set(
    files: PolicyFiles, schema: cedarpy.Schema
) -> tuple[Mapping[str, PolicyText], cedarpy.PolicySet]:
    """Every policy under its own `@id` instead of Cedar's `policy0`, and the texts by id."""
    policies: dict[str, Any] = {}
    for name, text in files.named(".cedar").items():
        for policy_id, policy in _policies_of(name, text, schema).items():
            if policy_id in policies:
                raise PolicyFault(f"{name}: the @id `{policy_id}` is repeated.")
            policies[policy_id] = policy
    if not policies:
        raise PolicyFault("There are no Cedar policies.")
    document = {"staticPolicies": policies, "templates": {}, "templateLinks": []}
    texts = {policy_id: _text(policy) for policy_id, policy in policies.items()}
    return texts, cedarpy.PolicySet.from_json_str(json.dumps(document))


def _text(policy: Mapping[str, Any]) -> PolicyText:
    said = policy["annotations"]
    return PolicyText(
        said["title_fi"], said["title_sv"], said["ground"], policy["effect"] == "forbid"
    )


def _policies_of(name: str, text: str, schema: cedarpy.Schema) -> dict[str, Any]:
    """@id → policy of one file, after type-checking it. Raises PolicyFault."""
    try:
        document = json.loads(cedarpy.policies_to_json_str(text))
        validation = cedarpy.validate_policies(text, schema)
    except ValueError as fault:
        raise PolicyFault(f"{name}: {fault}.") from None
    if document["templates"]:
        raise PolicyFault(f"{name}: templates are not used here.")
    static = document["staticPolicies"]
    titles = {
        number: policy.get("annotations", {}).get("id", number) for number, policy in static.items()
    }
    if not validation.validation_passed:
        first = validation.errors[0]
        raise PolicyFault(f"{name}: {titles.get(first.policy_id, '')}: {first.error}.")
    found: dict[str, Any] = {}
    for number, policy in static.items():
        _check_annotations(name, titles[number], policy.get("annotations", {}))
        if titles[number] in found:
            raise PolicyFault(f"{name}: the @id `{titles[number]}` is repeated.")
        found[titles[number]] = policy
    return found


def _check_annotations(name: str, policy: str, annotations: Mapping[str, str | None]) -> None:
    for annotation in ANNOTATIONS:
        if not (annotations.get(annotation) or "").strip():
            raise PolicyFault(f"{name}: {policy}: @{annotation} is missing or empty.")
    if not _ID.fullmatch(policy) or policy == DEFAULT_DENY:
        raise PolicyFault(f"{name}: `{policy}` cannot be an @id.")
