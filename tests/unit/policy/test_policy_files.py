from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from gateway.adapters.cedar import CedarEngine
from gateway.contracts import vocabulary
from gateway.errors import PolicyFault
from gateway.model.caller import HeldRole, RoleSource
from gateway.organisations import load_registry
from gateway.policy import load_policy, read_policy_files
from gateway.policy.policy_files import SUFFIXES
from gateway.policy.vocabulary import DATA_PERMISSIONS, GRANTABLE

POLICIES = Path(__file__).parents[3] / "policies"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


def edit(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def fault(folder: Path) -> str:
    with pytest.raises(PolicyFault) as refused:
        load_policy(folder, engine_from=CedarEngine)
    return refused.value.detail


def test_the_policies_of_the_house_load():
    policy = load_policy(POLICIES, engine_from=CedarEngine)
    assert policy.switches.tem_access is False
    assert policy.switches.koto_worker_employment_products is False
    assert policy.sha256 == policy.engine.policy_set_sha256 == read_policy_files(POLICIES).sha256


def test_the_closed_lists_agree_with_those_of_the_contracts():
    policy = load_policy(POLICIES, engine_from=CedarEngine)
    assert policy.purposes.keys() == vocabulary.PURPOSES
    assert policy.legal_bases.keys() == vocabulary.LEGAL_BASES
    assert DATA_PERMISSIONS == vocabulary.PERMISSIONS
    assert policy.sources_under_permit <= vocabulary.SOURCE_SYSTEMS


def test_every_subscriber_is_in_the_registry_and_every_authority_subscribes():
    policy = load_policy(POLICIES, engine_from=CedarEngine)
    registry = load_registry()
    subscribers = {each.organisation for each in policy.subscriptions}
    assert all(registry.find(code) for code in subscribers)
    assert {f"TA{area}" for area in registry.areas} <= subscribers


def test_subscriptions_have_ids_of_their_own():
    policy = load_policy(POLICIES, engine_from=CedarEngine)
    ids = [each.id for each in policy.subscriptions]
    assert len(set(ids)) == len(ids)
    assert "areas-rows.TA39.job-seeker-spells" in ids


def test_the_hash_changes_with_every_file_and_its_name(folder: Path):
    before = {read_policy_files(folder).sha256}
    policies = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    for path in policies:
        path.write_bytes(path.read_bytes() + b"\n")
        before.add(read_policy_files(folder).sha256)
    (folder / "forbids.cedar").rename(folder / "forbid.cedar")
    before.add(read_policy_files(folder).sha256)
    assert len(before) == len(policies) + 2


def test_other_files_in_the_folder_do_not_count(folder: Path):
    before = read_policy_files(folder).sha256
    (folder / "matrix.md").write_text("x")
    assert read_policy_files(folder).sha256 == before


@pytest.mark.parametrize(
    "name",
    [
        "schema.cedarschema",
        "roles.yaml",
        "subscriptions.yaml",
        "purposes.yaml",
        "permits.yaml",
        "switches.yaml",
    ],
)
def test_a_missing_file_is_named(folder: Path, name: str):
    (folder / name).unlink()
    assert name in fault(folder)


def test_a_missing_or_empty_folder_is_a_fault(tmp_path: Path):
    assert "cannot be read" in fault(tmp_path / "none")
    assert "no policy files" in fault(tmp_path)


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("switches.yaml", "tem_access: false", "tem_access: maybe", "switches.yaml: tem_access"),
        ("switches.yaml", "tem_access: false", "tem_access: 1", "switches.yaml: tem_access"),
        ("switches.yaml", "tem_access: false", "", "switches.yaml: tem_access"),
        ("switches.yaml", "tem_access: false", "tem_acces: false", "switches.yaml: tem_access"),
        (
            "switches.yaml",
            "tem_access: false",
            "tem_access: false\ntem_access: true",
            "the key `tem_access` is repeated",
        ),
        ("switches.yaml", "tem_access: false", "tem_access: [", "switches.yaml: "),
        ("switches.yaml", "tem_access: false", "x: &a {b: 1}\ny: {<<: *a}", "`<<`"),
        ("roles.yaml", "source: atmt", "source: amtm", "roles.yaml: roles.0.source"),
        ("roles.yaml", "[employment.rows, employment.cubes]", "[]", "roles.0.permissions"),
        ("roles.yaml", "[employment.rows, employment.cubes]", "[all]", "roles.0.permissions"),
        (
            "roles.yaml",
            "[employment.rows, employment.cubes]",
            "[employment.rows, employment.rows]",
            "a value is repeated",
        ),
        (
            "roles.yaml",
            "[employment.rows, employment.cubes]",
            "[integration.cubes]",
            "a atmt role cannot give integration.cubes",
        ),
        ("roles.yaml", "role: esihenkilo", "role: raportointi", "atmt:raportointi is repeated"),
        ("roles.yaml", "{fi: Esihenkilö, sv: Chef, en: Supervisor}", "{fi: E, sv: C}", "label.en"),
        ("subscriptions.yaml", "[TEM]", "[TEM, XX1]", "organisations.1"),
        ("subscriptions.yaml", "[TEM]", "all", "organisations"),
        ("subscriptions.yaml", "[TEM]", "[]", "organisations"),
        ("subscriptions.yaml", "id: tem-cubes", "id: evk-cubes", "evk-cubes is repeated"),
        ("subscriptions.yaml", "valid_to: 2025-12-31", "valid_to: 2024-12-31", "valid_to"),
        ("subscriptions.yaml", "valid_to: 2025-12-31", "valid_to: '2025-12-31'", "valid_to"),
        ("subscriptions.yaml", "valid_to: 2025-12-31", "valid_to: never", "valid_to"),
        (
            "subscriptions.yaml",
            "purpose: employment-service-management",
            "purpose: curiosity",
            "unknown purpose curiosity",
        ),
        (
            "subscriptions.yaml",
            "legal_basis: L380-2023",
            "legal_basis: L906-2019-17",
            "cannot rest on L906-2019-17",
        ),
        (
            "purposes.yaml",
            "[L380-2023, GDPR-6-1-c, GDPR-6-1-e]",
            "[L1-2000]",
            "unknown legal basis",
        ),
        ("purposes.yaml", "code: service-planning", "code: audit", "audit is repeated"),
        ("purposes.yaml", "code: audit", "code: auditing", "`audit` is missing"),
        ("purposes.yaml", "code: L681-2023", "code: L380-2023", "L380-2023 is repeated"),
        ("permits.yaml", "sources: [tulorekisteri]", "sources: []", "not among `sources`"),
        ("permits.yaml", "legal_basis: L53-2018-13", "legal_basis: L1-2000", "unknown legal basis"),
    ],
)
def test_a_wrong_file_is_refused_with_file_and_field(folder: Path, name, old, new, told):
    edit(folder, name, old, new)
    message = fault(folder)
    assert message.startswith(name)
    assert told in message


def test_two_subscriptions_may_not_speak_for_one_delivery(folder: Path):
    text = (folder / "subscriptions.yaml").read_text()
    tem = text[text.index("  - id: tem-cubes") :]
    again = tem.replace("tem-cubes", "tem-again").replace("2025-01-01", "2027-12-31")
    (folder / "subscriptions.yaml").write_text(text + again)
    assert "tem-cubes and tem-again overlap" in fault(folder)
    later = again.replace("2027-12-31", "2028-01-01", 1).replace("2027-12-31", "2028-12-31")
    (folder / "subscriptions.yaml").write_text(text + later)
    load_policy(folder, engine_from=CedarEngine)


def test_data_permits_hold_on_their_days_only():
    policy = load_policy(POLICIES, engine_from=CedarEngine)
    sources = ("atmt", "tulorekisteri")
    assert policy.missing_permits(sources, date(2024, 12, 31)) == {"tulorekisteri"}
    assert policy.missing_permits(sources, date(2025, 1, 1)) == frozenset()
    assert policy.missing_permits(sources, date(2027, 12, 31)) == frozenset()
    assert policy.missing_permits(sources, date(2028, 1, 1)) == {"tulorekisteri"}
    assert policy.missing_permits(("atmt",), date(2028, 1, 1)) == frozenset()


def test_only_heti_roles_cross_over():
    roles = load_policy(POLICIES, engine_from=CedarEngine).roles
    for name, permissions in roles.permissions.items():
        assert permissions <= GRANTABLE[RoleSource(name.partition(":")[0])]
    assert not roles.permissions_of([HeldRole(RoleSource.ATMT, "tarkastaja")])
    assert not roles.sources_of([HeldRole(RoleSource.ATMT, "tarkastaja")])
