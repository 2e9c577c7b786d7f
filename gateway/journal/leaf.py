"""The hash of an entry: the leaf of the tree that later proves the whole journal.

The bytes that are hashed, exactly:

    leaf = SHA-256( 0x00 ‖ JCS(members) )

members: every member of the entry's body (envelope with `seq`, and the fields of its kind, nulls
         included) and the member `salt`: 16 random bytes as 32 lower-case hex digits.
JCS:     RFC 8785, UTF-8, keys in UTF-16 order, no white space.
0x00:    the leaf prefix of RFC 6962, section 2.1, so that a leaf can't pass for an inner node.

The salt makes the leaf say nothing of a body that has been removed, however few values its fields
can take. It is stored beside the body, shown with it in an export only, and removed together with it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

import orjson
import rfc8785

LEAF_PREFIX = b"\x00"
SALT_BYTES = 16


def new_salt() -> str:
    """16 random bytes as hex."""
    return secrets.token_hex(SALT_BYTES)


def canonical(members: Mapping[str, Any]) -> bytes:
    """JCS bytes of members that passed `guard.guarded`, at a thirtieth of rfc8785's cost.

    The guard leaves only ASCII keys, integers below 2^53 and numbers of at most three decimals, and
    for those sorted compact JSON *is* JCS; a property test compares the two, and `verify` uses
    rfc8785 itself.
    """
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)


def leaf_sha256(body: Mapping[str, Any], salt: str) -> str:
    """The leaf of a guarded body, hex. Used when writing."""
    return _leaf(canonical({**body, "salt": salt}))


def recomputed_leaf_sha256(body: Mapping[str, Any], salt: str) -> str:
    """The leaf of any body by the reference canonicaliser, hex. Used when verifying.

    Raises rfc8785.CanonicalizationError for what JCS cannot express.
    """
    return _leaf(rfc8785.dumps({**body, "salt": salt}))


def _leaf(members: bytes) -> str:
    return hashlib.sha256(LEAF_PREFIX + members).hexdigest()
