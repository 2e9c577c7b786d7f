"""Who pulled what: deliveries by organisation, product and month, refusals by code, unusual days.

Persons are never counted, nor clients' rows: a summary says how often and how much, and the entries say what.
It is made in one walk over the entries of a closed period and of the 28 days before it, which are the
history that the period is compared with. It holds the deliveries of two days, one figure for each day of
each client, and the sums. A clock that goes back by more than a day may make two deliveries of one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from gateway.journal.deliveries import Body, Delivery, RollUp, day_of
from gateway.journal.unusual import HISTORY_DAYS, UnusualDay, Volume, unusual_days
from gateway.journal.walk import Ended, paired, walk
from gateway.model.days import HELSINKI
from gateway.model.entry import Entry, EntryKind, EntryQuery
from gateway.ports import JournalStore

MOST_DAYS = 366

_REFUSED = frozenset({EntryKind.DENIED, EntryKind.PSEUDONYM_REFUSED, EntryKind.SUBJECT_REFUSED})


@dataclass(frozen=True, slots=True)
class Period:
    """Days in Finland, both inclusive."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        return _midnight(self.first)

    @property
    def until(self) -> datetime:
        return _midnight(self.last + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Sums:
    """whole: deliveries of a whole file, or treated so; parts: requests; unknown: with an end nobody saw."""

    deliveries: int = 0
    whole: int = 0
    unknown: int = 0
    parts: int = 0
    bytes: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.deliveries + other.deliveries,
            self.whole + other.whole,
            self.unknown + other.unknown,
            self.parts + other.parts,
            self.bytes + other.bytes,
        )

    @staticmethod
    def of(delivery: Delivery) -> Sums:
        return Sums(
            1,
            int(bool(delivery.is_whole)),
            int(delivery.unknown > 0),
            delivery.parts,
            delivery.bytes,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sum belongs. month: like 2026-06; nulls where an entry does not say."""

    organisation: str | None
    product: str | None
    month: str

    @property
    def order(self) -> tuple[str, str, str]:
        return self.organisation or "", self.product or "", self.month


@dataclass(frozen=True, slots=True)
class Client:
    """A program, whoever used it."""

    issuer: str
    client: str
    organisation: str | None


@dataclass(slots=True)
class Summary:
    """deliveries and refusals are of the period; the volumes by client begin 28 days earlier."""

    period: Period
    deliveries: dict[Place, Sums] = field(default_factory=dict[Place, Sums])
    refusals: Counter[tuple[Place, str]] = field(default_factory=Counter[tuple[Place, str]])
    volumes: dict[Client, dict[date, Volume]] = field(
        default_factory=dict[Client, dict[date, Volume]]
    )

    def unusual(self) -> Iterator[tuple[Client, UnusualDay]]:
        """By client and day."""
        named = sorted(
            self.volumes, key=lambda each: (each.organisation or "", each.issuer, each.client)
        )
        for client in named:
            found = unusual_days(
                self.volumes[client], first=self.period.first, last=self.period.last
            )
            yield from ((client, each) for each in found)

    def add_deliveries(self, found: Iterable[Delivery]) -> None:
        for delivery in found:
            key, who = delivery.key, delivery.key.recipient
            days = self.volumes.setdefault(
                Client(who.issuer, who.client, who.organisation), dict[date, Volume]()
            )
            day = days.get(key.day, Volume())
            days[key.day] = Volume(day.deliveries + 1, day.bytes + delivery.bytes)
            if self.period.first <= key.day:
                place = Place(who.organisation, key.product, _month(key.day))
                self.deliveries[place] = self.deliveries.get(place, Sums()) + Sums.of(delivery)

    def add_refusals(self, entry: Entry) -> None:
        day, body = day_of(entry), entry.told
        if day < self.period.first:
            return
        if entry.kind in _REFUSED:
            place = Place(body.get("organisation"), body.get("product"), _month(day))
            self.refusals[place, str(body["refusal"])] += 1
        elif entry.kind is EntryKind.LIMITED:
            place = Place(body["organisation"], None, _month(day))
            for code, count in body["counts"].items():
                self.refusals[place, code] += count


def summarise(
    store: JournalStore,
    period: Period,
    *,
    organisation: str | None = None,
    product: str | None = None,
    end: int,
    size_of: Callable[[Body], int | None],
) -> Summary:
    """end: the last entry of the moment that is shown. Raises JournalUnavailable."""
    query = EntryQuery(
        since=_midnight(period.first - timedelta(days=HISTORY_DAYS)),
        until=period.until,
        organisation=organisation,
        product=product,
    )
    summary, roll_up, newest = Summary(period), RollUp(size_of), date.min
    found: Iterator[Ended | Entry] = paired(walk(store, query, end=end), store, end=end)
    for each in found:
        if isinstance(each, Entry):
            summary.add_refusals(each)
            continue
        roll_up.add(*each)
        if (day := day_of(each[0])) > newest:
            newest = day
            summary.add_deliveries(roll_up.take(before=day - timedelta(days=1)))
    summary.add_deliveries(roll_up.take())
    return summary


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), HELSINKI)


def _month(day: date) -> str:
    return f"{day:%Y-%m}"
