"""What the provider says of itself (OpenID Connect Discovery 1.0), read now and then, and checked."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.adapters.issuer_keys import KeysUnreadable
from gateway.adapters.key_source import is_safe_address, read_address
from gateway.encoding.strict_json import read_object
from gateway.errors import IssuerUnavailable
from gateway.ports import Clock

FRESH = timedelta(hours=1)
PAUSE = timedelta(seconds=5)  # after a failure
_log = logging.getLogger(__name__)


class ProviderMetadata(BaseModel):
    """The part that is used. RFC 9207 section 3 names the last one."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None
    code_challenge_methods_supported: list[str] = []
    authorization_response_iss_parameter_supported: bool = False


class MetadataSource:
    """The metadata of one provider, safe to use from many threads."""

    def __init__(self, issuer: str, *, clock: Clock) -> None:
        self._issuer = issuer
        self._address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        self._clock = clock
        self._lock = threading.Lock()
        self._known: ProviderMetadata | None = None
        self._asked: datetime | None = None

    def find(self) -> ProviderMetadata:
        """Raises IssuerUnavailable; metadata that was known before does not outlive its hour."""
        with self._lock:
            if self._known is None or not self._is_within(FRESH):
                if self._known is None and self._is_within(PAUSE):
                    raise _unavailable()
                self._known, self._asked = None, self._clock.now()
                self._known = self._read()
            return self._known

    def _is_within(self, age: timedelta) -> bool:
        now = self._clock.now()
        return self._asked is not None and timedelta(0) <= now - self._asked < age

    def _read(self) -> ProviderMetadata:
        try:
            found = ProviderMetadata.model_validate(read_object(read_address(self._address)))
        except (KeysUnreadable, ValidationError, ValueError) as fault:
            _log.warning("the provider's metadata cannot be read: %s", type(fault).__name__)
            raise _unavailable() from None
        if fault := _fault(found, self._issuer):
            _log.warning("the provider's metadata cannot be used: %s", fault)
            raise _unavailable()
        return found


def _fault(found: ProviderMetadata, issuer: str) -> str | None:
    """What is wrong with it: Discovery section 4.3, RFC 9700 section 2.1.1."""
    addresses = [found.authorization_endpoint, found.token_endpoint, found.jwks_uri]
    if found.end_session_endpoint is not None:
        addresses.append(found.end_session_endpoint)
    if found.issuer != issuer:
        return "it is of another issuer"
    if not all(is_safe_address(address) for address in addresses):
        return "an address is neither https nor http on loopback"
    if "S256" not in found.code_challenge_methods_supported:
        return "it does not support PKCE with S256"
    return None


def _unavailable() -> IssuerUnavailable:
    return IssuerUnavailable("Try again in a moment.", retry_after_seconds=5)
