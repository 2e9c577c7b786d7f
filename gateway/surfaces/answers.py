"""The headers of a delivery's answer."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from gateway.delivery.body import Body, EncodedBody, StoredBody
from gateway.delivery.conditions import Conditions, Span
from gateway.delivery.delivery import NOT_MODIFIED, PARTIAL, Delivery
from gateway.delivery.digests import SHA_256
from gateway.delivery.multipart import Parts
from gateway.delivery.plan import CubePlan, Plan, RowsPlan
from gateway.model.product import Classification
from gateway.surfaces.streaming import Headers

# Rows may not rest in any cache; a cube may, but is asked for anew each time, so that a right that
# has ended ends; what is public may be kept by anybody for a while.
ROWS_CACHING = "private, no-store"
CUBE_CACHING = "private, no-cache"
PUBLIC_CACHING = "public, max-age=300"


def delivery_headers(delivery: Delivery, conditions: Conditions) -> Headers:
    """Headers of a 200, 206 or 304; the receipt is the journal's event id."""
    plan = delivery.plan
    texts = {
        "etag": plan.etag,
        "cache-control": _caching(plan),
        "vary": "accept, accept-encoding",
        "link": _links(plan),
        "jakelu-release": str(plan.manifest.release),
        "jakelu-as-of": plan.manifest.release.as_of.isoformat(),
        "jakelu-receipt": delivery.receipt.event_id,
    }
    if delivery.status != NOT_MODIFIED:
        texts |= _content_headers(delivery) | _digests(delivery, conditions)
    return [(name.encode(), value.encode("latin-1")) for name, value in texts.items()]


def _content_headers(delivery: Delivery) -> dict[str, str]:
    plan, texts = delivery.plan, {}
    texts["content-type"] = plan.format.media_type
    texts["content-disposition"] = f'attachment; filename="{filename(plan)}"'
    texts["accept-ranges"] = "bytes" if plan.has_ranges else "none"
    if isinstance(plan, CubePlan) and plan.format.has_words:
        texts["content-language"] = plan.language
    if plan.coding is not None:
        texts["content-encoding"] = plan.coding.value
    if delivery.size is not None:
        texts["content-length"] = str(delivery.size)
    if delivery.status == PARTIAL:
        texts |= _part_headers(delivery.body)
    return texts


def _part_headers(body: Body) -> dict[str, str]:
    """Of several parts the type alone: each part says its own range (RFC 9110 section 15.3.7.2)."""
    match body:
        case StoredBody(part=Parts() as parts) | EncodedBody(part=Parts() as parts):
            return {"content-type": parts.content_type}
        case StoredBody(file=file, part=Span() as span):
            return {"content-range": f"bytes {span.first}-{span.last}/{file.size}"}
        case EncodedBody(encoded=encoded, part=Span() as span):
            return {"content-range": f"bytes {span.first}-{span.last}/{len(encoded.content)}"}
        case _:
            raise TypeError("only a part has a range")


def _links(plan: Plan) -> str:
    """To the contract, and to the release among the others (RFC 8288, RFC 5829)."""
    product = f"/v1/products/{plan.manifest.product}"
    contract = f'<{product}/contract>; rel="describedby"; type="application/yaml"'
    return f'{contract}, <{product}/releases>; rel="version-history"'


def _digests(delivery: Delivery, conditions: Conditions) -> dict[str, str]:
    """RFC 9530: of the whole coded representation, also in a 206; and of the content where wanted."""
    texts: dict[str, str] = {}
    whole = _known_sha256(delivery)
    if whole is not None and conditions.wants_repr_digest:
        texts["repr-digest"] = _digest(whole)
    if conditions.wants_content_digest and conditions.wants_body:
        sent = _sent_sha256(delivery.body)
        if sent is not None:
            texts["content-digest"] = _digest(sent)
    return texts


def _digest(sha256: str) -> str:
    return f"{SHA_256}=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def _known_sha256(delivery: Delivery) -> str | None:
    """Hex. None for a stream, whose hash is known when it has been sent."""
    if delivery.plan.is_stored:
        return delivery.plan.file.sha256
    return delivery.body.encoded.sha256 if isinstance(delivery.body, EncodedBody) else None


def _sent_sha256(body: Body) -> str | None:
    """Hex, of the content of this answer alone."""
    match body:
        case StoredBody():
            return body.sha256
        case EncodedBody(encoded=encoded, part=None):
            return encoded.sha256
        case EncodedBody():
            return _sha256(body.pieces())
        case _:
            return None


def _sha256(pieces: Iterable[bytes | memoryview]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def filename(plan: RowsPlan | CubePlan) -> str:
    """`job-seeker-spells_39_2026-06-30.1.parquet`: all of it from contracts and codes."""
    area = f"_{plan.area}" if isinstance(plan, RowsPlan) else ""
    since = plan.since if isinstance(plan, RowsPlan) else None
    changes = f"_changes-since_{since.manifest.release}" if since else ""
    return f"{plan.manifest.product}{area}{changes}_{plan.manifest.release}{plan.format.suffix}"


def _caching(plan: RowsPlan | CubePlan) -> str:
    if isinstance(plan, RowsPlan):
        return ROWS_CACHING
    is_public = plan.manifest.classification is Classification.PUBLIC
    return PUBLIC_CACHING if is_public else CUBE_CACHING
