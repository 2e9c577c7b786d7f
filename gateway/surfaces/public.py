"""What is answered without a caller: some addresses to everybody, the metrics to the monitoring alone."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

from gateway.journal.body import Origin
from gateway.surfaces.guides import DOCS_PATH, PAGE_PATHS
from gateway.surfaces.problems import METADATA_PATH
from gateway.surfaces.proxies import Network, read_address

# Every route that answers anybody. What is not here needs a token, whether it exists or not.
PUBLIC = PAGE_PATHS | {"/health/live", "/health/ready", "/openapi.json", DOCS_PATH, METADATA_PATH}
METRICS_PATH = "/metrics"
# What proxies add to a request (RFC 7239, RFC 9110 section 7.6.3, and what was there before them).
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via")


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Who reads the metrics, which tell why tokens were refused. networks: empty means nobody."""

    networks: tuple[Network, ...] = ()

    def is_served(self, scope: Scope, origin: Origin) -> bool:
        """Whether a request comes from there. One that a proxy passed on which nobody trusts does not:
        whose it is, is not known, and a proxy on this machine makes everybody look like loopback.
        """
        address = read_address(origin.client_address)
        is_passed_on = any(name in _FORWARDED for name, _ in scope["headers"])
        if address is None or (is_passed_on and not origin.proxies):
            return False
        return any(address in network for network in self.networks)


NO_MONITORING = Monitoring()


def needs_no_caller(scope: Scope, origin: Origin, monitoring: Monitoring) -> bool:
    """Whether an address is answered to whoever sent this request."""
    path = scope["path"]
    return path in PUBLIC or (path == METRICS_PATH and monitoring.is_served(scope, origin))
