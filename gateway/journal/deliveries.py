"""Deliveries: what one client got of one file of one release on one day, in however many requests.

An interrupted download is fetched again from where it ended, and a fast one in many ranges at once: each
request is an intent of its own, and to an auditor they are one delivery. Requests belong together when all
of this is equal: the day in Finland, the issuer, client and subject, the organisation, the purpose, the
product, the release, and what of it was asked for (areas, selection, columns, format).

What left may be less than what is counted, never more: `bytes` of a completion is an upper bound. A part
whose end nobody saw is treated as the whole file.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from gateway.journal.leaf import canonical
from gateway.model.days import helsinki_day
from gateway.model.entry import Entry, Outcome

Body = Mapping[str, Any]

_ASKED = ("areas_requested", "areas_granted", "selection", "columns", "format")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who got something, and why. issuer and client: of the token; organisation: registry code."""

    issuer: str
    client: str
    subject: str
    organisation: str | None
    purpose: str | None


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """What parts of one delivery have in common. file: a hash of what was asked of the release."""

    day: date
    recipient: Recipient
    product: str | None
    release: str | None
    file: bytes

    @staticmethod
    def of(intent: Entry) -> DeliveryKey:
        body = intent.told
        recipient = Recipient(
            body["iss"], body["client_id"], body["sub"], body["organisation"], body["purpose"]
        )
        asked = canonical({name: body[name] for name in _ASKED})
        return DeliveryKey(
            day_of(intent),
            recipient,
            body["product"],
            body["release"],
            hashlib.sha256(asked).digest(),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """What one request got of a file, at most: spans of it, first byte and the byte behind the last.

    bytes: None when nobody saw the end. is_ranged: the client asked for a range. is_file: it is the whole
    file, so its bytes are the file's size.
    """

    spans: tuple[tuple[int, int], ...]
    bytes: int | None
    is_ranged: bool
    is_file: bool

    @staticmethod
    def of(completion: Body | None) -> Part:
        """None: the intent is still open, and how it ends is not known."""
        if completion is None or completion["outcome"] == Outcome.UNKNOWN.value:
            return Part((), None, is_ranged=False, is_file=False)
        is_file = completion["content_sha256"] is not None
        start, sent = completion["range_start"], completion["bytes"]
        # What stands between several parts is counted in `bytes` too, so the spans are never too short. Entries from
        # before there were several have no such field.
        several = completion.get("ranges")
        one = [[start or 0, (start or 0) + sent - 1]]
        spans = _begun(several or one, sent)
        return Part(spans, sent, start is not None, is_file)

    @property
    def is_empty(self) -> bool:
        """Nothing was delivered: a 304, a HEAD, a failure before the first byte."""
        return self.bytes == 0 and not self.is_file


@dataclass(slots=True)
class Coverage:
    """Bytes of a file as spans that neither meet nor overlap, in order. ends: exclusive."""

    starts: list[int] = field(default_factory=list[int])
    ends: list[int] = field(default_factory=list[int])

    def add(self, start: int, end: int) -> None:
        """A span that is longer than nothing."""
        low, high = bisect_left(self.ends, start), bisect_right(self.starts, end)
        if low < high:
            start, end = min(start, self.starts[low]), max(end, self.ends[high - 1])
        self.starts[low:high], self.ends[low:high] = [start], [end]

    def is_whole(self, size: int) -> bool:
        """Whether every byte of a file of this size is in it."""
        return size == 0 or (self.starts[:1] == [0] and self.ends[0] >= size)


@dataclass(slots=True)
class Delivery:
    """parts: requests that got something; bytes: summed over them, repetitions counted again.

    unknown: parts whose end nobody saw. size: of the file, None while it is not known.
    """

    key: DeliveryKey
    parts: int = 0
    bytes: int = 0
    unknown: int = 0
    size: int | None = None
    coverage: Coverage = field(default_factory=Coverage)

    def add(self, part: Part) -> None:
        self.parts += 1
        if part.bytes is None:
            self.unknown += 1
            return
        self.bytes += part.bytes
        if part.is_file:
            self.size = part.bytes
        for start, end in part.spans:
            self.coverage.add(start, end)

    @property
    def is_whole(self) -> bool | None:
        """Whether the whole file may have left; None when nothing tells how large it is."""
        if self.unknown:
            return True
        return None if self.size is None else self.coverage.is_whole(self.size)


@dataclass(slots=True)
class RollUp:
    """Requests in, deliveries out. size_of: the size of the file that an intent's body names, if known.

    It holds the deliveries of the days that have not been taken.
    """

    size_of: Callable[[Body], int | None] = lambda _: None
    _open: dict[DeliveryKey, Delivery] = field(default_factory=dict[DeliveryKey, Delivery])

    def add(self, intent: Entry, completion: Body | None) -> None:
        """One intent with the body of its completion, in any order."""
        part = Part.of(completion)
        if part.is_empty:
            return
        key = DeliveryKey.of(intent)
        delivery = self._open.setdefault(key, Delivery(key))
        delivery.add(part)
        if part.is_ranged and delivery.size is None:
            delivery.size = self.size_of(intent.told)

    def take(self, *, before: date | None = None) -> list[Delivery]:
        """The deliveries of earlier days, which end with this; None: all of them."""
        taken = [each for each in self._open.values() if before is None or each.key.day < before]
        for each in taken:
            del self._open[each.key]
        return taken


def _begun(ranges: Sequence[Sequence[int]], sent: int) -> tuple[tuple[int, int], ...]:
    """What of the ranges, in their order, the first `sent` bytes can have been; first and last of each."""
    spans: list[tuple[int, int]] = []
    for first, last in ranges:
        length = min(last - first + 1, sent)
        if length <= 0:
            break
        spans.append((first, first + length))
        sent -= length
    return tuple(spans)


def day_of(entry: Entry) -> date:
    """The day in Finland on which it was written."""
    return helsinki_day(datetime.fromisoformat(entry.ts_utc))
