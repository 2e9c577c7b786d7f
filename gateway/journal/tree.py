"""The Merkle tree over the leaves of all entries: RFC 6962 section 2.1, with proofs as RFC 9162 checks them.

    root       MTH of the leaves in order; a node is SHA-256( 0x01 ‖ left ‖ right )
    frontier   the perfect subtrees that a tree of some size consists of: all that appending needs
    inclusion  from one leaf to a root;  consistency: from the root of a size to that of a greater one

A perfect subtree has a height h and an index i: it stands over the leaves from i·2^h, 2^h of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

HASH_BYTES = 32
NODE_PREFIX = b"\x01"
EMPTY_ROOT = hashlib.sha256(b"").digest()

# height, index → the hash of a perfect subtree. What it raises passes through.
Subtrees = Callable[[int, int], bytes]


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE_PREFIX + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """size: leaves; hashes: of its perfect subtrees, the largest (leftmost) first, one per 1 in `size`."""

    size: int
    hashes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if len(self.hashes) != self.size.bit_count():
            raise ValueError("a frontier has one hash for each 1 in its size")

    @classmethod
    def read(cls, size: int, stored: bytes) -> Frontier:
        """From the hashes one after the other. Raises ValueError."""
        parts = range(0, len(stored), HASH_BYTES)
        hashes = tuple(stored[start : start + HASH_BYTES] for start in parts)
        if any(len(each) != HASH_BYTES for each in hashes):
            raise ValueError("a frontier consists of whole hashes")
        return cls(size, hashes)

    def stored(self) -> bytes:
        return b"".join(self.hashes)

    def root(self) -> bytes:
        """The root of the tree: small subtrees on the right join first."""
        if not self.hashes:
            return EMPTY_ROOT
        return reduce(lambda right, left: node(left, right), reversed(self.hashes))


EMPTY = Frontier(0, ())


@dataclass(frozen=True, slots=True)
class Perfect:
    """A perfect subtree that has become whole."""

    height: int
    index: int
    hash: bytes


def grow(frontier: Frontier, leaves: Iterable[bytes]) -> tuple[Frontier, list[Perfect]]:
    """The frontier with leaves behind it, and every perfect subtree of two leaves or more that it made."""
    size, hashes, made = frontier.size, list(frontier.hashes), list[Perfect]()
    for leaf in leaves:
        found, index, height = leaf, size, 0
        while index & 1:  # the subtree on the left is there: the two are one
            found, index, height = node(hashes.pop(), found), index >> 1, height + 1
            made.append(Perfect(height, index, found))
        hashes.append(found)
        size += 1
    return Frontier(size, tuple(hashes)), made


def root_of(size: int, subtrees: Subtrees) -> bytes:
    """The root over the first `size` leaves."""
    return _root(0, size, subtrees) if size else EMPTY_ROOT


def frontier_of(size: int, subtrees: Subtrees) -> Frontier:
    """The frontier of the first `size` leaves."""
    hashes, start = list[bytes](), 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            hashes.append(subtrees(height, start >> height))
            start += 1 << height
    return Frontier(size, tuple(hashes))


def inclusion_proof(index: int, size: int, subtrees: Subtrees) -> list[bytes]:
    """PATH(index, D[0:size]), the leaf's sibling first. index counts from 0. Raises ValueError."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of this size")
    path, start, end = list[bytes](), 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_root(middle, end, subtrees))
            end = middle
        else:
            path.append(_root(start, middle, subtrees))
            start = middle
    return path[::-1]


def consistency_proof(old: int, size: int, subtrees: Subtrees) -> list[bytes]:
    """PROOF(old, D[0:size]); empty from the empty tree, and between equal sizes. Raises ValueError."""
    if not 0 <= old <= size:
        raise ValueError("a tree is consistent with smaller ones only")
    if old in {0, size}:
        return []
    path, start, end, is_whole = list[bytes](), 0, size, True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_root(middle, end, subtrees))
            end = middle
        else:  # the left half is of both trees; what follows is no longer the old one's whole
            path.append(_root(start, middle, subtrees))
            start, is_whole = middle, False
    if not is_whole:
        path.append(_root(start, end, subtrees))
    return path[::-1]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(
    old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """RFC 9162 section 2.1.4.2, and the two cases that need no proof."""
    if old == size:
        return not proof and old_root == root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if not 0 < old < size or not proof:
        return False
    hashes = list(proof) if old & (old - 1) else [old_root, *proof]
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    small = large = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            small, large = node(sibling, small), node(sibling, large)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            large = node(large, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and small == old_root and large == root


def _root(start: int, end: int, subtrees: Subtrees) -> bytes:
    """MTH(D[start:end]), where start is where a subtree of that many leaves may begin."""
    count = end - start
    if count & (count - 1) == 0:
        height = count.bit_length() - 1
        return subtrees(height, start >> height)
    middle = start + _split(count)
    return node(_root(start, middle, subtrees), _root(middle, end, subtrees))


def _split(count: int) -> int:
    """The largest power of two smaller than count."""
    return 1 << ((count - 1).bit_length() - 1)
