"""The machine's clock."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The present moment in UTC; a machine that serves keeps its clock by NTP."""

    def now(self) -> datetime:
        return datetime.now(UTC)
