"""The tree as tiles of 256 hashes: C2SP tlog-tiles, what auditors fetch and what proofs are made from.

A tile of level l holds subtrees of height 8·l; those of level 0 are the leaves. Only whole subtrees of
these heights are kept; every other node is made of them anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.journal.tree import Subtrees, node

HEIGHT = 8
WIDTH = 1 << HEIGHT
LEVEL_MAX = 63

_LEVEL = r"(?P<level>0|[1-9][0-9]?)"
_INDEX = r"(?P<index>(?:x[0-9]{3}/)*[0-9]{3})"
_PATH = re.compile(rf"{_LEVEL}/{_INDEX}(?:\.p/(?P<width>[1-9][0-9]{{0,2}}))?")

# level, first, count → hashes of that level in order: as many as there are
Hashes = Callable[[int, int, int], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Tile:
    """width: how many hashes; less than WIDTH for a partial one at the right edge."""

    level: int
    index: int
    width: int = WIDTH

    @classmethod
    def parse(cls, path: str) -> Tile:
        """From `<L>/<N>[.p/<W>]`. Raises ValueError for any other spelling."""
        found = _PATH.fullmatch(path)
        if found is None:
            raise ValueError("a tile's path is <level>/<index> or <level>/<index>.p/<width>")
        digits = found["index"].replace("x", "").replace("/", "")
        tile = cls(int(found["level"]), int(digits), int(found["width"] or WIDTH))
        if tile.path() != path or tile.level > LEVEL_MAX or tile.width > WIDTH:
            raise ValueError("a tile's path has one spelling")
        return tile

    def path(self) -> str:
        """C2SP tlog-tiles, Merkle Tree."""
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
        index = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"{self.level}/{index}{partial}"

    @property
    def first(self) -> int:
        return self.index * WIDTH

    def is_of(self, size: int) -> bool:
        """Whether a tree of this size has it: whole, or as the partial tile or one that was before it."""
        return 1 <= self.width <= WIDTH and self.first + self.width <= size >> (HEIGHT * self.level)


@dataclass(slots=True)
class TileReader:
    """Subtrees of any height, from hashes of tile heights. It remembers what it has read: one moment's use."""

    hashes: Hashes
    _read: dict[tuple[int, int], bytes] = field(default_factory=dict[tuple[int, int], bytes])

    def subtree(self, height: int, index: int) -> bytes:
        """The Subtrees of `tree`. Raises LookupError for one that is not whole."""
        level, above = divmod(height, HEIGHT)
        key = (height, index)
        if key not in self._read:
            first, count = index << above, 1 << above
            hashes = self.hashes(level, first, count)
            if len(hashes) != count:
                raise LookupError("the journal's tree has a hole")
            self._read[key] = _joined(hashes)
        return self._read[key]


def subtrees_of(hashes: Hashes) -> Subtrees:
    return TileReader(hashes).subtree


def _joined(hashes: Sequence[bytes]) -> bytes:
    """The root of a perfect tree over hashes."""
    while len(hashes) > 1:
        hashes = [node(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]
