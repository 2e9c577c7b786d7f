"""Conditions and ranges of a request (RFC 9110 sections 13 and 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from gateway.errors import RangeNotSatisfiable

# Of one request. Who asks for more gets the whole file, as one who asked for no range (section 14.2).
RANGES_MAX = 16

_RANGES = re.compile(r"bytes=(.*)", re.IGNORECASE | re.DOTALL)
_RANGE = re.compile(r"([0-9]{0,18})[ \t]*-[ \t]*([0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Conditions:
    """Header values as sent. wants_body: False for HEAD.

    takes_streams: False for HTTP/1.0, to which a stream that was cut off looks like a whole one.
    wants_repr_digest, wants_content_digest: SHA-256 of the representation, and of what is sent of it.
    """

    if_none_match: str | None = None
    range: str | None = None
    if_range: str | None = None
    wants_body: bool = True
    takes_streams: bool = True
    accept_encoding: str | None = None
    wants_repr_digest: bool = True
    wants_content_digest: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes first..last of a file, both inclusive: an answer of one part, whose only piece it is."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    @property
    def spans(self) -> tuple[Span, ...]:
        return (self,)

    def pieces(self) -> Iterator[bytes | Span]:
        yield self


@dataclass(frozen=True, slots=True)
class Range:
    """A range as it was asked for. first: None for the last `last` bytes; last: None for everything after."""

    first: int | None
    last: int | None

    @staticmethod
    def parse(text: str) -> Range | None:
        """None for what is no range of bytes (section 14.1.2)."""
        found = _RANGE.fullmatch(text)
        if found is None:
            return None
        first, last = (int(digits) if digits else None for digits in found.groups())
        if first is None and last is None:
            return None
        is_reversed = first is not None and last is not None and last < first
        return None if is_reversed else Range(first, last)

    def within(self, size: int) -> Span | None:
        """The bytes of a file of this size, or None when it has none of them."""
        if self.first is None:
            length = min(self.last or 0, size)
            return Span(size - length, size - 1) if length else None
        if self.first >= size:
            return None
        return Span(self.first, size - 1 if self.last is None else min(self.last, size - 1))


def is_unchanged(conditions: Conditions, etag: str) -> bool:
    """Whether the client already has this representation (If-None-Match, weak comparison)."""
    if conditions.if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in conditions.if_none_match.split(",")]
    return "*" in tags or etag in tags


def read_ranges(conditions: Conditions, etag: str) -> Sequence[Range] | None:
    """The ranges that a GET asks for, in its order, or None for the whole file.

    What is malformed, of more ranges than RANGES_MAX, or bound to another version (If-Range with another strong
    tag, or a date) is ignored, as the RFC allows.
    """
    if conditions.range is None or not conditions.wants_body:
        return None
    if conditions.if_range is not None and conditions.if_range.strip() != etag:
        return None
    found = _RANGES.fullmatch(conditions.range.strip())
    # Empty elements of a list are none (section 5.6.1.2).
    texts = [each for part in found[1].split(",") if (each := part.strip(" \t"))] if found else []
    if not 0 < len(texts) <= RANGES_MAX:
        return None
    ranges = [Range.parse(text) for text in texts]
    return None if None in ranges else [each for each in ranges if each is not None]


def find_spans(ranges: Sequence[Range], *, size: int) -> tuple[Span, ...]:
    """What of a file is sent for its ranges: no byte twice, each part where the request first named it.

    Ranges that overlap or touch are one part (section 15.3.7.2), so whatever is asked, no answer carries more of a
    file than there is. Ranges outside the file are left out. Raises RangeNotSatisfiable when nothing is left.
    """
    found = ((each.within(size), turn) for turn, each in enumerate(ranges))
    inside = sorted((span.first, span.last, turn) for span, turn in found if span is not None)
    joined: list[tuple[int, int, int]] = []
    for first, last, turn in inside:
        if joined and first <= joined[-1][1] + 1:
            before, end, earlier = joined.pop()
            joined.append((before, max(end, last), min(earlier, turn)))
        else:
            joined.append((first, last, turn))
    if not joined:
        raise RangeNotSatisfiable(size)
    return tuple(Span(first, last) for first, last, _ in sorted(joined, key=itemgetter(2)))
