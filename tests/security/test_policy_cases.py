"""Role x product x relation, on the policies of the house: who gets what, and what the rest are told."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.adapters.cedar import CedarEngine
from gateway.errors import (
    AreaOutOfScope,
    AudienceRefused,
    BoundTokenRequired,
    Forbidden,
    IncomeRegisterRowsRefused,
    KeyProductRefused,
    KeyRefused,
    PermitMissing,
    ProductNotFound,
    PurposeRefused,
    RoleMissing,
    SubscriptionMissing,
    SwitchedOff,
)
from gateway.model.access_key import KeyLimits
from gateway.model.caller import AuthStrength, Caller, HeldRole, RoleSource
from gateway.model.label import Label
from gateway.model.organisation import EMPTY_SCOPE, OrganisationKind
from gateway.model.product import (
    AnonymityRules,
    AxisRole,
    Classification,
    Column,
    ColumnType,
    CubeSpec,
    Dimension,
    DisclosureRules,
    Product,
    ProductKind,
    RowsSpec,
    Transformation,
)
from gateway.model.ruling import Action, Denial, Permit
from gateway.model.subscription import Subscription
from gateway.organisations import load_registry
from gateway.policy import (
    Policy,
    explain,
    is_listed,
    load_policy,
    own_tag,
    rule,
    rule_on_keys,
)

POLICIES = Path(__file__).parents[2] / "policies"
REGISTRY = load_registry()
TODAY = date(2026, 6, 30)
ELY_LAST, EVK_FIRST = date(2025, 12, 31), date(2026, 1, 1)
TEXT = Label("a", "b", "c")
AUTHORITIES = frozenset({OrganisationKind.MUNICIPALITY, OrganisationKind.EMPLOYMENT_AUTHORITY})
READERS = AUTHORITIES | {OrganisationKind.ELY, OrganisationKind.EVK, OrganisationKind.TEM}


def product(name: str, kind: ProductKind, **changes: Any) -> Product:
    is_rows = kind is ProductKind.ROWS
    fitting = Product(
        id=name,
        kind=kind,
        title=TEXT,
        description=TEXT,
        version="1.0.0",
        definition_version="1",
        contract_sha256="0" * 64,
        sources=("atmt",),
        audience=AUTHORITIES if is_rows else READERS,
        listed_to=READERS,
        classification=Classification.CONFIDENTIAL if is_rows else Classification.INTERNAL,
        personal_data=True,
        legal_bases=("L380-2023",),
        purposes=("employment-service-management",) if is_rows else ("statistics-and-monitoring",),
        required_permission="employment.rows" if is_rows else "employment.cubes",
        retention_days=90,
        cadence="daily",
        dirt=(),
    )
    return dataclasses.replace(fitting, **changes)


SPELLS = product("job-seeker-spells", ProductKind.ROWS)
SERVICES = product("service-periods", ProductKind.ROWS)
SEEKERS = product("job-seekers", ProductKind.CUBE)
OUTCOMES = product("service-outcomes", ProductKind.CUBE, sources=("tulorekisteri", "atmt"))
VACANCIES = product(
    "vacancies",
    ProductKind.CUBE,
    sources=("tmt",),
    classification=Classification.PUBLIC,
    required_permission=None,
    personal_data=False,
)
KOTO = product(
    "koto-clients",
    ProductKind.CUBE,
    sources=("kotoaj",),
    required_permission="integration.cubes",
    purposes=("integration-service-management",),
    audience=AUTHORITIES,
)
PRODUCTS = {each.id: each for each in (SPELLS, SERVICES, SEEKERS, OUTCOMES, VACANCIES, KOTO)}


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The house's own, and one subscription of the integration product that it does not have yet."""
    loaded = load_policy(POLICIES, engine_from=CedarEngine)
    koto = Subscription(
        "koto",
        "TA39",
        "koto-clients",
        "integration-service-management",
        "L681-2023",
        date(2025, 1, 1),
        date(2027, 12, 31),
    )
    return dataclasses.replace(loaded, subscriptions=(*loaded.subscriptions, koto))


def caller(policy: Policy, code: str, *roles: str, on: date = TODAY, **changes: Any) -> Caller:
    organisation = REGISTRY.find(code)
    is_valid = organisation is not None and organisation.is_valid(on)
    held = tuple(
        HeldRole(RoleSource(text.partition(":")[0]), text.partition(":")[2]) for text in roles
    )
    who = Caller(
        issuer="i",
        subject="s",
        client_id="c",
        token_id="t",
        strength=AuthStrength.BEARER,
        organisation_claim=code,
        organisation=organisation if is_valid else None,
        scope=REGISTRY.scope(code, on) if is_valid else EMPTY_SCOPE,
        roles=held,
        permissions=policy.roles.permissions_of(held),
    )
    return dataclasses.replace(who, **changes)


def ask(policy: Policy, who: Caller, what: Product, area: str | None = None, **more: Any):
    action = Action.READ_ROWS if what.kind is ProductKind.ROWS else Action.READ_CUBE
    return rule(who, action, what, area, policy, today=more.pop("today", TODAY), **more)


def with_key(who: Caller, *products: str) -> Caller:
    limits = KeyLimits("k", frozenset(products), datetime(2026, 9, 1, tzinfo=UTC), is_ending=False)
    return dataclasses.replace(who, strength=AuthStrength.KEY, key=limits)


def with_switches(policy: Policy, **switches: bool) -> Policy:
    return dataclasses.replace(policy, switches=dataclasses.replace(policy.switches, **switches))


BI = ("heti:raakadata", "heti:tilastokuutiot")
CUBES = ("heti:tilastokuutiot",)
KOTO_ONLY = ("kotoaj:kotoutumisasiantuntija",)
AUDITOR = ("heti:tarkastaja",)
OK = None

# organisation, roles, product, area, the outcome (None = permit), the deciding policies named
TABLE = [
    # the employment authority and any of its members: rows of the own area
    ("TA39", BI, "job-seeker-spells", "39", OK, "rows-employment-authority"),
    ("KU837", BI, "job-seeker-spells", "39", OK, "rows-employment-authority"),
    ("KU837", BI, "service-periods", "39", OK, "rows-employment-authority"),
    ("KU536", BI, "job-seeker-spells", "39", OK, "rows-employment-authority"),
    ("KU047", BI, "job-seeker-spells", "40", OK, "rows-employment-authority"),
    ("KU047", ("atmt:raportointi",), "job-seeker-spells", "40", OK, "rows-employment-authority"),
    ("KU091", BI, "job-seeker-spells", "08", OK, "rows-employment-authority"),
    # another area, no area, an unknown area
    ("KU837", BI, "job-seeker-spells", "40", AreaOutOfScope, "rows-own-area"),
    ("KU837", BI, "job-seeker-spells", "08", AreaOutOfScope, "rows-own-area"),
    ("KU837", BI, "job-seeker-spells", None, AreaOutOfScope, "rows-own-area"),
    ("KU837", BI, "job-seeker-spells", "", AreaOutOfScope, "rows-own-area"),
    ("KU837", BI, "job-seeker-spells", "99", AreaOutOfScope, "rows-own-area"),
    ("KU837", BI, "job-seeker-spells", "3", AreaOutOfScope, "rows-own-area"),
    ("KU047", BI, "service-periods", "39", AreaOutOfScope, "rows-own-area"),
    ("KU478", BI, "job-seeker-spells", "39", AreaOutOfScope, "rows-own-area"),  # Åland
    # without the role
    ("KU837", (), "job-seeker-spells", "39", RoleMissing, "permission-of-the-product"),
    ("KU837", CUBES, "job-seeker-spells", "39", RoleMissing, "permission-of-the-product"),
    ("KU837", ("atmt:asiantuntija",), "job-seeker-spells", "39", RoleMissing, None),
    ("KU837", ("heti:raakadata",), "job-seekers", None, RoleMissing, "permission-of-the-product"),
    # cubes: employment authorities and EVK centres, whatever their area
    ("KU837", BI, "job-seekers", None, OK, "cube-employment-authority"),
    ("KU837", BI, "job-seekers", "08", OK, "cube-employment-authority"),
    ("TA39", ("atmt:esihenkilo",), "service-outcomes", None, OK, "cube-employment-authority"),
    ("EVK04", CUBES, "job-seekers", None, OK, "cube-ely-evk"),
    ("EVK04", CUBES, "service-outcomes", None, OK, "cube-ely-evk"),
    ("EVK04", (), "job-seekers", None, RoleMissing, "permission-of-the-product"),
    # rows never for EVK centres, the ministry or KEHA, whatever role they hold and area they ask
    (
        "EVK04",
        CUBES,
        "job-seeker-spells",
        "39",
        AudienceRefused,
        "rows-employment-authorities-only",
    ),
    ("EVK04", BI, "job-seeker-spells", "39", AudienceRefused, "rows-employment-authorities-only"),
    ("TEM", BI, "job-seeker-spells", "39", AudienceRefused, "rows-employment-authorities-only"),
    # the ministry: closed by its switch
    ("TEM", CUBES, "job-seekers", None, SwitchedOff, "tem-access-switch"),
    ("TEM", CUBES, "service-outcomes", None, SwitchedOff, "tem-access-switch"),
    # integration: Koto-AJ or HETI, never A-TMT
    ("KU837", KOTO_ONLY, "koto-clients", None, OK, "cube-integration"),
    ("KU837", ("heti:kotoutumisen-kuutiot",), "koto-clients", None, OK, "cube-integration"),
    ("KU837", ("atmt:raportointi",), "koto-clients", None, RoleMissing, None),
    ("EVK04", ("heti:kotoutumisen-kuutiot",), "koto-clients", None, AudienceRefused, None),
    ("KU047", KOTO_ONLY, "koto-clients", None, SubscriptionMissing, "subscription-required"),
    # an integration worker and the employment services
    ("KU837", KOTO_ONLY, "job-seekers", None, RoleMissing, "koto-worker-separate-grant"),
    ("KU837", KOTO_ONLY, "job-seeker-spells", "39", RoleMissing, "permission-of-the-product"),
    ("KU837", (*KOTO_ONLY, *BI), "job-seekers", None, SwitchedOff, "koto-worker-separate-grant"),
    ("KU837", (*KOTO_ONLY, *BI), "job-seeker-spells", "39", SwitchedOff, None),
    ("KU837", (*KOTO_ONLY, "atmt:raportointi"), "job-seeker-spells", "39", OK, None),
    ("KU837", (*KOTO_ONLY, "atmt:unknown", *BI), "job-seekers", None, SwitchedOff, None),
    # public: every identified caller
    ("KU837", (), "vacancies", None, OK, "public-products"),
    ("TEM", (), "vacancies", None, OK, "public-products"),
    ("KU999", (), "vacancies", None, OK, "public-products"),
    # one who audits receives nothing else, not even with other roles
    ("KU837", (*AUDITOR, *BI), "job-seeker-spells", "39", AudienceRefused, None),
    ("KU837", (*AUDITOR, *BI), "job-seekers", None, AudienceRefused, "auditors-read-no-products"),
]


@pytest.mark.parametrize(("code", "roles", "name", "area", "outcome", "decider"), TABLE)
def test_role_product_relation(policy, code, roles, name, area, outcome, decider):
    who = caller(policy, code, *roles)
    ruling = ask(policy, who, PRODUCTS[name], area)
    if outcome is None:
        assert isinstance(ruling, Permit)
    else:
        assert isinstance(ruling, Denial)
        assert ruling.error_type is outcome
        assert type(ruling.error()) is outcome
        assert ruling.detail
    assert decider is None or decider in ruling.policies
    assert ruling.policy_set_sha256 == policy.sha256


NOT_LISTED = [
    ("KU999", BI, "job-seeker-spells", "39"),  # unknown organisation
    ("KU999", (), "job-seekers", None),
    ("KEHA", AUDITOR, "job-seekers", None),
    ("KEHA", AUDITOR, "job-seeker-spells", "39"),
    ("ELY05", CUBES, "job-seekers", None),  # ended
]


@pytest.mark.parametrize(("code", "roles", "name", "area"), NOT_LISTED)
def test_what_is_not_listed_is_answered_like_what_does_not_exist(policy, code, roles, name, area):
    who = caller(policy, code, *roles)
    ruling = ask(policy, who, PRODUCTS[name], area)
    assert not is_listed(who, PRODUCTS[name])
    assert isinstance(ruling, Denial)
    assert type(ruling.error()) is ProductNotFound
    assert name not in str(ruling.error())


def test_rows_are_permitted_for_the_asked_area_with_purpose_ground_and_subscription(policy):
    ruling = ask(policy, caller(policy, "KU047", *BI), SPELLS, "40")
    assert ruling == Permit(
        policies=("rows-employment-authority",),
        policy_set_sha256=policy.sha256,
        purpose="employment-service-management",
        legal_basis="L380-2023",
        subscription="areas-rows.TA40.job-seeker-spells",
        areas=frozenset({"40"}),
    )


def test_ely_centres_read_to_the_last_day_of_2025_and_evk_centres_from_the_first_of_2026(policy):
    for code, on, is_permitted in (
        ("ELY05", ELY_LAST, True),
        ("ELY05", EVK_FIRST, False),
        ("EVK04", ELY_LAST, False),
        ("EVK04", EVK_FIRST, True),
    ):
        who = caller(policy, code, *CUBES, on=on)
        ruling = ask(policy, who, SEEKERS, today=on)
        assert isinstance(ruling, Permit) is is_permitted, (code, on)
        assert is_listed(who, SEEKERS) is is_permitted


def test_an_ely_analyst_learns_that_rows_are_not_for_ely_centres(policy):
    who = caller(policy, "ELY05", *BI, on=ELY_LAST)
    ruling = ask(policy, who, SPELLS, "39", today=ELY_LAST)
    assert isinstance(ruling, Denial)
    assert ruling.detail == (
        "Rows are delivered to employment authorities only; other organisations receive cubes."
    )
    assert "rows-employment-authorities-only" in ruling.policies


def test_rows_stay_closed_to_ely_evk_and_tem_even_when_a_contract_names_them(policy):
    everybody = frozenset(OrganisationKind)
    careless = dataclasses.replace(SPELLS, audience=everybody, listed_to=everybody)
    opened = with_switches(policy, tem_access=True, koto_worker_employment_products=True)
    for code in ("EVK04", "TEM", "KEHA"):
        ruling = ask(opened, caller(policy, code, *BI), careless, "39")
        assert isinstance(ruling, Denial)
        assert ruling.error_type is AudienceRefused


def test_the_switch_opens_cubes_to_the_ministry_and_nothing_else(policy):
    opened = with_switches(policy, tem_access=True)
    who = caller(policy, "TEM", *BI)
    assert isinstance(ask(opened, who, SEEKERS), Permit)
    assert ask(opened, who, SEEKERS).policies == ("cube-tem",)
    assert isinstance(ask(opened, who, SPELLS, "39"), Denial)
    assert isinstance(ask(opened, who, KOTO), Denial)
    without_role = ask(opened, caller(policy, "TEM"), SEEKERS)
    assert isinstance(without_role, Denial)
    assert without_role.error_type is RoleMissing


def test_the_switch_opens_employment_products_to_integration_workers_with_a_grant_only(policy):
    opened = with_switches(policy, koto_worker_employment_products=True)
    granted = caller(policy, "KU837", *KOTO_ONLY, *BI)
    assert isinstance(ask(opened, granted, SPELLS, "39"), Permit)
    plain = ask(opened, caller(policy, "KU837", *KOTO_ONLY), SPELLS, "39")
    assert isinstance(plain, Denial)
    assert plain.error_type is RoleMissing


def test_income_register_rows_are_refused_to_everybody(policy):
    leaky = dataclasses.replace(SPELLS, sources=("atmt", "tulorekisteri"), audience=READERS)
    opened = with_switches(policy, tem_access=True)
    for code in ("KU837", "TA39", "EVK04", "TEM", "KEHA"):
        ruling = ask(opened, caller(policy, code, *BI), leaky, "39")
        assert isinstance(ruling, Denial)
        assert ruling.error_type is IncomeRegisterRowsRefused
        assert "income-register-never-rows" in ruling.policies


def test_a_public_product_cannot_be_rows(policy):
    odd = dataclasses.replace(SPELLS, classification=Classification.PUBLIC)
    ruling = ask(policy, caller(policy, "KU837", *BI), odd, "39")
    assert isinstance(ruling, Denial)
    assert "public-is-never-rows" in ruling.policies


def test_a_product_that_asks_for_no_permission_is_for_nobody(policy):
    for permission in (None, "", "everything", "integration.rows"):
        odd = dataclasses.replace(SEEKERS, required_permission=permission)
        assert isinstance(ask(policy, caller(policy, "KU837", *BI), odd), Denial)


def test_integration_rows_are_permitted_by_no_policy(policy):
    rows = dataclasses.replace(SPELLS, sources=("kotoaj",), required_permission="integration.rows")
    ruling = ask(policy, caller(policy, "KU837", "kotoaj:raportointi"), rows, "39")
    assert isinstance(ruling, Denial)
    assert ruling.policies == ("default-deny",)
    assert ruling.error_type is Forbidden


def test_rows_of_a_cube_and_a_cube_of_rows_are_denied(policy):
    who = caller(policy, "KU837", *BI)
    assert isinstance(rule(who, Action.READ_ROWS, SEEKERS, "39", policy, today=TODAY), Denial)
    assert isinstance(rule(who, Action.READ_CUBE, SPELLS, "39", policy, today=TODAY), Denial)
    assert isinstance(rule(who, Action.READ_ROWS, VACANCIES, "39", policy, today=TODAY), Denial)
    assert isinstance(rule(who, Action.READ_ROWS, None, "39", policy, today=TODAY), Denial)


def test_a_restricted_product_demands_a_bound_token(policy):
    restricted = dataclasses.replace(SPELLS, classification=Classification.RESTRICTED)
    who = caller(policy, "KU837", *BI)
    for asking, is_permitted in (
        (who, False),
        (with_key(who, SPELLS.id), False),
        (dataclasses.replace(who, strength=AuthStrength.DPOP), True),
        (dataclasses.replace(who, strength=AuthStrength.MTLS), True),
    ):
        ruling = ask(policy, asking, restricted, "39")
        assert isinstance(ruling, Permit) is is_permitted
        if isinstance(ruling, Denial):
            assert ruling.error_type is BoundTokenRequired


def test_a_key_reaches_its_own_products_and_no_others(policy):
    who = caller(policy, "KU837", *BI)
    key = with_key(who, SEEKERS.id)
    assert isinstance(ask(policy, key, SEEKERS), Permit)
    for other in (SPELLS, OUTCOMES, VACANCIES):  # also what is public
        ruling = ask(policy, key, other, "39")
        assert isinstance(ruling, Denial)
        assert "key-of-other-products" in ruling.policies
        assert ruling.error_type is KeyProductRefused


def test_a_key_without_products_reaches_nothing(policy):
    key = with_key(caller(policy, "KU837", *BI))
    assert all(isinstance(ask(policy, key, each, "39"), Denial) for each in PRODUCTS.values())


def test_the_strength_alone_makes_a_key_of_a_caller(policy):
    who = dataclasses.replace(caller(policy, "KU837", *BI), strength=AuthStrength.KEY)
    assert isinstance(ask(policy, who, SEEKERS), Denial)


@pytest.mark.parametrize(
    ("code", "roles", "of", "told"),
    [
        ("KU837", ("heti:avainhallinta",), "KU837", None),
        ("TEM", ("heti:avainhallinta",), "TEM", None),
        ("KU837", ("heti:avainhallinta",), "TA39", Forbidden),
        ("KU837", ("heti:avainhallinta",), "", Forbidden),
        ("KU837", BI, "KU837", RoleMissing),
        ("KEHA", AUDITOR, "KEHA", RoleMissing),
        ("KU837", ("atmt:avainhallinta",), "KU837", RoleMissing),
        ("KU999", ("heti:avainhallinta",), "KU999", AudienceRefused),
        ("KU999", ("heti:avainhallinta",), "", AudienceRefused),
    ],
)
def test_keys_are_managed_in_the_own_organisation_with_the_role(policy, code, roles, of, told):
    ruling = rule_on_keys(caller(policy, code, *roles), of, policy)
    if told is None:
        assert isinstance(ruling, Permit)
        assert ruling.policies == ("keys-of-own-organisation",)
    else:
        assert isinstance(ruling, Denial)
        assert ruling.error_type is told


def test_a_key_manages_no_keys_and_reads_no_journal_whatever_its_roles(policy):
    every = ("heti:avainhallinta", *AUDITOR)
    for code, of in (("KU837", "KU837"), ("KEHA", "KEHA")):
        key = with_key(caller(policy, code, *every), SEEKERS.id)
        for ruling in (
            rule_on_keys(key, of, policy),
            rule(key, Action.READ_JOURNAL, None, None, policy, today=TODAY),
        ):
            assert isinstance(ruling, Denial)
            assert ruling.policies == ("keys-are-for-products-only",)
            assert ruling.error_type is KeyRefused


def tagged(name: str) -> Product:
    dimension = Dimension(name, TEXT, AxisRole.CLASS, name, ("tag",))
    spec = CubeSpec("SELECT 1", (dimension,), (), (), (), DisclosureRules(10, "tags"))
    return dataclasses.replace(SEEKERS, cube=spec)


def test_team_tags_are_seen_in_the_own_area_only(policy):
    opened = with_switches(policy, tem_access=True)
    teams = tagged("team_tag")
    own = caller(policy, "KU837", *BI)
    assert isinstance(ask(opened, own, teams, "39"), Permit)
    for code, area in (("KU837", "40"), ("KU837", None), ("EVK04", "39"), ("TEM", "39")):
        ruling = ask(opened, caller(policy, code, *BI), teams, area)
        assert isinstance(ruling, Denial)
        assert "tags-own-area" in ruling.policies


def test_tags_in_rows_count_when_they_are_delivered_whatever_the_column_is_called(policy):
    def rows(name: str, lineage: str, transformation: Transformation) -> Product:
        column = Column(
            name,
            name,
            ColumnType.STRING,
            TEXT,
            TEXT,
            Classification.CONFIDENTIAL,
            transformation,
            (lineage,),
        )
        anonymity = AnonymityRules(5, (), (), 0.05)
        return dataclasses.replace(
            SPELLS, rows=RowsSpec("SELECT 1", "p", "m", "f", (column,), anonymity)
        )

    who = caller(policy, "KU837", *BI)
    keep, drop = Transformation.KEEP, Transformation.DROP
    assert isinstance(
        ask(policy, who, rows("team_tag", "atmt.jakso.tiimitagi", keep), "39"), Permit
    )
    assert isinstance(
        ask(policy, who, rows("x", "atmt.jakso.asiantuntijatagi", drop), "39"), Permit
    )
    hidden = ask(policy, who, rows("x", "atmt.jakso.asiantuntijatagi", keep), "39")
    assert isinstance(hidden, Denial)
    assert hidden.policies == ("expert-own-tag",)


def test_a_cube_with_expert_tags_is_for_nobody_not_even_for_an_expert(policy):
    for name in ("expert_tag", "asiantuntijatagi"):
        for tag in (None, "AS-1"):
            who = caller(policy, "KU837", *BI, expert_tag=tag)
            ruling = ask(policy, who, tagged(name), "39", expert_tag=tag)
            assert isinstance(ruling, Denial)
            assert ruling.policies == ("expert-own-tag",)


def expert_rows(**changes: Any) -> Product:
    column = Column(
        "expert_tag",
        "x",
        ColumnType.STRING,
        TEXT,
        TEXT,
        Classification.CONFIDENTIAL,
        Transformation.KEEP,
        ("atmt.asiakasvastuu.asiantuntijatagi",),
    )
    columns = (dataclasses.replace(column, **changes),)
    spec = RowsSpec("SELECT 1", "p", "m", "f", columns, AnonymityRules(5, (), (), 0.05))
    return dataclasses.replace(SPELLS, rows=spec)


def test_rows_with_expert_tags_are_for_the_expert_with_the_own_tag_in_the_own_area(policy):
    who = caller(policy, "KU837", *BI, expert_tag="AS-1")
    permit = ask(policy, who, expert_rows(), "39", expert_tag="AS-1")
    assert isinstance(permit, Permit)
    assert permit.expert_tag == "AS-1"
    for tag, cut, area, policies in (
        ("AS-1", "AS-2", "39", ("expert-own-tag",)),  # cut to another's rows
        ("AS-1", None, "39", ("expert-own-tag",)),  # not cut
        ("AS-1", "", "39", ("expert-own-tag",)),
        (None, None, "39", ("expert-own-tag",)),
        (None, "AS-1", "39", ("expert-own-tag",)),
        ("", "", "39", ("expert-own-tag",)),  # no tag is no tag
        ("AS-1", "AS-1", "40", ("rows-own-area", "tags-own-area")),
    ):
        asker = caller(policy, "KU837", *BI, expert_tag=tag)
        ruling = ask(policy, asker, expert_rows(), area, expert_tag=cut)
        assert isinstance(ruling, Denial), (tag, cut, area)
        assert ruling.policies == policies


def test_an_expert_tag_opens_nothing_else(policy):
    who = caller(policy, "EVK04", *BI, expert_tag="AS-1")
    for area in ("39", None):
        assert isinstance(ask(policy, who, expert_rows(), area, expert_tag="AS-1"), Denial)
    nobody = caller(policy, "KU837", expert_tag="AS-1")
    ruling = ask(policy, nobody, expert_rows(), "39", expert_tag="AS-1")
    assert isinstance(ruling, Denial)
    assert ruling.error_type is RoleMissing


def test_rows_can_be_cut_only_by_one_plain_column_of_expert_tags(policy):
    who = caller(policy, "KU837", *BI, expert_tag="AS-1")
    assert own_tag(who, expert_rows()) == "AS-1"
    assert own_tag(who, SPELLS) is None
    for changes in (
        {"transformation": Transformation.DROP},
        {"transformation": Transformation.TRUNCATE},
        {"type": ColumnType.INTEGER},
        {"name": "x", "lineage": ()},
    ):
        assert own_tag(who, expert_rows(**changes)) is None
    one = expert_rows()
    (column,) = one.rows.columns
    two = dataclasses.replace(column, name="another", source="asiantuntijatagi")
    both = dataclasses.replace(one, rows=dataclasses.replace(one.rows, columns=(column, two)))
    assert own_tag(who, both) is None


# --- subscriptions, purposes, permits --------------------------------------------------------


def test_a_subscription_holds_on_its_first_and_last_day(policy):
    one = Subscription(
        "s", "TA39", SPELLS.id, SPELLS.purposes[0], "L380-2023", date(2026, 3, 1), date(2026, 3, 31)
    )
    narrow = dataclasses.replace(policy, subscriptions=(one,))
    who = caller(policy, "KU837", *BI)
    for day, is_permitted in ((1, True), (31, True)):
        ruling = ask(narrow, who, SPELLS, "39", today=date(2026, 3, day))
        assert isinstance(ruling, Permit) is is_permitted
    for today in (date(2026, 2, 28), date(2026, 4, 1)):
        ruling = ask(narrow, who, SPELLS, "39", today=today)
        assert isinstance(ruling, Denial)
        assert ruling.error_type is SubscriptionMissing
        assert ruling.policies == ("purpose-required", "subscription-required")


def test_another_areas_or_municipalitys_subscription_is_of_no_use(policy):
    for owner in ("TA40", "KU091", "KU536", "EVK04", "TEM"):
        other = Subscription(
            "s",
            owner,
            SPELLS.id,
            SPELLS.purposes[0],
            "L380-2023",
            date(2025, 1, 1),
            date(2027, 1, 1),
        )
        narrow = dataclasses.replace(policy, subscriptions=(other,))
        ruling = ask(narrow, caller(policy, "KU837", *BI), SPELLS, "39")
        assert isinstance(ruling, Denial)
        assert ruling.error_type is SubscriptionMissing


def test_an_evk_centre_does_not_use_the_subscriptions_of_areas_inside_it(policy):
    narrow = dataclasses.replace(
        policy, subscriptions=tuple(s for s in policy.subscriptions if s.organisation == "TA39")
    )
    ruling = ask(narrow, caller(policy, "EVK04", *CUBES), SEEKERS)
    assert isinstance(ruling, Denial)
    assert ruling.error_type is SubscriptionMissing


def two_purposes(policy: Policy) -> tuple[Policy, Product]:
    extra = Subscription(
        "plan",
        "KU837",
        SPELLS.id,
        "service-planning",
        "L380-2023",
        date(2025, 1, 1),
        date(2027, 1, 1),
    )
    wider = dataclasses.replace(
        SPELLS, purposes=("employment-service-management", "service-planning")
    )
    return dataclasses.replace(policy, subscriptions=(*policy.subscriptions, extra)), wider


def test_the_purpose_is_stated_when_several_subscriptions_could_carry_the_delivery(policy):
    both, wider = two_purposes(policy)
    who = caller(policy, "KU837", *BI)
    for purpose in ("service-planning", "employment-service-management"):
        ruling = ask(both, who, wider, "39", purpose=purpose)
        assert isinstance(ruling, Permit)
        assert ruling.purpose == purpose
    unsaid = ask(both, who, wider, "39")
    assert isinstance(unsaid, Denial)
    assert (unsaid.error_type, unsaid.parameter) == (PurposeRefused, "purpose")
    assert "employment-service-management, service-planning" in unsaid.detail


@pytest.mark.parametrize("purpose", ["audit", "service-planning", "curiosity", "", "' or 1=1"])
def test_another_purpose_than_the_subscriptions_is_refused(policy, purpose):
    ruling = ask(policy, caller(policy, "KU837", *BI), SPELLS, "39", purpose=purpose)
    assert isinstance(ruling, Denial)
    assert ruling.error_type is PurposeRefused
    assert not purpose or purpose not in ruling.detail
    assert ruling.purpose is None


def test_a_public_product_takes_a_purpose_of_the_closed_list_or_none(policy):
    who = caller(policy, "KU999")
    assert ask(policy, who, VACANCIES).purpose is None
    assert ask(policy, who, VACANCIES, purpose="service-planning").purpose == "service-planning"
    refused = ask(policy, who, VACANCIES, purpose="curiosity")
    assert isinstance(refused, Denial)
    assert type(refused.error()) is PurposeRefused


def test_a_subscription_for_a_purpose_that_the_contract_does_not_name_is_none(policy):
    other = dataclasses.replace(SPELLS, purposes=("service-planning",))
    ruling = ask(policy, caller(policy, "KU837", *BI), other, "39")
    assert isinstance(ruling, Denial)
    assert ruling.error_type is SubscriptionMissing


def test_an_expired_data_permit_stops_the_cube(policy):
    expired = tuple(
        dataclasses.replace(permit, valid_to=date(2026, 6, 29)) for permit in policy.permits
    )
    who = caller(policy, "KU837", *BI)
    for permits in ((), expired):
        ruling = ask(dataclasses.replace(policy, permits=permits), who, OUTCOMES)
        assert isinstance(ruling, Denial)
        assert ruling.error_type is PermitMissing
        assert "tulorekisteri" in ruling.detail
    assert isinstance(ask(policy, who, OUTCOMES), Permit)


# --- the journal, the list, the explanation ---------------------------------------------------


def test_only_an_auditor_at_keha_reads_the_journal_for_audit(policy):
    def read(code: str, *roles: str, purpose: str | None = None):
        who = caller(policy, code, *roles)
        return rule(who, Action.READ_JOURNAL, None, None, policy, today=TODAY, purpose=purpose)

    permit = read("KEHA", *AUDITOR)
    assert isinstance(permit, Permit)
    assert (permit.policies, permit.purpose, permit.legal_basis) == (
        ("journal-auditor",),
        "audit",
        "L906-2019-17",
    )
    assert isinstance(read("KEHA", *AUDITOR, purpose="audit"), Permit)
    for code, roles, purpose, error in (
        ("KEHA", (), None, RoleMissing),
        ("KEHA", BI, None, RoleMissing),
        ("KU837", BI, None, RoleMissing),
        ("KU837", AUDITOR, None, AudienceRefused),
        ("EVK04", AUDITOR, None, AudienceRefused),
        ("KU999", AUDITOR, None, AudienceRefused),
        ("KEHA", AUDITOR, "service-planning", PurposeRefused),
        ("KEHA", AUDITOR, "curiosity", PurposeRefused),
    ):
        denial = read(code, *roles, purpose=purpose)
        assert isinstance(denial, Denial)
        assert type(denial.error()) is error
        assert denial.policies == ("default-deny",)


def test_the_policies_and_the_list_agree_on_what_is_listed(policy):
    for code in ("KU837", "TA39", "EVK04", "TEM", "KEHA", "KU999"):
        for each in PRODUCTS.values():
            who = caller(policy, code)
            ruling = rule(who, Action.LIST, each, None, policy, today=TODAY)
            assert isinstance(ruling, Permit) is is_listed(who, each)


def test_explains_what_is_missing_for_each_listed_product_only(policy):
    told = explain(caller(policy, "EVK04", *CUBES), PRODUCTS.values(), policy, TODAY)
    assert {each.product: each.code for each in told} == {
        "job-seeker-spells": "organisation_not_in_audience",
        "service-periods": "organisation_not_in_audience",
        "job-seekers": None,
        "service-outcomes": None,
        "vacancies": None,
        "koto-clients": "organisation_not_in_audience",
    }
    assert all(each.is_permitted is (each.code is None) is (each.missing is None) for each in told)
    stranger = explain(caller(policy, "KU999"), PRODUCTS.values(), policy, TODAY)
    assert [each.product for each in stranger] == ["vacancies"]
    own = explain(caller(policy, "KU837", *BI), [SPELLS], policy, TODAY)
    assert own[0].is_permitted
    assert own[0].purpose == "employment-service-management"


# --- failing policies -------------------------------------------------------------------------


def test_a_policy_whose_condition_fails_denies_everything_it_touches(policy, tmp_path: Path):
    folder = Path(shutil.copytree(POLICIES, tmp_path / "policies"))
    schema = (
        (folder / "schema.cedarschema")
        .read_text()
        .replace('"bound": Bool,', '"bound": Bool, "weight"?: Long,')
    )
    (folder / "schema.cedarschema").write_text(schema)
    (folder / "failing.cedar").write_text(
        '@id("failing") @title_fi("a") @title_sv("b") @ground("c")\n'
        "forbid (principal is Jakelu::Caller, action, resource)\n"
        'when { context has "area" && 9223372036854775807 + 1 > 0 };\n'
    )
    failing = load_policy(folder, engine_from=CedarEngine)
    ruling = ask(failing, caller(policy, "KU837", *BI), SPELLS, "39")
    assert isinstance(ruling, Denial)
    assert ruling.errors == ("failing",)
    assert ruling.policies == ("default-deny",)
    assert ruling.error().status == 403


# --- whatever the combination -----------------------------------------------------------------

ALL_ROLES = ("atmt:raportointi", "atmt:asiantuntija", *BI, *KOTO_ONLY, *AUDITOR)
CODES = ("KU837", "KU047", "KU478", "TA39", "TA40", "ELY05", "EVK04", "TEM", "KEHA", "KU999")


@settings(deadline=None, max_examples=50)
@given(
    code=st.sampled_from(CODES),
    roles=st.sets(st.sampled_from(ALL_ROLES)),
    area=st.sampled_from(["39", "40", "08", "", "*", None]),
    audience=st.one_of(st.just(AUTHORITIES), st.frozensets(st.sampled_from(OrganisationKind))),
    sources=st.sets(st.sampled_from(["atmt", "tulorekisteri", "kotoaj", "tmt"])),
    classification=st.sampled_from(Classification),
    on=st.sampled_from([ELY_LAST, EVK_FIRST, TODAY, date(2028, 1, 1)]),
    switches=st.booleans(),
)
def test_rows_are_permitted_only_in_scope_in_audience_and_with_the_permission(
    policy, *, code, roles, area, audience, sources, classification, on, switches
):
    who = caller(policy, code, *roles, on=on)
    what = dataclasses.replace(
        SPELLS, audience=audience, sources=tuple(sources), classification=classification
    )
    opened = with_switches(policy, tem_access=switches, koto_worker_employment_products=switches)
    ruling = ask(opened, who, what, area, today=on)
    if isinstance(ruling, Permit):
        assert area in who.scope.areas
        assert ruling.areas == {area}
        assert who.organisation is not None
        assert who.organisation.kind in audience & AUTHORITIES
        assert "employment.rows" in who.permissions
        assert "tulorekisteri" not in sources
        assert classification is not Classification.PUBLIC
        assert classification is not Classification.RESTRICTED
        assert ruling.subscription is not None
        assert ruling.legal_basis in policy.purposes[ruling.purpose].legal_bases
    else:
        assert ruling.policies
        assert ruling.error().status in {403, 404}
