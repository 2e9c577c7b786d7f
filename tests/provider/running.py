"""A certified OpenID provider for tests: written settings, a process, tokens, and its end.

Tokens are got as a client gets them: client_credentials with private_key_jwt (RFC 7523) through Authlib,
with a DPoP proof (RFC 9449) when a key for it is given.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from gateway.adapters.demo_issuer import PERSONAS

HERE = Path(__file__).parent
READY_SECONDS = 30
ACCESS_TOKEN_SECONDS = 600
AUDIENCE = "jakelu"


def missing_tools() -> str | None:
    """Why the provider cannot run here; None when it can."""
    if shutil.which("node") is None:
        return "Node.js is not installed"
    if not (HERE / "node_modules" / "oidc-provider").is_dir():
        return "the provider is not installed; run `make provider`"
    return None


@dataclass
class Provider:
    """One provider process. resource: the address of the gateway that its access tokens are for."""

    folder: Path
    resource: str
    issuer: str = ""
    signing_keys: list[RSAKey] = field(default_factory=list)
    client_keys: dict[str, ECKey] = field(default_factory=dict)
    accounts: Sequence[Mapping[str, Any]] = ()
    login_client: Mapping[str, Any] | None = None
    _process: subprocess.Popen[str] | None = None

    @property
    def jwks(self) -> str:
        return f"{self.issuer}/jwks"

    def start(self) -> Provider:
        """Start it, on the same port as before when it ran before; ready when this returns."""
        if not self.signing_keys:
            self.signing_keys.append(new_signing_key())
        path = self.folder / "provider.json"
        path.write_text(json.dumps(self._settings()), encoding="utf-8")
        path.chmod(0o600)
        with (self.folder / "provider.log").open("ab") as log:
            self._process = subprocess.Popen(
                ["node", str(HERE / "provider.mjs"), str(path)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={"PATH": os.environ["PATH"]},
            )
        self.issuer = json.loads(self._first_line())["issuer"]
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process.stdout.close()
            self._process = None

    def sign_with(self, *keys: RSAKey) -> None:
        """Rotate: a provider that publishes these keys, and signs with the first of them."""
        self.stop()
        self.signing_keys[:] = keys
        self.start()

    def token(self, persona: str, *, proof_key: ECKey | None = None) -> str:
        """An access token for a persona's client, bound to a key when there is one."""
        client_id = PERSONAS[persona].client_id
        endpoint = f"{self.issuer}/token"
        headers = {"DPoP": proof(proof_key, "POST", endpoint)} if proof_key else {}
        with OAuth2Client(
            client_id, self.client_keys[client_id], token_endpoint_auth_method="private_key_jwt"
        ) as client:
            client.register_client_auth_method(
                PrivateKeyJWT(endpoint, headers={"kid": client_id}, alg="ES256")
            )
            answer = client.fetch_token(
                endpoint,
                grant_type="client_credentials",
                resource=self.resource,
                headers={"Accept": "application/json", **headers},
            )
        assert answer["token_type"] == ("DPoP" if proof_key else "Bearer")
        return answer["access_token"]

    def _settings(self) -> dict[str, Any]:
        port = int(self.issuer.rsplit(":", 1)[1]) if self.issuer else 0
        clients = [self._client(persona.client_id) for persona in PERSONAS.values()]
        return {
            "port": port,
            "resource": self.resource,
            "audience": AUDIENCE,
            "access_token_seconds": ACCESS_TOKEN_SECONDS,
            "jwks": {"keys": [key.as_dict(private=True) for key in self.signing_keys]},
            "clients": [*clients, *([self.login_client] if self.login_client else [])],
            "accounts": list(self.accounts),
        }

    def _client(self, client_id: str) -> dict[str, Any]:
        """A persona's client; organisation and roles are what the demo's own issuer says of it."""
        persona = next(each for each in PERSONAS.values() if each.client_id == client_id)
        key = self.client_keys.setdefault(client_id, new_client_key(client_id))
        return {
            "client_id": client_id,
            "grant_types": ["client_credentials"],
            "response_types": [],
            "redirect_uris": [],
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
            "id_token_signed_response_alg": "PS256",
            "jwks": {"keys": [key.as_dict(private=False)]},
            "claims": {"organisation": persona.organisation, "roles": list(persona.roles)},
        }

    def _first_line(self) -> str:
        """What it says when it listens; its log, when it does not."""
        assert self._process is not None
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if select.select([self._process.stdout], [], [], 0.2)[0]:
                line = self._process.stdout.readline()
                if line:
                    return line
        self.stop()
        log = (self.folder / "provider.log").read_text(encoding="utf-8")
        raise AssertionError(f"the provider is not ready: {log[-2000:]}")


def login_client(client_id: str, base: str, key: ECKey) -> dict[str, Any]:
    """How a gateway is registered for the login of people."""
    return {
        "client_id": client_id,
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "redirect_uris": [f"{base}/login/callback"],
        "post_logout_redirect_uris": [f"{base}/login?ended=yes"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "id_token_signed_response_alg": "PS256",
        "jwks": {"keys": [key.as_dict(private=False)]},
    }


def account(persona: str, password: str) -> dict[str, Any]:
    """A person with a persona's organisation and roles; the subject is the persona's."""
    known = PERSONAS[persona]
    claims = {"organisation": known.organisation, "roles": list(known.roles)}
    return {"name": known.subject, "password": password, "claims": claims}


def new_signing_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "PS256"}, auto_kid=True)


def new_client_key(key_id: str) -> ECKey:
    return ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": key_id})


def proof(key: ECKey, method: str, address: str) -> str:
    """A DPoP proof for one request (RFC 9449 section 4.2)."""
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": address, "iat": int(time.time())}
    return jwt.encode(header, claims, key, algorithms=["ES256"])
