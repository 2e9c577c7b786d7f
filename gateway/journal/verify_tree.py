"""Checks the tree of a store against the leaves of its entries, and every checkpoint against the tree.

What it proves holds for those who trust this machine. Everybody else takes an export and checks it with
`tools/verify_journal.py` and a checkpoint that they kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gateway.journal.checkpoint import Checkpoint, opened_by
from gateway.journal.note import VerifierKey
from gateway.journal.store import KeptCheckpoint, TreeStore
from gateway.journal.tiles import HEIGHT
from gateway.journal.tree import EMPTY, Frontier, grow

_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class TreeVerification:
    """size: leaves; checkpoints: that are of this tree, and signed by a known key where one was given."""

    size: int
    checkpoints: int
    problems: tuple[str, ...]


def verify_tree(store: TreeStore, keys: Sequence[VerifierKey] = ()) -> TreeVerification:
    """keys: that the log was signed with; without any, signatures are not looked at.

    Raises JournalUnavailable.
    """
    head = store.head()
    found = _Walk(store, keys)
    for kept in store.checkpoints():
        found.check(kept, most=head.size)
    found.grow_to(head.size)
    if found.frontier != head:
        found.problems.append("the head is not of the tree over the entries' leaves")
    return TreeVerification(head.size, found.good, tuple(found.problems))


@dataclass(slots=True)
class _Walk:
    """From the first leaf onwards, once."""

    store: TreeStore
    keys: Sequence[VerifierKey]
    frontier: Frontier = EMPTY
    good: int = 0
    problems: list[str] = field(default_factory=list[str])

    def check(self, kept: KeptCheckpoint, *, most: int) -> None:
        """Checkpoints come by their size, smallest first."""
        if kept.size > most:
            self.problems.append(f"checkpoint {kept.size}: there are {most} entries only")
            return
        self.grow_to(kept.size)
        try:
            said = self._opened(kept)
        except ValueError as fault:
            self.problems.append(f"checkpoint {kept.size}: {fault}")
            return
        if (said.size, said.root) == (self.frontier.size, self.frontier.root()):
            self.good += 1
        else:
            self.problems.append(
                f"checkpoint {kept.size}: the entries are not those that it signed"
            )

    def grow_to(self, size: int) -> None:
        while self.frontier.size < size:
            start = self.frontier.size
            leaves = self.store.hashes(0, start, min(_AT_ONCE, size - start))
            if not leaves:
                self.problems.append(f"entry {start + 1}: it is missing")
                return
            self.frontier, made = grow(self.frontier, leaves)
            whole = [each for each in made if each.height % HEIGHT == 0]
            self.problems += self._false(
                (each.height // HEIGHT, each.index, each.hash) for each in whole
            )

    def _false(self, subtrees: Iterator[tuple[int, int, bytes]]) -> Iterator[str]:
        for level, place, found in subtrees:
            if list(self.store.hashes(level, place, 1)) != [found]:
                yield f"the subtree {level}/{place} is not of the entries' leaves"

    def _opened(self, kept: KeptCheckpoint) -> Checkpoint:
        return opened_by(kept.note, self.keys) if self.keys else Checkpoint.parse(kept.text)
