"""Deliveries by day and organisation: numbers, and bars of one scale. No colour carries a meaning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from gateway.encoding.csv_text import csv_bytes
from gateway.errors import BadParameter
from gateway.journal.summary import Period, Summary
from gateway.journal.unusual import Volume
from gateway.surfaces.auditor.parameters import Filters, check_names, read_day, read_filters

PARAMETERS = ("since", "until", "organisation", "product")
MOST_DAYS = 62  # more bars than these nobody tells apart
USUAL_DAYS = 14
BAR, GAP, HEIGHT = (
    8,
    2,
    100,
)  # units of the drawing: a bar, the room between two, the largest number
_SEEN = 2  # how high the smallest bar is, so that one is told from none


@dataclass(frozen=True, slots=True)
class Asked:
    period: Period
    filters: Filters


@dataclass(frozen=True, slots=True)
class Cell:
    day: date
    organisation: str | None
    deliveries: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Panel:
    """One organisation's bars. most: in one day, on the day `most_day`."""

    organisation: str | None
    total: int
    most: int
    most_day: date
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """width: of each panel's drawing, in units; most: what the full height means."""

    period: Period
    width: int
    most: int
    panels: tuple[Panel, ...]
    cells: tuple[Cell, ...]

    @property
    def deliveries(self) -> int:
        return sum(each.deliveries for each in self.cells)

    @property
    def bytes(self) -> int:
        return sum(each.bytes for each in self.cells)


def read_asked(given: Mapping[str, str], *, today: date) -> Asked:
    """Without days the last fortnight. Raises UnknownParameter, BadParameter."""
    check_names(given, PARAMETERS)
    last = read_day(given, "until") if "until" in given else today
    usual = last - timedelta(days=USUAL_DAYS - 1)
    first = read_day(given, "since") if "since" in given else usual
    if last < first:
        raise BadParameter("Give a day that is not before `since`.", parameter="until")
    if (last - first).days >= MOST_DAYS:
        raise BadParameter(f"Give at most {MOST_DAYS} days.", parameter="until")
    named = {name: given[name] for name in ("organisation", "product") if name in given}
    return Asked(Period(first, last), read_filters(named))


def cells_of(summary: Summary) -> Iterator[Cell]:
    """Where there was something, by day and organisation."""
    period, sums = summary.period, defaultdict[tuple[date, str], Volume](Volume)
    for client, days in summary.volumes.items():
        for day, volume in days.items():
            if period.first <= day <= period.last:
                key = day, client.organisation or ""
                before = sums[key]
                sums[key] = Volume(
                    before.deliveries + volume.deliveries, before.bytes + volume.bytes
                )
    for (day, organisation), volume in sorted(sums.items()):
        yield Cell(day, organisation or None, volume.deliveries, volume.bytes)


def chart_of(summary: Summary) -> Chart:
    cells = tuple(cells_of(summary))
    most = max((each.deliveries for each in cells), default=0)
    days = (summary.period.last - summary.period.first).days + 1
    names = sorted({each.organisation or "" for each in cells})
    panels = tuple(
        _panel([each for each in cells if (each.organisation or "") == name], summary.period, most)
        for name in names
    )
    return Chart(summary.period, days * (BAR + GAP), most, panels, cells)


def csv_of(cells: tuple[Cell, ...]) -> bytes:
    columns = pa.schema(
        [
            ("day", pa.string()),
            ("organisation", pa.string()),
            ("deliveries", pa.int64()),
            ("bytes", pa.int64()),
        ]
    )
    rows = [
        {
            "day": each.day.isoformat(),
            "organisation": each.organisation,
            "deliveries": each.deliveries,
            "bytes": each.bytes,
        }
        for each in cells
    ]
    return csv_bytes(pa.Table.from_pylist(rows, schema=columns), include_header=True)


def _panel(cells: list[Cell], period: Period, most: int) -> Panel:
    highest = max(cells, key=lambda each: each.deliveries)
    return Panel(
        cells[0].organisation,
        sum(each.deliveries for each in cells),
        highest.deliveries,
        highest.day,
        tuple(_bar(each, period, most) for each in cells),
    )


def _bar(cell: Cell, period: Period, most: int) -> Bar:
    height = max(_SEEN, round(HEIGHT * cell.deliveries / most))
    return Bar((cell.day - period.first).days * (BAR + GAP) + GAP // 2, HEIGHT - height, height)
