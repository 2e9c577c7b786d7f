"""From a root to the key of an epoch and of a domain: HKDF-SHA-256 (RFC 5869), one block long.

    PRK       = HKDF-Extract(no salt, root) = HMAC-SHA-256(32 zero bytes, root)
    K_epoch   = HKDF-Expand(PRK, "v1|epoch|2026", 32) = HMAC-SHA-256(PRK, "v1|epoch|2026" ‖ 0x01)
    K_domain  = HKDF(K_epoch, "v1|area|family|purpose|2026")

A file holds the root. A vault holds the PRK, so that the only operation it is asked for is one HMAC
(RFC 5869, 2.3 with L = HashLen; 3.3: a key that is uniformly random needs no extraction). Both give
the same keys, so an installation can move from files to a vault and keep every pseudonym.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.ports import PseudonymDomain
from gateway.protection.pseudonym import KEY_BYTES, domain_info

_ONLY_BLOCK = b"\x01"


def epoch_key(root: bytes, epoch: str) -> bytes:
    """K_epoch of a root that this process holds."""
    return _derived(root, _epoch_info(epoch))


def epoch_key_message(epoch: str) -> bytes:
    """What a vault is asked to authenticate under the PRK: its HMAC-SHA-256 is K_epoch."""
    return _epoch_info(epoch) + _ONLY_BLOCK


def domain_key(key_of_epoch: bytes, domain: PseudonymDomain, epoch: str) -> bytes:
    """The 32 bytes of a domain. Raises KeyFault when two domains could share one text."""
    return _derived(key_of_epoch, domain_info(domain, epoch))


def _epoch_info(epoch: str) -> bytes:
    return f"v1|epoch|{epoch}".encode()


def _derived(key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)
