"""The journal as a folder that is verified elsewhere, by `tools/verify_journal.py` and nothing of ours.

    export.json      what this is; not trusted
    checkpoint       the checkpoint that everything is proved against, with its cosignatures
    frontier         of the tree before the first entry, one hash a line; only when that is not the first
    entries.ndjson   one entry a line: seq, leaf_sha256, salt, body; in a filtered export its proof too

A whole export goes on without a gap to the checkpoint's last entry, so the root is made anew from it. A
filtered one proves each entry by itself, and of those it leaves out it proves nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from gateway.errors import NotSignedYet
from gateway.journal.checkpoint import Checkpoint
from gateway.journal.store import DurableStore, KeptCheckpoint, SaltedEntry
from gateway.journal.tiles import subtrees_of
from gateway.journal.tree import Subtrees, frontier_of, inclusion_proof
from gateway.model.entry import EntryQuery

FORMAT = "jakelu-journal-export/1"


@dataclass(frozen=True, slots=True)
class Exported:
    """entries: how many were written; checkpoint: of what they are proved against."""

    entries: int
    checkpoint: KeptCheckpoint


def export_whole(store: DurableStore, folder: Path, *, first: int = 1) -> Exported:
    """Every entry from `first` to the newest checkpoint. folder: exists and is empty.

    Raises NotSignedYet, JournalUnavailable, OSError.
    """
    checkpoint = newest_checkpoint(store)
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
    store: DurableStore, folder: Path, query: EntryQuery, *, filters: Mapping[str, str]
) -> Exported:
    """What a search finds under the newest checkpoint, each entry with its proof. Raises as above."""
    checkpoint = newest_checkpoint(store)
    _begin(folder, checkpoint, first=1, is_complete=False, filters=filters)
    subtrees = subtrees_of(store.hashes)
    found = _found(store, query, checkpoint.size)
    lines = (_line(each, _proof(each, checkpoint.size, subtrees)) for each in found)
    return Exported(_write(folder, lines), checkpoint)


def newest_checkpoint(store: DurableStore) -> KeptCheckpoint:
    """Raises NotSignedYet."""
    found = store.checkpoint()
    if found is None:
        raise NotSignedYet("Nothing is signed; set journal_key_path where the gateway serves.")
    return found


def _found(store: DurableStore, query: EntryQuery, size: int) -> Iterator[SaltedEntry]:
    after: int | None = query.after_seq
    while after is not None:
        page = store.search(replace(query, after_seq=after, limit=1000))
        for entry in page.entries:
            if entry.seq > size:
                return
            yield from store.salted(entry.seq, entry.seq)
        after = page.next_after_seq


def _proof(found: SaltedEntry, size: int, subtrees: Subtrees) -> list[str]:
    path = inclusion_proof(found.entry.seq - 1, size, subtrees)
    return [base64.b64encode(each).decode() for each in path]


def _line(found: SaltedEntry, proof: list[str] | None) -> bytes:
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
    said = {
        "format": FORMAT,
        "origin": Checkpoint.parse(checkpoint.text).origin,
        "tree_size": checkpoint.size,
        "first": first,
        "last": checkpoint.size,
        "complete": is_complete,
        "filters": dict(filters),
    }
    (folder / "export.json").write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2) + b"\n")
    (folder / "checkpoint").write_text(str(checkpoint), encoding="utf-8")


def _write(folder: Path, lines: Iterator[bytes]) -> int:
    count = 0
    with (folder / "entries.ndjson").open("wb") as file:
        for line in lines:
            file.write(line + b"\n")
            count += 1
    return count
