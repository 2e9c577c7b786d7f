"""The routes that need no caller: public, but for the metrics, which are for the monitoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.identity.binding import PROOF_ALGORITHMS
from gateway.surfaces.ops.health import Readiness
from gateway.surfaces.ops.metrics import METRICS_TYPE, Metrics
from gateway.surfaces.problems import METADATA_PATH
from gateway.surfaces.public import METRICS_PATH


@dataclass(frozen=True, slots=True)
class Protection:
    """What RFC 9728 tells a client: which resource, who issues its tokens, and what they can be bound to.

    takes_certificates: whether a trusted proxy can tell of a client's certificate.
    """

    resource: str
    issuers: tuple[str, ...]
    takes_certificates: bool


def ops_routes(
    readiness: Readiness, metrics: Metrics, protection: Protection
) -> Sequence[BaseRoute]:
    """Health, metrics, and the protected-resource metadata."""
    document = {
        "resource": protection.resource,
        "authorization_servers": list(protection.issuers),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(PROOF_ALGORITHMS),
        "dpop_bound_access_tokens_required": False,
        "tls_client_certificate_bound_access_tokens": protection.takes_certificates,
        "resource_name": "Jakelu",
        "resource_documentation": f"{protection.resource}/docs",
    }

    async def live(_: Request) -> Response:
        return _json({"status": "live"})

    async def ready(_: Request) -> Response:
        found = await run_in_threadpool(readiness.look)
        answer = {
            "status": "ready" if found.is_ready else "not ready",
            "checks": found.parts,
            "issuers": found.issuers,
        }
        return _json(answer, status=200 if found.is_ready else 503)

    async def exposition(_: Request) -> Response:
        return Response(metrics.exposition(), media_type=METRICS_TYPE)

    async def metadata(_: Request) -> Response:
        return _json(document, caching="public, max-age=3600")

    return (
        Route("/health/live", live),
        Route("/health/ready", ready),
        Route(METRICS_PATH, exposition),
        Route(METADATA_PATH, metadata),
    )


def _json(answer: object, *, status: int = 200, caching: str = "no-store") -> Response:
    return Response(
        orjson.dumps(answer),
        status,
        media_type="application/json",
        headers={"cache-control": caching},
    )
