"""Content codings (RFC 9110 section 8.4.1): zstd (RFC 8878) and gzip (RFC 1952), whole or piece by piece.

zstd is at PyArrow's own level, whose window every browser takes (RFC 9659). What is compressed inside already (Parquet, a
workbook) is left alone: coding it twice costs time and saves nothing.

BREACH needs an answer in which an attacker's text stands beside a secret and is asked for again and again with
a victim's credential. None of ours has one: nothing that a caller wrote is in an answer, problems and
pages that need a session are never coded, and a credential is a header that no foreign page can make a browser send.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from enum import StrEnum

import pyarrow as pa

from gateway.encoding.drain import Drain

_GZIP_LEVEL = 6
_GZIP = 16 + zlib.MAX_WBITS  # a gzip header, without a time or a name: the same bytes each time


class Coding(StrEnum):
    """By the name in `Content-Encoding`; the first is preferred where the client is indifferent."""

    ZSTD = "zstd"
    GZIP = "gzip"


def compress(content: bytes, coding: Coding) -> bytes:
    """All of it at once; equal bytes for equal content."""
    return b"".join(compress_pieces((content,), coding))


def compress_pieces(pieces: Iterable[bytes], coding: Coding) -> Iterator[bytes]:
    """Coded bytes while the pieces come; some of what is given out may be empty."""
    match coding:
        case Coding.ZSTD:
            return _zstd(pieces)
        case Coding.GZIP:
            return _gzip(pieces)


def _zstd(pieces: Iterable[bytes]) -> Iterator[bytes]:
    drain = Drain()
    with pa.CompressedOutputStream(pa.PythonFile(drain, mode="w"), "zstd") as sink:
        for piece in pieces:
            sink.write(piece)
            yield drain.drained()
    yield drain.drained()


def _gzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    coder = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP)
    for piece in pieces:
        yield coder.compress(piece)
    yield coder.flush()
