"""A data subject's answer, through the doors that its users use: fetched over HTTP, answered on the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gateway.adapters.clock import SystemClock
from gateway.adapters.demo_issuer import PERSONAS
from gateway.batch.demo_layout import DemoLayout
from gateway.batch.journal_key import create_journal_key
from gateway.batch.operating_login import operating_login
from gateway.batch.pseudonyms import open_register
from gateway.model.days import helsinki_day
from gateway.ports import PseudonymDomain
from gateway.protection.pseudonym import pseudonyms
from gateway.settings import SETTINGS_FILE, load_batch_settings

ROWS = "/v1/rows/job-seeker-spells"
SLICE = Path("job-seeker-spells/2026-06-30.1/area=39/part-0.parquet")
DOMAIN = PseudonymDomain("39", "employment", "employment-service-management")
PERSON = """
  - id: {id}
    login: {login}
    public_key: |
{key}
    may: [{may}]
    valid_from: 2026-01-01
    valid_to: 2099-12-31
"""


@pytest.fixture
def own(published, tmp_path) -> DemoLayout:
    """A copy of the demo whose approvers are of this test."""
    layout = DemoLayout(tmp_path / "demo")
    ignored = shutil.ignore_patterns("done", "journal", "*.arrow")
    shutil.copytree(published.root, layout.root, ignore=ignored)
    layout.journal.parent.mkdir()
    create_journal_key(layout.journal_key)
    layout.write_settings()
    return layout


@pytest.fixture
def policies(tmp_path) -> Path:
    """One requester and two approvers, who are all at the one login that this test has."""
    folder = tmp_path / "policies"
    shutil.copytree(Path(__file__).parents[2] / "policies", folder)
    return folder


@pytest.fixture
def people(tmp_path, policies) -> Callable[[str], None]:
    """`people("aino")`: this test's login is hers from now on; a login belongs to one person at a time."""
    keys = {person: _key_pair(tmp_path / f"{person}.pem") for person in ("rita", "aino", "bo")}

    def at_the_keyboard(person: str) -> None:
        listed = "".join(
            PERSON.format(
                id=name,
                login=operating_login() if name == person else f"{name}.elsewhere",
                key="\n".join(f"      {line}" for line in key.splitlines()),
                may="request" if name == "rita" else "approve",
            )
            for name, key in keys.items()
        )
        text = f"validity_hours: 72\npurposes: [audit]\npeople:{listed}"
        (policies / "approvers.yaml").write_text(text)

    return at_the_keyboard


@pytest.fixture
def run(own, policies, tmp_path, people, house_command):
    """`run("aino", "approve", …)`: what the command printed, run by aino."""

    def ran(person: str, *arguments: str, fails: bool = False) -> str:
        people(person)
        environment = {
            SETTINGS_FILE: str(own.publish_settings),
            "JAKELU_POLICIES_DIR": str(policies),
        }
        signed = ("--as", person, "--key", str(tmp_path / f"{person}.pem"))
        done = house_command(["subject", *arguments, *signed], environment)
        assert (done.returncode != 0) is fails, done.stderr
        return done.stderr if fails else done.stdout

    return ran


@pytest.fixture
def house_command() -> Callable[..., subprocess.CompletedProcess[str]]:
    def called(arguments, environment):
        return subprocess.run(
            [sys.executable, "-m", "gateway", *arguments],
            cwd=Path(__file__).parents[2],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return called


def test_a_person_is_told_of_every_delivery_and_of_no_reader(own, start, run, tmp_path):
    (person, pseudonym, place), reader = _somebody(own), PERSONAS["municipality-bi"]
    house = start(own)
    whole = house.get("municipality-bi", f"{ROWS}?area=39&format=parquet")
    assert whole.status_code == 200
    assert (
        pseudonym in pq.read_table(_file(tmp_path, whole.content)).column("pseudonym").to_pylist()
    )
    etag = whole.headers["etag"]
    again = {"If-None-Match": etag}
    assert (
        house.get("municipality-bi", f"{ROWS}?area=39&format=parquet", **again).status_code == 304
    )
    assert house.get("ely-analyst", f"{ROWS}?area=39").status_code == 403
    assert house.get("small-municipality-bi", f"{ROWS}?area=40&format=parquet").status_code == 200
    narrowed = house.get("municipality-bi", f"{ROWS}?area=39&municipality={place}&format=csv")
    assert pseudonym in narrowed.text
    house.stop()

    today = helsinki_day(SystemClock().now()).isoformat()
    kept = tmp_path / "person"
    kept.touch(mode=0o600)
    kept.write_text(f"{person}\n")
    about = ("--person-file", str(kept))
    reference = run(
        *("rita", "request", "--since", today, "--until", today, "--case", "KEHA/7/2026"),
        *("--purpose", "audit", "--legal-basis", "GDPR-6-1-c", *about),
    ).strip()
    out = tmp_path / "answer"
    told = ("answer", reference, "--out", str(out), *about)
    assert "1 of 2" in run("aino", "approve", reference)
    assert "1 of 2 approvals" in run("rita", *told, fails=True)
    assert not out.exists()
    assert "2 of 2" in run("bo", "approve", reference)
    printed = run("rita", *told)
    assert "1 deliveries, 0 of them possible, 0 unanswered" in printed

    assert out.stat().st_mode & 0o777 == 0o700
    files = sorted(out.iterdir())
    assert [each.name for each in files] == [
        *("answer.en.txt", "answer.fi.txt", "answer.json", "answer.sv.txt")
    ]
    assert {each.stat().st_mode & 0o777 for each in files} == {0o600}
    (one,) = json.loads((out / "answer.json").read_bytes())["deliveries"]
    assert (one["organisation"]["code"], one["area"]["code"]) == ("KU837", "39")
    assert one["dates"] == [{"date": today, "disclosure": "disclosed", "outcome": "complete"}]
    for text in (printed, *(each.read_text() for each in files)):
        assert not any(
            secret in text for secret in (str(person), pseudonym, reader.subject, reader.client_id)
        )
    journal = b"".join(each.read_bytes() for each in own.journal.parent.iterdir() if each.is_file())
    assert b"subject.answered" in journal
    assert pseudonym.encode() not in journal


def _somebody(layout: DemoLayout) -> tuple[int, str, str]:
    """The internal id of somebody in the slice of 39, their pseudonym and a municipality they can be told by."""
    table = pq.read_table(layout.releases / SLICE, columns=["pseudonym", "municipality"])
    pairs = zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True)
    places = {pseudonym: place for pseudonym, place in pairs if place == "837"}
    settings = load_batch_settings({SETTINGS_FILE: str(layout.publish_settings)})
    with open_register(settings) as register:
        ids = register.person_ids(register.catalog.find("job-seeker-spells"), date(2026, 6, 30))
        made = pseudonyms(ids, register.keys.domain_key(DOMAIN)).to_pylist()
    return next(
        (one, text, places[text])
        for one, text in zip(ids.tolist(), made, strict=True)
        if text in places
    )


def _key_pair(path: Path) -> str:
    key = Ed25519PrivateKey.generate()
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode().strip()


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "fetched.parquet"
    path.write_bytes(content)
    return path
