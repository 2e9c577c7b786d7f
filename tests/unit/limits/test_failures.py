"""Failed logins of an address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.errors import TooManyFailures
from gateway.limits import failures
from gateway.limits.failures import FailedLogins


class MovingClock:
    moment = datetime(2026, 6, 30, 9, tzinfo=UTC)

    def now(self):
        return self.moment


@pytest.fixture
def clock():
    return MovingClock()


def test_so_many_a_minute_and_one_more_when_it_says(clock):
    failed = FailedLogins(6, clock=clock)
    for _ in range(6):
        failed.count("192.0.2.1")
    with pytest.raises(TooManyFailures) as refused:
        failed.count("192.0.2.1")
    clock.moment += timedelta(seconds=refused.value.retry_after_seconds)
    failed.count("192.0.2.1")
    with pytest.raises(TooManyFailures):
        failed.count("192.0.2.1")


def test_another_address_is_another_matter(clock):
    failed = FailedLogins(1, clock=clock)
    failed.count("192.0.2.1")
    failed.count("192.0.2.2")
    failed.count(None)
    with pytest.raises(TooManyFailures):
        failed.count(None)


def test_memory_is_bounded(clock, monkeypatch):
    monkeypatch.setattr(failures, "ADDRESSES_MAX", 10)
    failed = FailedLogins(1, clock=clock)
    for number in range(100):
        failed.count(f"192.0.2.{number}")
    assert len(failed._buckets) == 10


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("2001:db8:1:2::1", "2001:DB8:0001:2:0:0:0:2"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::2"),
        ("", None),
        ("no-address", "another"),
    ],
)
def test_whoever_has_many_addresses_of_one_subnet_counts_once(clock, one, other):
    failed = FailedLogins(1, clock=clock)
    failed.count(one)
    with pytest.raises(TooManyFailures):
        failed.count(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:3::1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ("192.0.2.1", "::192.0.2.1"),
    ],
)
def test_another_subnet_is_another_matter(clock, one, other):
    failed = FailedLogins(1, clock=clock)
    failed.count(one)
    failed.count(other)
