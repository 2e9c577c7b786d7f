"""The text of an access key: `jkl_<id>_<secret><checksum>`, 68 characters.

    jkl_          so that people and secret scanners know it: jkl_[a-z0-9]{12}_[A-Za-z0-9_-]{43}[0-9a-f]{8}
    id            12 of a-z and 0-9; it is no secret, and stands in lists and in the journal
    secret        256 random bits in base64url without padding (RFC 4648 section 5)
    checksum      CRC-32 of all before it, in hex: a scanner can tell a key from its likeness without
                  asking, and a mistyped key is told apart from a guessed one. It protects nothing.

Every character is allowed in a bearer token (RFC 6750 section 2.1) and none needs quoting in a shell.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

PREFIX = "jkl_"
ID_PATTERN = re.compile(r"[a-z0-9]{12}")
_TEXT = re.compile(r"jkl_([a-z0-9]{12})_([A-Za-z0-9_-]{43})([0-9a-f]{8})")
_ID_CHARACTERS = string.ascii_lowercase + string.digits
_SECRET_BYTES = 32
_DOMAIN = b"jakelu access key\x00"


@dataclass(frozen=True, slots=True)
class KeyText:
    """id: who the key says it is. secret: 32 bytes, never shown."""

    id: str
    secret: bytes = field(repr=False)

    def digest(self) -> bytes:
        """What is kept instead of the secret: SHA-256 over the id and the secret, 32 bytes.

        A slow hash is for passwords, which can be guessed. Nobody goes through 2^256 secrets, so one
        round is enough, and a request pays microseconds. With the id in it, a digest that somebody
        copied into another row of the database opens nothing.
        """
        return hashlib.sha256(_DOMAIN + self.id.encode() + b"\x00" + self.secret).digest()

    def text(self) -> str:
        """The key as it is shown once."""
        secret = base64.urlsafe_b64encode(self.secret).decode().rstrip("=")
        body = f"{PREFIX}{self.id}_{secret}"
        return body + _checksum(body)


def new_key_text() -> KeyText:
    """A key that was never there before."""
    key_id = "".join(secrets.choice(_ID_CHARACTERS) for _ in range(12))
    return KeyText(key_id, secrets.token_bytes(_SECRET_BYTES))


def read_key_text(text: str) -> KeyText | None:
    """The key in a text; None for what cannot be one, whether by its form or by its checksum."""
    found = _TEXT.fullmatch(text)
    if found is None or _checksum(text[:-8]) != found[3]:
        return None
    try:
        secret = base64.b64decode(f"{found[2]}=", altchars=b"-_", validate=True)
    except binascii.Error:  # the pattern leaves none; a library may grow stricter
        return None
    key = KeyText(found[1], secret)
    return key if key.text() == text else None  # the last character has two bits that mean nothing


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode('ascii')):08x}"
