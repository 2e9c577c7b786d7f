"""A published product of a small synthetic warehouse, and a desk with a clock that stands still."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gateway.adapters.cedar import CedarEngine
from gateway.adapters.journal_sqlite import SqliteJournal
from gateway.batch import pseudonyms
from gateway.batch.demo import prepare_demo
from gateway.batch.demo_layout import DemoLayout
from gateway.batch.publish import publish_products
from gateway.contracts import Catalog, load_catalog
from gateway.journal.append import Journal
from gateway.journal.seal import new_boot
from gateway.model.entry import Entry, EntryKind, EntryQuery
from gateway.organisations import load_registry
from gateway.policy import Policy
from gateway.policy.loading import load_policy
from gateway.releases.layout import slice_path
from gateway.settings import SETTINGS_FILE, BatchSettings, load_batch_settings
from gateway.upkeep.approvals import Signer
from gateway.upkeep.desk import Desk, Register
from gateway.upkeep.signatories import Signatories, load_signatories

ROOT = Path(__file__).parents[3]
SCALE = 0.01
PRODUCT, RELEASE = "job-seeker-spells", "2026-06-30.1"
PURPOSE = "employment-service-management"
CUBES = ("job-seekers*.yaml", "service-outcomes.yaml", "vacancies.yaml")
PASSPHRASE = "correct horse"
PEOPLE = {"rita": ("request",), "aino": ("approve",), "bo": ("approve",), "eero": ("approve",)}


@dataclass
class Clock:
    moment: datetime = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, **time: float) -> None:
        self.moment += timedelta(**time)


@dataclass(frozen=True)
class Office:
    """One installation: folders, settings, and what a test asks of them."""

    layout: DemoLayout
    clock: Clock

    @property
    def policies(self) -> Path:
        return self.layout.root / "policies"

    @property
    def environment(self) -> dict[str, str]:
        return {
            SETTINGS_FILE: str(self.layout.publish_settings),
            "JAKELU_PRODUCTS_DIR": str(self.layout.root / "products"),
            "JAKELU_POLICIES_DIR": str(self.policies),
        }

    @property
    def settings(self) -> BatchSettings:
        return load_batch_settings(self.environment)

    def publish(self, *, as_of: datetime | None = None) -> None:
        assert publish_products(self.settings, [PRODUCT], as_of=as_of)

    def held(self, area: str, release: str = RELEASE) -> set[str]:
        """The pseudonyms of a slice."""
        path = self.layout.releases / PRODUCT / release / slice_path(area)
        return set(pq.read_table(path, columns=["pseudonym"]).column(0).to_pylist())

    def ids(self, register: Register) -> list[int]:
        product = register.catalog.find(PRODUCT)
        day = datetime(2026, 6, 30, tzinfo=UTC).date()
        return register.person_ids(product, day).tolist()

    def sql(self, statement: str) -> None:
        """Change the warehouse."""
        with duckdb.connect(str(self.layout.warehouse)) as connection:
            connection.execute(statement)

    def key_file(self, person: str) -> Path:
        return self.layout.root / f"{person}.pem"


@pytest.fixture(scope="session")
def model_office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once for all test workers; never written by tests."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "model-office"
    with (shared / "model-office.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            ignored = shutil.ignore_patterns(*CUBES)
            shutil.copytree(ROOT / "products", folder / "products", ignore=ignored)
            shutil.copytree(ROOT / "policies", folder / "policies")
            office = Office(DemoLayout(folder), Clock())
            prepare_demo(folder, scale=SCALE)
            _name_people(office)
            office.publish()
            (folder / "done").touch()
    return folder


@pytest.fixture
def office(model_office: Path, tmp_path: Path) -> Office:
    """Its own keys, policies and journal; the warehouse and the releases are everybody's."""
    model, layout = DemoLayout(model_office), DemoLayout(tmp_path / "office")
    layout.private.mkdir(parents=True, mode=0o700)
    layout.journal.parent.mkdir()
    for name in ("keys", "warehouse", "releases", "public_key"):
        kept, own = getattr(model, name), getattr(layout, name)
        if name == "keys":
            shutil.copytree(kept, own)
        else:
            own.symlink_to(kept)
    shutil.copytree(model_office / "policies", layout.root / "policies")
    (layout.root / "products").symlink_to(model_office / "products")
    for person in PEOPLE:
        shutil.copy2(model_office / f"{person}.pem", layout.root)
    layout.write_settings()
    return Office(layout, Clock())


@pytest.fixture
def own_office(model_office: Path, tmp_path: Path) -> Office:
    """A whole copy, for a test that changes the warehouse or publishes."""
    layout = DemoLayout(tmp_path / "own-office")
    shutil.copytree(model_office, layout.root, ignore=shutil.ignore_patterns("journal"))
    layout.journal.parent.mkdir()
    layout.write_settings()
    return Office(layout, Clock())


@pytest.fixture(scope="session")
def policy(model_office: Path) -> Policy:
    return load_policy(model_office / "policies", engine_from=CedarEngine)


@pytest.fixture(scope="session")
def catalog(model_office: Path) -> Catalog:
    geography = load_registry().geography()
    return load_catalog(model_office / "products", registry_lists={geography.id: geography})


@pytest.fixture
def desk(office: Office, policy: Policy) -> Iterator[Desk]:
    """The desk of somebody who is logged in as `rita`."""
    boot = new_boot(replica="test", build="0", config_hash=policy.sha256)
    store = SqliteJournal(office.layout.journal)
    with Journal(store, clock=office.clock, identity=boot) as journal:
        yield Desk(journal, policy, office.clock, "rita")


@pytest.fixture
def register(
    office: Office, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Register]:
    monkeypatch.setattr(pseudonyms, "load_catalog", lambda *_, **__: catalog)
    with pseudonyms.open_register(office.settings) as register:
        yield register


@pytest.fixture
def signatories(office: Office, desk: Desk) -> Signatories:
    return load_signatories(office.policies, desk.policy)


@pytest.fixture
def entries(desk: Desk) -> Callable[[EntryKind], list[Entry]]:
    return lambda kind: list(desk.journal.search(EntryQuery(kind=kind)).entries)


@pytest.fixture
def at(desk: Desk) -> Callable[[str], Desk]:
    """The desk with another person's login."""
    return lambda login: replace(desk, operator=login)


def private_key(person: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(person.encode()).digest())


@pytest.fixture
def signer() -> Callable[..., Signer]:
    """`signer("aino")`; `signer("aino", key="bo")` is somebody with another's key."""
    return lambda person, key=None: Signer(person, private_key(key or person).sign)


@pytest.fixture
def plain_pseudonym() -> Callable[[int, bytes], str]:
    return by_definition


def by_definition(person: int, key: bytes) -> str:
    """What the definition says, by the standard library alone."""
    digest = hmac.digest(key, b"pid\0" + str(person).encode(), "sha256")
    return base64.b32encode(digest)[:26].decode()


def public_pem(person: str) -> str:
    public = private_key(person).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _name_people(office: Office) -> None:
    people = [
        {
            "id": person,
            "login": person,
            "public_key": public_pem(person),
            "may": list(may),
            "valid_from": "2026-01-01",
            "valid_to": "2027-12-31",
        }
        for person, may in PEOPLE.items()
    ]
    path = office.policies / "approvers.yaml"
    text = yaml.safe_dump({"validity_hours": 72, "purposes": ["audit"], "people": people})
    path.write_text(
        text.replace("'2026-01-01'", "2026-01-01").replace("'2027-12-31'", "2027-12-31")
    )
    for person in PEOPLE:
        encryption = (
            BestAvailableEncryption(PASSPHRASE.encode()) if person == "bo" else NoEncryption()
        )
        pem = private_key(person).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        office.key_file(person).touch(mode=0o600)
        office.key_file(person).write_bytes(pem)
