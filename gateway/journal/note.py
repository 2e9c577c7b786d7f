"""Signed notes: C2SP signed-note, as far as Ed25519 goes.

text, ending in a newline
(an empty line)
— <key name> base64( key ID ‖ signature )
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNATURES_MAX = 64
_ID_BYTES = 4
_NAME = re.compile(r"[^\s+]+")
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class SignatureType(IntEnum):
    ED25519 = 0x01
    COSIGNATURE = 0x04  # C2SP tlog-cosignature, Ed25519


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line. id: of the key; value: what stands behind it."""

    name: str
    id: bytes
    value: bytes

    def line(self) -> str:
        return f"— {self.name} {base64.b64encode(self.id + self.value).decode()}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name: `<name>+<id>+<base64>` in text."""

    name: str
    type: SignatureType
    public: bytes

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Raises ValueError for anything but an Ed25519 key whose id is its own."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = _decoded(encoded)
        if _NAME.fullmatch(name) is None or len(raw) != 33:
            raise ValueError("a verifier key is <name>+<id>+<base64 of an Ed25519 key>")
        key = cls(name, SignatureType(raw[0]), raw[1:])
        if key.id.hex() != key_id:
            raise ValueError("the verifier key's id is not of this name and key")
        return key

    @property
    def id(self) -> bytes:
        text = self.name.encode() + b"\n" + bytes([self.type]) + self.public
        return hashlib.sha256(text).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([self.type]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"

    def is_of(self, signature: Signature) -> bool:
        return (signature.name, signature.id) == (self.name, self.id)

    def verifies(self, message: bytes, value: bytes) -> bool:
        """Whether `value` is an Ed25519 signature over `message`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Note:
    """text: with its last newline."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, note: str) -> Note:
        """Raises ValueError. No signature is verified."""
        text, gap, lines = note.rpartition("\n\n")
        if not gap or not lines.endswith("\n") or _CONTROL.search(note):
            raise ValueError("a signed note is a text, an empty line and signature lines")
        return cls(text + "\n", tuple(read_signatures(lines)))

    def __str__(self) -> str:
        return self.text + "\n" + "".join(each.line() for each in self.signatures)

    def is_signed_by(self, key: VerifierKey) -> bool:
        """Whether a line of the key is there, and none of its lines fails."""
        own = [each.value for each in self.signatures if key.is_of(each)]
        return bool(own) and all(key.verifies(self.text.encode(), value) for value in own)


def read_signatures(lines: str) -> Iterable[Signature]:
    """Signature lines, each with its newline. Raises ValueError."""
    found = lines.removesuffix("\n").split("\n")
    if len(found) > SIGNATURES_MAX:
        raise ValueError("the note has too many signatures")
    for line in found:
        match = _LINE.fullmatch(line)
        raw = b"" if match is None else _decoded(match[2])
        if match is None or len(raw) <= _ID_BYTES:
            raise ValueError("a signature line is not well formed")
        yield Signature(match[1], raw[:_ID_BYTES], raw[_ID_BYTES:])


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("this is no base64") from None
