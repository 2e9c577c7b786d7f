"""The key by which the client proves who it is (private_key_jwt, RFC 7523)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
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
    try:
        private = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Nothing of the cause is told: it may quote what was read.
        raise ConfigFault(
            f"{oauth.key_file} does not hold a private key as PEM without a passphrase."
        ) from None
    match oauth.algorithm, private:
        case "PS256", RSAPrivateKey(key_size=bits) if bits >= RSA_BITS_MIN:
            key = RSAKey.import_key(content)
        case "ES256", EllipticCurvePrivateKey(curve=SECP256R1()):
            key = ECKey.import_key(content)
        case "PS256", _:
            raise ConfigFault(
                f"algorithm PS256 needs an RSA key of {RSA_BITS_MIN} bits or more; "
                f"{oauth.key_file} holds another."
            )
        case _:
            raise ConfigFault(
                f"algorithm ES256 needs a key on the curve P-256; {oauth.key_file} holds another."
            )
    return ClientKey(key, oauth.algorithm, oauth.key_id or key.thumbprint())
