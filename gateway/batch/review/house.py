"""What the policy commands look at: policies, roles, contracts and organisations, as they are in files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.cedar import CedarEngine
from gateway.contracts import load_catalog
from gateway.errors import PolicyFault
from gateway.model.label import Label
from gateway.model.product import Product
from gateway.organisations import Registry, load_registry
from gateway.policy import Policy, PolicyFiles, load_policy, read_policy_files
from gateway.policy.documents import RolesFile
from gateway.policy.policy_files import parse
from gateway.ports import PolicyText


@dataclass(frozen=True, slots=True)
class PolicyHouse:
    """texts: policy id → its titles and ground. roles: `source:role` → label, in the file's order."""

    policy: Policy
    texts: dict[str, PolicyText]
    roles: dict[str, Label]
    products: tuple[Product, ...]
    registry: Registry

    def find_product(self, product_id: str) -> Product | None:
        return next((each for each in self.products if each.id == product_id), None)


def load_house(products_dir: Path, policies_dir: Path) -> PolicyHouse:
    """Read both folders. Raises PolicyFault, ContractFault."""
    registry = load_registry()
    lists = {"geography": registry.geography()}
    engines: list[CedarEngine] = []

    def engine_from(files: PolicyFiles) -> CedarEngine:
        engines.append(CedarEngine(files))
        return engines[0]

    policy = load_policy(policies_dir, engine_from=engine_from)
    files = read_policy_files(policies_dir)
    if files.sha256 != policy.sha256:
        raise PolicyFault(f"{policies_dir}: a file changed while it was read. Try again.")
    entries = parse(files, "roles.yaml", RolesFile).roles
    return PolicyHouse(
        policy=policy,
        texts=dict(engines[0].texts),
        roles={f"{each.source}:{each.role}": each.label.label() for each in entries},
        products=load_catalog(products_dir, registry_lists=lists, runs_sql=False).products,
        registry=registry,
    )
