r"""Pseudonyms of persons: keyed, one-way, different in every domain.

`P = base32(HMAC-SHA-256(K_domain, "pid\0" ‖ internal person id))[:26]`: 26 characters of the
RFC 4648 alphabet in upper case, of which the first 25 hold 125 bits and the last one 5 more. The
internal person id is written as decimal ASCII text without leading zeros (`"pid\0" ‖ "12345"`);
never the personal identity code, which changes and has only some 42 million candidates.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from numpy.typing import NDArray

from gateway.errors import KeyFault
from gateway.ports import PseudonymDomain

LENGTH = 26
KEY_BYTES = 32
_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", dtype=np.uint8)
_DIGEST_BYTES = 32
_EPOCH = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,31}")
_BITS_PER_CHARACTER = 5
_MOST_PERSONS = np.iinfo(np.int32).max // LENGTH  # Arrow strings count their bytes in 32 bits


def is_epoch_name(text: str) -> bool:
    """Whether it is a word like `2026`: letters, digits, points and hyphens, 32 at most."""
    return _EPOCH.fullmatch(text) is not None


def domain_info(domain: PseudonymDomain, epoch: str) -> bytes:
    """The HKDF info of a domain key: `v1|recipient area|product family|purpose|epoch`, UTF-8.

    Raises KeyFault when a part is empty or holds `|`: two domains must never share one text.
    """
    parts = (domain.area, domain.family, domain.purpose, epoch)
    if any(not part or "|" in part for part in parts):
        raise KeyFault("Give a pseudonym domain four parts, none of them empty or with a '|'.")
    return "|".join(("v1", *parts)).encode()


def pseudonyms(ids: NDArray[np.int64], key: bytes) -> pa.Array:
    """The pseudonym of every internal person id, in order, as Arrow strings without nulls.

    ids: (rows) int64; each distinct id is hashed once. key: the 32 bytes of one domain.
    Raises KeyFault on a key of another length, ValueError above 82 million rows.
    """
    if len(key) != KEY_BYTES:
        raise KeyFault(f"A pseudonym key has {KEY_BYTES} bytes.")
    if len(ids) > _MOST_PERSONS:
        raise ValueError("Too many rows for one array of pseudonyms; split them.")
    coded = pa.array(ids, type=pa.int64()).dictionary_encode()
    distinct = _base32(_digests(coded.dictionary.to_pylist(), key))
    texts = distinct.view(f"S{LENGTH}")[:, 0]  # one item per pseudonym: far faster to take by place
    return _as_strings(texts[coded.indices.to_numpy()])


def fingerprint(key: bytes) -> str:
    """What tells one domain key from another and tells nothing else: hex of an HMAC-SHA-256 of its own.

    Equal for two releases of one domain and epoch, whose pseudonyms may then be laid side by side.
    """
    keyed = HMAC(key, SHA256())
    keyed.update(b"fingerprint\0")
    return keyed.finalize().hex()


def _digests(ids: list[int], key: bytes) -> NDArray[np.uint8]:
    """(ids, 32) bytes of HMAC-SHA-256. The keyed state is copied: twice as fast as `hmac.digest`."""
    keyed = HMAC(key, SHA256())
    keyed.update(b"pid\0")

    def digest(person: int) -> bytes:
        state = keyed.copy()
        state.update(b"%d" % person)
        return state.finalize()

    joined = b"".join(map(digest, ids))
    return np.frombuffer(joined, dtype=np.uint8).reshape(-1, _DIGEST_BYTES)


def _base32(digests: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(ids, 26) characters: the i-th holds the bits 5i..5i+4 of its digest, highest bit first."""
    characters = np.empty((len(digests), LENGTH), dtype=np.uint8)
    for index in range(LENGTH):
        byte, offset = divmod(index * _BITS_PER_CHARACTER, 8)
        window = digests[:, byte].astype(np.uint16) << 8 | digests[:, byte + 1]
        characters[:, index] = _ALPHABET[window >> (16 - _BITS_PER_CHARACTER - offset) & 31]
    return characters


def _as_strings(texts: NDArray[np.bytes_]) -> pa.Array:
    """(rows) items of 26 ASCII bytes as an Arrow string array; they are its buffer, uncopied."""
    rows = len(texts)
    ends = np.arange(rows + 1, dtype=np.int32) * np.int32(LENGTH)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(texts)]
    return pa.Array.from_buffers(pa.string(), rows, buffers)
