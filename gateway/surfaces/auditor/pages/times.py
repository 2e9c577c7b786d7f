"""Times for people: in Finland, with the offset, so that no two readers take one for another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.model.days import HELSINKI, helsinki_day

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@dataclass(frozen=True, slots=True)
class Moment:
    """text: `2026-06-30 08:00:00 +03:00`; utc: as the journal has it; day: in Finland."""

    text: str
    utc: str
    day: str

    @staticmethod
    def of(utc: str) -> Moment:
        moment = datetime.fromisoformat(utc)
        local = moment.astimezone(HELSINKI).isoformat(sep=" ", timespec="seconds")
        return Moment(f"{local[:-6]} {local[-6:]}", utc, helsinki_day(moment).isoformat())


def duration(span: timedelta) -> str:
    """In whole units, rounded down: `42 s`, `3 min`, `2 h`, `5 d`."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
