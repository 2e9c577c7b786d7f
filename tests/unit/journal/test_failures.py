"""Failed authentications are counted, and a flood of them makes few entries."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from gateway.errors import JournalUnavailable
from gateway.journal.append import Journal
from gateway.journal.failures import MOST_REASONS, AuthFailures
from gateway.model.entry import EntryKind
from gateway.ports import Clock

if TYPE_CHECKING:
    from conftest import FaultyStore


@pytest.fixture
def failures(journal: Journal, clock: Clock) -> Iterator[AuthFailures]:
    failures = AuthFailures(journal, clock=clock, period_seconds=0.02)
    yield failures
    failures.close()


def test_a_flood_is_one_entry(failures: AuthFailures, store: FaultyStore) -> None:
    for _ in range(10_000):
        failures.count("expired")
    failures.count("signature_wrong")
    failures.flush()
    (body,) = store.of_kind(EntryKind.AUTH_FAILED)
    assert body["counts"] == {"expired": 10_000, "signature_wrong": 1}
    assert body["since"] == body["until"] == "2026-06-30T05:00:00.000Z"


def test_a_quiet_period_is_no_entry(failures: AuthFailures, store: FaultyStore) -> None:
    failures.flush()
    failures.count("expired")
    failures.flush()
    failures.flush()
    assert len(store.entries) == 1


def test_what_is_no_reason_is_counted_as_other(failures: AuthFailures, store: FaultyStore) -> None:
    for reason in ("Bearer eyJ…", "010190-999R", "x" * 100, ""):
        failures.count(reason)
    for number in range(MOST_REASONS + 10):
        failures.count(f"reason_{number}")
    failures.flush()
    (body,) = store.of_kind(EntryKind.AUTH_FAILED)
    assert len(body["counts"]) <= MOST_REASONS + 1
    assert sum(body["counts"].values()) == MOST_REASONS + 14
    assert body["counts"]["other"] >= 4


def test_what_could_not_be_written_is_written_with_the_next(
    failures: AuthFailures, store: FaultyStore
) -> None:
    store.faults = ["before"]
    failures.count("expired")
    with pytest.raises(JournalUnavailable):
        failures.flush()
    assert store.entries == []
    failures.count("expired")
    failures.flush()
    assert store.of_kind(EntryKind.AUTH_FAILED)[0]["counts"] == {"expired": 2}


def test_a_thread_writes_by_itself_and_the_end_writes_the_rest(
    failures: AuthFailures, store: FaultyStore
) -> None:
    failures.start()
    failures.count("expired")
    end = time.monotonic() + 5
    while not store.entries:
        assert time.monotonic() < end
        time.sleep(0.005)
    failures.count("issuer_wrong")
    failures.close()
    counts = [body["counts"] for body in store.of_kind(EntryKind.AUTH_FAILED)]
    assert counts == [{"expired": 1}, {"issuer_wrong": 1}]


def test_the_end_does_not_fail_with_the_journal(
    failures: AuthFailures, store: FaultyStore, caplog: pytest.LogCaptureFixture
) -> None:
    failures.count("expired")
    store.faults = ["before"]
    failures.close()
    assert "not journaled" in caplog.text
