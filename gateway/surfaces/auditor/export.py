"""GET /v1/journal/export: what a search finds, each entry with its proof, as NDJSON or CSV.

It is bounded by the newest checkpoint at its beginning, and sent while it is read: each piece is made in a
thread of its own turn, from one page of the store, so that neither the event loop nor the writer waits for
a reader. A fault in the middle, and a client that takes nothing for too long, cut the connection; whoever
has the beginning goes on with `after`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

import orjson
import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.delivery.body import NoBody
from gateway.encoding.csv_text import csv_bytes
from gateway.journal.export import Proved, heading, newest_checkpoint, proved, proved_line
from gateway.journal.leaf import canonical
from gateway.journal.store import KeptCheckpoint
from gateway.limits.tolls import Toll
from gateway.model.entry import Outcome, Receipt
from gateway.surfaces.auditor.auditor import Auditor, auditor_of
from gateway.surfaces.auditor.entries import declared
from gateway.surfaces.auditor.long_readings import LongReadings
from gateway.surfaces.auditor.parameters import (
    FILTERS,
    Filters,
    check_names,
    read_after,
    read_choice,
    read_filters,
)
from gateway.surfaces.auditor.routes import FilterParameters
from gateway.surfaces.inbound import inbound_of
from gateway.surfaces.streaming import Headers, Sender

router = APIRouter(tags=["journal"])

PARAMETERS = (*FILTERS, "after", "format")
FORMATS = ("ndjson", "csv")
_MEDIA_TYPES = {"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
_AT_ONCE = 200  # entries of one piece

_TEXTS = (
    *("event_id", "kind", "ts_utc", "request_id", "iss", "sub", "client_id", "organisation"),
    *("purpose", "legal_basis", "subscription", "case_ref", "action", "product", "release"),
    *("format", "ruling", "refusal", "outcome", "content_sha256"),
)
_LISTS = ("areas_requested", "areas_granted", "policies")
_NUMBERS = ("intent_seq", "http_status", "rows", "bytes", "range_start", "range_end")
_EVIDENCE = ("leaf_sha256", "salt", "body", "proof", "checkpoint")
_COLUMNS = pa.schema(
    [
        ("seq", pa.int64()),
        *((name, pa.string()) for name in (*_TEXTS, *_LISTS)),
        *((name, pa.int64()) for name in _NUMBERS),
        ("tree_size", pa.int64()),
        *((name, pa.string()) for name in _EVIDENCE),
    ]
)


class ExportParameters(FilterParameters):
    after: str = Field("0", examples=["109482"], description="The last seq that you have.")
    format: str = Field(
        "ndjson",
        examples=["csv"],
        description="ndjson, or csv.",
        json_schema_extra={"enum": ["ndjson", "csv"]},
    )


@dataclass(frozen=True, slots=True)
class Asked:
    filters: Filters
    after: int
    format: str


@router.get(
    "/v1/journal/export",
    response_class=Response,
    responses={
        200: {
            "description": "Entries in their order, with proofs under one checkpoint.",
            "content": {
                "application/x-ndjson": {"schema": {"type": "string"}},
                "text/csv": {"schema": {"type": "string"}},
            },
        }
    },
)
def journal_export(
    request: Request,
    auditor: Annotated[Auditor, Depends(auditor_of)],
    _: Annotated[ExportParameters, Query()],
) -> Response:
    """What a search finds under the newest checkpoint, each entry with its salt and inclusion proof.

    The reading is itself an entry, written before the first byte. An answer that ends without its last
    chunk is not whole.
    """
    inbound = inbound_of(request.scope)
    return exported(
        auditor,
        read_asked(inbound.parameters),
        request.app.state.readings,
        wants_body=inbound.wants_body,
    )


class Pieces:
    """The body of an export. Used by one thread at a time."""

    def __init__(self, pieces: Generator[bytes]) -> None:
        self._pieces = pieces

    def next_chunk(self) -> bytes:
        """Raises JournalUnavailable; LookupError, ValueError where the tree was cut after it was signed."""
        return next(self._pieces, b"")

    def close(self) -> None:
        self._pieces.close()


@dataclass(slots=True)
class Export:
    """An export that was announced. toll: closed with it, with the bytes that were sent."""

    receipt: Receipt
    body: Pieces | NoBody
    toll: Toll
    status: int = 200
    size: int | None = None

    def finish(self, outcome: Outcome, *, sent: int, status: int | None = None) -> None:  # noqa: ARG002 — only the toll is to be told
        if isinstance(self.body, Pieces):
            self.body.close()
        self.toll.close(sent)


class ExportAnswer(Response):
    """Sent as a download is: counted, and given up when the client takes nothing."""

    def __init__(self, export: Export, sender: Sender, *, media_type: str, name: str) -> None:
        texts = {
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{name}"',
        }
        super().__init__(media_type=media_type, headers=texts)
        del self.headers["content-length"]  # nobody knows it before the end
        self._export = export
        self._sender = sender

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 — as every application
        await self._sender.send(self._export, self._headers_of, receive=receive, send=send)

    def _headers_of(self, _: Export) -> Headers:
        return self.raw_headers


def exported(
    auditor: Auditor, asked: Asked, readings: LongReadings, *, wants_body: bool
) -> Response:
    """Announced before the first byte. Raises NotSignedYet, JournalUnavailable, and what a download does
    that finds no place.
    """
    checkpoint = newest_checkpoint(auditor.journal.store)
    filters = declared(asked.filters, auditor.journal)
    about = {"view": "export", "format": asked.format, "tree_size": str(checkpoint.size)}
    toll = readings.open(auditor.caller) if wants_body else Toll()
    with toll.closing_on_failure():
        receipt = auditor.announce({**filters, **about}, after=asked.after)
        body = _pieces(asked, checkpoint, filters, auditor) if wants_body else NoBody()
    return ExportAnswer(
        Export(receipt, body, toll),
        readings.sender,
        media_type=_MEDIA_TYPES[asked.format],
        name=f"journal-{checkpoint.size}.{asked.format}",
    )


def _pieces(
    asked: Asked, checkpoint: KeptCheckpoint, filters: Mapping[str, str | None], auditor: Auditor
) -> Pieces:
    found = proved(auditor.journal.store, asked.filters.query(after=asked.after), checkpoint)
    if asked.format == "csv":
        return Pieces(_csv(found, checkpoint))
    said = {name: text for name, text in filters.items() if text is not None}
    return Pieces(_ndjson(found, checkpoint, said))


def read_asked(parameters: Mapping[str, str]) -> Asked:
    """Raises UnknownParameter, BadParameter."""
    check_names(parameters, PARAMETERS)
    return Asked(
        read_filters(parameters),
        read_after(parameters),
        read_choice(parameters, "format", FORMATS),
    )


def _ndjson(
    found: Iterator[Proved], checkpoint: KeptCheckpoint, filters: Mapping[str, str]
) -> Generator[bytes]:
    """What the folder of an export says of itself, with the checkpoint, is the first line."""
    said = heading(checkpoint, first=1, is_complete=False, filters=filters)
    yield orjson.dumps({**said, "checkpoint": str(checkpoint)}) + b"\n"
    while lines := [proved_line(each) + b"\n" for each in islice(found, _AT_ONCE)]:
        yield b"".join(lines)


def _csv(found: Iterator[Proved], checkpoint: KeptCheckpoint) -> Generator[bytes]:
    """The checkpoint stands in the first record; all are proved against it."""
    note: str | None = str(checkpoint)
    yield csv_bytes(_COLUMNS.empty_table(), include_header=True)
    while page := [_row(each, checkpoint.size) for each in islice(found, _AT_ONCE)]:
        page[0]["checkpoint"], note = note, None
        yield csv_bytes(pa.Table.from_pylist(page, schema=_COLUMNS), include_header=False)


def _row(each: Proved, size: int) -> dict[str, Any]:
    entry = each.found.entry
    body = entry.body or {}
    return {
        "seq": entry.seq,
        **{name: body.get(name) for name in (*_TEXTS, *_NUMBERS)},
        **{name: " ".join(body[name]) if name in body else None for name in _LISTS},
        "tree_size": size,
        "leaf_sha256": entry.leaf_sha256,
        "salt": each.found.salt,
        "body": None if entry.body is None else canonical(entry.body).decode(),
        "proof": orjson.dumps(each.proof).decode(),  # a list: base64 may begin like a formula
    }
