"""`policies/approvers.yaml`: nobody unless named, and nobody twice."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from gateway.errors import PolicyFault
from gateway.upkeep.signatories import Duty, load_signatories

ROOT = Path(__file__).parents[3]
TODAY = date(2026, 7, 1)


@pytest.fixture
def write(office, desk):
    """Change the file, and read it."""
    path = office.policies / "approvers.yaml"
    document = yaml.safe_load(path.read_text())

    def written(change):
        change(document)
        path.write_text(yaml.safe_dump(document))
        return load_signatories(office.policies, desk.policy)

    return written


def test_the_projects_own_file_names_nobody(desk):
    closed = load_signatories(ROOT / "policies", desk.policy)
    assert dict(closed.people) == {}
    assert closed.valid("rita", Duty.REQUEST, TODAY) is None


@pytest.mark.parametrize("field", ["id", "login", "public_key"])
def test_nobody_stands_twice(write, field):
    def same(document):
        document["people"][1][field] = document["people"][2][field]

    with pytest.raises(PolicyFault, match=field):
        write(same)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("public_key", "no key"),
        ("public_key", ""),
        ("may", []),
        ("may", ["answer"]),
        ("may", ["approve", "approve"]),
        ("login", "two words"),
        ("id", "Rita R"),
        ("valid_to", date(2020, 1, 1)),
        ("unknown", 1),
    ],
)
def test_an_entry_that_is_wrong_is_refused(write, field, value):
    with pytest.raises(PolicyFault, match=r"approvers\.yaml"):
        write(lambda document: document["people"][0].update({field: value}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("validity_hours", 0),
        ("validity_hours", 10_000),
        ("purposes", ["curiosity"]),
        ("people", None),
    ],
)
def test_a_file_that_is_wrong_is_refused(write, field, value):
    with pytest.raises(PolicyFault, match=r"approvers\.yaml"):
        write(lambda document: document.update({field: value}))


def test_a_key_of_another_kind_is_refused(write):
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = generate_private_key(SECP256R1()).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(PolicyFault, match="Ed25519"):
        write(lambda document: document["people"][0].update(public_key=pem))


def test_a_missing_file_is_a_fault_and_never_an_open_door(office, desk):
    (office.policies / "approvers.yaml").unlink()
    with pytest.raises(PolicyFault, match="missing"):
        load_signatories(office.policies, desk.policy)


def test_days_are_inclusive(signatories):
    assert signatories.valid("aino", Duty.APPROVE, date(2026, 1, 1))
    assert signatories.valid("aino", Duty.APPROVE, date(2027, 12, 31))
    assert signatories.valid("aino", Duty.APPROVE, date(2028, 1, 1)) is None
    assert signatories.valid("aino", Duty.APPROVE, date(2025, 12, 31)) is None
    assert signatories.valid("aino", Duty.REQUEST, TODAY) is None
