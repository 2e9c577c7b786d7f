"""The callers of the policy matrix: one organisation of each kind, with every role and some pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gateway.batch.review.house import PolicyHouse
from gateway.model.caller import RoleSource
from gateway.model.label import Label
from gateway.model.organisation import OrganisationKind
from gateway.organisations.registry import ELY_LAST_DAY, EVK_FIRST_DAY
from gateway.policy.vocabulary import GRANTABLE, Permission

Roles = tuple[str, ...]  # `source:role`; empty for a caller without a role
NO_ROLES: Roles = ()
_EMPLOYMENT = GRANTABLE[RoleSource.ATMT]


@dataclass(frozen=True, slots=True)
class Sample:
    """An organisation that stands for its kind. own, other: an area inside its scope, and one outside.

    code: of the registry; None for an organisation that the registry does not know.
    """

    name: str
    label: Label
    code: str | None
    on: date
    own: str | None
    other: str


SAMPLES = (
    Sample(
        OrganisationKind.MUNICIPALITY.value,
        Label("kunta", "kommun", "municipality"),
        *("KU837", EVK_FIRST_DAY, "39", "40"),
    ),
    Sample(
        OrganisationKind.EMPLOYMENT_AUTHORITY.value,
        Label("työllisyysalueen viranomainen", "sysselsättningsområdets myndighet", "authority"),
        *("TA39", EVK_FIRST_DAY, "39", "40"),
    ),
    Sample(
        "municipality_of_aland",
        Label("Ahvenanmaan kunta", "kommun på Åland", "municipality of Åland"),
        *("KU478", EVK_FIRST_DAY, None, "39"),
    ),
    Sample(
        OrganisationKind.ELY.value,
        Label("ELY-keskus (31.12.2025 asti)", "NTM-central (till 31.12.2025)", "ELY centre"),
        *("ELY05", ELY_LAST_DAY, "39", "40"),
    ),
    Sample(
        OrganisationKind.EVK.value,
        Label(
            "elinvoimakeskus (1.1.2026 alkaen)", "livskraftscentral (från 1.1.2026)", "EVK centre"
        ),
        *("EVK04", EVK_FIRST_DAY, "39", "40"),
    ),
    Sample(
        OrganisationKind.TEM.value,
        Label("työ- ja elinkeinoministeriö", "arbets- och näringsministeriet", "the ministry"),
        *("TEM", EVK_FIRST_DAY, None, "39"),
    ),
    Sample(
        OrganisationKind.KEHA.value,
        Label("KEHA-keskus", "KEHA-centret", "KEHA Centre"),
        *("KEHA", EVK_FIRST_DAY, None, "39"),
    ),
    Sample(
        "unknown",
        Label("tuntematon organisaatio", "okänd organisation", "unknown organisation"),
        *(None, EVK_FIRST_DAY, None, "39"),
    ),
)


def role_cases(house: PolicyHouse) -> tuple[Roles, ...]:
    """No role, each role by itself, and the pairs that have a policy of their own.

    The pairs: an integration worker with a separate grant or with an A-TMT role, and an auditor who
    holds another role too.
    """
    return (NO_ROLES, *((role,) for role in house.roles), *_pairs(house))


def _pairs(house: PolicyHouse) -> Iterator[Roles]:
    koto = next(iter(_of(house, RoleSource.KOTOAJ)), None)
    grants = [
        role
        for role in _of(house, RoleSource.HETI)
        if house.policy.roles.permissions[role] & _EMPLOYMENT
    ]
    if koto:
        yield from ((koto, grant) for grant in grants)
        yield from ((koto, role) for role in _of(house, RoleSource.ATMT)[:1])
    auditors = [role for role, given in house.policy.roles.permissions.items() if _audits(given)]
    yield from ((auditor, grant) for auditor in auditors for grant in grants)


def _of(house: PolicyHouse, source: RoleSource) -> list[str]:
    return [role for role in house.roles if role.startswith(f"{source.value}:")]


def _audits(given: frozenset[str]) -> bool:
    return Permission.JOURNAL_READ.value in given
