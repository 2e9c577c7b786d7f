"""A toll is closed once, however a delivery ends, and its thread tells the state."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from gateway.adapters.state_allowances import StoredBytes, StoredPlaces
from gateway.adapters.state_database import StateDatabase
from gateway.errors import QuotaUsedUp, TooManyExtracts
from gateway.limits.allowance import Limits
from gateway.limits.places import Places
from gateway.limits.spending import Spending
from gateway.limits.tolls import Toll, Tolls
from gateway.model.caller import AuthStrength, Caller

NOW = datetime(2026, 6, 30, 9, tzinfo=UTC)
CALLER = Caller("https://i", "bi", "bi", "j", AuthStrength.BEARER, "KU837", None)
LIMITS = Limits.model_validate({"service": {"concurrent_extracts": 1, "bytes_per_day": 100}})


class FixedClock:
    def now(self):
        return NOW


@pytest.fixture
def state(tmp_path):
    database = StateDatabase(tmp_path / "state.sqlite", busy_seconds=0.1)
    yield database
    database.close()


def made(state) -> Tolls:
    clock = FixedClock()
    places = Places(StoredPlaces(state, clock=clock, seconds=10), pool=10)
    return Tolls(LIMITS, places, Spending(StoredBytes(state, clock=clock), clock=clock))


def test_a_place_is_given_back_once_and_the_bytes_count_once(state):
    tolls = made(state)
    toll = tolls.open(CALLER, "s", is_extract=True)
    with pytest.raises(TooManyExtracts):
        tolls.open(CALLER, "s", is_extract=True)
    toll.close(60)
    toll.close(60)
    tolls.open(CALLER, "s", is_extract=True).close(39)
    tolls.open(CALLER, "s", is_extract=True).close(1)
    with pytest.raises(QuotaUsedUp):
        tolls.open(CALLER, "s", is_extract=False)


def test_what_never_began_costs_nothing(state):
    tolls = made(state)
    toll = tolls.open(CALLER, "s", is_extract=True)
    with pytest.raises(ZeroDivisionError), toll.closing_on_failure():
        raise ZeroDivisionError
    with (
        pytest.raises(KeyboardInterrupt),
        tolls.open(CALLER, "s", is_extract=True).closing_on_failure(),
    ):
        raise KeyboardInterrupt
    tolls.open(CALLER, "s", is_extract=True)


def test_a_small_answer_takes_no_place(state):
    tolls = made(state)
    tolls.open(CALLER, "s", is_extract=True)
    for _ in range(50):
        tolls.open(CALLER, "s", is_extract=False)


def test_without_a_place_nothing_is_owed():
    Toll().close(1000)


def test_the_thread_tells_other_processes(state):
    here, there = made(state).start(), made(state)
    here.open(CALLER, "s", is_extract=True).close(100)
    deadline = time.monotonic() + 5
    while True:
        try:
            there.open(CALLER, "s", is_extract=False)
        except QuotaUsedUp:
            break
        assert time.monotonic() < deadline
        there.spending._read.clear()
        time.sleep(0.01)
    here.close()


def test_the_thread_outlives_a_state_that_cannot_be_written(state, caplog):
    tolls = made(state).start()
    toll = tolls.open(CALLER, "s", is_extract=True)
    with state.transaction():
        toll.close(100)
        deadline = time.monotonic() + 5
        while "not written yet" not in caplog.text:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    tolls.close()
    with pytest.raises(QuotaUsedUp):
        made(state).open(CALLER, "s", is_extract=False)
