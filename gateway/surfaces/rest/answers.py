"""The headers of a delivery's answer."""

from __future__ import annotations

import base64

from gateway.delivery.body import EncodedBody, StoredBody
from gateway.delivery.delivery import NOT_MODIFIED, PARTIAL, Delivery
from gateway.delivery.plan import CubePlan, RowsPlan
from gateway.model.product import Classification
from gateway.surfaces.streaming import Headers

# Rows may not rest in any cache; a cube may, but is asked for anew each time, so that a right that
# has ended ends; what is public may be kept by anybody for a while.
ROWS_CACHING = "private, no-store"
CUBE_CACHING = "private, no-cache"
PUBLIC_CACHING = "public, max-age=300"


def delivery_headers(delivery: Delivery) -> Headers:
    """Headers of a 200, 206 or 304; the receipt is the journal's event id."""
    plan = delivery.plan
    texts = {
        "etag": plan.etag,
        "cache-control": _caching(plan),
        "vary": "accept",
        "jakelu-release": str(plan.manifest.release),
        "jakelu-as-of": plan.manifest.release.as_of.isoformat(),
        "jakelu-receipt": delivery.receipt.event_id,
    }
    if delivery.status != NOT_MODIFIED:
        texts |= _content_headers(delivery)
    return [(name.encode(), value.encode("latin-1")) for name, value in texts.items()]


def _content_headers(delivery: Delivery) -> dict[str, str]:
    plan, texts = delivery.plan, {}
    texts["content-type"] = plan.format.media_type
    texts["content-disposition"] = f'attachment; filename="{filename(plan)}"'
    texts["accept-ranges"] = "bytes" if plan.is_stored else "none"
    if isinstance(plan, CubePlan) and plan.format.name == "json-stat2":
        texts["content-language"] = plan.language
    sha256 = _known_sha256(delivery)
    if sha256 is not None:  # RFC 9530: of the whole representation, also in a 206
        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        texts["repr-digest"] = f"sha-256=:{digest}:"
    if delivery.size is not None:
        texts["content-length"] = str(delivery.size)
    if delivery.status == PARTIAL and isinstance(delivery.body, StoredBody):
        span = delivery.body.span
        texts["content-range"] = f"bytes {span.first}-{span.last}/{plan.file.bytes}"
    return texts


def _known_sha256(delivery: Delivery) -> str | None:
    """Hex. None for a stream, whose hash is known when it has been sent."""
    if delivery.plan.is_stored:
        return delivery.plan.file.sha256
    return delivery.body.encoded.sha256 if isinstance(delivery.body, EncodedBody) else None


def filename(plan: RowsPlan | CubePlan) -> str:
    """`job-seeker-spells_39_2026-06-30.1.parquet`: all of it from contracts and codes."""
    area = f"_{plan.area}" if isinstance(plan, RowsPlan) else ""
    return f"{plan.manifest.product}{area}_{plan.manifest.release}{plan.format.suffix}"


def _caching(plan: RowsPlan | CubePlan) -> str:
    if isinstance(plan, RowsPlan):
        return ROWS_CACHING
    is_public = plan.manifest.classification is Classification.PUBLIC
    return PUBLIC_CACHING if is_public else CUBE_CACHING
