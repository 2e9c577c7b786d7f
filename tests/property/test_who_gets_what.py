"""What `rule` answers is what the domain says, whoever asks for whatever; and no policy is there for nothing.

`may` is written from the rules of the domain, not from the Cedar files: a second reading of the same text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.adapters.cedar import CedarEngine
from gateway.batch.review.callers import caller
from gateway.batch.review.house import load_house
from gateway.batch.review.matrix_products import imagined_products
from gateway.identity.claims import ClaimNames, held_roles, read_claims
from gateway.model.access_key import KeyLimits
from gateway.model.caller import AuthStrength, Caller
from gateway.model.organisation import OrganisationKind
from gateway.model.product import Classification, Product, ProductKind
from gateway.model.ruling import Action, Denial, Permit, Ruling
from gateway.model.subscription import Subscription
from gateway.policy import Policy, PolicyFiles, read_policy_files, rule
from gateway.policy.loading import Switches
from gateway.policy.tags import own_tag, tags_of

ROOT = Path(__file__).parents[2]
HOUSE = load_house(ROOT / "products", ROOT / "policies")
AUTHORITIES = frozenset({OrganisationKind.MUNICIPALITY, OrganisationKind.EMPLOYMENT_AUTHORITY})
CUBE_READERS = AUTHORITIES | {OrganisationKind.ELY, OrganisationKind.EVK, OrganisationKind.TEM}
BOUND = {AuthStrength.DPOP, AuthStrength.MTLS}
TODAY, LAST_OF_ELY = date(2026, 6, 30), date(2025, 12, 31)
PURPOSE, OTHER_PURPOSE = "statistics-and-monitoring", "service-planning"
CODES = ("KU837", "KU047", "KU478", "TA39", "ELY05", "EVK04", "TEM", "KEHA", "KU999")
PRODUCTS = {each.id: each for each in (*HOUSE.products, *imagined_products())}


def _subscribed() -> tuple[Subscription, ...]:
    """The house's own, and one of every other product for everybody in one purpose."""
    mine = {each.id for each in HOUSE.products}
    return (
        *HOUSE.policy.subscriptions,
        *(
            Subscription(
                f"{code}.{name}", code, name, PURPOSE, "L380-2023", date(2025, 1, 1), TODAY
            )
            for name in PRODUCTS
            if name not in mine
            for code in ("KU837", "TA39", "KU478", "ELY05", "EVK04", "TEM", "KEHA")
        ),
        Subscription(
            "plan", "KU837", "job-seekers", OTHER_PURPOSE, "L380-2023", date(2026, 1, 1), TODAY
        ),
    )


POLICY = replace(HOUSE.policy, subscriptions=_subscribed())


@dataclass(frozen=True)
class Case:
    """roles: name → last day, None without one."""

    organisation: str
    roles: tuple[tuple[str, date | None], ...]
    product: Product
    area: str | None = None
    on: date = TODAY
    strength: AuthStrength = AuthStrength.BEARER
    purpose: str | None = None
    switches: frozenset[str] = field(default_factory=frozenset)
    key_products: frozenset[str] = field(default_factory=frozenset)
    expert_tag: str | None = None


def asker(case: Case) -> Caller:
    """Through the claims of a token, so that what has ended is left out by the real reader."""
    held = [
        dict(zip(("source", "role"), name.split(":"), strict=True))
        | ({"valid_until": last.isoformat()} if last else {})
        for name, last in case.roles
    ]
    claims = read_claims(
        {"iss": "i", "sub": "s", "client_id": "c", "jti": "j", "roles": held}, ClaimNames()
    )
    valid = held_roles(claims, case.on)
    who = caller(
        HOUSE,
        case.organisation,
        valid,
        on=case.on,
        strength=case.strength,
        expert_tag=case.expert_tag,
    )
    if case.strength is not AuthStrength.KEY:
        return who
    later = datetime.combine(case.on, time(), UTC) + timedelta(days=30)
    return replace(who, key=KeyLimits("k", case.key_products, later, is_ending=False))


def ruled(case: Case, policy: Policy = POLICY) -> Ruling:
    switches = Switches(
        "tem_access" in case.switches, "koto_worker_employment_products" in case.switches
    )
    is_rows = case.product.kind is ProductKind.ROWS
    who = asker(case)
    return rule(
        who,
        Action.READ_ROWS if is_rows else Action.READ_CUBE,
        case.product,
        case.area,
        replace(policy, switches=switches),
        today=case.on,
        purpose=case.purpose,
        expert_tag=own_tag(who, case.product),
    )


# --- the domain's rules, in plain Python -------------------------------------------------------


def may(case: Case) -> bool:
    """Rules 2 to 8 and 11 of the domain."""
    what, is_rows = case.product, case.product.kind is ProductKind.ROWS
    if case.strength is AuthStrength.KEY and what.id not in case.key_products:
        return False  # a key is for the products that it names
    if not set(what.sources).isdisjoint(_without_permit(case.on)):
        return False  # 8: a source without a data permit
    if is_rows and ("tulorekisteri" in what.sources or what.classification == "public"):
        return False  # 3, 11
    if "expert" in tags_of(what) and not (is_rows and case.expert_tag):
        return False  # 6: rows of the expert who asks, and no cube
    who = HOUSE.registry.find(case.organisation)
    kind = who.kind if who and who.valid_from <= case.on <= (who.valid_to or date.max) else None
    own = HOUSE.registry.scope(case.organisation, case.on).areas  # 5: never from the request
    if (is_rows or tags_of(what)) and not (kind in AUTHORITIES and case.area in own):
        return False  # 2, 6: rows and tags inside the own area, for its authority
    if what.classification == "public":
        return case.purpose in (None, *HOUSE.policy.purposes)
    if what.classification == "restricted" and case.strength not in BOUND:
        return False
    return kind in what.audience and _roles_suffice(case, kind) and _has_ground(case, kind)


def _roles_suffice(case: Case, kind: OrganisationKind) -> bool:
    """4: roles valid today, integration apart from employment, and the two switches."""
    needed = case.product.required_permission
    kinds = {"employment.rows": AUTHORITIES, "integration.cubes": AUTHORITIES}
    kinds |= {"employment.cubes": CUBE_READERS}  # nobody may have integration rows
    if kind in AUTHORITIES and not HOUSE.registry.scope(case.organisation, case.on).areas:
        return False  # Åland has no employment area, and so no employment authority
    form = "rows" if case.product.kind is ProductKind.ROWS else "cubes"
    held = {name for name, last in case.roles if last is None or case.on <= last}
    gives = {name: HOUSE.policy.roles.permissions.get(name, frozenset()) for name in held}
    systems = {name.partition(":")[0] for name in held if gives[name]}
    given = frozenset[str]().union(*gives.values())
    if needed not in given or kind not in kinds.get(needed, ()) or not needed.endswith(form):
        return False
    if "journal.read" in given or (
        kind is OrganisationKind.TEM and "tem_access" not in case.switches
    ):
        return False  # who audits receives nothing; the ministry by its switch
    is_integration = needed.startswith("integration") or "kotoaj" in case.product.sources
    if is_integration and systems.isdisjoint({"kotoaj", "heti"}):
        return False
    is_koto_worker = "kotoaj" in systems and "atmt" not in systems
    is_open = "koto_worker_employment_products" in case.switches
    return is_open or not is_koto_worker or needed.startswith("integration")


def _without_permit(on: date) -> set[str]:
    held = {p.source for p in HOUSE.policy.permits if p.valid_from <= on <= p.valid_to}
    return {"tulorekisteri"} - held


def _has_ground(case: Case, kind: OrganisationKind | None) -> bool:
    """8: a subscription of the organisation, or of its area's authority, for the stated purpose."""
    payers = {case.organisation}
    if kind is OrganisationKind.MUNICIPALITY:
        payers |= {f"TA{area}" for area in HOUSE.registry.scope(case.organisation, case.on).areas}
    purposes = {
        s.purpose
        for s in POLICY.subscriptions
        if (s.product, s.purpose in case.product.purposes) == (case.product.id, True)
        and s.organisation in payers
        and s.valid_from <= case.on <= s.valid_to
    }
    return case.purpose in purposes if case.purpose is not None else len(purposes) == 1


# --- whoever asks for whatever -----------------------------------------------------------------

last_days = st.sampled_from([None, TODAY, TODAY - timedelta(1), LAST_OF_ELY])
roles = st.dictionaries(
    st.sampled_from([*HOUSE.roles, "atmt:unknown"]), st.one_of(st.none(), last_days), max_size=4
)


@st.composite
def products(draw: st.DrawFn) -> Product:
    """One that there is or might be; half of them changed in what the policies look at."""
    what = PRODUCTS[draw(st.sampled_from(sorted(PRODUCTS)))]
    if draw(st.booleans()):
        return what
    sources = st.sets(st.sampled_from(["atmt", "tulorekisteri", "kotoaj", "tmt"]), min_size=1)
    return replace(
        what,
        sources=draw(st.one_of(st.just(what.sources), sources.map(lambda s: tuple(sorted(s))))),
        classification=draw(st.sampled_from([what.classification, *Classification])),
        audience=draw(
            st.one_of(st.just(what.audience), st.frozensets(st.sampled_from(OrganisationKind)))
        ),
        required_permission=draw(
            st.sampled_from(
                [
                    *(what.required_permission, "employment.rows", "employment.cubes"),
                    *("integration.rows", "integration.cubes", "journal.read", None),
                ]
            )
        ),
    )


cases = st.builds(
    Case,
    organisation=st.sampled_from(CODES),
    roles=roles.map(lambda held: tuple(held.items())),
    product=products(),
    area=st.sampled_from(["39", "40", "08", "", "99", None]),
    on=st.sampled_from(
        [LAST_OF_ELY, date(2026, 1, 1), TODAY, TODAY + timedelta(1), date(2028, 1, 1)]
    ),
    strength=st.sampled_from(AuthStrength),
    purpose=st.sampled_from([None, None, PURPOSE, OTHER_PURPOSE, "audit", "curiosity"]),
    switches=st.frozensets(st.sampled_from(["tem_access", "koto_worker_employment_products"])),
    expert_tag=st.sampled_from([None, "AS-1"]),
    key_products=st.one_of(st.just(frozenset(PRODUCTS)), st.just(frozenset({"job-seekers"}))),
)
# Callers who are near to having something: most drawn at random have nothing.
near = st.builds(
    Case,
    organisation=st.sampled_from(["KU837", "TA39", "EVK04", "TEM"]),
    roles=st.sets(
        st.sampled_from(["atmt:raportointi", "heti:tilastokuutiot", "kotoaj:raportointi"])
    )
    .map(sorted)
    .map(lambda names: tuple((name, None) for name in names)),
    product=products(),
    area=st.sampled_from(["39", "39", "40", None]),
    on=st.just(TODAY),
    strength=st.sampled_from([AuthStrength.DPOP, AuthStrength.DPOP, AuthStrength.KEY]),
    purpose=st.sampled_from([None, PURPOSE, "employment-service-management"]),
    switches=st.frozensets(st.sampled_from(["tem_access", "koto_worker_employment_products"])),
    expert_tag=st.sampled_from([None, "AS-1"]),
    key_products=st.one_of(st.just(frozenset(PRODUCTS)), st.just(frozenset({"job-seekers"}))),
)


@settings(deadline=None, max_examples=400, derandomize=True)
@given(case=st.one_of(cases, near, near))
def test_the_policies_answer_what_the_domain_says(case):
    ruling = ruled(case)
    assert isinstance(ruling, Permit) is may(case), ruling
    if isinstance(ruling, Permit):
        assert ruling.areas == ({case.area} if case.product.kind is ProductKind.ROWS else set())
        is_cut = "expert" in tags_of(case.product)
        assert ruling.expert_tag == (case.expert_tag if is_cut else None)
    else:
        assert not ruling.errors


# --- no policy is there for nothing ------------------------------------------------------------


def of(name: str, **changes: Any) -> Product:
    return replace(PRODUCTS[name], **changes)


def with_roles(*names: str) -> tuple[tuple[str, None], ...]:
    return tuple((name, None) for name in names)


ROWS, CUBES = with_roles("heti:raakadata"), with_roles("heti:tilastokuutiot")
BOTH_KOTO = with_roles("kotoaj:raportointi", "heti:tilastokuutiot")
EVERYBODY = frozenset(OrganisationKind)
NO_PERMISSION = frozenset[OrganisationKind]()

# policy → a case that it decides: without the policy, the same question is answered otherwise.
OPENED = {
    "income-register-never-rows": Case("KU837", ROWS, of("income-register-rows"), "39"),
    "public-is-never-rows": Case("KU837", ROWS, of("public-rows"), "39"),
    "audience-of-the-product": Case(
        "KU837",
        CUBES,
        of(
            "vacancies",
            classification=Classification.INTERNAL,
            required_permission="employment.cubes",
            audience=NO_PERMISSION,
        ),
    ),
    "auditors-read-no-products": Case(
        "KU837", (*CUBES, ("heti:tarkastaja", None)), of("service-outcomes")
    ),
    "koto-worker-separate-grant": Case("KU837", BOTH_KOTO, of("service-outcomes")),
    "tags-own-area": Case("KU837", CUBES, of("team-tag-cube"), "40"),
    "expert-own-tag": Case("KU837", ROWS, of("expert-tag-rows"), "39"),
    "restricted-needs-bound-token": Case("KU837", ROWS, of("restricted-rows"), "39"),
    "data-permit-required": Case(
        "KU837", CUBES, of("vacancies", sources=("tulorekisteri",)), on=date(2028, 1, 1)
    ),
    "integration-needs-koto-role": Case(
        "KU837",
        with_roles("atmt:raportointi"),
        of("team-tag-cube", cube=None, sources=("atmt", "kotoaj")),
    ),
    "purpose-required": Case("KU837", CUBES, of("job-seekers")),
    "key-of-other-products": Case(
        "KU837", CUBES, of("service-outcomes"), strength=AuthStrength.KEY
    ),
}
# A second lock: the permits do not open without it either, but the caller would hear another reason.
RETOLD = {
    "rows-employment-authorities-only": Case("EVK04", ROWS, of("team-tag-rows"), "39"),
    "rows-own-area": Case("KU837", ROWS, of("restricted-rows"), "40", strength=AuthStrength.DPOP),
    "permission-of-the-product": Case("KU837", (), of("service-outcomes")),
    "tem-access-switch": Case("TEM", CUBES, of("service-outcomes")),
    "subscription-required": Case("KU047", CUBES, of("team-tag-cube", cube=None)),
}
CLOSED = {
    "public-products": Case("KU999", (), of("vacancies")),
    "rows-employment-authority": Case("KU837", ROWS, of("job-seeker-spells"), "39"),
    "cube-employment-authority": Case("KU837", CUBES, of("service-outcomes")),
    "cube-ely-evk": Case("EVK04", CUBES, of("service-outcomes")),
    "cube-tem": Case("TEM", CUBES, of("service-outcomes"), switches=frozenset({"tem_access"})),
    "cube-integration": Case("KU837", with_roles("kotoaj:raportointi"), of("integration-cube")),
}
# Of the list, the journal and the keys, which no case here asks for.
ELSEWHERE = {
    "list-audience",
    "journal-auditor",
    "keys-are-for-products-only",
    "keys-of-own-organisation",
}


def without(*removed: str) -> Policy:
    """The policy with some Cedar policies taken out of its text."""
    files = read_policy_files(ROOT / "policies")
    texts = dict(files.texts)
    for name, text in files.named(".cedar").items():
        document = json.loads(cedarpy.policies_to_json_str(text))
        kept = {
            number: policy
            for number, policy in document["staticPolicies"].items()
            if policy["annotations"]["id"] not in removed
        }
        texts[name] = cedarpy.policies_from_json_str(
            json.dumps(document | {"staticPolicies": kept})
        )
    return replace(POLICY, engine=CedarEngine(PolicyFiles(texts, files.sha256)))


def told(ruling: Ruling) -> tuple[object, ...]:
    if isinstance(ruling, Denial):
        return (ruling.error_type, ruling.detail)
    return ("permit",)


def test_every_policy_has_a_case():
    assert {*OPENED, *RETOLD, *CLOSED, *ELSEWHERE} == set(HOUSE.texts)


@pytest.mark.parametrize("name", OPENED)
def test_without_this_forbid_something_is_delivered_that_must_not_be(name):
    case = OPENED[name]
    before = ruled(case)
    assert isinstance(before, Denial)
    assert name in before.policies
    assert isinstance(ruled(case, without(name)), Permit)
    assert not may(case)


@pytest.mark.parametrize("name", RETOLD)
def test_without_this_second_lock_the_caller_hears_another_reason(name):
    case = RETOLD[name]
    before, after = ruled(case), ruled(case, without(name))
    assert name in before.policies
    assert isinstance(after, Denial)
    assert told(after) != told(before)


@pytest.mark.parametrize("name", CLOSED)
def test_without_this_permit_something_is_refused_that_is_due(name):
    case = CLOSED[name]
    before = ruled(case)
    assert isinstance(before, Permit)
    assert before.policies == (name,)
    assert isinstance(ruled(case, without(name)), Denial)
    assert may(case)


def test_without_the_journals_permit_nobody_reads_it_and_without_the_lists_nobody_sees_a_product():
    auditor = asker(Case("KEHA", with_roles("heti:tarkastaja"), PRODUCTS["vacancies"]))
    analyst = asker(Case("EVK04", (), PRODUCTS["job-seekers"]))

    def both(policy: Policy) -> Iterable[bool]:
        journal = rule(auditor, Action.READ_JOURNAL, None, None, policy, today=TODAY)
        listed = rule(analyst, Action.LIST, PRODUCTS["job-seekers"], None, policy, today=TODAY)
        return isinstance(journal, Permit), isinstance(listed, Permit)

    assert both(POLICY) == (True, True)
    assert both(without("journal-auditor")) == (False, True)
    assert both(without("list-audience")) == (True, False)
