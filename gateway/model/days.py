"""Days turn at midnight in Helsinki; timestamps are UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

HELSINKI = ZoneInfo("Europe/Helsinki")


def helsinki_day(moment: datetime) -> date:
    """The calendar day in Finland at an aware moment."""
    return moment.astimezone(HELSINKI).date()


def utc_text(moment: datetime) -> str:
    """RFC 3339 text in UTC with milliseconds: `2026-06-30T05:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_us(moment: datetime) -> int:
    """Microseconds of the epoch, exactly: a float of seconds would not hold them."""
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond
