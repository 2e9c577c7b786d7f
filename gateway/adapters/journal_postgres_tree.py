"""The tree in the PostgreSQL journal: the head that is locked, and the hashes that are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from gateway.adapters.postgres_engine import BoundedConnection
from gateway.errors import JournalUnavailable
from gateway.journal.store import KeptCheckpoint, KeptCosignature
from gateway.journal.tiles import HEIGHT
from gateway.journal.tree import Frontier, grow

END = "SELECT max(seq) FROM entries"
HEAD = "SELECT seq, frontier FROM head"
_LEAVES = "SELECT leaf_sha256 FROM entries WHERE seq > %(first)s AND seq <= %(end)s ORDER BY seq"
_SUBTREES = (
    "SELECT hash FROM subtrees WHERE level = %(level)s AND place >= %(first)s AND place < %(end)s"
    " ORDER BY place"
)
_CHECKPOINT = "SELECT size, note FROM checkpoints WHERE size = %s"
_NEWEST = "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1"
_LINES = "SELECT witness, line, at_utc FROM cosignatures WHERE size = %s ORDER BY witness"
_NEWEST_LINES = (
    "SELECT DISTINCT ON (witness) size, witness, line, at_utc FROM cosignatures"
    " ORDER BY witness, at_utc DESC"
)
_KEEP_LINE = (
    "INSERT INTO cosignatures VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (size, witness) DO UPDATE SET line = excluded.line, at_utc = excluded.at_utc"
)


def read_head(connection: Connection) -> Frontier:
    """The frontier at the moment of the transaction. Raises JournalUnavailable when the journal was cut."""
    head = connection.exec_driver_sql(HEAD).one()
    return checked_head(tuple(head), tuple(connection.exec_driver_sql(END).one()))


def grow_head(
    head: Frontier, leaves: Sequence[bytes]
) -> tuple[Frontier, Sequence[Mapping[str, int | str]]]:
    """The head over new leaves, and the rows of the subtrees that became whole."""
    grown, made = grow(head, leaves)
    whole = [
        {"level": each.height // HEIGHT, "place": each.index, "hash": each.hash.hex()}
        for each in made
        if each.height % HEIGHT == 0
    ]
    return grown, whole


def read_hashes(connection: Connection, level: int, first: int, count: int) -> Sequence[bytes]:
    """The Hashes of `tiles`."""
    bound = {"level": level, "first": first, "end": first + count}
    if level == 0:
        return [bytes.fromhex(leaf) for (leaf,) in connection.exec_driver_sql(_LEAVES, bound)]
    return [bytes(found) for (found,) in connection.exec_driver_sql(_SUBTREES, bound)]


def read_checkpoint(connection: Connection, size: int | None) -> KeptCheckpoint | None:
    """The one of a size, None for the newest, with its cosignatures."""
    if size is None:
        row = connection.exec_driver_sql(_NEWEST).one_or_none()
    else:
        row = connection.exec_driver_sql(_CHECKPOINT, (size,)).one_or_none()
    if row is None:
        return None
    lines = connection.exec_driver_sql(_LINES, (row[0],))
    found = (KeptCosignature(row[0], witness, line, at) for witness, line, at in lines)
    return KeptCheckpoint(row[0], row[1], tuple(found))


def read_sizes(connection: Connection) -> Sequence[int]:
    """Of all checkpoints, the smallest first."""
    rows = connection.exec_driver_sql("SELECT size FROM checkpoints ORDER BY size")
    return [size for (size,) in rows]


def read_newest_cosignatures(connection: Connection) -> Sequence[KeptCosignature]:
    """Each witness's newest."""
    return [KeptCosignature(*row) for row in connection.exec_driver_sql(_NEWEST_LINES)]


def keep_checkpoint(
    connection: BoundedConnection, checkpoint: KeptCheckpoint, *, signed_utc: str
) -> None:
    connection.execute(
        "INSERT INTO checkpoints VALUES (%s, %s, %s)",
        (checkpoint.size, checkpoint.note, signed_utc),
    )


def keep_cosignature(connection: BoundedConnection, found: KeptCosignature) -> None:
    """In place of an earlier one of the same witness on the same checkpoint."""
    connection.execute(_KEEP_LINE, (found.size, found.witness, found.line, found.at_utc))


def checked_head(head: tuple[Any, ...] | None, end: tuple[Any, ...] | None) -> Frontier:
    """From rows of HEAD and END. Raises JournalUnavailable when they disagree: the journal was cut."""
    try:
        if head is not None and end is not None and head[0] == (end[0] or 0):
            return Frontier.read(head[0], bytes(head[1]))
    except ValueError:
        pass
    raise JournalUnavailable("The journal is damaged: its head and its entries disagree.")
