"""Nothing that identifies a person leaves the publish road: the bytes are searched for it.

The needles are the generator's own list of secrets; the haystack is everything that the serve road can
reach or write: releases (also decompressed), the journal and the logs.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from gateway.synthetic.secrets import secrets_of

EVERYTHING = 10**9
SMALLEST_PERSON_ID = 3 * 2**31  # raw ids of the synthetic warehouse begin here
REQUESTS = (
    ("municipality-bi", "/v1/rows/job-seeker-spells?area=39&format=csv"),
    ("municipality-bi", "/v1/rows/service-periods?area=39&format=ndjson"),
    ("ely-analyst", "/v1/rows/job-seeker-spells?area=39"),
    ("ely-analyst", "/v1/cubes/service-outcomes/data?service=*&geography=*"),
    ("stranger", "/v1/rows/job-seeker-spells?area=39"),
    ("auditor", "/v1/journal/entries"),
)


@pytest.fixture(scope="module")
def finder(published) -> _Needles:
    """Looks for every secret of the warehouse at once."""
    secrets = secrets_of(published.warehouse, EVERYTHING)
    assert len(secrets) > 10_000
    return _Needles(secrets)


class _Needles:
    """Finds any of many byte strings: by a set of their first eight bytes, then in full."""

    def __init__(self, secrets: frozenset[bytes]) -> None:
        self.width = min(8, *(len(secret) for secret in secrets))
        self.by_start: dict[bytes, list[bytes]] = {}
        for secret in secrets:
            self.by_start.setdefault(secret[: self.width], []).append(secret)

    def found_in(self, haystack: bytes) -> set[bytes]:
        width, by_start = self.width, self.by_start
        windows = {haystack[i : i + width] for i in range(len(haystack) - width + 1)}
        return {
            secret
            for start in windows & by_start.keys()
            for secret in by_start[start]
            if secret in haystack
        }


def test_the_search_would_find_a_secret(finder, published):
    one = next(iter(secrets_of(published.warehouse)))
    assert one in finder.found_in(b"before " + one + b" after")
    assert finder.found_in(b"nothing of the kind") == set()


def test_no_secret_is_in_the_bytes_of_any_release(finder, published):
    files = [path for path in published.releases.rglob("*") if path.is_file()]
    assert len(files) > 90
    for path in files:
        if path.suffix != ".arrow":  # cube arrays hold numbers only; their texts are checked below
            assert not finder.found_in(path.read_bytes()), path.name


def test_no_secret_is_in_the_decompressed_values_of_any_release(finder, published):
    for path in published.releases.rglob("*.parquet"):
        table = pq.read_table(path)
        texts = {
            value
            for column in table.columns
            if pa.types.is_string(column.type) or pa.types.is_dictionary(column.type)
            for value in column.unique().to_pylist()
            if value is not None
        }
        assert not finder.found_in("\x00".join(sorted(texts)).encode()), path.name
        numbers = [column for column in table.columns if pa.types.is_integer(column.type)]
        assert not any((pc.max(column).as_py() or 0) >= SMALLEST_PERSON_ID for column in numbers)


def test_no_secret_is_in_the_texts_of_any_cube(finder, published):
    for path in published.releases.rglob("cube.arrow"):
        with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as reader:
            metadata = reader.schema.metadata or {}
        for value in metadata.values():
            assert not finder.found_in(value), path.name


def test_no_secret_token_or_query_is_in_the_journal_or_the_log(finder, house, published):
    tokens = {persona: house.token(persona) for persona, _ in REQUESTS}
    for persona, path in REQUESTS:
        house.get(persona, path)
    house.get("municipality-bi", "/v1/rows/job-seeker-spells?area=39&columns=010101-900C")
    written = b"".join(
        path.read_bytes()
        for folder in (published.journal.parent, house.log.parent)
        for path in Path(folder).rglob("*")
        if path.is_file()
    )
    assert b"KU837" in written
    assert not finder.found_in(written)
    assert b"010101-900C" not in written
    for token in tokens.values():
        assert token.rsplit(".", 1)[1].encode() not in written
