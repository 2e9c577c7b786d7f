"""Where the token endpoint is: in the issuer's own metadata (RFC 8414, or OpenID Connect Discovery)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx2

from gateway.pull.answers import fault_of
from gateway.pull.config import Config, OAuth, check_address
from gateway.pull.connection import client_options
from gateway.pull.faults import NotTheGateway, Refused, TryLater

METADATA_BYTES_MAX = 262_144


@dataclass(frozen=True, slots=True)
class Endpoint:
    """audience: `aud` of the assertion. The issuer where it is known, as FAPI 2.0 asks (5.3.2.1)."""

    address: str
    audience: str


def find_endpoint(config: Config, oauth: OAuth) -> Endpoint:
    """Raises TryLater, Refused, NotTheGateway."""
    if oauth.token_endpoint is not None:
        address = oauth.token_endpoint
        return Endpoint(address, oauth.assertion_audience or address)
    issuer = oauth.issuer or ""
    with httpx2.Client(**client_options(config, issuer)) as client:
        found = _metadata(client, issuer)
    # RFC 8414 section 3.3: metadata that names another issuer must not be used.
    if found.get("issuer") != issuer:
        raise NotTheGateway(
            "The issuer's metadata name another issuer. Write it in the config exactly as they do."
        )
    try:
        address = check_address(str(found.get("token_endpoint", "")))
    except ValueError:
        raise NotTheGateway("The issuer's metadata name no https token endpoint.") from None
    return Endpoint(address, oauth.assertion_audience or issuer)


def well_known(issuer: str) -> tuple[str, str]:
    """RFC 8414 section 3.1 puts its part before the issuer's path, OpenID Connect after it."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    return (
        urlunsplit(parts._replace(path=f"/.well-known/oauth-authorization-server{path}", query="")),
        urlunsplit(parts._replace(path=f"{path}/.well-known/openid-configuration", query="")),
    )


def _metadata(client: httpx2.Client, issuer: str) -> dict[str, Any]:
    refusal = None
    for address in well_known(issuer):
        try:
            with client.stream("GET", address, headers={"accept": "application/json"}) as response:
                if response.status_code == 200:
                    return _document(response)
                refusal = fault_of(response)
        except httpx2.TransportError as error:
            raise TryLater(f"The issuer does not answer ({type(error).__name__}).") from error
        if isinstance(refusal, TryLater):
            raise refusal
    raise refusal or Refused("The issuer has no metadata.")


def _document(response: httpx2.Response) -> dict[str, Any]:
    length = response.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > METADATA_BYTES_MAX:
        raise NotTheGateway("The issuer's metadata are too long.")
    response.read()
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise NotTheGateway("The issuer's metadata are not a JSON object.")
    return document
