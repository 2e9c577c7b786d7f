"""What is asked of one table: its version, its metadata, and where its file is."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.delivery.conditions import Conditions
from gateway.delivery.deliver import deliver_rows, look_at_rows
from gateway.delivery.delivery import Delivery
from gateway.delivery.plan import RowsPlan
from gateway.delivery.requests import Edition, RowsRequest
from gateway.delivery.services import Services
from gateway.encoding.formats import PARQUET
from gateway.encoding.strict_json import read_object
from gateway.errors import BadParameter, BadRequest, PurposeRefused, ReleaseNotFound
from gateway.identity.file_addresses import FileAddresses, SharedFile
from gateway.model.entry import Outcome
from gateway.model.release import ReleaseId
from gateway.surfaces.delta_sharing.documents import file_line, table_lines
from gateway.surfaces.delta_sharing.names import FILES, edition_of, read_day
from gateway.surfaces.delta_sharing.shares import Asking, Table


class QueryBody(BaseModel):
    """What is read of a query. Hints narrow nothing, so they are passed over with all else."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    version: int | None = None
    timestamp: str | None = None
    startingVersion: int | None = None  # noqa: N815 (the protocol's name)
    endingVersion: int | None = None  # noqa: N815


def read_query(content: bytes) -> Edition:
    """The release that a query asks for. Raises BadRequest, BadParameter, ReleaseNotFound."""
    try:
        asked = QueryBody.model_validate(read_object(content) if content.strip() else {})
    except ValidationError as fault:
        name = str(fault.errors(include_input=False)[0]["loc"][0])
        raise BadParameter("`version` is a number, `timestamp` a text.", parameter=name) from None
    except ValueError:
        raise BadRequest("The body is not one JSON object in UTF-8, each member once.") from None
    if asked.startingVersion is not None or asked.endingVersion is not None:
        raise BadParameter(
            "Changes between versions are not shared: each version is whole. Ask for one `version`.",
            parameter="startingVersion",
        )
    return edition_of(asked.version, asked.timestamp)


def look(table: Table, edition: Edition, asking: Asking, services: Services) -> RowsPlan:
    """What a query of the table would give. Raises GatewayError; refusals are journaled."""
    with _telling_of_purposes(table):
        return look_at_rows(asking.caller, _request(table, edition, asking), services)


def first_version(
    table: Table, since: str, asking: Asking, services: Services
) -> tuple[RowsPlan, ReleaseId]:
    """The earliest release that tells of the day of `since` or a later one.

    Raises BadParameter, ReleaseNotFound, and what `look` raises.
    """
    day = read_day(since, "startingTimestamp")
    plan = look(table, Edition(None, None), asking, services)
    releases = [each.release for each in services.releases.list(table.product.id)]
    found = min((each for each in releases if each.as_of >= day), default=None)
    if found is None:
        raise ReleaseNotFound("No release is that new.", parameter="startingTimestamp")
    return plan, found


def query(
    table: Table,
    edition: Edition,
    asking: Asking,
    services: Services,
    *,
    addresses: FileAddresses,
    public_url: str,
) -> tuple[Delivery, Sequence[dict[str, Any]]]:
    """The address of the table's file, which is as good as the file: the journal has it before.

    The entry ends here with no byte sent; each fetch of the file is an entry of its own that names it.
    Raises GatewayError; refusals are journaled.
    """
    with _telling_of_purposes(table):
        delivery = deliver_rows(asking.caller, _request(table, edition, asking), services)
    outcome = Outcome.SERVER_ERROR
    try:
        plan = delivery.plan
        if not isinstance(plan, RowsPlan) or delivery.size is None:
            raise TypeError("a file of rows has a size")
        file = SharedFile(plan.manifest.product, plan.area, str(plan.manifest.release))
        signed = addresses.sign(file, asking.caller, entry=delivery.receipt.event_id)
        path = f"{FILES}{file.area}/{file.product}/{file.release}"
        line = file_line(
            plan,
            url=f"{public_url}{path}?{urlencode(signed.parameters)}",
            size=delivery.size,
            until_ms=int(signed.until.timestamp()) * 1000,
        )
        lines = [*table_lines(plan, table.product), line]
        outcome = Outcome.COMPLETE
    finally:
        delivery.finish(outcome, sent=0)
    return delivery, lines


@contextmanager
def _telling_of_purposes(table: Table) -> Generator[None]:
    """No call of the protocol can say for which purpose. The refusal is journaled as it was made."""
    try:
        yield
    except PurposeRefused as refusal:
        raise PurposeRefused(
            "Delta Sharing cannot state a purpose, and you have subscriptions of several. Fetch the rows from "
            f"/v1/rows/{table.product.id} with `purpose`, with the same key. {refusal.detail}"
        ) from None


def _request(table: Table, edition: Edition, asking: Asking) -> RowsRequest:
    """As HEAD asks for it: everything of the delivery but its bytes."""
    return RowsRequest(
        product=table.product.id,
        area=table.share,
        edition=edition,
        format=PARQUET,
        municipalities=None,
        columns=None,
        purpose=None,
        conditions=replace(Conditions(), wants_body=False),
        origin=asking.origin,
        is_file=True,
    )
