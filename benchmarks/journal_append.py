"""Durable entries per second at 8 in flight, against what the disk can sync: one run, one ratio.

    python benchmarks/journal_append.py [--folder DIR] [--seconds 5] [--url ADDRESS]

The goal is 0.8 of 8 × file fsync/s. The folder decides the disk: a RAM disk proves nothing. The address is
one of a PostgreSQL that `jakelu database migrate` has prepared, on the same disk; what is written to it stays.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

from gateway.adapters.clock import SystemClock
from gateway.adapters.journal_opening import open_journal_store
from gateway.adapters.postgres_url import PostgresUrl, parse_postgres_url
from gateway.journal.append import Journal
from gateway.journal.body import Asked, Origin, access_body
from gateway.journal.seal import new_boot
from gateway.model.caller import AuthStrength, Caller, HeldRole, RoleSource
from gateway.model.entry import Draft, EntryKind
from gateway.model.label import Label
from gateway.model.organisation import Organisation, OrganisationKind, Scope
from gateway.model.ruling import Action, Permit

IN_FLIGHT = 8
TAMPERE = Organisation(
    "KU837",
    OrganisationKind.MUNICIPALITY,
    Label("Tampere", "Tammerfors", "Tampere"),
    date(2020, 1, 1),
    None,
)
CALLER = Caller(
    issuer="https://issuer.example",
    subject="svc-tampere-bi",
    client_id="tampere-bi",
    token_id="b6c7c1f2-benchmark",
    strength=AuthStrength.BEARER,
    organisation_claim="KU837",
    organisation=TAMPERE,
    scope=Scope(frozenset({"39"}), frozenset({"837"})),
    roles=(HeldRole(RoleSource.ATMT, "asiantuntija"),),
)
PERMIT = Permit(
    ("rows-own-area",), "e" * 64, "johtaminen", "laki-380-2023", "t-1", frozenset({"39"})
)


def draft() -> Draft:
    asked = Asked(Action.READ_ROWS, "job-seeker-spells", ("39",), format="parquet")
    origin = Origin(request_id="c" * 32, client_address="192.0.2.7")
    return Draft(EntryKind.INTENT, access_body(CALLER, asked, ruling=PERMIT, origin=origin))


def fsyncs_per_second(folder: Path, seconds: float) -> float:
    """One file, 4 KB written in place and synced, again and again."""
    descriptor = os.open(folder / "fsync", os.O_RDWR | os.O_CREAT, 0o600)
    os.write(descriptor, bytes(1 << 20))
    os.fsync(descriptor)
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        os.pwrite(descriptor, os.urandom(4096), (count % 256) * 4096)
        os.fsync(descriptor)
        count += 1
    os.close(descriptor)
    return count / seconds


def entries_per_second(where: Path | PostgresUrl, seconds: float) -> tuple[float, float]:
    """Entries per second, and the median wait of one caller in milliseconds."""
    boot = new_boot(replica="benchmark", build="0", config_hash="0" * 64)
    waits: list[float] = []
    with Journal(open_journal_store(where), clock=SystemClock(), identity=boot) as journal:
        end = time.perf_counter() + seconds

        def call() -> None:
            while time.perf_counter() < end:
                began = time.perf_counter()
                journal.append(draft())
                waits.append(time.perf_counter() - began)

        threads = [threading.Thread(target=call) for _ in range(IN_FLIGHT)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return len(waits) / seconds, statistics.median(waits) * 1000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, default=None)
    arguments.add_argument("--seconds", type=float, default=5.0)
    arguments.add_argument("--url", default=None)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder, prefix="journal-") as folder:
        stores: dict[str, Path | PostgresUrl] = {"SQLite": Path(folder) / "journal.sqlite"}
        if given.url:
            stores["PostgreSQL"] = parse_postgres_url(given.url, parameter="--url")
        for name, where in stores.items():
            before = fsyncs_per_second(Path(folder), given.seconds / 2)
            entries, median = entries_per_second(where, given.seconds)
            after = fsyncs_per_second(Path(folder), given.seconds / 2)
            syncs = statistics.mean((before, after))
            ratio = entries / (IN_FLIGHT * syncs)
            print(f"{name:10} fsync/s   {syncs:8.0f}   (before {before:.0f}, after {after:.0f})")
            print(
                f"{name:10} entries/s {entries:8.0f}   at {IN_FLIGHT} in flight, median {median:.2f} ms"
            )
            print(f"{name:10} ratio     {ratio:8.3f}   of {IN_FLIGHT} × fsync/s")


if __name__ == "__main__":
    main()
