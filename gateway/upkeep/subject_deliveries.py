"""What the journal says was delivered of rows in a time: the requests rolled up, as auditors see them.

Who read is left behind here: of a recipient only the organisation goes on, since a data subject is told
when, why and to which organisation, not to which of its people (GDPR article 15; CJEU C-579/21).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from gateway.journal.deliveries import Body, Delivery, DeliveryKey, RollUp, day_of
from gateway.journal.summary import Period
from gateway.journal.walk import Ended, paired, walk
from gateway.model.entry import Entry, EntryKind, EntryQuery
from gateway.model.ruling import Action
from gateway.ports import JournalStore

_HALVES = frozenset({EntryKind.INTENT, EntryKind.COMPLETION})


class Ending(StrEnum):
    """How much of what was asked for has left."""

    COMPLETE = "complete"
    PARTIAL = "partial"  # interrupted, or ranges that nobody saw cover the file
    UNKNOWN = "unknown"  # nobody saw the end: treated as complete


@dataclass(frozen=True, slots=True, order=True)
class SliceName:
    """release: None where the release was too damaged to be named."""

    product: str
    release: str | None
    area: str


@dataclass(frozen=True, slots=True)
class Served:
    """One delivery of a slice. selection: column → the values that a row of it has; empty for all rows.

    legal_bases: those of its requests, in order.
    """

    slice: SliceName
    day: date
    contract_version: str | None
    organisation: str | None
    purpose: str | None
    legal_bases: tuple[str, ...]
    selection: Mapping[str, tuple[str, ...]]
    ending: Ending


@dataclass(frozen=True, slots=True)
class Found:
    """What a journal tells of a period.

    expired: days of which some delivery's entry has expired; begins: the day of the journal's first entry,
    None while it has none.
    """

    served: tuple[Served, ...]
    expired: tuple[date, ...]
    begins: date | None


def find_served(
    store: JournalStore, period: Period, *, size_of: Callable[[Body], int | None]
) -> Found:
    """Every delivery of rows that began in a period. size_of: of the file that an intent names.

    Raises JournalUnavailable.
    """
    end = store.span(None, None)[1]
    expired = set[date]()
    entries = walk(store, EntryQuery(since=period.since, until=period.until), end=end)
    ended = paired(_noting(entries, expired), store, end=end)
    served = rolled_up(_intents(ended), size_of=size_of)
    first = store.search(EntryQuery(limit=1)).entries
    begins = day_of(first[0]) if first else None
    return Found(served, tuple(sorted(expired)), begins)


def rolled_up(
    ended: Iterable[Ended], *, size_of: Callable[[Body], int | None]
) -> tuple[Served, ...]:
    """Intents of rows with the bodies of their completions, as deliveries by day and slice."""
    roll_up, asked = RollUp(size_of), dict[DeliveryKey, _Asked]()
    for intent, completion in ended:
        roll_up.add(intent, completion)
        key = DeliveryKey.of(intent)
        known = asked.setdefault(key, _Asked(intent.told))
        known.legal_bases.add(intent.told["legal_basis"])
    found = [_served(each, asked[each.key]) for each in roll_up.take()]
    return tuple(sorted(found, key=_order))


@dataclass(slots=True)
class _Asked:
    """body: of the first intent; what makes requests one delivery is equal in all of them."""

    body: Body
    legal_bases: set[str | None] = field(default_factory=set[str | None])


def _served(delivery: Delivery, asked: _Asked) -> Served:
    body = asked.body
    (area,) = body["areas_requested"]  # rows are asked for, and permitted, area by area
    return Served(
        slice=SliceName(body["product"], body["release"], area),
        day=delivery.key.day,
        contract_version=body["contract_version"],
        organisation=body["organisation"],
        purpose=body["purpose"],
        legal_bases=tuple(sorted(each for each in asked.legal_bases if each is not None)),
        selection={name: tuple(values) for name, values in body["selection"].items()},
        ending=_ending(delivery),
    )


def _ending(delivery: Delivery) -> Ending:
    if delivery.unknown:
        return Ending.UNKNOWN
    return Ending.COMPLETE if delivery.is_whole else Ending.PARTIAL


def _order(served: Served) -> tuple[str, ...]:
    name = served.slice
    texts = (served.organisation, served.purpose, str(sorted(served.selection.items())))
    place = (name.product, name.release or "", name.area, served.day.isoformat())
    return (*place, *(text or "" for text in texts), served.ending)


def _noting(entries: Iterable[Entry], expired: set[date]) -> Iterator[Entry]:
    """Both halves of deliveries of rows; the days of those that have expired go into the set.

    What an expired one delivered is not known any more, so it may have been rows.
    """
    for entry in entries:
        if entry.kind not in _HALVES:
            continue
        if entry.body is None:
            if entry.kind is EntryKind.INTENT:
                expired.add(day_of(entry))
        elif entry.kind is EntryKind.COMPLETION or entry.body["action"] == Action.READ_ROWS:
            yield entry


def _intents(found: Iterable[Ended | Entry]) -> Iterator[Ended]:
    return (each for each in found if isinstance(each, tuple))
