"""What can go wrong in a pull, and the exit code that a scheduler sees.

A text here never holds a token, a key, an assertion or a secret.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """DONE: all fetched or unchanged. FAILED: somebody must act. USAGE: the config is wrong.
    LATER: nothing is wrong on this side; the next run may do it.
    """

    DONE = 0
    FAILED = 1
    USAGE = 2
    LATER = 3


class PullFault(Exception):
    """detail: one sentence with the remedy. code: the gateway's, when it answered with a problem.

    request: the gateway's id of the request, by which its keeper finds it in the log and the journal.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(
        self,
        detail: str,
        *,
        http_status: int | None = None,
        code: str | None = None,
        request: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.http_status = http_status
        self.code = code
        self.request = request

    def __str__(self) -> str:
        """With what support needs to find the request in the log and the journal."""
        parts = [
            f"HTTP {self.http_status}" if self.http_status else "",
            self.code or "",
            f"request {self.request}" if self.request else "",
        ]
        told = ", ".join(part for part in parts if part)
        return f"{self.detail} ({told})" if told else self.detail


class ConfigFault(PullFault):
    """The config file, a key file or the options."""

    exit_code = ExitCode.USAGE


class Refused(PullFault):
    """The gateway or the token endpoint said no, and will say so again."""


class NotTheGateway(PullFault):
    """An answer that the gateway cannot have given."""


class Damaged(PullFault):
    """The bytes are not those that the gateway announced."""


class DiskFault(PullFault):
    """A folder or a file cannot be written."""


class TryLater(PullFault):
    """An outage, a limit or a broken connection. wait_seconds: what Retry-After asked for."""

    exit_code = ExitCode.LATER

    def __init__(
        self,
        detail: str,
        *,
        http_status: int | None = None,
        code: str | None = None,
        request: str | None = None,
        wait_seconds: float | None = None,
    ) -> None:
        super().__init__(detail, http_status=http_status, code=code, request=request)
        self.wait_seconds = wait_seconds
