"""The journal as a folder that is verified elsewhere, by `tools/verify_journal.py` and nothing of ours.

    export.json      what this is; not trusted
    checkpoint       the checkpoint that everything is proved against, with its cosignatures
    frontier         of the tree before the first entry, one hash a line; only when that is not the first
    entries.ndjson   one entry a line: seq, leaf_sha256, salt, body; in a filtered export its proof too;
                     of an expired entry salt and body are null

A whole export goes on without a gap to the checkpoint's last entry, so the root is made anew from it. A
filtered one proves each entry by itself, and of those it leaves out it proves nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from gateway.errors import NotSignedYet
from gateway.journal.checkpoint import Checkpoint
from gateway.journal.store import DurableStore, KeptCheckpoint, SaltedEntry
from gateway.journal.tiles import WIDTH, Hashes, subtrees_of
from gateway.journal.tree import frontier_of, inclusion_proof
from gateway.journal.walk import walk
from gateway.model.entry import EntryQuery

FORMAT = "jakelu-journal-export/1"
_PAGE = 200
_CLOSE = 4  # times as many entries as are wanted, and reading them at once is still quicker
_TILES = 256  # remembered, of 8 KiB each


@dataclass(frozen=True, slots=True)
class Exported:
    """entries: how many were written; checkpoint: of what they are proved against."""

    entries: int
    checkpoint: KeptCheckpoint


@dataclass(frozen=True, slots=True)
class Proved:
    """proof: the hashes of its inclusion proof (RFC 6962, section 2.1.1), base64."""

    found: SaltedEntry
    proof: tuple[str, ...]


def export_whole(
    store: DurableStore, folder: Path, checkpoint: KeptCheckpoint, *, first: int = 1
) -> Exported:
    """Every entry from `first` to the checkpoint. folder: exists and is empty.

    Raises NotSignedYet, JournalUnavailable, OSError.
    """
    if not 1 <= first <= checkpoint.size + 1:
        raise NotSignedYet(f"The newest checkpoint has {checkpoint.size} entries.")
    _begin(folder, checkpoint, first=first, is_complete=True, filters={})
    if first > 1:
        frontier = frontier_of(first - 1, subtrees_of(store.hashes))
        lines = [base64.b64encode(each).decode() for each in frontier.hashes]
        (folder / "frontier").write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    entries = store.salted(first, checkpoint.size)
    return Exported(_write(folder, (_line(each, None) for each in entries)), checkpoint)


def export_found(
    store: DurableStore,
    folder: Path,
    checkpoint: KeptCheckpoint,
    query: EntryQuery,
    *,
    filters: Mapping[str, str],
) -> Exported:
    """What a search finds under the checkpoint, each entry with its proof. Raises as above."""
    _begin(folder, checkpoint, first=1, is_complete=False, filters=filters)
    found = proved(store, query, checkpoint)
    return Exported(_write(folder, (proved_line(each) for each in found)), checkpoint)


def newest_checkpoint(store: DurableStore) -> KeptCheckpoint:
    """Raises NotSignedYet."""
    found = store.checkpoint()
    if found is None:
        raise NotSignedYet("Nothing is signed; set journal_key_path where the gateway serves.")
    return found


def proved(store: DurableStore, query: EntryQuery, checkpoint: KeptCheckpoint) -> Iterator[Proved]:
    """What a search finds under a checkpoint, behind the query's `after_seq`, a page at a time.

    Raises JournalUnavailable; LookupError, ValueError where the tree was cut after it was signed.
    """
    hashes = _remembering(store.hashes)
    entries = walk(store, query, end=checkpoint.size)
    while page := [entry.seq for entry in islice(entries, _PAGE)]:
        subtrees = subtrees_of(hashes)  # it remembers whatever it reads: not for longer than a page
        for found in _salted(store, page):
            path = inclusion_proof(found.entry.seq - 1, checkpoint.size, subtrees)
            yield Proved(found, tuple(base64.b64encode(each).decode() for each in path))


def _salted(store: DurableStore, page: Sequence[int]) -> Sequence[SaltedEntry]:
    """In order; entries that lie close together are read at once."""
    if page[-1] - page[0] < _CLOSE * len(page):
        wanted = frozenset(page)
        return [each for each in store.salted(page[0], page[-1]) if each.entry.seq in wanted]
    return [each for seq in page for each in store.salted(seq, seq)]


def _remembering(hashes: Hashes) -> Hashes:
    """Whole tiles, since neighbours' proofs are made of the same ones."""

    @lru_cache(maxsize=_TILES)
    def tile(level: int, index: int) -> Sequence[bytes]:
        return hashes(level, index * WIDTH, WIDTH)

    def of_tiles(level: int, first: int, count: int) -> Sequence[bytes]:
        index, start = divmod(first, WIDTH)
        return tile(level, index)[start : start + count]

    return of_tiles


def proved_line(found: Proved) -> bytes:
    """A line of a filtered export."""
    return _line(found.found, found.proof)


def _line(found: SaltedEntry, proof: Sequence[str] | None) -> bytes:
    entry = found.entry
    line: dict[str, Any] = {
        "seq": entry.seq,
        "leaf_sha256": entry.leaf_sha256,
        "salt": found.salt,
        "body": entry.body,
    }
    return orjson.dumps(line if proof is None else {**line, "proof": proof})


def _begin(
    folder: Path,
    checkpoint: KeptCheckpoint,
    *,
    first: int,
    is_complete: bool,
    filters: Mapping[str, str],
) -> None:
    said = heading(checkpoint, first=first, is_complete=is_complete, filters=filters)
    (folder / "export.json").write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2) + b"\n")
    (folder / "checkpoint").write_text(str(checkpoint), encoding="utf-8")


def heading(
    checkpoint: KeptCheckpoint, *, first: int, is_complete: bool, filters: Mapping[str, str]
) -> dict[str, Any]:
    """What an export says of itself."""
    return {
        "format": FORMAT,
        "origin": Checkpoint.parse(checkpoint.text).origin,
        "tree_size": checkpoint.size,
        "first": first,
        "last": checkpoint.size,
        "complete": is_complete,
        "filters": dict(filters),
    }


def _write(folder: Path, lines: Iterator[bytes]) -> int:
    count = 0
    with (folder / "entries.ndjson").open("wb") as file:
        for line in lines:
            file.write(line + b"\n")
            count += 1
    return count
