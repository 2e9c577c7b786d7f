"""Several ranges of one file in one answer: `multipart/byteranges` (RFC 9110 section 14.6)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.delivery.conditions import Range, Span, find_spans
from gateway.delivery.plan import Plan

_BOUNDARY_CHARACTERS = 32  # hex: 128 bits


@dataclass(frozen=True, slots=True)
class Parts:
    """Two spans or more, in the order in which they are sent. size: of the file that they are of.

    boundary: a line that is nowhere in the content. It is a hash over the file's own tag, so no file holds it but by
    a chance of one in 2^128; and equal requests have equal answers, byte by byte.
    """

    spans: tuple[Span, ...]
    size: int
    media_type: str
    boundary: str

    @staticmethod
    def of(spans: tuple[Span, ...], *, size: int, media_type: str, etag: str) -> Parts:
        said = ",".join(f"{span.first}-{span.last}" for span in spans)
        digest = hashlib.sha256(f"jakelu byteranges 1\n{etag}\n{said}".encode()).hexdigest()
        return Parts(spans, size, media_type, digest[:_BOUNDARY_CHARACTERS])

    @property
    def content_type(self) -> str:
        return f"multipart/byteranges; boundary={self.boundary}"

    @property
    def length(self) -> int:
        """Bytes of the content, with what stands between the parts."""
        pieces = self.pieces()
        return sum(each.length if isinstance(each, Span) else len(each) for each in pieces)

    def pieces(self) -> Iterator[bytes | Span]:
        """The content: each span behind the head of its part, and the end (RFC 2046 section 5.1.1)."""
        for turn, span in enumerate(self.spans):
            line = b"\r\n" if turn else b""
            yield line + self._head(span)
            yield span
        yield f"\r\n--{self.boundary}--\r\n".encode()

    def _head(self, span: Span) -> bytes:
        lines = (
            f"--{self.boundary}",
            f"Content-Type: {self.media_type}",
            f"Content-Range: bytes {span.first}-{span.last}/{self.size}",
            "\r\n",
        )
        return "\r\n".join(lines).encode("latin-1")


Part = Span | Parts


def find_part(ranges: Sequence[Range] | None, plan: Plan, *, size: int) -> Part | None:
    """What goes out of a file of this size, or None for all of it. Raises RangeNotSatisfiable.

    One range that is left of several is sent as if it alone had been asked for (section 15.3.7.2).
    """
    if ranges is None:
        return None
    spans = find_spans(ranges, size=size)
    if len(spans) == 1:
        return spans[0]
    return Parts.of(spans, size=size, media_type=plan.format.media_type, etag=plan.etag)
