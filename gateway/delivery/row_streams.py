"""Rows and changes of rows that are encoded while they are sent."""

from __future__ import annotations

from contextlib import ExitStack

from gateway.delivery.body import Rows, StreamedBody
from gateway.delivery.plan import RowsPlan, Since
from gateway.encoding.rows import ROW_ENCODERS
from gateway.ports import OpenFile, ReleaseStore
from gateway.releases.row_changes import change_batches, change_schema
from gateway.releases.slices import Narrowing, Slice


def open_stream(
    plan: RowsPlan, narrowing: Narrowing, file: OpenFile, releases: ReleaseStore
) -> StreamedBody:
    """The body of what is not sent as it is stored. file: is closed with it, or now when this fails.

    Raises ReleaseDamaged.
    """
    with ExitStack() as opened:
        opened.callback(file.close)
        newer, files = Slice(file), (file,)
        rows = Rows(newer.schema(narrowing.columns), newer.batches(narrowing))
        if plan.since is not None:
            older_file = releases.open(plan.since.manifest, plan.since.file)
            opened.callback(older_file.close)
            files = (file, older_file)
            rows = _changes(newer, Slice(older_file), narrowing, plan.since)
        body = StreamedBody(files, rows, encoder=ROW_ENCODERS[plan.format.name], coding=plan.coding)
        opened.pop_all()
    return body


def _changes(newer: Slice, older: Slice, narrowing: Narrowing, since: Since) -> Rows:
    schema = newer.schema(narrowing.columns)
    batches = change_batches(
        older.batches(narrowing),
        lambda: newer.batches(narrowing),
        schema=schema,
        pseudonym=since.pseudonym,
    )
    return Rows(change_schema(schema), batches)
