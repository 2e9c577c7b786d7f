"""Sessions that live, in the database that the serving processes share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.adapters.state_database import StateDatabase
from gateway.adapters.state_sessions import StoredSessions
from gateway.errors import StateUnavailable


class Clock:
    moment = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_time(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(tmp_path):
    state = StateDatabase(tmp_path / "state.sqlite")
    yield state
    state.close()


def sessions(state, clock) -> StoredSessions:
    return StoredSessions(
        state, clock=clock, idle=timedelta(minutes=15), absolute=timedelta(hours=8)
    )


def test_another_process_sees_a_session_and_ends_it(state, clock, tmp_path):
    secret = sessions(state, clock).begin({"sub": "x"})
    other = StateDatabase(tmp_path / "state.sqlite")
    try:
        assert sessions(other, clock).find(secret) == {"sub": "x"}
        assert sessions(other, clock).end(secret) == {"sub": "x"}
    finally:
        other.close()
    assert sessions(state, clock).find(secret) is None
    assert sessions(state, clock).end(secret) is None


@pytest.mark.parametrize("secret", ["", "short", "A" * 42, "A" * 44, "A" * 42 + "=", "ä" * 43])
def test_what_is_no_secret_of_ours_finds_nothing(state, clock, secret):
    store = sessions(state, clock)
    assert store.find(secret) is None
    assert store.end(secret) is None


@contextmanager
def somebody_writes(path) -> Iterator[None]:
    """Another process in the middle of a change, which takes its time."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


def test_a_request_waits_for_no_writer_until_a_tenth_of_the_idle_time_has_passed(tmp_path, clock):
    path = tmp_path / "state.sqlite"
    state = StateDatabase(path, busy_seconds=0.1)
    store = sessions(state, clock)
    secret = store.begin({"sub": "x"})
    with somebody_writes(path):
        clock.pass_time(seconds=89)
        assert store.find(secret) == {"sub": "x"}
        clock.pass_time(seconds=1)
        with pytest.raises(StateUnavailable):
            store.find(secret)
    assert store.find(secret) == {"sub": "x"}
    with somebody_writes(path):  # the idle time began anew with that
        assert store.find(secret) == {"sub": "x"}
    state.close()


def test_a_session_ends_a_tenth_of_its_idle_time_too_early_at_most(state, clock):
    store = sessions(state, clock)
    secret = store.begin({"sub": "x"})
    clock.pass_time(seconds=89)
    assert store.find(secret)  # not written
    clock.pass_time(seconds=810)
    assert store.find(secret)
    clock.pass_time(seconds=899)
    assert store.find(secret)
    clock.pass_time(seconds=900)
    assert store.find(secret) is None


def test_a_session_that_ends_while_it_is_found_is_not_found(state, clock, monkeypatch):
    store = sessions(state, clock)
    secret = store.begin({"sub": "x"})
    clock.pass_time(minutes=10)
    reading = StateDatabase.reading

    @contextmanager
    def read_and_then_ended(database) -> Iterator[Any]:
        with reading(database) as connection:
            yield connection
        store.end(secret)

    monkeypatch.setattr(StateDatabase, "reading", read_and_then_ended)
    assert store.find(secret) is None


def test_a_shorter_idle_time_holds_from_the_next_request_on(state, clock):
    secret = sessions(state, clock).begin({"sub": "x"})
    short = StoredSessions(
        state, clock=clock, idle=timedelta(minutes=2), absolute=timedelta(hours=8)
    )
    assert short.find(secret)
    clock.pass_time(minutes=2)
    assert short.find(secret) is None


def test_forgets_sessions_that_have_ended(state, clock):
    store = sessions(state, clock)
    store.begin({"sub": "x"})
    clock.pass_time(minutes=15)
    store.begin({"sub": "y"})
    with state.transaction() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar() == 1
