"""`jakelu check`: contracts and policies, every fault in one run."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from gateway.adapters.cedar import CedarEngine
from gateway.adapters.clock import SystemClock
from gateway.batch.expiries import ending
from gateway.contracts import check_contracts
from gateway.errors import PolicyFault
from gateway.model.days import helsinki_day
from gateway.organisations import load_registry
from gateway.policy.hold_reasons import load_hold_reasons
from gateway.policy.loading import load_policy
from gateway.upkeep.signatories import load_signatories


def check_all(products_dir: Path, policies_dir: Path) -> tuple[str, ...]:
    """Every fault as one line: where it is, what is wrong, and the remedy. Empty when all holds."""
    geography = load_registry().geography()
    found = check_contracts(products_dir, registry_lists={geography.id: geography})
    contracts = tuple(f"{f.file}:{f.line}: {f.message} {f.remedy}" for f in found)
    products = {path.stem for path in products_dir.glob("*.yaml")}
    return contracts + _policy_faults(policies_dir, products)


def warnings(policies_dir: Path, *, on: date | None) -> tuple[str, ...]:
    """What ends within 30 days, one line each. on: None for today in Helsinki."""
    return ending(policies_dir, on or helsinki_day(SystemClock().now()))


def _policy_faults(policies_dir: Path, products: set[str]) -> tuple[str, ...]:
    try:
        policy = load_policy(policies_dir, engine_from=CedarEngine)
        load_signatories(policies_dir, policy)
        load_hold_reasons(policies_dir)
    except PolicyFault as fault:
        return (f"{policies_dir}: {fault.detail}",)
    unknown = sorted({each.product for each in policy.subscriptions} - products)
    return tuple(
        f"{policies_dir / 'subscriptions.yaml'}: there is no contract for the product `{one}`. "
        "Write it, or take the product out of the subscriptions."
        for one in unknown
    )
