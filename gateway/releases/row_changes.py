"""What of a slice changed between two releases, by pseudonym, in memory that follows persons, not rows.

A person may have several rows, so a change is of a person: `added` and `changed` give all of the person's rows
as they are now, `removed` gives the pseudonym alone. Whoever drops every row of a pseudonym that is named
here, and takes the rows given here, has the newer slice. The rows of a person are compared as a multiset: by
their number and the sums of two 64-bit hashes of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa

from gateway.model.field_metadata import titled
from gateway.model.label import Label
from gateway.releases.slices import BATCH_ROWS

CHANGE = "change"
_TITLE = Label("Muutos", "Ändring", "Change")
_SEEDS = (20_230_380, 38_020_230)

Batches = Iterable[pa.RecordBatch]


class Change(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Differences:
    """Pseudonyms by what happened to them; removed: in order."""

    added: frozenset[str]
    changed: frozenset[str]
    removed: tuple[str, ...]


def change_schema(schema: pa.Schema) -> pa.Schema:
    """The slice's columns behind `change`. Of who is removed only the pseudonym is not null."""
    return pa.schema([pa.field(CHANGE, pa.string(), metadata=titled(_TITLE)), *schema])


def find_differences(older: Batches, newer: Batches, *, pseudonym: str) -> Differences:
    """Both slices have the same columns. pseudonym: the name of the column."""
    before, after = _signatures(older, pseudonym), _signatures(newer, pseudonym)
    both = before.keys() & after.keys()
    return Differences(
        added=frozenset(after.keys() - both),
        changed=frozenset(name for name in both if before[name] != after[name]),
        removed=tuple(sorted(before.keys() - both)),
    )


def change_batches(
    older: Batches,
    newer: Callable[[], Batches],
    *,
    schema: pa.Schema,
    pseudonym: str,
) -> Iterator[pa.RecordBatch]:
    """The rows of the changes: first who is there now, in the slice's order, then who is not.

    newer: read twice. schema: of the slices.
    """
    found = find_differences(older, newer(), pseudonym=pseudonym)
    told = change_schema(schema)
    labels = dict.fromkeys(found.added, Change.ADDED.value)
    labels |= dict.fromkeys(found.changed, Change.CHANGED.value)
    for batch in newer():
        label = [labels.get(name) for name in batch.column(pseudonym).to_pylist()]
        columns = [pa.array(label, pa.string()), *batch.columns]
        kept = pa.RecordBatch.from_arrays(columns, schema=told)
        kept = kept.filter(kept.column(CHANGE).is_valid())
        if kept.num_rows:
            yield kept
    for start in range(0, len(found.removed), BATCH_ROWS):
        yield _removed(found.removed[start : start + BATCH_ROWS], told, pseudonym)


def _removed(names: tuple[str, ...], told: pa.Schema, pseudonym: str) -> pa.RecordBatch:
    given = {CHANGE: [Change.REMOVED.value] * len(names), pseudonym: names}
    columns = [
        pa.array(given[field.name], field.type)
        if field.name in given
        else pa.nulls(len(names), field.type)
        for field in told
    ]
    return pa.RecordBatch.from_arrays(columns, schema=told)


def _signatures(batches: Batches, pseudonym: str) -> dict[str, tuple[int, ...]]:
    """pseudonym → how many rows, and the two sums, modulo 2^64."""
    import polars as pl  # takes 0.4 s: not before somebody wants it

    known: dict[str, tuple[int, ...]] = {}
    for batch in batches:
        frame: Any = pl.from_arrow(batch)
        first, second = (frame.hash_rows(seed) for seed in _SEEDS)
        names = frame[pseudonym].to_list()
        for name, one, other in zip(names, first.to_list(), second.to_list(), strict=True):
            rows, sum_one, sum_other = known.get(name, (0, 0, 0))
            known[name] = (rows + 1, (sum_one + one) % 2**64, (sum_other + other) % 2**64)
    return known
