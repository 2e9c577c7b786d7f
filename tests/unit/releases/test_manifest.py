from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import date

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.errors import KeyFault, ReleaseDamaged
from gateway.model.label import Label
from gateway.model.product import Classification, ProductKind
from gateway.model.release import DeliveredColumn, Manifest, ReleaseId, StoredFile
from gateway.ports import Signature
from gateway.releases.manifest import (
    canonical_bytes,
    envelope_bytes,
    key_id,
    parse_public_keys,
    verify,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = {key_id(KEY.public_key()): KEY.public_key()}
HASH = "ab" * 32
LABEL = Label("Jaksot", "Perioder", "Spells – ÅÄÖ")
MANIFEST = Manifest(
    product="job-seeker-spells",
    kind=ProductKind.ROWS,
    release=ReleaseId(date(2026, 6, 30), 1),
    created_utc="2026-07-01T03:00:00.000Z",
    title=LABEL,
    contract_version="1.0.0",
    contract_sha256=HASH,
    definition_version="2026-1",
    classification=Classification.CONFIDENTIAL,
    personal_data=True,
    sources=("atmt",),
    columns=(DeliveredColumn("pseudonym", "string", LABEL),),
    files=(StoredFile("area=39/part-0.parquet", 10, 1000, HASH, "39"),),
    protection={"k": 5, "share": 0.0125, "steps": ["age_band:ten"], "none": None},
    policy_set_sha256=HASH,
    inputs_sha256=HASH,
    build="0.1.0",
)


def signed(manifest: Manifest, key: Ed25519PrivateKey = KEY) -> bytes:
    value = base64.b64encode(key.sign(canonical_bytes(manifest))).decode()
    return envelope_bytes(manifest, Signature(key_id(key.public_key()), value))


def signed_document(document: dict) -> bytes:
    value = base64.b64encode(KEY.sign(rfc8785.dumps(document))).decode()
    signature = {"key_id": key_id(KEY.public_key()), "value": value}
    return rfc8785.dumps({"manifest": document, "signature": signature})


def document() -> dict:
    return json.loads(canonical_bytes(MANIFEST))


def test_a_signed_manifest_comes_back_as_it_was():
    assert verify(signed(MANIFEST), KEYS) == MANIFEST


def test_the_bytes_are_canonical_json():
    assert canonical_bytes(MANIFEST) == rfc8785.dumps(document())


def test_refuses_a_changed_manifest():
    forged = signed(MANIFEST).replace(b'"personal_data":true', b'"personal_data":false')
    with pytest.raises(ReleaseDamaged, match="signature"):
        verify(forged, KEYS)


def test_refuses_a_key_that_it_does_not_know():
    with pytest.raises(ReleaseDamaged, match="not known"):
        verify(signed(MANIFEST, Ed25519PrivateKey.generate()), KEYS)


def test_refuses_a_strangers_signature_under_our_key_id():
    value = base64.b64encode(Ed25519PrivateKey.generate().sign(canonical_bytes(MANIFEST))).decode()
    with pytest.raises(ReleaseDamaged, match="signature"):
        verify(envelope_bytes(MANIFEST, Signature(next(iter(KEYS)), value)), KEYS)


@pytest.mark.parametrize("value", ["", "not base64!", "AAAA", "å"])
def test_refuses_a_signature_that_is_none(value):
    with pytest.raises(ReleaseDamaged):
        verify(envelope_bytes(MANIFEST, Signature(next(iter(KEYS)), value)), KEYS)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"manifest":{},"signature":[]}',
        b'{"manifest":1}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"manifest":{"a":NaN},"signature":{}}',
    ],
)
def test_refuses_what_is_no_envelope(text):
    with pytest.raises(ReleaseDamaged):
        verify(text, KEYS)


def test_refuses_an_envelope_with_space_in_it_since_one_manifest_has_one_text():
    pretty = json.dumps(json.loads(signed(MANIFEST)), indent=1).encode()
    with pytest.raises(ReleaseDamaged, match="canonical"):
        verify(pretty, KEYS)


def test_refuses_a_key_given_twice():
    twice = signed(MANIFEST).replace(b'"build":"0.1.0"', b'"build":"0.0.9","build":"0.1.0"')
    with pytest.raises(ReleaseDamaged, match="canonical"):
        verify(twice, KEYS)


def test_refuses_an_unknown_key_even_when_it_is_signed():
    with pytest.raises(ReleaseDamaged, match="unknown"):
        verify(signed_document({**document(), "extra": 1}), KEYS)


@pytest.mark.parametrize("name", sorted(document()))
def test_refuses_a_missing_key(name):
    wanting = document()
    del wanting[name]
    with pytest.raises(ReleaseDamaged):
        verify(signed_document(wanting), KEYS)


@pytest.mark.parametrize(
    "change",
    [
        {"release": "2026-6-30.1"},
        {"release": "2026-06-30.0"},
        {"kind": "table"},
        {"product": "../etc"},
        {"personal_data": "yes"},
        {"contract_sha256": "AB"},
        {"files": [{"path": "../x", "rows": 1, "bytes": 1, "sha256": HASH, "area": None}]},
        {"files": [{"path": "manifest.json", "rows": 1, "bytes": 1, "sha256": HASH, "area": None}]},
        {"files": [{"path": "/etc/passwd", "rows": 1, "bytes": 1, "sha256": HASH, "area": None}]},
        {"files": [{"path": "cube.arrow", "rows": -1, "bytes": 1, "sha256": HASH, "area": None}]},
        {"files": [{"path": "cube.arrow", "rows": 1, "bytes": 1, "sha256": HASH, "area": "*"}]},
        {"files": document()["files"] * 2},
        {"files": [*document()["files"], {**document()["files"][0], "path": "other.parquet"}]},
        {"columns": [{"name": "a", "type": "string", "label": {"fi": "a", "sv": "a"}}]},
    ],
)
def test_refuses_values_that_no_publisher_writes(change):
    with pytest.raises(ReleaseDamaged):
        verify(signed_document({**document(), **change}), KEYS)


def test_refuses_to_write_a_report_that_has_no_canonical_json():
    with pytest.raises(ReleaseDamaged):
        canonical_bytes(replace(MANIFEST, protection={"share": float("nan")}))


def test_reads_several_public_keys_while_a_key_is_replaced():
    other = Ed25519PrivateKey.generate()
    pem = b"".join(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for key in (KEY, other)
    )
    keys = parse_public_keys(pem)
    assert set(keys) == {key_id(KEY.public_key()), key_id(other.public_key())}
    assert verify(signed(MANIFEST, other), keys) == MANIFEST


@pytest.mark.parametrize("pem", [b"", b"ssh-ed25519 AAAA", b"x\n-----END PUBLIC KEY-----\n"])
def test_refuses_a_public_key_file_without_a_key(pem):
    with pytest.raises(KeyFault):
        parse_public_keys(pem)


def test_refuses_another_kind_of_public_key():
    pem = (
        generate_private_key(SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(KeyFault, match="not Ed25519"):
        parse_public_keys(pem)
