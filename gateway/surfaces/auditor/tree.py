"""The journal's tree, for auditors who verify it: checkpoint, tiles, and proofs.

None of these is journaled: a reading that grew the tree could never come to its end, and nothing in it
tells of anybody. A refusal is journaled like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.errors import BadParameter, NotSignedYet
from gateway.journal.proofs import entry_proof, growth_proof
from gateway.journal.store import KeptCheckpoint, TreeStore
from gateway.journal.tiles import Tile
from gateway.surfaces.auditor.auditor import Seq, auditor_of

router = APIRouter(tags=["journal"])

_TEXT = "text/plain; charset=utf-8"
_TOLD: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
}
_TILE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    }
}
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
_FOREVER = "private, max-age=31536000, immutable"

TilePath = Annotated[
    str, Path(description="Level and number of a tile (C2SP tlog-tiles).", examples=["0/x001/234"])
]


class NoParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GrowthParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    since: str = Field(
        "0", examples=["109482"], description="The size of a checkpoint that you kept."
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """The tree as the newest checkpoint has it, for somebody who may read the journal."""

    store: TreeStore

    def checkpoint(self) -> KeptCheckpoint:
        """Raises NotSignedYet, JournalUnavailable."""
        found = self.store.checkpoint()
        if found is None:
            raise NotSignedYet("Checkpoints are signed where journal_key_path is set.")
        return found


def reading_of(request: Request) -> Reading:
    """Raises Forbidden, journaled; JournalUnavailable."""
    return Reading(auditor_of(request).journal.store)


Auditing = Annotated[Reading, Depends(reading_of)]
Plain = Annotated[NoParameters, Query()]


@router.get("/v1/journal/checkpoint", response_class=Response, responses=_TOLD)
def checkpoint(reading: Auditing, _: Plain) -> Response:
    """The newest checkpoint with its cosignatures (C2SP tlog-checkpoint). Keep it: a later one must continue it."""
    return _text(str(reading.checkpoint()))


@router.get("/v1/journal/consistency", response_class=Response, responses=_TOLD)
def consistency(reading: Auditing, asked: Annotated[GrowthParameters, Query()]) -> Response:
    """Proof that the newest checkpoint continues the tree of an earlier size (RFC 6962 section 2.1.2)."""
    newest = reading.checkpoint()
    old = _number(asked.since, "since")
    if old > newest.size:
        raise NotSignedYet(f"The newest checkpoint has {newest.size} entries.")
    return _text(_proved(lambda: growth_proof(old, newest, reading.store)))


@router.get("/v1/journal/entries/{seq}/proof", response_class=Response, responses=_TOLD)
def proof(seq: Seq, reading: Auditing, _: Plain) -> Response:
    """Proof that an entry is in the tree of the newest checkpoint (C2SP tlog-proof)."""
    newest = reading.checkpoint()
    place = _number(seq, "seq")
    if not 1 <= place <= newest.size:
        raise NotSignedYet(f"The newest checkpoint has the entries 1 to {newest.size}.")
    return _text(_proved(lambda: entry_proof(place, newest, reading.store)))


@router.get("/v1/journal/tile/{path:path}", response_class=Response, responses=_TILE)
def tile(path: TilePath, reading: Auditing, _: Plain) -> Response:
    """A tile of the tree: up to 256 hashes of 32 bytes (C2SP tlog-tiles). Bodies are not served as tiles."""
    newest = reading.checkpoint()
    try:
        asked = Tile.parse(path)
    except ValueError:
        raise BadParameter("Give a tile like 0/x001/234 or 0/000.p/17.", parameter="path") from None
    if not asked.is_of(newest.size):
        raise NotSignedYet(f"The newest checkpoint has {newest.size} entries.")
    hashes = reading.store.hashes(asked.level, asked.first, asked.width)
    return Response(
        b"".join(hashes),
        media_type="application/octet-stream",
        headers={"cache-control": _FOREVER},
    )


def _number(text: str, parameter: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise BadParameter("Give a number of entries, like 109482.", parameter=parameter)
    return int(text)


def _proved(prove: Callable[[], str]) -> str:
    """Raises NotSignedYet where the tree was cut after it was signed."""
    try:
        return prove()
    except (LookupError, ValueError):
        raise NotSignedYet("The journal's tree has a hole; tell those who run it.") from None


def _text(text: str) -> Response:
    return Response(text, media_type=_TEXT, headers={"cache-control": "no-store"})
