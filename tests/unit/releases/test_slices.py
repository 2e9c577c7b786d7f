from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gateway.adapters.releases_files import DiskFile
from gateway.errors import ReleaseDamaged
from gateway.model.release import StoredFile
from gateway.releases.slices import BATCH_ROWS, Narrowing, Slice

ROWS = BATCH_ROWS + 10


class CountedFile(DiskFile):
    """A stored file that remembers how much was read at once."""

    largest = 0

    def read_at(self, offset: int, length: int) -> bytes:
        self.largest = max(self.largest, length)
        return super().read_at(offset, length)


def stored_file(path: Path) -> StoredFile:
    content = path.read_bytes()
    return StoredFile(path.name, 0, len(content), hashlib.sha256(content).hexdigest())


@pytest.fixture
def file(tmp_path: Path):
    table = pa.table(
        {
            "pseudonym": [f"P{i}" for i in range(ROWS)],
            "municipality": [("837", "536", None)[i % 3] for i in range(ROWS)],
            "sex": [str(1 + i % 2) for i in range(ROWS)],
        }
    )
    path = tmp_path / "part-0.parquet"
    pq.write_table(table, path, row_group_size=20_000)
    file = CountedFile(os.open(path, os.O_RDONLY), stored_file(path), hashes={})
    yield file
    file.close()


def test_all_rows_come_in_batches(file):
    batches = list(Slice(file).batches(Narrowing(("pseudonym", "municipality", "sex"))))
    assert sum(batch.num_rows for batch in batches) == ROWS
    assert max(batch.num_rows for batch in batches) <= BATCH_ROWS


def test_rows_and_columns_are_narrowed(file):
    narrowing = Narrowing(("sex", "pseudonym"), frozenset({"837"}))
    batches = list(Slice(file).batches(narrowing))
    assert {tuple(batch.schema.names) for batch in batches} == {("sex", "pseudonym")}
    names = [name for batch in batches for name in batch["pseudonym"].to_pylist()]
    assert names == [f"P{i}" for i in range(0, ROWS, 3)]


def test_the_schema_is_that_of_the_batches(file):
    opened = Slice(file)
    narrowing = Narrowing(("sex", "municipality"), frozenset({"536"}))
    schema = opened.schema(narrowing.columns)
    assert all(batch.schema.equals(schema) for batch in opened.batches(narrowing))


def test_no_municipality_is_no_row(file):
    assert list(Slice(file).batches(Narrowing(("sex",), frozenset()))) == []


def test_a_slice_is_read_piece_by_piece(file):
    list(Slice(file).batches(Narrowing(("pseudonym", "municipality", "sex"))))
    assert file.largest < file.size


def test_what_is_no_parquet_is_damaged(tmp_path: Path):
    path = tmp_path / "part-0.parquet"
    path.write_bytes(b"PAR1 but not really" * 10)
    file = DiskFile(os.open(path, os.O_RDONLY), stored_file(path), hashes={})
    with pytest.raises(ReleaseDamaged):
        Slice(file)
    file.close()
