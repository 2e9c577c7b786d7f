"""Whatever the two slices are: the older one with the changes applied is the newer one."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.releases.row_changes import change_batches, change_schema

QUICK = settings(deadline=None, max_examples=150)
SCHEMA = pa.schema(
    [("pseudonym", pa.string()), ("sex", pa.string()), ("days", pa.int64()), ("since", pa.date32())]
)

rows = st.tuples(
    st.sampled_from([f"P{number}" for number in range(6)]),
    st.sampled_from([None, "", "1", "2", "*"]),
    st.one_of(st.none(), st.integers(0, 2)),
    st.one_of(st.none(), st.dates()),
)
slices = st.lists(rows, max_size=14).map(
    lambda drawn: pa.table([[row[i] for row in drawn] for i in range(len(SCHEMA))], schema=SCHEMA)
)


def changes(older: pa.Table, newer: pa.Table, *, size: int = 3) -> pa.Table:
    batches = change_batches(
        older.to_batches(size), lambda: newer.to_batches(size), schema=SCHEMA, pseudonym="pseudonym"
    )
    return pa.Table.from_batches(batches, schema=change_schema(SCHEMA))


def applied(told: pa.Table, older: pa.Table) -> pa.Table:
    """As docs/api.md tells a reader to do it."""
    frame = pl.from_arrow(told)
    kept = pl.from_arrow(older).filter(~pl.col("pseudonym").is_in(frame["pseudonym"].to_list()))
    now = frame.filter(pl.col("change").is_in(["added", "changed"])).drop("change")
    return pl.concat([kept, now])


def in_order(table) -> list:
    frame = table if isinstance(table, pl.DataFrame) else pl.from_arrow(table)
    return sorted(map(repr, frame.rows()))


@QUICK
@given(slices, slices, st.integers(1, 5))
def test_the_changes_applied_to_the_older_slice_give_the_newer(older, newer, size):
    assert in_order(applied(changes(older, newer, size=size), older)) == in_order(newer)


@QUICK
@given(slices, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_no_change(older, chance):
    places = list(range(older.num_rows))
    chance.shuffle(places)
    assert changes(older, older.take(pa.array(places, pa.int64()))).num_rows == 0


@QUICK
@given(slices, slices)
def test_only_who_changed_is_told_of_and_nothing_of_who_is_gone(older, newer):
    told = pl.from_arrow(changes(older, newer))
    for name in {*older["pseudonym"].to_pylist(), *newer["pseudonym"].to_pylist()}:
        before, after = (
            in_order(pl.from_arrow(each).filter(pl.col("pseudonym") == name))
            for each in (older, newer)
        )
        found = told.filter(pl.col("pseudonym") == name)
        kinds = set(found["change"].to_list())
        if before == after:
            assert not kinds
        else:
            assert kinds == {"removed" if not after else "changed" if before else "added"}
    gone = told.filter(pl.col("change") == "removed").drop("change", "pseudonym")
    assert all(value is None for row in gone.rows() for value in row)
