"""The serve road: one request for rows or for a cube, from the caller to an announced delivery.

    admit → find the release → plan → toll → announce (durable) → open

Everything before the intent may refuse; after it something is either delivered or the intent says
that it was not. The surface streams the delivery and finishes it.
"""

from __future__ import annotations

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
from gateway.delivery.body import EncodedBody, NoBody
from gateway.delivery.comparing import plan_changes
from gateway.delivery.conditions import is_unchanged, read_ranges
from gateway.delivery.delivery import NOT_MODIFIED, OK, PARTIAL, Delivery
from gateway.delivery.journaling import (
    Admitted,
    announce,
    close_without_answer,
    closing_on_failure,
)
from gateway.delivery.multipart import find_part
from gateway.delivery.opening import open_body
from gateway.delivery.plan import (
    Plan,
    ReadCube,
    RowsPlan,
    is_extract,
    plan_cube,
    plan_rows,
    read_plainly,
)
from gateway.delivery.requests import CubeRequest, RowsRequest
from gateway.delivery.services import Services
from gateway.errors import BadParameter, HttpVersionTooOld, ReleaseDamaged, ReleaseNotFound
from gateway.limits.tolls import Toll
from gateway.model.caller import Caller
from gateway.model.release import Manifest, ReleaseId


def deliver_rows(caller: Caller, request: RowsRequest, services: Services) -> Delivery:
    """One area's slice, or a part of it. Raises GatewayError; refusals are journaled."""
    admitted, plan = _plan_rows(caller, request, services)
    if not plan.has_ranges and not request.conditions.takes_streams:
        raise HttpVersionTooOld("Use HTTP/1.1, or fetch the whole slice as Parquet.")
    return _deliver(admitted, plan, services)


def look_at_rows(caller: Caller, request: RowsRequest, services: Services) -> RowsPlan:
    """What a delivery would be, without making it: whoever could not have it is refused alike.

    Raises GatewayError; refusals are journaled.
    """
    return _plan_rows(caller, request, services)[1]


def _plan_rows(
    caller: Caller, request: RowsRequest, services: Services
) -> tuple[Admitted, RowsPlan]:
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
    return admitted, plan


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
    part = None
    if is_new and plan.is_stored:
        part = find_part(read_ranges(conditions, plan.etag), plan, size=plan.file.bytes)
    if not is_new:
        receipt = announce(admitted, plan, services)
        return Delivery(plan, receipt, NOT_MODIFIED, NoBody(), services.journal)
    toll = _open_toll(admitted, plan, services)
    with toll.closing_on_failure():
        receipt = announce(admitted, plan, services)
        with closing_on_failure(receipt, services.journal):
            body = open_body(plan, conditions, part, services)
    is_part = part is not None or (isinstance(body, EncodedBody) and body.part is not None)
    status = PARTIAL if is_part else OK
    return Delivery(plan, receipt, status, body, services.journal, toll)


def _open_toll(admitted: Admitted, plan: Plan, services: Services) -> Toll:
    """Only content costs something. Raises QuotaUsedUp, TooManyExtracts, Busy, StateUnavailable."""
    if not admitted.request.conditions.wants_body:
        return Toll()
    ranges = read_ranges(admitted.request.conditions, plan.etag) if plan.has_ranges else None
    return services.tolls.open(
        admitted.caller,
        admitted.permit.subscription,
        is_extract=is_extract(plan),
        part_of=None if ranges is None else plan.etag,
    )


@contextmanager
def _journaling_damage(admitted: Admitted, services: Services) -> Generator[None]:
    """A release that cannot even be planned with: an intent all the same, closed without an answer."""
    try:
        yield
    except ReleaseDamaged as error:
        receipt = announce(admitted, None, services)
        close_without_answer(receipt, error, services.journal)
        raise
