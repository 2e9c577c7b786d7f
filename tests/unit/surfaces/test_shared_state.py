"""A gateway whose state is in a PostgreSQL, set up as docs/operations.md says, and used at its door."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from gateway.batch import keys as commands
from gateway.cli import app
from gateway.errors import StateUnavailable

NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)  # the house's clock
CUBE = "/v1/cubes/job-seekers/data"
KEY = (
    *("key", "create", "--organisation", "KU837", "--account", "bi-reports"),
    *("--product", "job-seekers", "--role", "heti:tilastokuutiot"),
)


class FixedClock:
    def now(self) -> datetime:
        return NOW


def run(*arguments: str):
    result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def server(new_postgres):
    return new_postgres()


@pytest.fixture
def url(server, fresh_house, monkeypatch) -> str:
    """A prepared database without tables, and an operator's shell with the gateway's settings."""
    name = server.create_database()
    server.prepare(name)
    url = server.url(name, user="jakelu_gateway")
    settings = fresh_house.settings()
    for each in ("products_dir", "policies_dir", "releases_dir", "journal_path"):
        monkeypatch.setenv(f"JAKELU_{each.upper()}", str(getattr(settings, each)))
    monkeypatch.setenv("JAKELU_RELEASE_PUBLIC_KEY_PATH", str(fresh_house.public_key))
    monkeypatch.setenv("JAKELU_STATE_URL", url)
    monkeypatch.setattr(commands, "SystemClock", FixedClock)
    monkeypatch.setattr(commands, "operating_login", lambda: "rita")
    return url


def test_is_set_up_with_two_commands_and_serves_through_a_crash_of_its_server(
    server, url, fresh_house
):
    before = run("database", "check")
    assert before.exit_code == 1
    assert "jakelu database migrate" in before.stderr
    with (
        pytest.raises(StateUnavailable, match="jakelu database migrate"),
        fresh_house.open(state_url=url),
    ):
        pass
    assert "from nothing to revision state_0002\n" in run("database", "migrate").stdout
    assert "already" in run("database", "migrate").stdout
    after = run("database", "check")
    assert (after.exit_code, after.stdout.count(": ready\n")) == (0, 2)

    secret = run(*KEY).stdout.strip()
    headers = {"Authorization": f"Bearer {secret}"}
    with fresh_house.open(state_url=url) as one, fresh_house.open(state_url=url) as two:
        gateways = [TestClient(each.app, client=("192.0.2.7", 4711)) for each in (one, two)]
        assert [each.get(CUBE, headers=headers).status_code for each in gateways] == [200, 200]
        assert one.get("/health/ready").status_code == 200
        server.kill()
        time.sleep(1)  # a key is remembered for a second
        refused = gateways[0].get(CUBE, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (503, "state_unavailable")
        assert one.get("/health/ready").status_code == 503
        server.start()
        assert [each.get(CUBE, headers=headers).status_code for each in gateways] == [200, 200]
        run("key", "revoke", secret.split("_")[1])
        time.sleep(1)
        assert [each.get(CUBE, headers=headers).status_code for each in gateways] == [401, 401]


def test_the_journal_stands_beside_the_state_and_is_read_and_verified_there(
    server, url, fresh_house, monkeypatch, tmp_path
):
    monkeypatch.delenv("JAKELU_JOURNAL_PATH")
    monkeypatch.setenv("JAKELU_JOURNAL_URL", url)
    moved = {"journal_path": None, "journal_url": url, "state_url": url}
    with (
        pytest.raises(StateUnavailable, match="jakelu database migrate"),
        fresh_house.open(**moved),
    ):
        pass
    migrated = run("database", "migrate").stdout
    assert "from nothing to revision state_0002\n" in migrated
    assert "from nothing to revision journal_0001\n" in migrated
    assert run("database", "check").exit_code == 0

    secret = run(*KEY).stdout.strip()  # journaled before it works
    headers = {"Authorization": f"Bearer {secret}"}
    with fresh_house.open(**moved) as one, fresh_house.open(**moved) as two:
        gateways = [TestClient(each.app, client=("192.0.2.7", 4711)) for each in (one, two)]
        assert [each.get(CUBE, headers=headers).status_code for each in gateways] == [200, 200]
        server.kill()
        refused = gateways[0].get(CUBE, headers=headers)
        assert refused.status_code == 503
        assert one.get("/health/ready").status_code == 503
        server.start()
        assert [each.get(CUBE, headers=headers).status_code for each in gateways] == [200, 200]
        read = one.get(
            "/v1/journal/entries?kind=access.intent",
            headers=fresh_house.bearer("auditor"),
        )
        assert read.status_code == 200, read.text
        assert len({entry["body"]["boot_id"] for entry in read.json()["entries"]}) == 2
    verified = run("journal", "verify")
    assert verified.exit_code == 0, verified.output


def test_check_tells_of_a_role_that_may_too_much(server, url, monkeypatch):
    run("database", "migrate")
    monkeypatch.setenv("JAKELU_STATE_URL", url.replace("jakelu_gateway@", "jakelu_owner@"))
    told = run("database", "check")
    assert told.exit_code == 1
    assert "serve as jakelu_gateway" in told.stderr


def test_a_file_needs_no_migration(fresh_house, url, monkeypatch):
    monkeypatch.delenv("JAKELU_STATE_URL")
    assert "whenever it is opened" in run("database", "migrate").stdout
    assert run("database", "check").exit_code == 0
