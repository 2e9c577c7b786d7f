"""What a `journal.pruned` entry says of the entries whose bodies it took, in a form that can be checked."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gateway.journal.store import ExpiredEntry


@dataclass(slots=True)
class Sum:
    """Over entries in their order."""

    counts: Counter[str] = field(default_factory=Counter[str])
    first: int | None = None
    last: int | None = None
    _leaves: Any = field(default_factory=hashlib.sha256)

    def add(self, entry: ExpiredEntry) -> None:
        self._leaves.update(bytes.fromhex(entry.leaf_sha256))
        self.counts[entry.kind.value] += 1
        self.first = self.first or entry.seq
        self.last = entry.seq

    def fields(self) -> dict[str, Any]:
        """leaves_sha256: SHA-256 over the leaf hashes, 32 bytes each; nulls where there is no entry."""
        return {
            "counts": dict(sorted(self.counts.items())),
            "first_seq": self.first,
            "last_seq": self.last,
            "leaves_sha256": self._leaves.hexdigest() if self.counts else None,
        }


def summed(entries: Iterable[ExpiredEntry]) -> Sum:
    total = Sum()
    for entry in entries:
        total.add(entry)
    return total
