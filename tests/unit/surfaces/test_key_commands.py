"""`jakelu key`, as an operator uses it, beside a gateway that is serving."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from gateway.batch import keys as commands
from gateway.batch.journal_view import verify_journal
from gateway.cli import app
from gateway.errors import AccessKeyNotFound, AudienceRefused, BadParameter, KeyFault, KeyNotActive
from gateway.identity.key_text import read_key_text

NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)  # the house's clock
CUBE = "/v1/cubes/job-seekers/data"
CREATE = (
    *("create", "--organisation", "KU837", "--account", "bi-reports"),
    *("--product", "job-seekers", "--role", "heti:tilastokuutiot"),
)


class FixedClock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def served(fresh_house, monkeypatch):
    """A serving gateway, and an operator's shell with nothing but its settings in it."""
    settings = fresh_house.settings()
    for name in ("products_dir", "policies_dir", "releases_dir", "journal_path"):
        monkeypatch.setenv(f"JAKELU_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("JAKELU_RELEASE_PUBLIC_KEY_PATH", str(fresh_house.public_key))
    with fresh_house.open() as client:
        monkeypatch.setattr(commands, "SystemClock", FixedClock)
        monkeypatch.setattr(commands, "operating_login", lambda: "rita")
        yield TestClient(client.app, client=("192.0.2.7", 4711))


def run(*arguments: str):
    result = CliRunner().invoke(app, ["key", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def status(client, secret: str) -> int:
    return client.get(CUBE, headers={"Authorization": f"Bearer {secret}"}).status_code


def made(*more: str) -> str:
    return run(*CREATE, *more).stdout.strip()


def test_the_secret_alone_is_printed_so_that_it_can_be_piped(served):
    result = run(*CREATE, "--network", "192.0.2.0/24", "--days", "30")
    assert result.exit_code == 0
    assert result.stdout.endswith("\n")
    assert read_key_text(result.stdout[:-1]) is not None
    assert "expires 2026-07-31T06:00:00Z" in result.stderr
    assert result.stdout.strip() not in result.stderr
    assert status(served, result.stdout.strip()) == 200


def test_the_journal_names_the_login_and_the_list_does_not(served, fresh_house):
    key = read_key_text(made()).id
    entry = fresh_house.entries()[-1]
    assert entry.kind == "key.created"
    told = {n: entry.body[n] for n in ("sub", "operator", "organisation", "access_key", "ruling")}
    assert told == {
        "sub": "rita",
        "operator": "rita",
        "organisation": "KU837",
        "access_key": key,
        "ruling": None,
    }
    listed = json.loads(run("list", "--organisation", "KU837").stdout)
    assert (listed["id"], listed["created_by"]) == (key, "operator")
    problems, *_ = verify_journal(fresh_house.settings())
    assert problems == ()


def test_a_rotation_prints_the_new_secret_and_the_old_one_works_on(served, fresh_house):
    old = made()
    result = run("rotate", read_key_text(old).id, "--overlap-days", "1")
    new = result.stdout.strip()
    assert "works until 2026-07-02T06:00:00Z" in result.stderr
    assert (status(served, old), status(served, new)) == (200, 200)
    assert "key.rotated" in [entry.kind for entry in fresh_house.entries()]
    with pytest.raises(KeyNotActive):
        run("rotate", read_key_text(old).id)


def test_a_revocation_is_seen_by_the_serving_process(served, fresh_house):
    secret = made()
    assert status(served, secret) == 200
    result = run("revoke", read_key_text(secret).id)
    assert result.stdout == f"key {read_key_text(secret).id} is revoked\n"
    deadline = time.monotonic() + 2
    while (answer := status(served, secret)) == 200 and time.monotonic() < deadline:
        pass
    assert answer == 401
    assert "key.revoked" in [entry.kind for entry in fresh_house.entries()]


def test_a_table_is_for_people(served):
    key = read_key_text(made()).id
    lines = run("list", "--organisation", "KU837", "--format", "table").stdout.splitlines()
    assert lines[0].split()[:2] == ["id", "state"]
    assert lines[1].split() == [
        *(key, "active", "bi-reports", "job-seekers", "2026-09-29T06:00:00.000Z", "never")
    ]


def test_the_operator_is_held_to_the_policies(served, fresh_house):
    count = len(fresh_house.entries())
    with pytest.raises(AudienceRefused):
        run(
            *("create", "--organisation", "EVK04", "--account", "x1"),
            *("--product", "job-seeker-spells", "--role", "heti:raakadata"),
        )
    with pytest.raises(BadParameter):
        run(*CREATE[:2], "KU999", *CREATE[3:])
    with pytest.raises(BadParameter):
        run(*CREATE, "--role", "heti:tarkastaja")
    with pytest.raises(AccessKeyNotFound):
        run("revoke", "a" * 12)
    assert len(fresh_house.entries()) == count
    assert run("list", "--organisation", "KU837", "--format", "json").stdout == ""


ROWS_KEY = (
    *("create", "--organisation", "KU837", "--account", "nightly-load"),
    *("--product", "job-seeker-spells", "--role", "heti:raakadata"),
)


def test_a_delta_sharing_profile_is_for_its_owner_and_opens_the_own_share(served, tmp_path):
    path = tmp_path / "tampere.share"
    result = run(*ROWS_KEY, "--days", "30", "--delta-profile", str(path))
    assert result.exit_code == 0
    assert result.stdout == ""
    assert path.stat().st_mode & 0o777 == 0o600
    profile = json.loads(path.read_text())
    secret = profile.pop("bearerToken")
    assert profile == {
        "shareCredentialsVersion": 1,
        "endpoint": "http://127.0.0.1:8080/delta-sharing",
        "expirationTime": "2026-07-31T06:00:00.000Z",
    }
    shares = served.get("/delta-sharing/shares", headers={"Authorization": f"Bearer {secret}"})
    assert [each["name"] for each in shares.json()["items"]] == ["39"]


def test_a_profile_is_never_overwritten_and_no_key_is_made_for_it(served, tmp_path, fresh_house):
    path = tmp_path / "there.share"
    path.write_text("kept")
    before = len(fresh_house.entries())
    with pytest.raises(KeyFault, match="exists already"):
        run(*ROWS_KEY, "--delta-profile", str(path))
    with pytest.raises(KeyFault, match="cannot be written"):
        run(*ROWS_KEY, "--delta-profile", str(tmp_path / "nowhere" / "x.share"))
    assert path.read_text() == "kept"
    assert len(fresh_house.entries()) == before


def test_a_refused_key_leaves_no_profile_behind(served, tmp_path):
    path = tmp_path / "refused.share"
    with pytest.raises(BadParameter):
        run(*ROWS_KEY, "--product", "nothing-like-it", "--delta-profile", str(path))
    assert not path.exists()
