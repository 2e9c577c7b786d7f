"""What a planned delivery sends, opened: a stored file or a part of it, rows encoded on the way, cells."""

from __future__ import annotations

import hashlib
from contextlib import closing

from gateway.delivery.body import Body, EncodedBody, NoBody, StoredBody
from gateway.delivery.conditions import Conditions, Span, read_ranges
from gateway.delivery.encoded import Encoded
from gateway.delivery.multipart import Part, find_part
from gateway.delivery.plan import CubePlan, Plan, RowsPlan
from gateway.delivery.row_streams import open_stream
from gateway.delivery.services import Services
from gateway.encoding.compression import compress
from gateway.encoding.heading import Heading
from gateway.ports import OpenFile
from gateway.releases.cube_slice import cut
from gateway.releases.slices import Narrowing

# A longer part is not read twice to say its digest before it is sent.
DIGEST_BYTES_MAX = 8 << 20


def open_body(plan: Plan, conditions: Conditions, part: Part | None, services: Services) -> Body:
    """What is to be sent. part: of a stored file. Raises ReleaseDamaged, RangeNotSatisfiable."""
    if isinstance(plan, CubePlan) and not plan.is_stored:
        encoded = _encoded(plan, services)
        return EncodedBody(encoded) if conditions.wants_body else NoBody(len(encoded.content))
    if isinstance(plan, RowsPlan) and plan.narrowing is not None and plan.is_file:
        encoded = _encoded_rows(plan, plan.narrowing, services)
        if not conditions.wants_body:
            return NoBody(len(encoded.content))
        size = len(encoded.content)  # known only now, so a range outside it closes the intent
        ranges = read_ranges(conditions, plan.etag)
        return EncodedBody(encoded, find_part(ranges, plan, size=size))
    file = services.releases.open(plan.manifest, plan.file)
    if not conditions.wants_body:
        file.close()
        return NoBody(plan.file.bytes if plan.is_stored else None)
    if isinstance(plan, RowsPlan) and plan.narrowing is not None:
        return open_stream(plan, plan.narrowing, file, services.releases)
    if part is None:
        return StoredBody(file, Span(0, plan.file.bytes - 1), plan.file.sha256)
    sha256 = _part_sha256(file, part) if conditions.wants_content_digest else None
    return StoredBody(file, part, sha256)


def _part_sha256(file: OpenFile, part: Part) -> str | None:
    """Of what is sent of a file, read before it is sent; None of what is too long for that."""
    if part.length > DIGEST_BYTES_MAX:
        return None
    digest = hashlib.sha256()
    for piece in part.pieces():
        if isinstance(piece, bytes):
            digest.update(piece)
            continue
        offset = piece.first
        while offset <= piece.last:
            content = file.read_at(offset, piece.last + 1 - offset)
            if not content:
                return None
            digest.update(content)
            offset += len(content)
    return digest.hexdigest()


def _encoded_rows(plan: RowsPlan, narrowing: Narrowing, services: Services) -> Encoded:
    """Rows of a slice as a file of their own; a small one is kept, for it never changes."""
    known = services.encoded.find(plan.etag)
    if known is not None:
        return known
    file = services.releases.open(plan.manifest, plan.file)
    with closing(open_stream(plan, narrowing, file, services.releases)) as streamed:
        content = b"".join(iter(streamed.next_chunk, b""))
        encoded = Encoded.of(content, streamed.rows)
    services.encoded.keep(plan.etag, encoded)
    return encoded


def _encoded(plan: CubePlan, services: Services) -> Encoded:
    """The slice in its format; equal answers are kept, for they never change."""
    known = services.encoded.find(plan.etag)
    if known is not None:
        return known
    heading = Heading.of(plan.manifest, plan.language)
    content = plan.encode(cut(plan.cube, plan.chosen), heading)
    encoded = Encoded.of(content if plan.coding is None else compress(content, plan.coding))
    services.encoded.keep(plan.etag, encoded)
    return encoded
