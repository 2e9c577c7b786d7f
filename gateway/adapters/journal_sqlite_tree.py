"""The tree in the SQLite journal: it grows in the transaction of the entries, and is read as hashes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from gateway.errors import JournalUnavailable
from gateway.journal.store import KeptCheckpoint, KeptCosignature
from gateway.journal.tiles import HEIGHT
from gateway.journal.tree import EMPTY, Frontier, grow

_HEAD = "SELECT head.seq, (SELECT max(seq) FROM entries), head.frontier FROM head"
_LEAVES = "SELECT leaf_sha256 FROM entries WHERE seq > ? AND seq <= ? ORDER BY seq"
_SUBTREES = "SELECT hash FROM subtrees WHERE level = ? AND place >= ? AND place < ? ORDER BY place"
_AT_ONCE = 10_000


def read_head(connection: sqlite3.Connection) -> Frontier:
    """The frontier of all entries. Raises JournalUnavailable when head and entries disagree: it was cut."""
    head, last, stored = connection.execute(_HEAD).fetchone()
    try:
        if head == (last or 0):
            return Frontier.read(head, stored)
    except ValueError:
        pass
    raise JournalUnavailable("The journal is damaged: its head and its entries disagree.")


def grow_head(connection: sqlite3.Connection, head: Frontier, leaves: Iterable[bytes]) -> None:
    """Write the head over new leaves, and the subtrees that became whole, in the running transaction."""
    grown = _keep_subtrees(connection, head, leaves)
    connection.execute("UPDATE head SET seq = ?, frontier = ?", (grown.size, grown.stored()))


def read_hashes(
    connection: sqlite3.Connection, level: int, first: int, count: int
) -> Sequence[bytes]:
    """The Hashes of `tiles`."""
    if level == 0:
        rows = connection.execute(_LEAVES, (first, first + count))
        return [bytes.fromhex(leaf) for (leaf,) in rows]
    rows = connection.execute(_SUBTREES, (level, first, first + count))
    return [found for (found,) in rows]


def build_tree(connection: sqlite3.Connection) -> None:
    """Over the entries of a journal that had no tree, in the running transaction."""
    (size,) = connection.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()
    head = EMPTY
    for start in range(0, size, _AT_ONCE):
        head = _keep_subtrees(connection, head, read_hashes(connection, 0, start, _AT_ONCE))
    connection.execute("UPDATE head SET frontier = ?", (head.stored(),))


def read_checkpoint(connection: sqlite3.Connection, size: int | None) -> KeptCheckpoint | None:
    """The one of a size, None for the newest, with its cosignatures."""
    where = "WHERE size = ?" if size is not None else "ORDER BY size DESC LIMIT 1"
    row = connection.execute(
        f"SELECT size, note, signed_utc FROM checkpoints {where}",  # noqa: S608 — one of two texts of ours
        () if size is None else (size,),
    ).fetchone()
    if row is None:
        return None
    lines = connection.execute(
        "SELECT witness, line, at_utc FROM cosignatures WHERE size = ? ORDER BY witness", (row[0],)
    )
    found = (KeptCosignature(row[0], witness, line, at) for witness, line, at in lines)
    return KeptCheckpoint(row[0], row[1], tuple(found), row[2])


def read_sizes(connection: sqlite3.Connection) -> Sequence[int]:
    """Of all checkpoints, the smallest first."""
    rows = connection.execute("SELECT size FROM checkpoints ORDER BY size")
    return [size for (size,) in rows]


def read_newest_cosignatures(connection: sqlite3.Connection) -> Sequence[KeptCosignature]:
    """Each witness's newest."""
    rows = connection.execute(
        "SELECT size, witness, line, max(at_utc) FROM cosignatures GROUP BY witness"
    )
    return [KeptCosignature(*row) for row in rows]


def keep_checkpoint(
    connection: sqlite3.Connection, checkpoint: KeptCheckpoint, *, signed_utc: str
) -> None:
    connection.execute(
        "INSERT INTO checkpoints VALUES (?, ?, ?)", (checkpoint.size, checkpoint.note, signed_utc)
    )


def keep_cosignature(connection: sqlite3.Connection, found: KeptCosignature) -> None:
    """In place of an earlier one of the same witness on the same checkpoint."""
    connection.execute(
        "INSERT INTO cosignatures VALUES (?, ?, ?, ?)"
        " ON CONFLICT (size, witness) DO UPDATE SET line = excluded.line, at_utc = excluded.at_utc",
        (found.size, found.witness, found.line, found.at_utc),
    )


def _keep_subtrees(
    connection: sqlite3.Connection, head: Frontier, leaves: Iterable[bytes]
) -> Frontier:
    grown, made = grow(head, leaves)
    whole = [
        (each.height // HEIGHT, each.index, each.hash) for each in made if each.height % HEIGHT == 0
    ]
    connection.executemany("INSERT INTO subtrees VALUES (?, ?, ?)", whole)
    return grown
