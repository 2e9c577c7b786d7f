"""Proofs that an auditor takes along: of one entry, and that one checkpoint continues another."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from gateway.journal.store import KeptCheckpoint, TreeStore
from gateway.journal.tiles import subtrees_of
from gateway.journal.tree import consistency_proof, inclusion_proof

TLOG_PROOF = "c2sp.org/tlog-proof@v1"


def entry_proof(seq: int, checkpoint: KeptCheckpoint, store: TreeStore) -> str:
    """A C2SP tlog-proof of entry `seq`, whose leaf is the one at seq - 1. Raises ValueError, LookupError."""
    path = inclusion_proof(seq - 1, checkpoint.size, subtrees_of(store.hashes))
    return "\n".join((TLOG_PROOF, f"index {seq - 1}", *_lines(path))) + f"\n\n{checkpoint}"


def growth_proof(old: int, checkpoint: KeptCheckpoint, store: TreeStore) -> str:
    """That the first `old` entries are still the first: the lines of C2SP tlog-witness, add-checkpoint.

    Raises ValueError, LookupError.
    """
    path = consistency_proof(old, checkpoint.size, subtrees_of(store.hashes))
    return "\n".join((f"old {old}", *_lines(path))) + f"\n\n{checkpoint}"


def _lines(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]
