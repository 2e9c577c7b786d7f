"""The key by which the client proves who it is (private_key_jwt, RFC 7523)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from gateway.pull.config import OAuth
from gateway.pull.faults import ConfigFault
from gateway.pull.private_file import read_secret

RSA_BITS_MIN = 2048


@dataclass(frozen=True, slots=True)
class ClientKey:
    """key_id: how the token endpoint finds the public half among those that were registered."""

    key: RSAKey | ECKey = field(repr=False)
    algorithm: str
    key_id: str

    def public_set(self) -> dict[str, Any]:
        """The JWK set to register with the identity provider (RFC 7517)."""
        public = self.key.as_dict(private=False)
        return {"keys": [public | {"kid": self.key_id, "use": "sig", "alg": self.algorithm}]}


def load_client_key(oauth: OAuth) -> ClientKey:
    """Raises ConfigFault: not private, of another kind than the algorithm's, weak, or open to others."""
    content = read_secret(oauth.key_file)
    kind = RSAKey if oauth.algorithm == "PS256" else ECKey
    wanted = "an RSA key" if kind is RSAKey else "a P-256 key"
    try:
        key = kind.import_key(content)
    except (JoseError, ValueError, TypeError):
        # Nothing of the cause is told: it may quote what was read.
        raise ConfigFault(
            f"{oauth.key_file} does not hold {wanted} as PEM without a passphrase, "
            f"which algorithm = {oauth.algorithm} needs."
        ) from None
    if not key.is_private:
        raise ConfigFault(f"{oauth.key_file} holds the public half; give the private key.")
    if isinstance(key, ECKey) and key.curve_name != "P-256":
        raise ConfigFault(f"{oauth.key_file} is on another curve than P-256, which ES256 needs.")
    private = key.private_key
    if isinstance(private, RSAPrivateKey) and private.key_size < RSA_BITS_MIN:
        raise ConfigFault(f"{oauth.key_file} has fewer than {RSA_BITS_MIN} bits; make a new key.")
    return ClientKey(key, oauth.algorithm, oauth.key_id or key.thumbprint())
