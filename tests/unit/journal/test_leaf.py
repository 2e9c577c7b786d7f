"""The bytes that a leaf hashes."""

from __future__ import annotations

import hashlib

import rfc8785

from gateway.journal.leaf import canonical, leaf_sha256, new_salt, recomputed_leaf_sha256

BODY = {"seq": 1, "kind": "recovery", "nothing": None, "nested": {"b": [2, 1], "a": 12.345}}
SALT = "00112233445566778899aabbccddeeff"


def test_a_leaf_is_the_rfc_6962_hash_of_the_canonical_body_with_its_salt() -> None:
    members = (
        b'{"kind":"recovery","nested":{"a":12.345,"b":[2,1]},"nothing":null,'
        b'"salt":"00112233445566778899aabbccddeeff","seq":1}'
    )
    assert leaf_sha256(BODY, SALT) == hashlib.sha256(b"\x00" + members).hexdigest()


def test_the_quick_and_the_reference_canonicaliser_agree() -> None:
    assert canonical(BODY) == rfc8785.dumps(BODY)
    assert leaf_sha256(BODY, SALT) == recomputed_leaf_sha256(BODY, SALT)


def test_equal_bodies_have_different_leaves_by_their_salts() -> None:
    first, second = new_salt(), new_salt()
    assert len(bytes.fromhex(first)) == 16
    assert leaf_sha256(BODY, first) != leaf_sha256(BODY, second)
