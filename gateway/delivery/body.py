"""What a delivery's answer consists of; the surface hands it to the server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from gateway.delivery.conditions import Span
from gateway.delivery.encoded import Encoded
from gateway.encoding.compression import Coding, compress_pieces
from gateway.encoding.rows import RowEncoder
from gateway.ports import OpenFile
from gateway.releases.slices import Narrowing, Slice


@dataclass(frozen=True, slots=True)
class NoBody:
    """Nothing is sent. size: what a GET would send, for HEAD; None when there is nothing to say."""

    size: int | None = None


@dataclass(frozen=True, slots=True)
class StoredBody:
    """Bytes of a stored file as they are. span: the part of it; file: closed by whoever sends it.

    sha256: hex, of the part, where the client wants it and it is not too long to be read twice.
    """

    file: OpenFile
    span: Span
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class EncodedBody:
    """An answer that is small enough to be whole in memory."""

    encoded: Encoded


class StreamedBody:
    """Rows encoded while they are sent; the length is not known before the end.

    Used by one thread at a time. rows and sha256 are of what has been given out so far.
    """

    def __init__(
        self,
        file: OpenFile,
        narrowing: Narrowing,
        *,
        encoder: RowEncoder,
        coding: Coding | None = None,
    ) -> None:
        """Raises ReleaseDamaged when the file is no Parquet."""
        self._file = file
        self.rows = 0
        self._digest = hashlib.sha256()
        opened = Slice(file)
        rows = self._counted(opened.batches(narrowing))
        encoded = encoder(opened.schema(narrowing.columns), rows)
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
        self._file.close()

    def _counted(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            self.rows += batch.num_rows
            yield batch


Body = NoBody | StoredBody | EncodedBody | StreamedBody
