"""Whether the gateway could serve now, asked of what it serves with."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from gateway.errors import GatewayError

_LOG = logging.getLogger("jakelu.health")


class Readiness:
    """Runs every check, at most once in `pause_seconds`: anybody may ask, and asking must stay cheap.

    checks: by name; each raises GatewayError or OSError when that part could not serve.
    """

    def __init__(
        self, checks: Mapping[str, Callable[[], None]], *, pause_seconds: float = 1.0
    ) -> None:
        self._checks = checks
        self._pause = pause_seconds
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._found: dict[str, bool] = {}

    def look(self) -> Mapping[str, bool]:
        """Name → whether it could serve. Blocks while a check runs."""
        with self._lock:
            if time.monotonic() - self._asked >= self._pause:
                self._found = {name: _holds(name, check) for name, check in self._checks.items()}
                self._asked = time.monotonic()
            return dict(self._found)


def _holds(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except (GatewayError, OSError) as fault:
        _LOG.warning("not ready: %s (%s)", name, type(fault).__name__)
        return False
    return True
