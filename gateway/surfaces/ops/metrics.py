"""Counts and durations. Labels are routes, statuses, outcomes and reasons: all of them closed lists."""

from __future__ import annotations

import logging

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from gateway.surfaces.security import Answered
from gateway.surfaces.streaming import Finished

METRICS_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
_LOG = logging.getLogger("jakelu.requests")


class Metrics:
    """A registry of its own, so that nothing else of the process gets in."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "jakelu_requests",
            "Answered requests.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "jakelu_request_seconds",
            "From the guard to the last byte handed over.",
            ("route",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._deliveries = Counter(
            "jakelu_deliveries", "Closed intents.", ("outcome",), registry=self._registry
        )
        self._bytes = Counter(
            "jakelu_delivered_bytes", "Bytes handed to the server.", registry=self._registry
        )
        self._failures = Counter(
            "jakelu_authentication_failures",
            "Requests without a valid token.",
            ("reason",),
            registry=self._registry,
        )

    def observe(self, answered: Answered) -> None:
        """Count a request, and log it: identifiers, counts and durations, no address and no query."""
        self._requests.labels(answered.method, answered.route, str(answered.status)).inc()
        self._seconds.labels(answered.route).observe(answered.seconds)
        level = logging.WARNING if answered.status >= 500 else logging.INFO
        _LOG.log(
            level,
            "%s %s %d %s %.1f ms %s",
            answered.method,
            answered.route,
            answered.status,
            answered.code or "-",
            answered.seconds * 1000,
            answered.request_id,
        )

    def observe_finished(self, finished: Finished) -> None:
        self._deliveries.labels(finished.outcome.value).inc()
        self._bytes.inc(finished.bytes)

    def count_failure(self, reason: str) -> None:
        self._failures.labels(reason).inc()

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self._registry)
