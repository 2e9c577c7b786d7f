"""Changes between two releases, through the gateway's door."""

from __future__ import annotations

import io
from datetime import date

import polars as pl
import pyarrow as pa
import pytest

PRODUCT = "job-seeker-spells"
ROWS = f"/v1/rows/{PRODUCT}"
CHANGES = f"{ROWS}/changes"
CALLER = "municipality-bi"
OLDER, NEWER = "2026-07-01.1", "2026-07-02.1"
FROM = f"{CHANGES}?from={OLDER}&to={NEWER}"
KEY, OTHER_KEY = "a" * 64, "b" * 64


def made_with(key: str) -> dict:
    return {"areas": {area: {"pseudonyms": key} for area in ("39", "40")}}


def month_later(table: pa.Table) -> pa.Table:
    """The first ten persons are gone, five are new, and of the eleventh the sex changed."""
    names = [f"NEW{number:023}" for number in range(5)]
    place = table.column_names.index("pseudonym")
    new = table.slice(0, 5).set_column(place, table.schema.field(place), pa.array(names))
    one = table.slice(10, 1)
    place = table.column_names.index("sex")
    one = one.set_column(place, table.schema.field(place), pa.array(["changed"]))
    return pa.concat_tables([new, one, table.slice(11)])


@pytest.fixture
def changed_house(fresh_house):
    fresh_house.publish_rows(as_of=date(2026, 7, 1), protection=made_with(KEY))
    fresh_house.publish_rows(as_of=date(2026, 7, 2), protection=made_with(KEY), changed=month_later)
    with fresh_house.open():
        yield fresh_house


def frame(answer) -> pl.DataFrame:
    assert answer.status_code == 200, answer.text
    return pl.read_parquet(io.BytesIO(answer.content))


def test_the_changes_applied_to_the_older_release_are_the_newer_one(changed_house):
    told = frame(changed_house.get(CALLER, FROM))
    counts = dict(told["change"].value_counts().iter_rows())
    assert counts == {"added": 5, "changed": 1, "removed": 10}
    older = frame(changed_house.get(CALLER, f"{ROWS}?release={OLDER}"))
    kept = older.filter(~pl.col("pseudonym").is_in(told["pseudonym"].to_list()))
    now = told.filter(pl.col("change") != "removed").drop("change")
    newer = frame(changed_house.get(CALLER, f"{ROWS}?release={NEWER}"))
    order = newer.columns
    assert pl.concat([kept, now]).sort(order).equals(newer.sort(order))


def test_every_format_tells_the_same_changes(changed_house):
    told = frame(changed_house.get(CALLER, FROM)).with_columns(pl.all().cast(pl.String))
    csv = changed_house.get(CALLER, f"{FROM}&format=csv", accept_encoding="gzip")
    assert pl.read_csv(csv.content, infer_schema=False).equals(told)
    arrow = changed_house.get(CALLER, f"{FROM}&format=arrow")
    table = pl.from_arrow(pa.ipc.open_stream(arrow.content).read_all())
    assert table.with_columns(pl.all().cast(pl.String)).equals(told)
    ndjson = changed_house.get(CALLER, f"{FROM}&format=ndjson")
    assert ndjson.content.count(b"\n") == len(told)


def test_the_newest_release_is_meant_when_none_is_named(changed_house):
    named = changed_house.get(CALLER, FROM)
    for path in (f"{CHANGES}?from={OLDER}", f"{CHANGES}?area=39&from={OLDER}&to=latest"):
        answer = changed_house.get(CALLER, path)
        assert (answer.content, answer.headers["etag"]) == (named.content, named.headers["etag"])


def test_one_entry_names_both_releases_and_the_end_is_counted(changed_house):
    answer = changed_house.get(CALLER, FROM)
    receipt = answer.headers["jakelu-receipt"]
    completion = changed_house.closed(receipt)
    intent = next(e.body for e in changed_house.entries() if e.event_id == receipt)
    assert (intent["release"], intent["selection"]) == (NEWER, {"changes_since": [OLDER]})
    assert (intent["action"], intent["areas_granted"]) == ("read_rows", ["39"])
    assert (completion["rows"], completion["bytes"]) == (16, len(answer.content))


def test_what_the_client_has_already_is_not_sent_again(changed_house):
    etag = changed_house.get(CALLER, FROM).headers["etag"]
    assert changed_house.get(CALLER, FROM, if_none_match=etag).status_code == 304
    assert etag != changed_house.get(CALLER, f"{ROWS}?release={NEWER}").headers["etag"]


def test_releases_of_different_epochs_are_not_compared(changed_house):
    changed_house.publish_rows(as_of=date(2026, 7, 3), protection=made_with(OTHER_KEY))
    answer = changed_house.get(CALLER, f"{CHANGES}?from={OLDER}")
    assert (answer.status_code, answer.json()["code"]) == (409, "releases_not_comparable")
    assert answer.json()["parameter"] == "from"
    assert "epoch" in answer.json()["detail"]


def test_a_release_that_does_not_tell_its_epoch_is_not_compared(changed_house):
    answer = changed_house.get(CALLER, f"{CHANGES}?from=2026-06-30.1&to={OLDER}")
    assert (answer.status_code, answer.json()["code"]) == (409, "releases_not_comparable")


def test_releases_with_other_definitions_are_not_compared(changed_house):
    changed_house.publish_rows(
        as_of=date(2026, 7, 3), protection=made_with(KEY), definition_version="other"
    )
    answer = changed_house.get(CALLER, f"{CHANGES}?from={OLDER}")
    assert (answer.status_code, answer.json()["code"]) == (409, "releases_not_comparable")


def test_both_releases_are_ruled_on_and_the_refusal_is_journaled(changed_house):
    sources = ("atmt", "tulorekisteri")
    changed_house.publish_rows(as_of=date(2026, 6, 1), protection=made_with(KEY), sources=sources)
    answer = changed_house.get(CALLER, f"{CHANGES}?from=2026-06-01.1&to={NEWER}")
    assert (answer.status_code, answer.json()["code"]) == (403, "income_register_rows")
    assert changed_house.entries()[-1].body["refusal"] == "income_register_rows"


def test_changes_of_another_area_are_refused_and_journaled(changed_house):
    answer = changed_house.get(CALLER, f"{FROM}&area=40")
    assert (answer.status_code, answer.json()["code"]) == (403, "area_out_of_scope")
    assert changed_house.entries()[-1].body["kind"] == "access.denied"


@pytest.mark.parametrize(
    ("query", "status", "code", "parameter"),
    [
        ("", 400, "missing_parameter", "from"),
        ("from=latest", 400, "bad_parameter", "from"),
        (f"from={OLDER}&to=now", 400, "bad_parameter", "to"),
        (f"from={NEWER}&to={OLDER}", 400, "bad_parameter", "from"),
        (f"from={NEWER}&to={NEWER}", 400, "bad_parameter", "from"),
        (f"from={NEWER}", 400, "bad_parameter", "from"),
        ("from=2025-01-31.1", 404, "release_not_found", "from"),
        (f"from={OLDER}&columns=sex", 400, "unknown_parameter", "columns"),
    ],
)
def test_a_mistake_is_named(changed_house, query, status, code, parameter):
    answer = changed_house.get(CALLER, f"{CHANGES}?{query}")
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["parameter"]) == (status, code, parameter)
