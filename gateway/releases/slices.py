"""Reading one area's slice: record batches, narrowed, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import RawIOBase

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gateway.errors import ReleaseDamaged
from gateway.ports import OpenFile
from gateway.releases.layout import MUNICIPALITY

BATCH_ROWS = 32_768


@dataclass(frozen=True, slots=True)
class OwnRows:
    """Only rows that have this tag in this column."""

    column: str
    tag: str


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What of a slice is delivered.

    columns: in the delivered order, at least one. municipalities: None when the rows are not
    narrowed; an empty set delivers no row. own: None when the rows are of no single expert.
    """

    columns: tuple[str, ...]
    municipalities: frozenset[str] | None = None
    own: OwnRows | None = None

    @property
    def by(self) -> dict[str, frozenset[str]]:
        """What is asked of a row: column → the values that stay."""
        places = {} if self.municipalities is None else {MUNICIPALITY: self.municipalities}
        return places | ({} if self.own is None else {self.own.column: frozenset({self.own.tag})})


class Slice:
    """An open slice. The file stays the opener's: whoever opened it closes it."""

    def __init__(self, file: OpenFile) -> None:
        """Raises ReleaseDamaged when the file is no Parquet."""
        try:
            self._parquet = pq.ParquetFile(pa.PythonFile(_Reader(file), mode="r"), pre_buffer=False)
        except pa.ArrowInvalid as error:
            raise ReleaseDamaged("A slice of the release is not a Parquet file.") from error

    def schema(self, columns: Sequence[str]) -> pa.Schema:
        """The schema of the delivered columns, in their order."""
        whole = self._parquet.schema_arrow
        return pa.schema([whole.field(name) for name in columns])

    def batches(self, narrowing: Narrowing) -> Iterator[pa.RecordBatch]:
        """Record batches of at most BATCH_ROWS rows; memory follows the row group, not the slice."""
        wanted, by = list(narrowing.columns), narrowing.by
        read = [*wanted, *by]
        for batch in self._parquet.iter_batches(BATCH_ROWS, columns=list(dict.fromkeys(read))):
            kept = batch
            for column, values in by.items():
                kept = kept.filter(_is_in(kept, column, values))
            if kept.num_rows:
                yield kept.select(wanted)


def _is_in(batch: pa.RecordBatch, name: str, values: frozenset[str]) -> pa.BooleanArray:
    """Which rows have one of the values; an empty field has none."""
    column = batch.column(name)
    asked = pa.array(sorted(values), column.type)
    return pc.call_function("is_in", [column], options=pc.SetLookupOptions(value_set=asked))


class _Reader(RawIOBase):
    """An OpenFile as Python's file object, which is what PyArrow reads from."""

    def __init__(self, file: OpenFile) -> None:
        super().__init__()
        self._file = file
        self._offset = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._offset

    def seek(self, offset: int, whence: int = 0, /) -> int:
        base = (0, self._offset, self._file.size)[whence]
        self._offset = base + offset
        return self._offset

    def read(self, size: int = -1, /) -> bytes:
        length = self._file.size - self._offset if size < 0 else size
        content = self._file.read_at(self._offset, max(length, 0))
        self._offset += len(content)
        return content
