"""Checkpoints: the tree's size and root in a signed note (C2SP tlog-checkpoint), and cosignatures on it.

A witness's cosignature (C2SP tlog-cosignature, Ed25519) says: at that time, the largest consistent tree
of this log that I have seen had this root.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.journal.note import Note, Signature, SignatureType, VerifierKey
from gateway.journal.tree import HASH_BYTES
from gateway.ports import NoteSigner

_TEXT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n((?:[^\n]+\n)*)")
_TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """origin: the name of the log; size: leaves; root: 32 bytes."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Of a note's text; extension lines are nobody's here. Raises ValueError."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError("a checkpoint has an origin, a size and a root")
        root = base64.b64decode(found[3], validate=True)
        if len(root) != HASH_BYTES or base64.b64encode(root).decode() != found[3]:
            raise ValueError("a checkpoint's root has 32 bytes")
        return cls(found[1], int(found[2]), root)

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's verified statement. at: when it made it."""

    witness: VerifierKey
    at: datetime
    signature: Signature


def log_key(origin: str, public: bytes) -> VerifierKey:
    """The key that a log's own signatures are verified with; its name is the origin."""
    return VerifierKey(origin, SignatureType.ED25519, public)


def signed(checkpoint: Checkpoint, signer: NoteSigner) -> Note:
    """Raises KeyFault."""
    key = log_key(checkpoint.origin, signer.public_key())
    text = checkpoint.text()
    return Note(text, (Signature(key.name, key.id, signer.sign(text.encode())),))


def opened(note: str, key: VerifierKey) -> Checkpoint:
    """What a note says that the key has signed. Raises ValueError."""
    parsed = Note.parse(note)
    if not parsed.is_signed_by(key):
        raise ValueError("the checkpoint is not signed by the log's key")
    checkpoint = Checkpoint.parse(parsed.text)
    if checkpoint.origin != key.name:
        raise ValueError("the checkpoint is of another log")
    return checkpoint


def opened_by(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """What a note says that one of the keys has signed. Raises ValueError."""
    for key in keys:
        try:
            return opened(note, key)
        except ValueError:
            continue
    raise ValueError("the checkpoint is not signed by the log's key")


def cosignatures(
    text: str, signatures: Iterable[Signature], witnesses: Sequence[VerifierKey]
) -> list[Cosignature]:
    """Those of known witnesses on a checkpoint's text. Raises ValueError when one of theirs is false."""
    known = [(each, key) for each in signatures for key in witnesses if key.is_of(each)]
    return [_cosignature(text, signature, key) for signature, key in known]


def _cosignature(text: str, signature: Signature, key: VerifierKey) -> Cosignature:
    stamp, value = signature.value[:_TIME_BYTES], signature.value[_TIME_BYTES:]
    seconds = int.from_bytes(stamp)
    message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
    if not key.verifies(message, value):
        raise ValueError("a witness's cosignature is false")
    try:
        return Cosignature(key, datetime.fromtimestamp(seconds, UTC), signature)
    except (OverflowError, ValueError, OSError):
        raise ValueError("a witness's cosignature is of no time") from None
