"""Databases for stores of the state and the journal; and a server that answers as HashiCorp Vault's documented HTTP API does, on loopback.

Transit: https://developer.hashicorp.com/vault/api-docs/secret/transit, kv version 2: …/secret/kv/kv-v2,
AppRole: …/auth/approle. Paths, bodies, statuses and error bodies are those of the documents.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.adapters.postgres_url import PostgresUrl, parse_postgres_url
from gateway.adapters.state_database import StateDatabase
from gateway.adapters.vault_http import VaultAccess

ROLE_ID, SECRET_ID = "e5a7b66e-role", "84896a0c-secret"
Answer = tuple[int, dict[str, Any] | None]


@dataclass
class TransitKey:
    kind: str
    versions: list[bytes]
    exportable: bool = False
    allow_plaintext_backup: bool = False
    derived: bool = False
    min_available_version: int = 1

    def described(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "type": self.kind,
            "derived": self.derived,
            "exportable": self.exportable,
            "allow_plaintext_backup": self.allow_plaintext_backup,
            "deletion_allowed": False,
            "latest_version": len(self.versions),
            "min_available_version": 0,
            "min_decryption_version": 1,
            "min_encryption_version": 0,
            "keys": {str(n): self._version(n) for n in range(1, len(self.versions) + 1)},
        }

    def _version(self, number: int) -> Any:
        if self.kind != "ed25519":
            return 1442851412
        public = Ed25519PrivateKey.from_private_bytes(self.versions[number - 1]).public_key()
        return {
            "creation_time": "2026-01-01T00:00:00Z",
            "name": "ed25519",
            "public_key": base64.b64encode(public.public_bytes_raw()).decode(),
        }


@dataclass
class VaultLike:
    """The state of the server; a test changes it and looks at what was asked."""

    address: str = ""
    tokens: set[str] = field(default_factory=lambda: {"hvs.first"})
    keys: dict[str, TransitKey] = field(default_factory=dict)
    secrets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    is_sealed: bool = False
    faults: list[int | str] = field(
        default_factory=list
    )  # statuses, or `cut`, `late`, `redirect`, `garbage`
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def answer(self, method: str, path: str, body: dict[str, Any], token: str | None) -> Answer:
        self.asked.append((method, path, body))
        if self.is_sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if path == "auth/approle/login":
            return self._login(body)
        if token not in self.tokens:
            return 403, {"errors": ["permission denied"]}
        match path.split("/"):
            case ["transit", "keys", name]:
                return self._described(name)
            case ["transit", "keys", name, "rotate"]:
                return self._rotated(name)
            case ["transit", "hmac", name, "sha2-256"]:
                return self._hmac(name, body)
            case ["transit", "sign", name]:
                return self._signed(name, body)
            case ["kv", "data", *rest]:
                return self._secret(method, "/".join(rest), body)
            case _:
                return 404, {"errors": [f'no handler for route "{path}". route entry not found.']}

    def _login(self, body: dict[str, Any]) -> Answer:
        if (body.get("role_id"), body.get("secret_id")) != (ROLE_ID, SECRET_ID):
            return 400, {"errors": ["invalid role or secret ID"]}
        token = f"hvs.{secrets.token_hex(8)}"
        self.tokens.add(token)
        return 200, {"auth": {"client_token": token, "lease_duration": 1200, "renewable": True}}

    def _described(self, name: str) -> Answer:
        if name not in self.keys:
            return 404, {"errors": []}
        return _data(self.keys[name].described(name))

    def _rotated(self, name: str) -> Answer:
        self.keys[name].versions.append(secrets.token_bytes(32))
        return _data(self.keys[name].described(name))

    def _version(self, name: str, body: dict[str, Any]) -> int | Answer:
        if name not in self.keys:
            return 400, {"errors": ["encryption key not found"]}
        latest = len(self.keys[name].versions)
        version = body.get("key_version") or latest
        if version > latest or version < self.keys[name].min_available_version:
            return 400, {"errors": ["key version does not exist"]}
        return version

    def _hmac(self, name: str, body: dict[str, Any]) -> Answer:
        version = self._version(name, body)
        if isinstance(version, tuple):
            return version
        key = self.keys[name].versions[version - 1]
        digest = hmac.digest(key, base64.b64decode(body["input"], validate=True), hashlib.sha256)
        return _data({"hmac": f"vault:v{version}:{base64.b64encode(digest).decode()}"})

    def _signed(self, name: str, body: dict[str, Any]) -> Answer:
        version = self._version(name, body)
        if isinstance(version, tuple):
            return version
        key = Ed25519PrivateKey.from_private_bytes(self.keys[name].versions[version - 1])
        value = key.sign(base64.b64decode(body["input"], validate=True))
        text = f"vault:v{version}:{base64.b64encode(value).decode()}"
        return _data({"signature": text, "key_version": version})

    def _secret(self, method: str, path: str, body: dict[str, Any]) -> Answer:
        stored = self.secrets.setdefault(path, [])
        if method == "GET":
            if not stored:
                return 404, {"errors": []}
            return _data({"data": stored[-1], "metadata": _metadata(len(stored))})
        if body.get("options", {}).get("cas", len(stored)) != len(stored):
            told = "check-and-set parameter did not match the current version"
            return 400, {"errors": [told]}
        stored.append(body["data"])
        return _data(_metadata(len(stored)))


def _metadata(version: int) -> dict[str, Any]:
    return {"created_time": "2026-01-01T00:00:00Z", "destroyed": False, "version": version}


def _data(data: dict[str, Any]) -> Answer:
    return 200, {"request_id": "r", "lease_id": "", "data": data, "auth": None, "warnings": None}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def _handle(self, method: str) -> None:
        vault: VaultLike = self.server.vault
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else {}
        vault.headers.append({name.lower(): text for name, text in self.headers.items()})
        fault = vault.faults.pop(0) if vault.faults else None
        path = self.path.removeprefix("/v1/")
        if fault == "cut":
            self.close_connection = True
            return
        if isinstance(fault, int):
            self._send(fault, {"errors": [f"told {body} to {self.headers.get('X-Vault-Token')}"]})
            return
        if fault == "garbage":
            self._send(200, None)
            return
        status, document = vault.answer(method, path, body, self.headers.get("X-Vault-Token"))
        if fault == "late":  # done, and the answer is lost
            self.close_connection = True
            return
        if fault == "redirect":
            self._send(307, {}, Location=f"http://127.0.0.1:1/v1/{path}")
            return
        self._send(status, document)

    def _send(self, status: int, document: dict[str, Any] | None, **headers: str) -> None:
        content = b"<html>" if document is None else json.dumps(document).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[VaultLike]:
    """A Vault with both keys and the register of epoch 2026, and a token in `vault-token`."""
    state = VaultLike()
    state.keys = {
        "jakelu-pseudonym-root": TransitKey("hmac", [secrets.token_bytes(32)]),
        "jakelu-release-signing": TransitKey("ed25519", [secrets.token_bytes(32)]),
        "jakelu-journal-signing": TransitKey("ed25519", [secrets.token_bytes(32)]),
    }
    state.secrets["jakelu/pseudonym-epochs"] = [{"register": "2026\n"}]
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.vault = state
    state.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    token = tmp_path / "vault-token"
    token.touch(mode=0o600)
    token.write_text("hvs.first\n")
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def journal_place(request: pytest.FixtureRequest, path: Path) -> Path | PostgresUrl:
    """Where a journal is that nobody has used; every store is tested in both."""
    if request.param == "sqlite":
        return path
    return parse_postgres_url(request.getfixturevalue("journal_url"), parameter="journal_url")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path: Path) -> Path | PostgresUrl:
    """Where a state is that nobody has used; every store is tested in both."""
    if request.param == "sqlite":
        return tmp_path / "state.sqlite"
    return parse_postgres_url(request.getfixturevalue("state_url"), parameter="state_url")


@pytest.fixture
def opened(place: Path | PostgresUrl) -> Iterator[Callable[..., StateDatabase]]:
    """Open the state as one more process would; each is closed at the end."""
    databases: list[StateDatabase] = []

    def open_it(**options: Any) -> StateDatabase:
        databases.append(StateDatabase(place, **options))
        return databases[-1]

    yield open_it
    for database in databases:
        database.close()


@pytest.fixture
def access(vault: VaultLike, tmp_path: Path) -> VaultAccess:
    return VaultAccess(vault.address, token_path=tmp_path / "vault-token")
