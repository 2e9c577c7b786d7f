"""The demo's own identity provider: a key pair, a JWK set, and tokens for the demo's personas.

Only the batch side imports this. The serve road knows the demo issuer as it knows any other: by an
issuer name and a JWK set.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from gateway.errors import BadParameter, KeyFault

DEMO_ISSUER = "https://issuer.demo.invalid"
DEMO_AUDIENCE = "jakelu"
KEY_FILE = "issuer-key.json"
JWKS_FILE = "jwks.json"
_ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody whom the demo's issuer knows. roles: `source:role` texts."""

    name: str
    subject: str
    client_id: str
    organisation: str
    roles: tuple[str, ...] = ()
    expert_tag: str | None = None


def _personas(*personas: Persona) -> Mapping[str, Persona]:
    return {persona.name: persona for persona in personas}


PERSONAS = _personas(
    # Tampere, the responsible municipality of area 39
    Persona(
        "municipality-bi",
        "svc-tampere-bi",
        "tampere-bi",
        "KU837",
        ("heti:raakadata", "heti:tilastokuutiot"),
    ),
    # Enontekiö, the smallest member of area 40, whose responsible municipality is Kittilä
    Persona(
        "small-municipality-bi", "svc-enontekio-bi", "enontekio-bi", "KU047", ("atmt:raportointi",)
    ),
    # the Economic Development Centre of Inland Finland
    Persona("ely-analyst", "analyst-17", "evk-analysis", "EVK04", ("heti:tilastokuutiot",)),
    # Tampere again, but with a role in the integration case system only
    Persona("koto-worker", "koto-8", "koto-aj", "KU837", ("kotoaj:kotoutumisasiantuntija",)),
    Persona("tem-analyst", "analyst-3", "tem-analysis", "TEM", ("heti:tilastokuutiot",)),
    Persona("auditor", "auditor-1", "keha-audit", "KEHA", ("heti:tarkastaja",)),
    # Tampere again: makes keys for the programs of the city, and reads nothing itself
    Persona("key-administrator", "admin-4", "tampere-keys", "KU837", ("heti:avainhallinta",)),
    # a valid token of an organisation that the registry does not know
    Persona("stranger", "somebody-5", "unknown-app", "KU999"),
)


def create_issuer(folder: Path) -> Path:
    """Make the key pair unless it is there, and write the JWK set; gives the JWK set's path.

    The private key can be read by its owner only. Raises KeyFault.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / KEY_FILE).exists():
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": _ALGORITHM}, auto_kid=True)
        descriptor = os.open(folder / KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(key.as_dict(private=True), file)
    public = _signing_key(folder).as_dict(private=False)
    jwks = folder / JWKS_FILE
    jwks.write_text(json.dumps({"keys": [public]}), encoding="utf-8")
    return jwks


def issue(
    persona: str,
    *,
    folder: Path,
    now: datetime,
    lifetime_seconds: int = 3600,
    issuer: str = DEMO_ISSUER,
    audience: str = DEMO_AUDIENCE,
    bound_to: Mapping[str, str] | None = None,
) -> str:
    """An RFC 9068 access token for a persona. Raises BadParameter for an unknown one, KeyFault.

    bound_to: the members of `cnf`; None for a token that is for anybody who holds it.
    """
    known = PERSONAS.get(persona)
    if known is None:
        names = ", ".join(PERSONAS)
        raise BadParameter(f"Choose a persona: {names}.", parameter="persona")
    key = _signing_key(folder)
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": audience,
        "sub": known.subject,
        "client_id": known.client_id,
        "jti": str(uuid.uuid4()),
        "iat": issued,
        "exp": issued + lifetime_seconds,
        "organisation": known.organisation,
        "roles": list(known.roles),
    }
    if known.expert_tag is not None:
        claims["expert_tag"] = known.expert_tag
    if bound_to is not None:
        claims["cnf"] = dict(bound_to)
    header = {"alg": _ALGORITHM, "typ": "at+jwt", "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=[_ALGORITHM])


def _signing_key(folder: Path) -> ECKey:
    path = folder / KEY_FILE
    try:
        if path.stat().st_mode & 0o077:
            raise KeyFault(f"{path} can be read by others; run chmod 600 on it.")
        key = ECKey.import_key(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, JoseError):
        raise KeyFault(
            f"{path} is not the demo issuer's key; delete the folder and try again."
        ) from None
    if not key.is_private or not key.kid:
        raise KeyFault(f"{path} holds no private key; delete the folder and try again.")
    return key
