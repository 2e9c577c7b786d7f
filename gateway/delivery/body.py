"""What a delivery's answer consists of; the surface hands it to the server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from gateway.delivery.conditions import Span
from gateway.delivery.encoded import Encoded
from gateway.delivery.multipart import Part
from gateway.encoding.compression import Coding, compress_pieces
from gateway.encoding.rows import RowEncoder
from gateway.ports import OpenFile


@dataclass(frozen=True, slots=True)
class NoBody:
    """Nothing is sent. size: what a GET would send, for HEAD; None when there is nothing to say."""

    size: int | None = None


@dataclass(frozen=True, slots=True)
class StoredBody:
    """Bytes of a stored file as they are. part: what of it goes out; file: closed by whoever sends it.

    sha256: hex, of the part, where the client wants it and it is not too long to be read twice.
    """

    file: OpenFile
    part: Part
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class EncodedBody:
    """An answer that is small enough to be whole in memory.

    part: what of it is sent, None for all.
    """

    encoded: Encoded
    part: Part | None = None

    @property
    def length(self) -> int:
        """Bytes that are sent."""
        return len(self.encoded.content) if self.part is None else self.part.length

    def pieces(self) -> Iterator[bytes | memoryview]:
        """What is sent."""
        whole = memoryview(self.encoded.content)
        if self.part is None:
            yield whole
            return
        for piece in self.part.pieces():
            yield whole[piece.first : piece.last + 1] if isinstance(piece, Span) else piece


@dataclass(frozen=True, slots=True)
class Rows:
    """What is encoded: batches of one schema, read while they are sent."""

    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]


class StreamedBody:
    """Rows encoded while they are sent; the length is not known before the end.

    Used by one thread at a time. rows and sha256 are of what has been given out so far.
    """

    def __init__(
        self,
        files: tuple[OpenFile, ...],
        rows: Rows,
        *,
        encoder: RowEncoder,
        coding: Coding | None = None,
    ) -> None:
        """files: what the rows are read from; closed with the body."""
        self._files = files
        self.rows = 0
        self._digest = hashlib.sha256()
        encoded = encoder(rows.schema, self._counted(rows.batches))
        self._chunks = encoded if coding is None else compress_pieces(encoded, coding)

    def next_chunk(self) -> bytes:
        """The next bytes, never empty before the end; empty at the end. Blocks: disk and encoding."""
        for chunk in self._chunks:
            if chunk:
                self._digest.update(chunk)
                return chunk
        return b""

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def close(self) -> None:
        for file in self._files:
            file.close()

    def _counted(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            self.rows += batch.num_rows
            yield batch


Body = NoBody | StoredBody | EncodedBody | StreamedBody
