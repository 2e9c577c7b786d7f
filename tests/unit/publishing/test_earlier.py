"""The release before: nothing finer follows it, and what it hides stays hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import duckdb
import pyarrow.parquet as pq
import pytest

from gateway.adapters.keys_file import FileKeys
from gateway.adapters.warehouse_duckdb import DuckDbWarehouse
from gateway.publishing.road import publish

CREATED = "2026-07-01T03:00:00.000Z"
EARLY, DAY = date(2026, 5, 31), date(2026, 6, 30)


def run(house, product, day, **changes):
    services = replace(house.services, **changes) if changes else house.services
    return publish(product, as_of=day, services=services, created_utc=CREATED).manifest


_OPEN: list[DuckDbWarehouse] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.pop().close()


def changed(house, statement: str) -> DuckDbWarehouse:
    """The warehouse after somebody has worked in it."""
    for warehouse in (house.services.warehouse, *_OPEN):
        warehouse.close()
    path = house.root / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)
    _OPEN.append(DuckDbWarehouse(path, memory_limit="500MB", threads=1))
    return _OPEN[-1]


def rows_of(house, manifest, area="39"):
    file = manifest.slice_of(area)
    path = house.releases / manifest.product / str(manifest.release) / file.path
    with pq.ParquetFile(path) as opened:
        return opened.read().to_pylist()


def levels(manifest, area="39"):
    return manifest.protection["areas"][area]["levels"]


MANY_KINDS = "UPDATE atmt.henkilo SET ika = 16 + henkilo_id % 50, sukupuoli = CAST(henkilo_id % 7 AS VARCHAR)"
PLAIN = "UPDATE atmt.henkilo SET ika = 30, sukupuoli = '1'"
RARE = "UPDATE atmt.henkilo SET sukupuoli = '9' WHERE henkilo_id IN (1000, 1001, 1002, 1003, 1009)"


def test_the_first_release_looks_back_at_nothing(house, spells):
    assert run(house, spells, DAY).protection["not_finer_than"] is None


def test_a_column_gets_no_finer_while_the_contract_stays(house, spells):
    first = run(house, spells, EARLY, warehouse=changed(house, MANY_KINDS))
    assert levels(first)["age_band"] != "five"
    warehouse = changed(house, PLAIN)
    second = run(house, spells, DAY, warehouse=warehouse)
    assert second.protection["not_finer_than"] == str(first.release)
    assert levels(second)["age_band"] == levels(first)["age_band"]
    new_version = replace(spells, version="2.0.0")
    third = run(house, new_version, DAY, warehouse=warehouse)
    assert third.protection["not_finer_than"] is None
    assert levels(third)["age_band"] == "five"


def test_a_value_that_was_hidden_of_a_person_stays_hidden(house, spells):
    lenient = replace(spells.rows.anonymity, maximum_suppressed_share=0.5, ladder=())
    product = replace(spells, rows=replace(spells.rows, anonymity=lenient))
    first = rows_of(house, run(house, product, EARLY, warehouse=changed(house, RARE)))
    hidden = {r["pseudonym"] for r in first if r["age_band"] == "*"}
    assert hidden
    assert hidden != {r["pseudonym"] for r in first}
    warehouse = changed(house, "UPDATE atmt.henkilo SET sukupuoli = '1'")  # nobody is rare
    second = rows_of(house, run(house, product, DAY, warehouse=warehouse))
    assert all(r["age_band"] == "*" for r in second if r["pseudonym"] in hidden)
    alone = replace(product, version="2.0.0")
    third = rows_of(house, run(house, alone, DAY, warehouse=warehouse))
    assert any(r["age_band"] != "*" for r in third if r["pseudonym"] in hidden)


def test_another_epoch_begins_anew(house, spells):
    run(house, spells, EARLY, warehouse=changed(house, MANY_KINDS))
    warehouse = changed(house, PLAIN)
    keys = new_epoch(house)
    second = run(house, spells, DAY, warehouse=warehouse, keys=keys)
    assert levels(second)["age_band"] == "five"


def new_epoch(house) -> FileKeys:
    keys = FileKeys(house.root / "keys")
    keys.start_epoch("2027", new_root=False)
    return keys


def test_publishing_twice_still_makes_one_release(house, spells):
    run(house, spells, EARLY)
    first = run(house, spells, DAY)
    assert run(house, spells, DAY) == first
    assert [str(m.release) for m in house.services.releases.list(spells.id)] == [
        "2026-06-30.1",
        "2026-05-31.1",
    ]


def test_a_revision_of_a_day_looks_back_at_what_it_revises(house, spells):
    first = run(house, spells, DAY, warehouse=changed(house, MANY_KINDS))
    warehouse = changed(house, PLAIN)
    second = run(house, spells, DAY, warehouse=warehouse)
    assert str(second.release) == "2026-06-30.2"
    assert second.protection["not_finer_than"] == str(first.release)
    assert levels(second)["age_band"] == levels(first)["age_band"]


def test_a_new_release_before_changes_what_is_made_after_it(house, spells):
    services = house.services
    second = run(house, spells, DAY)
    run(house, spells, EARLY)
    again = publish(spells, as_of=DAY, services=services, created_utc=CREATED)
    assert not again.reused
    assert again.manifest.inputs_sha256 != second.inputs_sha256


def test_of_a_damaged_slice_the_levels_are_kept(house, spells, caplog):
    first = run(house, spells, EARLY, warehouse=changed(house, MANY_KINDS))
    file = first.slice_of("39")
    (house.releases / spells.id / str(first.release) / file.path).write_bytes(b"x")
    warehouse = changed(house, PLAIN)
    second = run(house, spells, DAY, warehouse=warehouse)
    assert levels(second)["age_band"] == levels(first)["age_band"]
    assert "damaged" in caplog.text


def test_a_later_kin_knows_what_an_earlier_one_said_before(house, spells):
    """The kin's first release is coarse, so its second is, and so is what is told beside it."""
    kin = replace(
        spells, id="service-periods", rows=replace(spells.rows, columns=spells.rows.columns[:-2])
    )
    services = replace(house.with_products(spells, kin), warehouse=changed(house, MANY_KINDS))
    first = publish(spells, as_of=EARLY, services=services, created_utc=CREATED).manifest
    warehouse = changed(house, PLAIN)
    services = replace(house.with_products(spells, kin), warehouse=warehouse)
    second = publish(kin, as_of=DAY, services=services, created_utc=CREATED).manifest
    assert levels(second)["age_band"] == levels(first)["age_band"] != "five"
