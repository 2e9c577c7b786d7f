"""However requests fall, over however many processes: never more than burst + rate x time pass."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.adapters.state_allowances import StoredBuckets
from gateway.adapters.state_database import StateDatabase
from gateway.limits.allowance import Allowance, Client, ClientClass
from gateway.limits.pace import LEASE, Pace

START = datetime(2026, 6, 30, 9, tzinfo=UTC)


class MovingClock:
    moment = START

    def now(self):
        return self.moment


def client(rate: int, burst: int) -> Client:
    allowance = Allowance(requests_per_minute=rate, burst=burst)
    return Client(b"c" * 32, ClientClass.SERVICE, allowance)


def passes(pace: Pace, asking: Client) -> bool:
    shut = [pace.shut(asking) for _ in range(3)]  # to ask this spends nothing
    standing = pace.at_hand(asking) or pace.draw(asking)
    assert standing.left >= 0
    assert all(each is None or each == standing for each in shut)
    assert len(set(shut)) == 1
    return standing.wait_seconds == 0


# A request of one process after some milliseconds; the clock may be set back, a little or a lot.
STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.one_of(
            st.just(0),
            st.integers(0, 400),
            st.integers(0, 100_000),
            st.sampled_from([-1, -30_000, -3_600_000]),
        ),
    ),
    max_size=150,
)


@given(rate=st.integers(1, 2000), burst=st.integers(1, 40), steps=STEPS)
@settings(settings.get_profile("some"))
def test_never_more_than_the_limit_passes(rate, burst, steps):
    clock, asking = MovingClock(), client(rate, burst)
    with tempfile.TemporaryDirectory() as folder:
        states = [StateDatabase(Path(folder) / "state.sqlite") for _ in range(3)]
        paces = [Pace(StoredBuckets(state, clock=clock), clock=clock) for state in states]
        forward_ms = 0
        times, count = [], 0
        for process, milliseconds in steps:
            clock.moment += timedelta(milliseconds=milliseconds)
            forward_ms += max(0, milliseconds)
            count += passes(paces[process], asking)
            times.append((forward_ms, count))
            assert count <= burst + rate * forward_ms / 60_000
        for state in states:
            state.close()
    in_hand = 3 * (LEASE - 1)
    for first, (begun, before) in enumerate(times):  # and in every span, but for what was in hand
        for ended, after in times[first:]:
            assert after - before <= burst + rate * (ended - begun) / 60_000 + in_hand


@given(rate=st.integers(1, 2000), burst=st.integers(1, 40), steps=STEPS)
@settings(settings.get_profile("few"))
def test_whoever_waits_as_long_as_told_is_let_in(rate, burst, steps):
    clock, asking = MovingClock(), client(rate, burst)
    with tempfile.TemporaryDirectory() as folder:
        state = StateDatabase(Path(folder) / "state.sqlite")
        paces = [Pace(StoredBuckets(state, clock=clock), clock=clock) for _ in range(3)]
        for process, milliseconds in steps:
            clock.moment += timedelta(milliseconds=max(0, milliseconds))
            pace = paces[process]
            standing = pace.at_hand(asking) or pace.draw(asking)
            if standing.wait_seconds:
                clock.moment += timedelta(seconds=standing.wait_seconds)
                assert passes(pace, asking)
        state.close()
