"""Whether the gateway could serve now, asked of what it serves with."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.errors import GatewayError

Checks = Mapping[str, Callable[[], None]]
_LOG = logging.getLogger("jakelu.health")


@dataclass(frozen=True, slots=True)
class Health:
    """parts: every one of them is needed. issuers: of tokens; one whose keys can be read is enough, for its
    callers are served whatever becomes of the others.
    """

    parts: Mapping[str, bool]
    issuers: Mapping[str, bool]

    @property
    def is_ready(self) -> bool:
        return all(self.parts.values()) and any(self.issuers.values())


class Readiness:
    """Runs every check, at most once in `pause_seconds`: anybody may ask, and asking must stay cheap.

    parts, issuers: by name; each raises GatewayError or OSError when that part could not serve.
    """

    def __init__(self, parts: Checks, *, issuers: Checks, pause_seconds: float = 1.0) -> None:
        self._parts = parts
        self._issuers = issuers
        self._pause = pause_seconds
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._found = Health({}, {})

    def look(self) -> Health:
        """Blocks while a check runs."""
        with self._lock:
            if time.monotonic() - self._asked >= self._pause:
                self._found = Health(_found(self._parts), _found(self._issuers))
                self._asked = time.monotonic()
            return self._found


def _found(checks: Checks) -> Mapping[str, bool]:
    return {name: _holds(name, check) for name, check in checks.items()}


def _holds(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except (GatewayError, OSError) as fault:
        _LOG.warning("not ready: %s (%s)", name, type(fault).__name__)
        return False
    return True
