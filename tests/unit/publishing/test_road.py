"""The publish road over a small warehouse: what it leaves, and what it leaves when it fails."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from gateway.adapters.releases_files import ReleaseFiles
from gateway.adapters.warehouse_duckdb import DuckDbWarehouse
from gateway.errors import (
    ContractFault,
    IncomeRegisterRowsRefused,
    JournalUnavailable,
    ReleaseNotFound,
    ReleaseRefused,
    WarehouseUnavailable,
)
from gateway.protection.pseudonym import pseudonyms
from gateway.publishing.road import publish

CREATED = "2026-07-01T03:00:00.000Z"


def run(house, product, day, **changes):
    services = replace(house.services, **changes) if changes else house.services
    return publish(product, as_of=day, services=services, created_utc=CREATED)


def reopened(house) -> DuckDbWarehouse:
    """The warehouse as the next publisher finds it."""
    house.services.warehouse.close()
    return DuckDbWarehouse(house.root / "warehouse.duckdb", memory_limit="500MB", threads=1)


def rows_of(house, manifest, area: str):
    file = manifest.slice_of(area)
    path = house.releases / manifest.product / str(manifest.release) / file.path
    with pq.ParquetFile(path) as opened:
        return opened.read()


def left(house, product) -> set[str]:
    return {path.name for path in (house.releases / product.id).iterdir()}


def test_a_release_has_a_slice_for_every_area_and_says_what_it_is(house, spells, day):
    published = run(house, spells, day)
    manifest = published.manifest
    assert not published.reused
    assert str(published.release) == "2026-06-30.1"
    assert {file.area for file in manifest.files} == set(house.services.registry.areas)
    assert [column.name for column in manifest.columns] == [
        "pseudonym",
        "municipality",
        "age_band",
        "sex",
        "started",
        "spell",
    ]
    assert manifest.created_utc == CREATED
    assert house.services.releases.newest(spells.id, None) == manifest


def test_rows_are_in_the_slice_of_their_area_and_nowhere_else(house, spells, day):
    manifest = run(house, spells, day).manifest
    filled = {file.area for file in manifest.files if file.rows}
    assert filled == {"39", house.services.registry.area_of("091")}
    places = set(rows_of(house, manifest, "39").column("municipality").to_pylist())
    assert places <= {"837", "980", "OTHER", "SSS", "*"}


def test_a_person_has_unlinkable_pseudonyms_in_two_areas_and_no_raw_id(house, spells, day):
    manifest = run(house, spells, day).manifest
    helsinki = house.services.registry.area_of("091")
    one = set(rows_of(house, manifest, "39").column("pseudonym").to_pylist())
    two = set(rows_of(house, manifest, helsinki).column("pseudonym").to_pylist())
    assert one
    assert two
    assert not one & two
    for file in manifest.files:
        path = house.releases / spells.id / str(manifest.release) / file.path
        assert b"0101" not in path.read_bytes()


def test_two_products_of_one_family_share_pseudonyms(house, spells, day):
    other = replace(spells, id="service-periods")
    services = house.with_products(spells, other)
    found = [
        publish(product, as_of=day, services=services, created_utc=CREATED).manifest
        for product in (spells, other)
    ]
    one, two = (set(rows_of(house, m, "39").column("pseudonym").to_pylist()) for m in found)
    assert one == two
    stranger = replace(other, id="integration", rows=replace(other.rows, family="integration"))
    manifest = run(house, stranger, day).manifest
    assert not one & set(rows_of(house, manifest, "39").column("pseudonym").to_pylist())


def test_a_family_whose_products_have_different_purposes_is_refused(house, spells, day):
    other = replace(spells, id="service-periods", purposes=("statistics-and-monitoring",))
    with pytest.raises(ContractFault, match="different purposes"):
        publish(
            spells,
            as_of=day,
            services=house.with_products(spells, other),
            created_utc=CREATED,
        )


def test_the_report_tells_rules_costs_and_what_went_to_no_slice(house, spells, day):
    report = run(house, spells, day).manifest.protection
    assert report["k"] == 5
    assert report["k_reached"] >= 5
    assert report["rows_in_no_slice"] == {
        "municipality_missing": 140,
        "municipality_unknown": 200,
        "municipality_without_area": 70,
        "person_missing": 0,
    }
    assert report["source_faults"][0]["rule"] == "missing-municipality"
    assert set(report["areas"]) == set(house.services.registry.areas)
    assert any("trajectories" in limit for limit in report["limits"])


def test_the_same_inputs_make_one_release(house, spells, day):
    first = run(house, spells, day)
    second = run(house, spells, day)
    assert second.reused
    assert second.manifest == first.manifest
    assert len(house.journal.entries) == 1
    assert left(house, spells) == {".writer-lock", "2026-06-30.1"}


def test_equal_inputs_give_equal_bytes(house, spells, day):
    hashes = [{file.sha256 for file in run(house, spells, day).manifest.files}]
    os.utime(house.root / "warehouse.duckdb", (1, 1))
    again = run(house, spells, day, warehouse=reopened(house))
    assert not again.reused
    assert {file.sha256 for file in again.manifest.files} == hashes[0]


def test_a_warehouse_replaced_while_it_is_published_makes_no_release(house, spells, day):
    os.utime(house.root / "warehouse.duckdb", (1, 1))
    with pytest.raises(WarehouseUnavailable, match="replaced"):
        run(house, spells, day)


def test_another_day_another_contract_or_another_epoch_makes_another_release(house, spells, day):
    run(house, spells, day)
    assert str(run(house, spells, date(2026, 5, 31)).release) == "2026-05-31.1"
    changed = replace(spells, version="1.1.0")
    assert str(run(house, changed, day).release) == "2026-06-30.2"
    (house.root / "keys" / "pseudonym-epoch").write_text("2027\n")
    from gateway.adapters.keys_file import FileKeys

    keys = FileKeys(house.root / "keys")
    assert str(run(house, changed, day, keys=keys).release) == "2026-06-30.3"


def test_a_slice_says_with_which_key_its_pseudonyms_were_made_and_nothing_of_the_key(
    house, spells, day
):
    from gateway.adapters.keys_file import FileKeys

    def fingerprints(manifest) -> dict[str, str]:
        areas = manifest.protection["areas"]
        return {area: report["pseudonyms"] for area, report in areas.items()}

    first = fingerprints(run(house, spells, date(2026, 5, 31)).manifest)
    assert len(set(first.values())) == len(first) == len(house.services.registry.areas)
    assert fingerprints(run(house, spells, day).manifest) == first
    (house.root / "keys" / "pseudonym-epoch").write_text("2027\n")
    keys = FileKeys(house.root / "keys")
    later = fingerprints(run(house, spells, day, keys=keys).manifest)
    assert not set(later.values()) & set(first.values())


def test_a_contract_changed_back_makes_a_new_release_since_the_newest_is_what_is_served(
    house, spells, day
):
    run(house, spells, day)
    run(house, replace(spells, version="1.1.0"), day)
    assert str(run(house, spells, day).release) == "2026-06-30.3"


def test_a_damaged_release_is_made_again(house, spells, day):
    manifest = run(house, spells, day).manifest
    file = house.releases / spells.id / str(manifest.release) / manifest.files[0].path
    file.write_bytes(b"x")
    again = run(house, spells, day)
    assert not again.reused
    assert str(again.release) == "2026-06-30.2"


def test_the_journal_is_told_before_the_release_is_visible(house, spells, day):
    seen = []

    def look(announced):
        seen.append((announced, list(house.services.releases.list(spells.id))))

    manifest = run(house, spells, day, journal_published=look).manifest
    assert seen == [(manifest, [])]


def test_a_journal_that_cannot_be_written_stops_the_release(house, spells, day):
    def fail(_manifest):
        raise JournalUnavailable

    with pytest.raises(JournalUnavailable):
        run(house, spells, day, journal_published=fail)
    assert left(house, spells) == {".writer-lock"}
    with pytest.raises(ReleaseNotFound):
        house.services.releases.newest(spells.id, None)


def test_an_unreachable_warehouse_leaves_the_last_release(house, spells, day):
    before = run(house, spells, day).manifest

    class Gone:
        def latest_snapshot(self):
            raise WarehouseUnavailable("gone")

    with pytest.raises(WarehouseUnavailable):
        run(house, spells, day, warehouse=Gone())
    assert house.services.releases.newest(spells.id, None) == before


def test_a_day_that_the_warehouse_does_not_hold_is_refused(house, spells):
    with pytest.raises(WarehouseUnavailable, match="up to 2026-06-30 only"):
        run(house, spells, date(2026, 7, 1))
    assert not (house.releases / spells.id).exists()


def test_income_register_rows_are_refused_before_anything_is_read(house, spells, day):
    with pytest.raises(IncomeRegisterRowsRefused):
        run(house, replace(spells, sources=("tulorekisteri",)), day, warehouse=None)
    assert not (house.releases / spells.id).exists()


def test_a_slice_that_cannot_reach_k_refuses_the_whole_release(house, spells, day):
    rules = replace(spells.rows.anonymity, k=100, ladder=(), maximum_suppressed_share=0.0)
    strict = replace(spells, rows=replace(spells.rows, anonymity=rules))
    with pytest.raises(ReleaseRefused):
        run(house, strict, day)
    assert left(house, spells) == {".writer-lock"}


def test_progress_goes_up_to_the_whole(house, spells, day):
    told = []
    publish(
        spells,
        as_of=day,
        services=house.services,
        created_utc=CREATED,
        progress=lambda what, share: told.append((what, share)),
    )
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0


def test_pseudonyms_are_of_the_internal_id_in_the_areas_domain(house, spells, day):
    from gateway.ports import PseudonymDomain

    manifest = run(house, spells, day).manifest
    key = house.services.keys.domain_key(PseudonymDomain("39", "employment", "service-planning"))
    ids = house.services.warehouse.read(
        "SELECT DISTINCT henkilo_id FROM atmt.henkilo WHERE kotikunta IN ('837', '980')", {}
    )
    expected = pseudonyms(ids.column(0).combine_chunks().to_numpy(), key).to_pylist()
    given = rows_of(house, manifest, "39").column("pseudonym").to_pylist()
    assert set(given) == set(expected)


_PUBLISHER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from conftest import DAY, SPELLS, Journal, services_of
from gateway.publishing.road import publish
services = services_of(Path(sys.argv[2]), Journal(), SPELLS)
print("ready", flush=True)
publish(SPELLS, as_of=DAY, services=services, created_utc="2026-07-01T03:00:00.000Z")
"""


def test_a_publisher_killed_at_any_moment_leaves_no_release_or_a_whole_one(
    house, spells, day, campaign
):
    begun = time.monotonic()
    run(house, spells, day)
    longest = time.monotonic() - begun
    public_keys = ((house.root / "signing.pub").read_bytes(),)
    chance = random.Random(20260630)
    for number in range(campaign.kills):
        os.utime(house.root / "warehouse.duckdb", (number, number))  # new inputs: work to do
        with subprocess.Popen(
            [sys.executable, "-c", _PUBLISHER, str(Path(__file__).parent), str(house.root)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        ) as publisher:
            assert publisher.stdout is not None
            assert publisher.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0, 1.5 * longest))
            publisher.kill()
        store = ReleaseFiles(house.releases, public_keys=public_keys)
        for manifest in store.list(spells.id):
            for file in manifest.files:
                store.open(manifest, file).close()
        folders = {name for name in left(house, spells) if not name.startswith(".")}
        assert folders == {str(m.release) for m in store.list(spells.id)}
    final = run(house, spells, day, warehouse=reopened(house))
    assert {n for n in left(house, spells) if n.startswith(".")} == {".writer-lock"}
    assert house.services.releases.newest(spells.id, None) == final.manifest
