"""rule(caller, action, product, area) → Permit | Denial, by Cedar and the files under `policies/`."""

from gateway.policy.explain import Explanation, explain, explain_product
from gateway.policy.loading import Policy, load_policy
from gateway.policy.policy_files import PolicyFiles, read_policy_files
from gateway.policy.roles import RoleTable
from gateway.policy.rule import is_listed, rule, rule_on_keys
from gateway.policy.tags import expert_column, own_tag

__all__ = [
    "Explanation",
    "Policy",
    "PolicyFiles",
    "RoleTable",
    "expert_column",
    "explain",
    "explain_product",
    "is_listed",
    "load_policy",
    "own_tag",
    "read_policy_files",
    "rule",
    "rule_on_keys",
]
