"""GET /v1/journal/export: what a search finds, each entry with its proof, as NDJSON or CSV.

It is bounded by the newest checkpoint at its beginning, and sent while it is read: each piece is made in a
thread of its own turn, from one page of the store, so that neither the event loop nor the writer waits for
a reader. A fault in the middle cuts the connection; whoever has the beginning goes on with `after`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

import orjson
import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import StreamingResponse

from gateway.encoding.csv_text import csv_bytes
from gateway.journal.export import Proved, heading, newest_checkpoint, proved, proved_line
from gateway.journal.leaf import canonical
from gateway.journal.store import KeptCheckpoint
from gateway.surfaces.auditor.auditor import Auditor, auditor_of
from gateway.surfaces.auditor.entries import declared
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
    format: str = Field("ndjson", examples=["csv"], description="ndjson, or csv.")


@dataclass(frozen=True, slots=True)
class Asked:
    filters: Filters
    after: int
    format: str


@router.get(
    "/v1/journal/export",
    response_class=StreamingResponse,
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
) -> StreamingResponse:
    """What a search finds under the newest checkpoint, each entry with its salt and inclusion proof.

    The reading is itself an entry, written before the first byte. An answer that ends without its last
    chunk is not whole.
    """
    return exported(auditor, read_asked(inbound_of(request.scope).parameters))


def exported(auditor: Auditor, asked: Asked) -> StreamingResponse:
    """Announced before the first byte. Raises NotSignedYet, JournalUnavailable."""
    checkpoint = newest_checkpoint(auditor.journal.store)
    filters = declared(asked.filters, auditor.journal)
    about = {"view": "export", "format": asked.format, "tree_size": str(checkpoint.size)}
    auditor.announce({**filters, **about}, after=asked.after)
    query = asked.filters.query(after=asked.after)
    found = proved(auditor.journal.store, query, checkpoint)
    said = {name: text for name, text in filters.items() if text is not None}
    pieces = _csv(found, checkpoint) if asked.format == "csv" else _ndjson(found, checkpoint, said)
    name = f"journal-{checkpoint.size}.{asked.format}"
    return StreamingResponse(
        pieces,
        media_type=_MEDIA_TYPES[asked.format],
        headers={
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{name}"',
        },
    )


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
) -> Iterator[bytes]:
    """What the folder of an export says of itself, with the checkpoint, is the first line."""
    said = heading(checkpoint, first=1, is_complete=False, filters=filters)
    yield orjson.dumps({**said, "checkpoint": str(checkpoint)}) + b"\n"
    while lines := [proved_line(each) + b"\n" for each in islice(found, _AT_ONCE)]:
        yield b"".join(lines)


def _csv(found: Iterator[Proved], checkpoint: KeptCheckpoint) -> Iterator[bytes]:
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
