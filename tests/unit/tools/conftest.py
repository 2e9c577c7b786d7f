"""A journal written by the book, to verify and to witness: shares no code with gateway/ or tools/."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "log.example/jakelu"


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


# --- RFC 6962, section 2.1, as it is defined there: by recursion over the leaves' hashes --------


def _split(size: int) -> int:
    """The largest power of two smaller than size."""
    return 1 << (size - 1).bit_length() - 1


def tree_root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return hashlib.sha256(b"\x01" + tree_root(leaves[:k]) + tree_root(leaves[k:])).digest()


def inclusion_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if index < k:
        return [*inclusion_path(index, leaves[:k]), tree_root(leaves[k:])]
    return [*inclusion_path(index - k, leaves[k:]), tree_root(leaves[:k])]


def consistency_path(size: int, leaves: Sequence[bytes], *, is_known: bool = True) -> list[bytes]:
    """From the first `size` leaves, 1 or more, to all."""
    if size == len(leaves):
        return [] if is_known else [tree_root(leaves)]
    k = _split(len(leaves))
    if size <= k:
        return [*consistency_path(size, leaves[:k], is_known=is_known), tree_root(leaves[k:])]
    return [*consistency_path(size - k, leaves[k:], is_known=False), tree_root(leaves[:k])]


def perfect_roots(leaves: Sequence[bytes]) -> list[bytes]:
    """Of the perfect subtrees from left to right."""
    if not leaves:
        return []
    k = 1 << len(leaves).bit_length() - 1
    return [tree_root(leaves[:k]), *perfect_roots(leaves[k:])]


# --- C2SP signed-note, tlog-cosignature ---------------------------------------------------------


@dataclass(frozen=True)
class Signer:
    name: str
    seed: bytes
    type: int = 1

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def _typed(self) -> bytes:
        return bytes([self.type]) + self._private.public_key().public_bytes_raw()

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encoded(self._typed)}"

    def line(self, text: str, time: int = 1_790_000_000) -> str:
        if self.type == 1:
            signature = self._private.sign(text.encode())
        else:
            message = f"cosignature/v1\ntime {time}\n{text}".encode()
            signature = time.to_bytes(8) + self._private.sign(message)
        return f"— {self.name} {encoded(self.id + signature)}\n"


LOG = Signer(ORIGIN, b"l" * 32)
WITNESSES = tuple(Signer(f"witness.example/{letter}", letter.encode() * 32, 4) for letter in "ab")


# --- a journal and its export -------------------------------------------------------------------


@dataclass
class Journal:
    """Entries 1, 2, 3 … with salts; exported in the layout that the verifier reads."""

    entries: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    log: Signer = LOG
    witnesses: tuple[Signer, ...] = WITNESSES

    def add(self, kind: str, **fields: Any) -> int:
        seq = len(self.entries) + 1
        body = {
            "v": 1,
            "seq": seq,
            "event_id": f"0190b5c2-0000-7000-8000-{seq:012d}",
            "kind": kind,
            "ts_utc": f"2026-06-30T05:{seq // 60 % 60:02d}:{seq % 60:02d}.000Z",
            **fields,
        }
        self.entries.append((body, f"{seq:032x}"))
        return seq

    def leaves(self) -> list[bytes]:
        return [
            hashlib.sha256(b"\x00" + rfc8785.dumps({**body, "salt": salt})).digest()
            for body, salt in self.entries
        ]

    def text(self, size: int | None = None, leaves: Sequence[bytes] | None = None) -> str:
        leaves = (self.leaves() if leaves is None else leaves)[:size]
        return f"{ORIGIN}\n{len(leaves)}\n{encoded(tree_root(leaves))}\n"

    def checkpoint(self, size: int | None = None, *, time: int = 1_790_000_000) -> str:
        text = self.text(size)
        lines = [self.log.line(text), *(witness.line(text, time) for witness in self.witnesses)]
        return text + "\n" + "".join(lines)

    def export(
        self,
        folder: Path,
        *,
        first: int = 1,
        only: Iterable[int] | None = None,
        expired: Iterable[int] = (),
    ) -> Path:
        """only: a filtered export of these. expired: bodies that have been removed."""
        leaves = self.leaves()
        size = len(leaves)
        seqs = range(first, size + 1) if only is None else list(only)
        description = {
            "format": "jakelu-journal-export/1",
            "origin": ORIGIN,
            "tree_size": size,
            "first": first,
            "last": max(seqs, default=size),
            "complete": only is None,
            "filters": {} if only is None else {"organisation": "KU837"},
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "export.json").write_text(json.dumps(description))
        (folder / "checkpoint").write_text(self.checkpoint())
        if first > 1:
            hashes = perfect_roots(leaves[: first - 1])
            (folder / "frontier").write_text("".join(encoded(one) + "\n" for one in hashes))
        lines = [
            self.line(seq, is_expired=seq in expired, has_proof=only is not None) for seq in seqs
        ]
        (folder / "entries.ndjson").write_text("".join(lines))
        return folder

    def line(self, seq: int, *, is_expired: bool = False, has_proof: bool = False) -> str:
        leaves = self.leaves()
        body, salt = self.entries[seq - 1]
        entry: dict[str, Any] = {
            "seq": seq,
            "leaf_sha256": leaves[seq - 1].hex(),
            "salt": None if is_expired else salt,
            "body": None if is_expired else body,
        }
        if has_proof:
            entry["proof"] = [encoded(one) for one in inclusion_path(seq - 1, leaves)]
        return json.dumps(entry, ensure_ascii=False) + "\n"


@pytest.fixture
def journal() -> Journal:
    """Thirteen entries: a policy, three deliveries that end, one that does not, and what lies between."""
    written = Journal()
    written.add("policy.loaded", policy_set_hash="e" * 64, switches_on=[])
    first = written.add("access.intent", organisation="KU837", areas=["39"], columns=None)
    second = written.add("access.intent", organisation="KU091", selection={"sukupuoli": ["1"]})
    written.add("access.completion", intent_seq=first, bytes=2**53 - 1, duration_ms=12.345)
    written.add("auth.failed", counts={"expired": 3}, note="Hämeenlinna – ”kyllä” \U0001f600")
    written.add("access.denied", organisation="KU837", ruling="deny", errors=[])
    third = written.add("access.intent", organisation="KU837", is_limited=False)
    written.add("access.completion", intent_seq=third, bytes=0, duration_ms=0.001)
    written.add("access.completion", intent_seq=second, bytes=7, duration_ms=1234567.5)
    written.add("journal.read", filters={"since": None}, after=0, limit=1000)
    written.add("access.intent", organisation="KU837")
    written.add("release.published", rows=8, files=[{"name": "a", "bytes": 3}])
    written.add("session.ended", sub="svc-1")
    return written


@pytest.fixture
def empty_journal() -> Journal:
    return Journal()


@pytest.fixture(scope="session")
def tree() -> dict[str, Callable[..., Any]]:
    """The oracle of RFC 6962: root, inclusion, consistency, perfect."""
    return {
        "root": tree_root,
        "inclusion": inclusion_path,
        "consistency": consistency_path,
        "perfect": perfect_roots,
    }


@pytest.fixture
def signer() -> type[Signer]:
    return Signer
