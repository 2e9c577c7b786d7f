"""Conditions and ranges of a request (RFC 9110 sections 13 and 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.errors import RangeNotSatisfiable

_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_DIGITS_MAX = 18


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
    """Bytes first..last of a file, both inclusive."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def is_unchanged(conditions: Conditions, etag: str) -> bool:
    """Whether the client already has this representation (If-None-Match, weak comparison)."""
    if conditions.if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in conditions.if_none_match.split(",")]
    return "*" in tags or etag in tags


def find_span(conditions: Conditions, etag: str, *, size: int) -> Span | None:
    """The one range to send, or None for the whole file.

    A range that is malformed, one of several, or bound to another version (If-Range with another
    strong tag, or a date) is ignored, as the RFC allows. Raises RangeNotSatisfiable.
    """
    if conditions.range is None or not conditions.wants_body:
        return None
    if conditions.if_range is not None and conditions.if_range.strip() != etag:
        return None
    found = _RANGE.fullmatch(conditions.range.replace(" ", ""))
    if found is None or found[0] == "bytes=-" or max(map(len, found.groups())) > _DIGITS_MAX:
        return None
    first, last = found.groups()
    if first == "":
        return _suffix(int(last), size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise RangeNotSatisfiable(size)
    return Span(int(first), min(int(last), size - 1) if last else size - 1)


def _suffix(length: int, size: int) -> Span:
    if length == 0 or size == 0:
        raise RangeNotSatisfiable(size)
    return Span(max(size - length, 0), size - 1)
