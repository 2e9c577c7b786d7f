"""A manifest's bytes: canonical JSON (RFC 8785), signed with Ed25519 (RFC 8032).

    {"manifest": {...}, "signature": {"key_id": "<hex>", "value": "<base64>"}}

The signature covers the canonical bytes of `manifest`. The file itself is canonical too, so that
one manifest has one text and a reader never meets a second meaning (duplicate keys, NaN).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import ValidationError

from gateway.errors import KeyFault, ReleaseDamaged
from gateway.model.release import Manifest
from gateway.ports import Signature
from gateway.releases.manifest_json import EnvelopeJson

PublicKeys = Mapping[str, Ed25519PublicKey]  # key id → key

_PEM_END = b"-----END PUBLIC KEY-----"


def key_id(key: Ed25519PublicKey) -> str:
    """The hex SHA-256 of the raw public key (32 bytes)."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def parse_public_keys(pem: bytes) -> PublicKeys:
    """Every Ed25519 public key of a PEM text; several while a signing key is being replaced.

    Raises KeyFault on another kind of key, on anything that is no PEM, and when there is none.
    """
    keys: dict[str, Ed25519PublicKey] = {}
    for block in pem.split(_PEM_END)[:-1]:
        try:
            key = load_pem_public_key(block.strip() + b"\n" + _PEM_END + b"\n")
        except ValueError as error:
            raise KeyFault("The release public key file holds something that is no key.") from error
        if not isinstance(key, Ed25519PublicKey):
            raise KeyFault("The release public key file holds a key that is not Ed25519.")
        keys[key_id(key)] = key
    if not keys:
        raise KeyFault("The release public key file holds no key.")
    return keys


def canonical_bytes(manifest: Manifest) -> bytes:
    """What the signature covers. Raises ReleaseDamaged when the manifest has no canonical JSON."""
    return _canonical(_as_json(manifest))


def envelope_bytes(manifest: Manifest, signature: Signature) -> bytes:
    """The content of `manifest.json`."""
    return _canonical({"manifest": _as_json(manifest), "signature": asdict(signature)})


def verify(envelope: bytes, public_keys: PublicKeys) -> Manifest:
    """The manifest of an envelope whose signature is one of ours.

    The signature is checked before the content is looked at. Raises ReleaseDamaged.
    """
    document = _parsed(envelope)
    signature = document.get("signature")
    manifest = document.get("manifest")
    if not isinstance(signature, dict) or not isinstance(manifest, dict):
        raise ReleaseDamaged("The manifest is not a signed manifest.")
    _check_signature(_canonical(manifest), signature, public_keys)
    try:
        return EnvelopeJson.model_validate_json(envelope).manifest.manifest()
    except (ValidationError, ValueError) as error:
        raise ReleaseDamaged("The manifest has unknown, missing or unusable keys.") from error


def _parsed(envelope: bytes) -> dict[str, Any]:
    try:
        document = json.loads(envelope)
    except (ValueError, RecursionError) as error:
        raise ReleaseDamaged("The manifest is not JSON.") from error
    if not isinstance(document, dict) or _canonical(document) != envelope:
        raise ReleaseDamaged("The manifest is not canonical JSON.")
    return document


def _check_signature(message: bytes, signature: Mapping[str, Any], public_keys: PublicKeys) -> None:
    key = public_keys.get(str(signature.get("key_id")))
    if key is None:
        raise ReleaseDamaged("The manifest is signed with a key that is not known here.")
    try:
        key.verify(base64.b64decode(str(signature.get("value")), validate=True), message)
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise ReleaseDamaged("The manifest's signature is not valid.") from error


def _as_json(manifest: Manifest) -> dict[str, Any]:
    return {**asdict(manifest), "release": str(manifest.release)}


def _canonical(document: Mapping[str, Any]) -> bytes:
    try:
        return rfc8785.dumps(dict(document))
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise ReleaseDamaged("The manifest has no canonical JSON.") from error
