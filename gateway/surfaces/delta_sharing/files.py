"""The file of a signed address: a delivery like any other, of whoever the address stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.types import Scope

from gateway.delivery.deliver import deliver_rows
from gateway.delivery.delivery import Delivery
from gateway.delivery.requests import Wish, read_rows_request
from gateway.delivery.services import Services
from gateway.encoding.formats import PARQUET
from gateway.errors import InvalidFileAddress
from gateway.identity.file_addresses import FileAddresses, SharedFile
from gateway.identity.reasons import TokenFault
from gateway.journal.body import Origin
from gateway.model.caller import Caller
from gateway.surfaces.delta_sharing.names import FILES
from gateway.surfaces.inbound import inbound_of
from gateway.surfaces.walking import read_conditions

FILE_PATH = f"{FILES}{{share}}/{{table}}/{{release}}"


def caller_of_address(
    addresses: FileAddresses, path: str, parameters: Mapping[str, str], client_address: str | None
) -> Caller:
    """Raises InvalidFileAddress, StateUnavailable."""
    parts = path.removeprefix(FILES).split("/")
    if len(parts) != 3:
        raise InvalidFileAddress(TokenFault.ADDRESS_MALFORMED)
    share, table, release = parts
    return addresses.caller(SharedFile(table, share, release), parameters, client_address)


def read_file_wish(scope: Scope) -> Wish:
    """What the signature covers, and nothing that anybody could add to it."""
    inbound, names = inbound_of(scope), scope["path_params"]
    return Wish(
        product=names["table"],
        parameters={
            "area": names["share"],
            "release": names["release"],
            "format": PARQUET.name,
        },
        conditions=read_conditions(scope),
        origin=_of_query(inbound.origin, inbound.parameters["entry"]),
    )


def file_of(caller: Caller, wish: Wish, services: Services) -> Delivery:
    request = read_rows_request(wish, caller, areas=services.registry.areas)
    return deliver_rows(caller, replace(request, is_file=True), services)


def _of_query(origin: Origin, entry: str) -> Origin:
    """A fetch belongs to its query as a call to its trace (W3C Trace Context): the trace is the query's
    event id, so that an auditor finds from each fetch the query that gave its address away.
    """
    trace = entry.replace("-", "")
    return replace(origin, traceparent=f"00-{trace}-{trace[16:]}-00")
