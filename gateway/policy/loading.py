"""`policies/` → Policy: everything a ruling needs, parsed and cross-checked once, at start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path

from gateway.errors import PolicyFault
from gateway.model.label import Label
from gateway.model.subscription import Purpose, Subscription
from gateway.policy.documents import (
    PermitsFile,
    PurposesFile,
    RolesFile,
    SubscriptionEntry,
    SubscriptionsFile,
    SwitchesFile,
)
from gateway.policy.policy_files import PolicyFiles, parse, read_policy_files
from gateway.policy.roles import RoleTable
from gateway.policy.vocabulary import AUDIT_PURPOSE
from gateway.ports import PolicyEngine


@dataclass(frozen=True, slots=True)
class Switches:
    """Access that stays closed until somebody opens it."""

    tem_access: bool
    koto_worker_employment_products: bool


@dataclass(frozen=True, slots=True)
class DataPermit:
    """A source's permission to use its records (tietolupa); days are inclusive."""

    id: str
    source: str
    legal_basis: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Policy:
    """The policies in force. sha256: over all policy files, as rulings and releases name it.

    sources_under_permit: sources that deliver nothing without a valid data permit.
    """

    engine: PolicyEngine
    roles: RoleTable
    subscriptions: tuple[Subscription, ...]
    purposes: Mapping[str, Purpose]
    legal_bases: Mapping[str, Label]
    switches: Switches
    permits: tuple[DataPermit, ...]
    sources_under_permit: frozenset[str]
    sha256: str

    def missing_permits(self, sources: Iterable[str], on: date) -> frozenset[str]:
        """The sources that need a data permit and have none on a day."""
        held = {each.source for each in self.permits if each.valid_from <= on <= each.valid_to}
        return (self.sources_under_permit & frozenset(sources)) - held


def load_policy(
    policies_dir: Path, *, engine_from: Callable[[PolicyFiles], PolicyEngine]
) -> Policy:
    """Read, validate and cross-check a policy folder.

    engine_from: makes the engine of the same files. Raises PolicyFault that names file and field.
    """
    files = read_policy_files(policies_dir)
    roles = parse(files, "roles.yaml", RolesFile)
    terms = parse(files, "purposes.yaml", PurposesFile)
    switches = parse(files, "switches.yaml", SwitchesFile)
    permits = parse(files, "permits.yaml", PermitsFile)
    entries = parse(files, "subscriptions.yaml", SubscriptionsFile).subscriptions
    _check_once("roles.yaml: roles", (f"{each.source}:{each.role}" for each in roles.roles))
    purposes = _purposes(terms)
    _check_permits(permits, terms)
    return Policy(
        engine=engine_from(files),
        roles=RoleTable(
            {
                f"{each.source}:{each.role}": frozenset(given.value for given in each.permissions)
                for each in roles.roles
            },
            labels={f"{each.source}:{each.role}": each.label.label() for each in roles.roles},
        ),
        subscriptions=_subscriptions(entries, purposes),
        purposes=purposes,
        legal_bases={each.code: each.label.label() for each in terms.legal_bases},
        switches=Switches(switches.tem_access, switches.koto_worker_employment_products),
        permits=tuple(
            DataPermit(each.id, each.source, each.legal_basis, each.valid_from, each.valid_to)
            for each in permits.permits
        ),
        sources_under_permit=frozenset(permits.sources),
        sha256=files.sha256,
    )


def _purposes(terms: PurposesFile) -> Mapping[str, Purpose]:
    where = "purposes.yaml"
    _check_once(f"{where}: legal_bases", (each.code for each in terms.legal_bases))
    _check_once(f"{where}: purposes", (each.code for each in terms.purposes))
    bases = {each.code for each in terms.legal_bases}
    for each in terms.purposes:
        if unknown := set(each.legal_bases) - bases:
            raise PolicyFault(f"{where}: {each.code}: unknown legal basis {min(unknown)}.")
    if all(each.code != AUDIT_PURPOSE for each in terms.purposes):
        raise PolicyFault(f"{where}: purposes: `{AUDIT_PURPOSE}` is missing.")
    return {
        each.code: Purpose(each.code, each.label.label(), tuple(each.legal_bases))
        for each in terms.purposes
    }


def _check_permits(permits: PermitsFile, terms: PurposesFile) -> None:
    where = "permits.yaml"
    _check_once(f"{where}: permits", (each.id for each in permits.permits))
    bases = {each.code for each in terms.legal_bases}
    for each in permits.permits:
        if each.source not in permits.sources:
            raise PolicyFault(f"{where}: {each.id}: {each.source} is not among `sources`.")
        if each.legal_basis not in bases:
            raise PolicyFault(f"{where}: {each.id}: unknown legal basis {each.legal_basis}.")


def _subscriptions(
    entries: list[SubscriptionEntry], purposes: Mapping[str, Purpose]
) -> tuple[Subscription, ...]:
    """Each entry spread over its organisations and products, with ids like `area-rows.TA39.<product>`."""
    where = "subscriptions.yaml"
    _check_once(f"{where}: subscriptions", (each.id for each in entries))
    for each in entries:
        purpose = purposes.get(each.purpose)
        if purpose is None:
            raise PolicyFault(f"{where}: {each.id}: unknown purpose {each.purpose}.")
        if each.legal_basis not in purpose.legal_bases:
            raise PolicyFault(
                f"{where}: {each.id}: {each.purpose} cannot rest on {each.legal_basis}."
            )
    _check_no_overlap(entries)
    return tuple(
        Subscription(
            id=f"{each.id}.{organisation}.{product}",
            organisation=organisation,
            product=product,
            purpose=each.purpose,
            legal_basis=each.legal_basis,
            valid_from=each.valid_from,
            valid_to=each.valid_to,
        )
        for each in entries
        for organisation in each.organisations
        for product in each.products
    )


def _check_no_overlap(entries: list[SubscriptionEntry]) -> None:
    """On no day may two subscriptions say on what ground the same delivery rests."""
    for one, other in combinations(entries, 2):
        if (
            one.purpose == other.purpose
            and one.valid_from <= other.valid_to
            and other.valid_from <= one.valid_to
            and set(one.organisations) & set(other.organisations)
            and set(one.products) & set(other.products)
        ):
            raise PolicyFault(f"subscriptions.yaml: {one.id} and {other.id} overlap.")


def _check_once(where: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise PolicyFault(f"{where}: {name} is repeated.")
