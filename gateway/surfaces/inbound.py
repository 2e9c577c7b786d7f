"""A request as the guard hands it on: who asks, from where, with which parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.types import Scope

from gateway.errors import BadRequest, RepeatedParameter, Unauthenticated
from gateway.journal.body import Origin
from gateway.model.caller import Caller
from gateway.surfaces.proxies import TrustedProxies

_KEY = "jakelu.inbound"
# W3C Trace Context, version 00; anything else is not kept, for the journal holds no free text.
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(slots=True)
class Inbound:
    """caller: None on a public route. parameters: query values by name, each name once. wants_body: not HEAD,
    also where a HEAD is answered as if it were a GET.
    """

    origin: Origin
    parameters: Mapping[str, str]
    caller: Caller | None = None
    wants_body: bool = True


def keep_inbound(scope: Scope, inbound: Inbound) -> None:
    """Done by the guard, and by nobody else."""
    scope[_KEY] = inbound


def inbound_of(scope: Scope) -> Inbound:
    """What the guard knows of a request. Raises Unauthenticated when no guard stood before it."""
    inbound = scope.get(_KEY)
    if not isinstance(inbound, Inbound):
        raise Unauthenticated
    return inbound


def caller_of(scope: Scope) -> Caller:
    """Who asks. Raises Unauthenticated on a public route: nothing guarded may be served there."""
    caller = inbound_of(scope).caller
    if caller is None:
        raise Unauthenticated
    return caller


def header(scope: Scope, name: bytes) -> str | None:
    """A header's value, the first when it is repeated; None when it is absent."""
    return next(
        (value.decode("latin-1") for key, value in scope["headers"] if key == name),
        None,
    )


def headers(scope: Scope, name: bytes) -> tuple[str, ...]:
    """Every value of a header, in order."""
    return tuple(value.decode("latin-1") for key, value in scope["headers"] if key == name)


def read_origin(scope: Scope, request_id: str, proxies: TrustedProxies) -> Origin:
    """Where a request comes from: its peer, or whom the trusted proxies name."""
    traceparent = header(scope, b"traceparent")
    peer = scope.get("client")
    way = proxies.way(peer[0] if peer else None, headers(scope, b"x-forwarded-for"))
    return Origin(
        request_id=request_id,
        traceparent=traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else None,
        client_address=way.client,
        proxies=way.proxies,
    )


def read_parameters(query: bytes) -> Mapping[str, str]:
    """Query values by name. Raises RepeatedParameter, BadRequest (not UTF-8)."""
    if not query:
        return {}
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise BadRequest("The query of the address is not percent-encoded UTF-8.") from error
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if name in parameters:
            raise RepeatedParameter(
                "Give it once; where several values are allowed, put commas between them.",
                parameter=name,
            )
        parameters[name] = value
    return parameters
