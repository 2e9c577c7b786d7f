"""Bytes of a day: counted afterwards, checked before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.adapters.state_allowances import StoredBytes
from gateway.adapters.state_database import StateDatabase
from gateway.errors import QuotaUsedUp, StateUnavailable
from gateway.limits.spending import Spending

HOLDER = b"s" * 32
OTHER = b"t" * 32


class MovingClock:
    moment = datetime(2026, 6, 30, 9, tzinfo=UTC)

    def now(self):
        return self.moment


@pytest.fixture
def clock():
    return MovingClock()


@pytest.fixture
def state(tmp_path):
    database = StateDatabase(tmp_path / "state.sqlite", busy_seconds=0.1)
    yield database
    database.close()


@pytest.fixture
def spending(state, clock):
    return Spending(StoredBytes(state, clock=clock), clock=clock)


def test_what_is_sent_counts_before_it_is_written(spending):
    spending.check(HOLDER, bytes_per_day=100)
    spending.add(HOLDER, 100)
    with pytest.raises(QuotaUsedUp):
        spending.check(HOLDER, bytes_per_day=100)
    spending.check(OTHER, bytes_per_day=100)


def test_it_counts_once_when_it_is_written(spending, clock):
    spending.add(HOLDER, 60)
    spending.flush()
    spending.flush()
    clock.moment += timedelta(seconds=2)
    spending.check(HOLDER, bytes_per_day=61)
    spending.add(HOLDER, 1)
    with pytest.raises(QuotaUsedUp):
        spending.check(HOLDER, bytes_per_day=61)


def test_another_process_sees_it_within_a_second(spending, state, clock):
    other = Spending(StoredBytes(state, clock=clock), clock=clock)
    other.check(HOLDER, bytes_per_day=100)
    spending.add(HOLDER, 100)
    spending.flush()
    clock.moment += timedelta(seconds=1)
    with pytest.raises(QuotaUsedUp):
        other.check(HOLDER, bytes_per_day=100)


def test_it_opens_at_midnight_in_helsinki_and_says_so(spending, clock):
    spending.add(HOLDER, 100)
    spending.flush()
    with pytest.raises(QuotaUsedUp, match="2026-07-01T00:00:00\\+03:00") as refused:
        spending.check(HOLDER, bytes_per_day=100)
    assert refused.value.retry_after_seconds == 12 * 3600
    clock.moment += timedelta(seconds=refused.value.retry_after_seconds - 1)
    with pytest.raises(QuotaUsedUp):
        spending.check(HOLDER, bytes_per_day=100)
    clock.moment += timedelta(seconds=1)
    spending.check(HOLDER, bytes_per_day=100)


def test_the_night_when_the_clocks_go_back_is_waited_out(spending, clock):
    clock.moment = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 03:30, an hour that comes twice
    spending.add(HOLDER, 100)
    with pytest.raises(QuotaUsedUp) as refused:
        spending.check(HOLDER, bytes_per_day=100)
    assert refused.value.retry_after_seconds == 21 * 3600 + 1800  # 22:00 UTC


def test_what_cannot_be_written_is_kept(spending, state):
    spending.add(HOLDER, 100)
    with state.transaction(), pytest.raises(StateUnavailable):
        spending.flush()
    spending.flush()
    with pytest.raises(QuotaUsedUp):
        spending.check(HOLDER, bytes_per_day=100)


def test_nothing_is_let_through_while_the_sum_cannot_be_read(spending, state):
    with state.transaction(), pytest.raises(StateUnavailable):
        spending.check(HOLDER, bytes_per_day=100)


def test_the_night_when_they_go_forward_too(spending, clock):
    clock.moment = datetime(2026, 3, 28, 22, tzinfo=UTC)  # midnight before the short day
    spending.add(HOLDER, 1)
    with pytest.raises(QuotaUsedUp) as refused:
        spending.check(HOLDER, bytes_per_day=1)
    assert refused.value.retry_after_seconds == 23 * 3600
