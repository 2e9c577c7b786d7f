"""The demo's issuer is an issuer like any other: its tokens pass the whole checklist."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.adapters.cedar import CedarEngine
from gateway.adapters.clock import SystemClock
from gateway.adapters.demo_issuer import (
    DEMO_AUDIENCE,
    DEMO_ISSUER,
    KEY_FILE,
    PERSONAS,
    create_issuer,
    issue,
)
from gateway.adapters.dpop import DpopProofs
from gateway.adapters.oidc import OidcTokenVerifier
from gateway.adapters.state_database import StateDatabase
from gateway.adapters.state_once import StoredOnce
from gateway.errors import BadParameter, InvalidToken, KeyFault
from gateway.identity import Credentials, TokenChecks, authenticate
from gateway.model.caller import Caller
from gateway.organisations import load_registry
from gateway.policy import load_policy

NOW = datetime(2026, 6, 30, 5, 0, tzinfo=UTC)
POLICIES = Path(__file__).parents[2] / "policies"


class FixedClock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("issuer")
    create_issuer(folder)
    return folder


@pytest.fixture(scope="module")
def callers(folder: Path) -> dict[str, Caller]:
    roles = load_policy(POLICIES, engine_from=CedarEngine).roles
    registry, clock = load_registry(), FixedClock()
    once = StoredOnce(StateDatabase(folder / "state.sqlite"), clock=clock)
    tokens = TokenChecks(verifier_of(folder), DpopProofs(once, clock=clock))
    return {
        name: authenticate(
            Credentials(f"Bearer {issue(name, folder=folder, now=NOW)}", "GET", "http://x/v1/me"),
            tokens=tokens,
            registry=registry,
            roles=roles,
            clock=clock,
        ).caller
        for name in PERSONAS
    }


def verifier_of(folder: Path) -> OidcTokenVerifier:
    return OidcTokenVerifier(
        issuer=DEMO_ISSUER,
        audience=DEMO_AUDIENCE,
        jwks=str(folder / "jwks.json"),
        clock=FixedClock(),
    )


@pytest.mark.parametrize(
    ("name", "organisation", "areas", "permissions"),
    [
        ("municipality-bi", "KU837", {"39"}, {"employment.rows", "employment.cubes"}),
        ("small-municipality-bi", "KU047", {"40"}, {"employment.rows", "employment.cubes"}),
        ("koto-worker", "KU837", {"39"}, {"integration.cubes"}),
        ("tem-analyst", "TEM", set(), {"employment.cubes"}),
        ("auditor", "KEHA", set(), {"journal.read"}),
        ("key-administrator", "KU837", {"39"}, {"keys.manage"}),
        ("stranger", None, set(), set()),
    ],
)
def test_a_persona_is_what_its_name_says(callers, name, organisation, areas, permissions):
    caller = callers[name]
    assert (caller.organisation.code if caller.organisation else None) == organisation
    assert caller.scope.areas == areas
    assert caller.permissions == permissions


def test_the_analyst_is_of_the_centre_around_tampere(callers):
    caller = callers["ely-analyst"]
    assert caller.organisation.code == "EVK04"
    assert "39" in caller.scope.areas
    assert caller.permissions == {"employment.cubes"}


def test_the_private_key_is_its_owners_alone_and_not_in_the_key_set(folder):
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600
    (public,) = json.loads((folder / "jwks.json").read_text())["keys"]
    assert "d" not in public
    assert public["use"] == "sig"


def test_creating_again_keeps_the_key(folder):
    before = (folder / KEY_FILE).read_bytes()
    token = issue("auditor", folder=folder, now=NOW)
    create_issuer(folder)
    assert (folder / KEY_FILE).read_bytes() == before
    assert verifier_of(folder).verify(token)["sub"] == "auditor-1"


def test_another_demos_token_is_refused(folder, tmp_path):
    create_issuer(tmp_path)
    with pytest.raises(InvalidToken):
        verifier_of(folder).verify(issue("auditor", folder=tmp_path, now=NOW))


def test_an_expired_token_is_refused(folder):
    old = issue("auditor", folder=folder, now=NOW - timedelta(hours=2))
    with pytest.raises(InvalidToken):
        verifier_of(folder).verify(old)


def test_an_unknown_persona_is_told_the_known_ones(folder):
    with pytest.raises(BadParameter) as refused:
        issue("nobody", folder=folder, now=NOW)
    assert "municipality-bi" in refused.value.detail


def test_a_key_that_others_can_read_or_that_is_none_is_refused(tmp_path):
    create_issuer(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(KeyFault):
        issue("auditor", folder=tmp_path, now=NOW)
    (tmp_path / KEY_FILE).chmod(0o600)
    for content in (
        "",
        "{}",
        json.dumps(json.loads((tmp_path / "jwks.json").read_text())["keys"][0]),
    ):
        (tmp_path / KEY_FILE).write_text(content)
        with pytest.raises(KeyFault):
            issue("auditor", folder=tmp_path, now=NOW)
    with pytest.raises(KeyFault):
        issue("auditor", folder=tmp_path / "none", now=NOW)


def test_the_verifying_side_never_loads_the_issuing_side():
    code = (
        "import sys, gateway.identity, gateway.policy, gateway.adapters.oidc, gateway.adapters.cedar\n"
        "sys.exit(any(name in sys.modules for name in ('gateway.adapters.demo_issuer', 'duckdb')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_machines_clock_is_in_utc():
    assert SystemClock().now().utcoffset() == timedelta(0)
