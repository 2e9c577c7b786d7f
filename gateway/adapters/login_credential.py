"""How the gateway proves itself to the provider at a login: a key of its own, or a shared secret."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, RSAKey

from gateway.adapters.issuer_keys import RSA_BITS_MIN
from gateway.adapters.private_file import read_private_file
from gateway.errors import KeyFault


@dataclass(frozen=True, slots=True)
class KeyCredential:
    """private_key_jwt (RFC 7523): the provider knows only the public half. key_id: as it calls it."""

    key: ECKey | RSAKey = field(repr=False)
    algorithm: str
    key_id: str | None


@dataclass(frozen=True, slots=True)
class SecretCredential:
    """client_secret_basic, for providers that know nothing better."""

    secret: str = field(repr=False)


LoginCredential = KeyCredential | SecretCredential


def load_login_credential(key_path: Path | None, secret_path: Path | None) -> LoginCredential:
    """Whichever is given. Raises KeyFault."""
    if key_path is not None:
        return load_login_key(key_path)
    if secret_path is not None:
        return load_login_secret(secret_path)
    raise KeyFault("Set login_key_path or login_secret_path.")


def load_login_key(path: Path) -> KeyCredential:
    """A private P-256 or RSA key in PEM, or as a JWK. Raises KeyFault."""
    content = read_private_file(path)
    try:
        is_jwk = content.lstrip().startswith(b"{")
        key = JWKRegistry.import_key(json.loads(content)) if is_jwk else _from_pem(content)
    except (JoseError, ValueError, TypeError, KeyError):
        key = None
    match key:
        case ECKey(is_private=True) if key.curve_name == "P-256":
            return KeyCredential(key, "ES256", key.kid)
        case RSAKey(private_key=private) if private and private.key_size >= RSA_BITS_MIN:
            return KeyCredential(key, "PS256", key.kid)
        case _:
            raise KeyFault(
                f"{path.name} is no private key for logins: P-256, or RSA of {RSA_BITS_MIN} bits."
            )


def _from_pem(content: bytes) -> ECKey | RSAKey:
    for each in (ECKey, RSAKey):
        try:
            return each.import_key(content)
        except (JoseError, ValueError, TypeError):
            continue
    raise ValueError("no key of a kind that is used")


def load_login_secret(path: Path) -> SecretCredential:
    """Raises KeyFault."""
    secret = read_private_file(path).decode("ascii", errors="replace").strip()
    if len(secret) < 32 or not secret.isascii():
        raise KeyFault(f"{path.name} holds no client secret of 32 characters or more.")
    return SecretCredential(secret)
