"""The serve road: one request for rows or for a cube, from the caller to an announced delivery.

    admit → find the release → plan → toll → announce (durable) → open

Everything before the intent may refuse; after it something is either delivered or the intent says
that it was not. The surface streams the delivery and finishes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import contextmanager

from gateway.delivery.admission import (
    admit,
    check_class,
    check_expert,
    check_no_income_register,
    find_manifest,
    own_rows,
)
from gateway.delivery.body import Body, EncodedBody, NoBody, StoredBody
from gateway.delivery.comparing import plan_changes
from gateway.delivery.conditions import Conditions, Span, find_span, is_unchanged
from gateway.delivery.delivery import NOT_MODIFIED, OK, PARTIAL, Delivery
from gateway.delivery.encoded import Encoded
from gateway.delivery.journaling import (
    Admitted,
    announce,
    close_without_answer,
    closing_on_failure,
)
from gateway.delivery.plan import (
    CubePlan,
    Plan,
    ReadCube,
    RowsPlan,
    is_extract,
    plan_cube,
    plan_rows,
    read_plainly,
)
from gateway.delivery.requests import CubeRequest, RowsRequest
from gateway.delivery.row_streams import open_stream
from gateway.delivery.services import Services
from gateway.encoding.compression import compress
from gateway.encoding.heading import Heading
from gateway.errors import BadParameter, HttpVersionTooOld, ReleaseDamaged, ReleaseNotFound
from gateway.limits.tolls import Toll
from gateway.model.caller import Caller
from gateway.model.release import Manifest, ReleaseId
from gateway.ports import OpenFile
from gateway.releases.cube_slice import cut

DIGEST_BYTES_MAX = 8 << 20


def deliver_rows(caller: Caller, request: RowsRequest, services: Services) -> Delivery:
    """One area's slice, or a part of it. Raises GatewayError; refusals are journaled."""
    admitted = admit(caller, request, services)
    with _journaling_damage(admitted, services):
        manifest = find_manifest(request.product, request.edition, services.releases)
    _check_release(admitted, manifest, services)
    of_area = services.registry.municipalities_of_area(request.area)
    own = own_rows(admitted.product, admitted.permit)
    plan = plan_rows(request, admitted.product, manifest, of_area=of_area, own=own)
    if request.since is not None:
        older = _older_release(admitted, request.since, manifest, services)
        plan = plan_changes(plan, admitted.product, older)
    if not plan.is_stored and not request.conditions.takes_streams:
        raise HttpVersionTooOld("Use HTTP/1.1, or fetch the whole slice as Parquet.")
    return _deliver(admitted, plan, services)


def _older_release(
    admitted: Admitted, release: ReleaseId, newer: Manifest, services: Services
) -> Manifest:
    """The release that changes are counted from, ruled on like the newer one.

    Raises BadParameter, ReleaseNotFound, Forbidden, ReleaseDamaged.
    """
    if newer.release <= release:
        raise BadParameter("There is no newer release than that.", parameter="from")
    with _journaling_damage(admitted, services):
        try:
            older = services.releases.find(newer.product, release)
        except ReleaseNotFound:
            raise ReleaseNotFound("See /v1/products/{id}/releases.", parameter="from") from None
    _check_release(admitted, older, services)
    return older


def _check_release(admitted: Admitted, manifest: Manifest, services: Services) -> None:
    check_no_income_register(admitted, manifest, services)
    check_class(admitted, manifest, services)
    check_expert(admitted, manifest, services)


def deliver_cube(
    caller: Caller, request: CubeRequest, services: Services, *, read: ReadCube = read_plainly
) -> Delivery:
    """Cells of a cube. read: how the surface that was asked reads a selection; only who is admitted
    comes so far. Raises GatewayError; refusals are journaled.
    """
    admitted = admit(caller, request, services)
    with _journaling_damage(admitted, services):
        manifest = find_manifest(request.product, request.edition, services.releases)
        check_class(admitted, manifest, services)
        cube = services.cubes.cube(manifest)
    return _deliver(admitted, plan_cube(request, manifest, cube, read=read), services)


def _deliver(admitted: Admitted, plan: Plan, services: Services) -> Delivery:
    conditions = admitted.request.conditions
    is_new = not is_unchanged(conditions, plan.etag)
    span = None
    if is_new and plan.is_stored:
        span = find_span(conditions, plan.etag, size=plan.file.bytes)
    if not is_new:
        receipt = announce(admitted, plan, services)
        return Delivery(plan, receipt, NOT_MODIFIED, NoBody(), services.journal)
    toll = _open_toll(admitted, plan, services)
    with toll.closing_on_failure():
        receipt = announce(admitted, plan, services)
        with closing_on_failure(receipt, services.journal):
            body = _open(plan, conditions, span, services)
    status = OK if span is None else PARTIAL
    return Delivery(plan, receipt, status, body, services.journal, toll)


def _open_toll(admitted: Admitted, plan: Plan, services: Services) -> Toll:
    """Only content costs something. Raises QuotaUsedUp, TooManyExtracts, Busy, StateUnavailable."""
    if not admitted.request.conditions.wants_body:
        return Toll()
    return services.tolls.open(
        admitted.caller, admitted.permit.subscription, is_extract=is_extract(plan)
    )


def _open(plan: Plan, conditions: Conditions, span: Span | None, services: Services) -> Body:
    """What is to be sent. Raises ReleaseDamaged."""
    if isinstance(plan, CubePlan) and not plan.is_stored:
        encoded = _encoded(plan, services)
        return EncodedBody(encoded) if conditions.wants_body else NoBody(len(encoded.content))
    file = services.releases.open(plan.manifest, plan.file)
    if not conditions.wants_body:
        file.close()
        return NoBody(plan.file.bytes if plan.is_stored else None)
    if isinstance(plan, RowsPlan) and plan.narrowing is not None:
        return open_stream(plan, plan.narrowing, file, services.releases)
    if span is None:
        return StoredBody(file, Span(0, plan.file.bytes - 1), plan.file.sha256)
    sha256 = _part_sha256(file, span) if conditions.wants_content_digest else None
    return StoredBody(file, span, sha256)


def _part_sha256(file: OpenFile, span: Span) -> str | None:
    """Of a range, read before it is sent; None of one that is too long for that."""
    if span.length > DIGEST_BYTES_MAX:
        return None
    digest, offset = hashlib.sha256(), span.first
    while offset <= span.last:
        content = file.read_at(offset, span.last + 1 - offset)
        if not content:
            return None
        digest.update(content)
        offset += len(content)
    return digest.hexdigest()


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


@contextmanager
def _journaling_damage(admitted: Admitted, services: Services) -> Generator[None]:
    """A release that cannot even be planned with: an intent all the same, closed without an answer."""
    try:
        yield
    except ReleaseDamaged as error:
        receipt = announce(admitted, None, services)
        close_without_answer(receipt, error, services.journal)
        raise
