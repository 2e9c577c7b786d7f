"""Tokens of a certified OpenID provider, at a real gateway: what each persona is told, and gets.

The provider signs with PS256, which the demo's own issuer does not; the claims are its own as well: a
client that acts for itself is the `sub` of its tokens (RFC 9068 section 2.2).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from joserfc.jwk import ECKey

from gateway.adapters.demo_issuer import PERSONAS

ROWS = "/v1/rows/job-seeker-spells?area={}&format=csv&columns=sex"
CUBE = "/v1/cubes/job-seekers/data?geography=SSS&measure=unemployed"
PUBLIC_CUBE = "/v1/cubes/vacancies/data?measure=open_vacancies"
JOURNAL = "/v1/journal/entries?limit=1000"
ROTATION_SECONDS = 45  # an unknown key id asks the issuer again at most every 30 s

# persona → status of rows of area 39, rows of area 40, the cube, the public cube, the journal
ANSWERS = {
    "municipality-bi": (200, 403, 200, 200, 403),
    "small-municipality-bi": (403, 200, 200, 200, 403),
    "ely-analyst": (403, 403, 200, 200, 403),
    "koto-worker": (403, 403, 403, 200, 403),
    "tem-analyst": (403, 403, 403, 200, 403),
    "auditor": (404, 404, 404, 200, 200),
    "key-administrator": (403, 403, 403, 200, 403),
    "stranger": (404, 404, 404, 200, 403),
}

# of the registry, never of the token; the centre's are the areas in its regions, for cubes of areas
AREAS = {
    "municipality-bi": ["39"],
    "small-municipality-bi": ["40"],
    "koto-worker": ["39"],
    "key-administrator": ["39"],
    "ely-analyst": ["02", "06", "21", "39", "42"],
}


@dataclass
class Issued:
    """A gateway whose issuer is a real provider."""

    provider: Any
    base: str

    def get(self, persona: str, path: str) -> httpx2.Response:
        return self.with_token(self.provider.token(persona), path)

    def with_token(self, token: str, path: str) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.get(self.base + path, headers=headers, timeout=60)


@pytest.fixture(scope="module")
def issued(
    published, start: Callable[..., Any], providers: Callable[..., Any], free_port, tmp_path_factory
) -> Issued:
    folder = tmp_path_factory.mktemp("provider")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    provider = providers(folder=folder, resource=base)
    settings = {
        "JAKELU_ISSUERS": json.dumps([{"issuer": provider.issuer, "jwks": provider.jwks}]),
        "JAKELU_PUBLIC_URL": base,
        "JAKELU_JOURNAL_PATH": str(folder / "journal.sqlite"),
    }
    house = start(published, port=port, settings=settings)
    return Issued(provider, house.base)


@pytest.mark.parametrize("persona", PERSONAS)
def test_each_persona_gets_what_its_organisation_and_roles_give(issued, persona):
    paths = (ROWS.format(39), ROWS.format(40), CUBE, PUBLIC_CUBE, JOURNAL)
    token = issued.provider.token(persona)
    answers = tuple(issued.with_token(token, path).status_code for path in paths)
    assert answers == ANSWERS[persona]


@pytest.mark.parametrize("persona", PERSONAS)
def test_each_persona_is_told_who_it_is(issued, persona):
    known = PERSONAS[persona]
    me = issued.get(persona, "/v1/me")
    assert me.status_code == 200
    told = me.json()
    assert (told["issuer"], told["auth_strength"]) == (issued.provider.issuer, "bearer")
    assert told["client_id"] == told["subject"] == known.client_id
    organisation = told["organisation"]
    assert (organisation and organisation["code"]) == (
        None if persona == "stranger" else known.organisation
    )
    assert set(told["roles"]) == set(known.roles)
    assert [area["code"] for area in told["areas"]] == AREAS.get(persona, [])


def test_the_journal_names_the_provider_and_the_client(issued):
    issued.get("municipality-bi", ROWS.format(39))
    entries = issued.get("auditor", JOURNAL + "&kind=access.intent").json()["entries"]
    assert {
        (entry["body"]["iss"], entry["body"]["client_id"], entry["body"]["organisation"])
        for entry in entries
    } >= {(issued.provider.issuer, "tampere-bi", "KU837")}


def _pull(folder: Path, base: str, login: str) -> subprocess.CompletedProcess[str]:
    """`jakelu pull` as a scheduler runs it."""
    fetched = '[[download]]\nproduct = "job-seeker-spells"\n\n[patience]\nattempts = 1\n'
    config = f'gateway = "{base}"\nout = "data"\n{fetched}{login}'
    (folder / "jakelu-pull.toml").write_text(config)
    return subprocess.run(
        [sys.executable, "-m", "gateway", "pull"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _private(path: Path, content: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(content)


def test_jakelu_pull_fetches_rows_with_a_token_of_the_provider_that_is_bound_to_its_own_key(
    issued, tmp_path
):
    key = issued.provider.client_keys["tampere-bi"]
    _private(tmp_path / "client.pem", key.as_pem(private=True))
    login = f"""
[oauth]
issuer = "{issued.provider.issuer}"
client_id = "tampere-bi"
key_file = "client.pem"
key_id = "tampere-bi"
algorithm = "ES256"
dpop = true
resource = "{issued.base}"
"""
    first, second = (_pull(tmp_path, issued.base, login) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr
    assert "304" in second.stdout
    (file,) = tmp_path.rglob("*.parquet")
    entries = issued.get("auditor", JOURNAL + "&kind=access.intent").json()["entries"]
    used = [entry["body"] for entry in entries if entry["body"]["auth_strength"] == "dpop"]
    assert [body["client_id"] for body in used] == ["tampere-bi"] * 2
    assert file.stat().st_size > 1000


def test_jakelu_pull_fetches_rows_with_an_access_key_until_it_is_revoked(issued, tmp_path):
    administrator = issued.provider.token("key-administrator")
    headers = {"Authorization": f"Bearer {administrator}"}
    asked = {
        "service_account": "nightly",
        "products": ["job-seeker-spells"],
        "roles": ["heti:raakadata"],
        "expires_in_days": 7,
    }
    made = httpx2.post(f"{issued.base}/v1/keys", headers=headers, json=asked)
    assert made.status_code == 201, made.text
    _private(tmp_path / "key.txt", made.json()["secret"].encode())
    login = '\n[access_key]\nfile = "key.txt"\n'
    fetched = _pull(tmp_path, issued.base, login)
    assert fetched.returncode == 0, fetched.stderr
    key_id = made.json()["key"]["id"]
    assert httpx2.delete(f"{issued.base}/v1/keys/{key_id}", headers=headers).is_success
    refused = _pull(tmp_path, issued.base, login)
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "invalid_token" in refused.stdout + refused.stderr


def test_refuses_a_bound_token_as_bearer(issued):
    bound = issued.provider.token(
        "municipality-bi", proof_key=ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"})
    )
    refused = issued.with_token(bound, "/v1/me")
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")


def test_refuses_a_token_of_a_provider_that_is_not_the_issuer(issued, providers, tmp_path):
    other = providers(folder=tmp_path, resource=issued.base)
    refused = issued.with_token(other.token("municipality-bi"), "/v1/me")
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")


def test_a_new_key_of_the_provider_is_picked_up_and_a_withdrawn_one_ends_its_tokens(issued):
    provider = issued.provider
    old_key = provider.signing_keys[0]
    old_token = provider.token("municipality-bi")
    assert issued.with_token(old_token, "/v1/me").status_code == 200

    new_key = type(old_key).generate_key(2048, {"use": "sig", "alg": "PS256"}, auto_kid=True)
    provider.sign_with(new_key)  # the old one is no longer published
    new_token = provider.token("municipality-bi")
    deadline = time.monotonic() + ROTATION_SECONDS
    while issued.with_token(new_token, "/v1/me").status_code == 401:
        assert time.monotonic() < deadline, "the new key was never picked up"
        time.sleep(1)
    assert issued.with_token(new_token, ROWS.format(39)).status_code == 200
    assert issued.with_token(old_token, "/v1/me").status_code == 401
